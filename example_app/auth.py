"""Logging in and out."""

from __future__ import annotations

import re

import click
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import (
    LoginManager,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SubmitField
from wtforms.validators import DataRequired, Length

from .models import User, db

blueprint = Blueprint("auth", __name__, cli_group=None)
login_manager = LoginManager()
login_manager.login_view = "auth.login"
login_manager.login_message = "Please log in to go on."


class LoginForm(FlaskForm):
    """An e-mail address and a password."""

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


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """The user whose id is in the session."""
    return db.session.get(User, int(user_id))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Log the visitor in, then go on to the page they wanted."""
    if current_user.is_authenticated:
        return redirect(next_url())
    form = LoginForm()
    if form.validate_on_submit():
        user = User.with_password(form.email.data, form.password.data)
        if user is not None:
            login_user(user)
            return redirect(next_url())
        form.form_errors.append("The e-mail address or the password is wrong.")
    return render_template("login.html", form=form)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Log the visitor out of Daybook; they stay signed in to the board."""
    logout_user()
    flash("You are logged out.")
    return redirect(url_for("planner.home"))


@blueprint.post("/confirmation-mail")
@login_required
def send_confirmation_mail() -> ResponseReturnValue:
    """Send the mail again that asks people to confirm their address."""
    # A real app sends a mail here, with a signed link that sets email_verified.
    flash(
        f"We have sent a new mail to {current_user.email}. Please open the link in it. "
        "(This is an example: it does not send mail.)"
    )
    return redirect(url_for("planner.home"))


@blueprint.cli.command("add-user")
@click.argument("email")
@click.argument("name")
@click.option("--verified", is_flag=True, help="The address is known to be the user's.")
@click.password_option()
def add_user(email: str, name: str, verified: bool, password: str) -> None:
    """Add a user."""
    if User.with_email(email) is not None:
        raise click.BadParameter(f"{email} has an account already.")
    user = User(email=email.lower(), name=name, email_verified=verified)
    user.set_password(password)
    db.session.add(user)
    db.session.commit()


def next_url() -> str:
    """The page that the visitor wanted, if it is on this site; else home."""
    url = request.args.get("next", "")
    # Browsers take "//host" and "/\host" for another host, and they look only after
    # they have dropped tabs and line breaks.
    if re.fullmatch(r"/(?![/\\])[^\t\r\n]*", url):
        return url
    return url_for("planner.home")
