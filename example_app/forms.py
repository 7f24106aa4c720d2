"""The forms; each carries a CSRF token."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField, SubmitField
from wtforms.validators import DataRequired, Length


class LoginForm(FlaskForm):
    """Who somebody says to be."""

    email = EmailField(
        "E-mail address",
        validators=[DataRequired("Enter your e-mail address."), Length(max=254)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        validators=[DataRequired("Enter your password."), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField("Log in")


class TaskForm(FlaskForm):
    """A new task."""

    text = StringField(
        "New task",
        validators=[DataRequired("Say what there is to do."), Length(max=120)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "off"},
    )
    submit = SubmitField("Add")
