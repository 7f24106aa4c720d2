"""Logging in and out."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

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


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """The person of a session."""
    return db.session.get(User, int(user_id))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask who it is, then go on to where the visitor wanted to go."""
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
    """End the session here; the session on the board goes on."""
    logout_user()
    flash("You are logged out.")
    return redirect(url_for("planner.home"))


@blueprint.post("/confirmation-mail")
@login_required
def send_confirmation_mail() -> ResponseReturnValue:
    """Send the mail again with which people show that an address is theirs."""
    # A real app sends a mail here, with a signed link that sets email_verified.
    flash(
        f"We have sent a new mail to {current_user.email}. Please open the link in it. "
        "(This is an example: it does not send mail.)"
    )
    return redirect(url_for("planner.home"))


@blueprint.cli.command("add-user")
@click.argument("email")
@click.argument("name")
@click.option("--verified", is_flag=True, help="The address is known to be theirs.")
@click.password_option()
def add_user(email: str, name: str, verified: bool, password: str) -> None:
    """Add somebody who can log in."""
    if User.with_email(email) is not None:
        raise click.BadParameter(f"{email} has an account already.")
    user = User(email=email.lower(), name=name, email_verified=verified)
    user.set_password(password)
    db.session.add(user)
    db.session.commit()


def next_url() -> str:
    """Where the visitor wanted to go, if that is on this site; else home."""
    try:
        [wanted] = request.args.getlist("next")
        url = urlsplit(urljoin(request.root_url, wanted))
    except ValueError:  # none or several of them, not UTF-8, not a URL
        return url_for("planner.home")
    if url[:2] != urlsplit(request.root_url)[:2]:  # scheme and host
        return url_for("planner.home")
    # One slash in front: for a browser, "//host" and "/\host" are on another host.
    return "/" + url._replace(scheme="", netloc="").geturl().lstrip("/\\")
