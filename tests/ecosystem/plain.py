"""The plain app that the neighbours move into, and what it shares with the stacks."""

from typing import Any

from flask import Flask, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, login_user

from ecosystem.walking import EMAIL, NAME, PAGE, PASSWORD, SECRET, USERNAME
from flask_feedbackchimp import FeedbackChimp

LOGIN = """<!doctype html><title>Log in</title><form method="post">
{% if csrf_token is defined %}
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
{% endif %}
<input name="username"><input type="password" name="password"><button>Log in</button>
</form>"""
HOME = '<!doctype html><html><body>{{ feedbackchimp_link("Vote", page) }}</body></html>'


class Member(UserMixin):
    """Ada."""

    id = USERNAME
    email = EMAIL
    name = NAME
    roles = ("customer",)


def make_bare(board_url: str, **config: Any) -> Flask:
    """An app with settings, and a page with a link to the board's."""
    app = Flask("app")
    app.config.update(config, SECRET_KEY="the-key-of-the-sessions-of-the-app")
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = SECRET
    app.config["FEEDBACKCHIMP_BOARD_URL"] = board_url
    app.add_url_rule("/page", "page", lambda: render_template_string(HOME, page=PAGE))
    return app


def make_plain(board_url: str, *, init: bool = True) -> Flask:
    """The same with a login page.

    :param init: whether to set FeedbackChimp up as well.
    """
    app = make_bare(board_url)
    login_manager = LoginManager(app)
    login_manager.login_view = "login"
    login_manager.user_loader(lambda id: Member() if id == USERNAME else None)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        if request.form.get("password") != PASSWORD:
            return render_template_string(LOGIN)
        login_user(Member())
        wanted = request.args["next"]
        assert wanted.startswith("/") and not wanted.startswith("//")
        return redirect(wanted)

    if init:
        FeedbackChimp(app)
    return app
