"""The plain app that the neighbours move into, and a page that every app has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, login_user

from ecosystem.walking import EMAIL, NAME, PAGE, PASSWORD, USERNAME
from flask_feedbackchimp import FeedbackChimp

LOGIN = """<!doctype html><title>Log in</title><form method="post">
{% if csrf_token is defined %}
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
{% endif %}
<input name="username"><input type="password" name="password"><button>Log in</button>
</form>"""
HOME = """<!doctype html><html><body>
{{ feedbackchimp_link("Vote", page) }}
</body></html>"""


class Member(UserMixin):
    """Ada."""

    id, email, name = USERNAME, EMAIL, NAME


def add_page(app: Flask) -> Callable[[], str]:
    """Give an app a page with a link to the board's."""

    @app.get("/page")
    def page() -> str:
        return render_template_string(HOME, page=PAGE)

    return page


def make_plain(settings: dict[str, Any], *, init: bool = True) -> Flask:
    """An app with a login page of its own.

    :param init: whether to set FeedbackChimp up as well.
    """
    app = Flask("plain")
    app.config.update(settings)
    login_manager = LoginManager(app)
    login_manager.login_view = "login"
    login_manager.user_loader(lambda id: Member() if id == USERNAME else None)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        if request.form.get("password") == PASSWORD:
            login_user(Member())
            wanted = request.args["next"]
            assert wanted.startswith("/") and not wanted.startswith("//")
            return redirect(wanted)
        return render_template_string(LOGIN)

    add_page(app)
    if init:
        FeedbackChimp(app)
    return app
