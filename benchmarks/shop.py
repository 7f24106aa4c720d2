"""The app around what is measured: users, a session cookie, a request to send."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response
from flask_login import LoginManager, UserMixin, login_required, login_user
from werkzeug.test import EnvironBuilder

ENDPOINT = "/sso/feedbackchimp"
SECRET = "benchmark-only-7d1f0b52c9e84a6f8a3be0d4c2"
_SESSION_KEY = "the-shop's-own-key-for-its-sessions"
PAGE = "https://acme.feedbackchimp.space/board/1002-feature-requests?sort=top#comments"
# What a browser sends when somebody clicks a link; Flask-Login ties the session to the
# agent and the address.
HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9",
    "Referer": "https://acme.feedbackchimp.space/",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101",
}
TARGET = f"{ENDPOINT}?redirect={quote(PAGE, safe='')}"


class User(UserMixin):
    """A user as most apps have one."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.email = f"{id}@example.com"
        self.name = f"{id.title()} Lovelace"


def make_ours(**config: Any) -> Flask:
    """The shop with the extension.

    :param config: settings beside those it needs.
    """
    from flask_feedbackchimp import FeedbackChimp

    app = _make_shop(
        FEEDBACKCHIMP_JWT_SECRET=SECRET, FEEDBACKCHIMP_ORGANIZATION="acme", **config
    )
    app.extensions["benchmark"] = FeedbackChimp(app)
    return app


def make_hand() -> Flask:
    """The shop with the view written by hand."""
    from handwritten import blueprint

    app = _make_shop(JWT_SECRET=SECRET)
    app.register_blueprint(blueprint)
    return app


def make_floor() -> Flask:
    """The shop with a view that checks the login and does nothing else."""
    app = _make_shop()
    blueprint = Blueprint("floor", __name__)
    blueprint.get(ENDPOINT)(login_required(_constant_answer))
    app.register_blueprint(blueprint)
    return app


def make_bare() -> Flask:
    """Flask alone: no session is read, nobody is logged in."""
    app = Flask("shop")
    blueprint = Blueprint("bare", __name__)
    blueprint.get(ENDPOINT)(_constant_answer)
    app.register_blueprint(blueprint)
    return app


def session_cookie(app: Flask) -> str:
    """The ``Cookie`` header of somebody who has logged in."""
    answer = app.test_client().get("/login", headers=HEADERS)
    cookie: str = answer.headers["Set-Cookie"].partition(";")[0]
    return cookie


def make_environ(cookie: str | None) -> dict[str, Any]:
    """The WSGI environment of one click on a link to the endpoint."""
    headers = HEADERS | ({"Cookie": cookie} if cookie else {})
    return EnvironBuilder(
        TARGET, headers=list(headers.items()), environ_base={"REMOTE_ADDR": "127.0.0.1"}
    ).get_environ()


def _constant_answer() -> Response:
    return Response(
        "Redirecting.", 302, {"Location": "https://acme.feedbackchimp.space/"}
    )


def _make_shop(**config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(SECRET_KEY=_SESSION_KEY, **config)
    users = {"ada": User("ada")}
    login_manager = LoginManager(app)
    login_manager.login_view = "log_in"
    login_manager.user_loader(users.get)

    @app.get("/login")
    def log_in() -> str:
        login_user(users["ada"])
        return "Logged in"

    return app


def main() -> None:
    """Print the request of somebody who is logged in, as JSON: target and headers."""
    print(json.dumps([TARGET, HEADERS | {"Cookie": session_cookie(make_hand())}]))


if __name__ == "__main__":
    main()
