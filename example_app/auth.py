"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from .forms import LoginForm
from .local_url import local_url
from .models import User
from .seed import DEMO_PASSWORD, DEMO_USERS

blueprint = Blueprint("auth", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask who it is, then go on to where the visitor wanted to go."""
    if current_user.is_authenticated:
        return redirect(_next_url())
    form = LoginForm()
    if form.validate_on_submit():
        user = User.with_password(form.email.data, form.password.data)
        if user is not None:
            login_user(user)
            return redirect(_next_url())
        form.form_errors.append("The e-mail address or the password is wrong.")
    return render_template(
        "login.html", form=form, users=DEMO_USERS, password=DEMO_PASSWORD
    )


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session here; the one on the board goes on."""
    logout_user()
    flash("You are logged out.")
    return redirect(url_for("planner.home"))


def _next_url() -> str:
    """Where the visitor wanted to go, if that is on this site; else home."""
    try:
        wanted = request.args.getlist("next")
    except UnicodeDecodeError:  # raw bytes in the query that are not UTF-8
        wanted = []
    url = local_url(wanted[0]) if len(wanted) == 1 else None
    return url or url_for("planner.home")
