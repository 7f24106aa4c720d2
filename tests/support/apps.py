"""Apps, users and helpers that many tests share."""

import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_user
from werkzeug.test import TestResponse

from flask_feedbackchimp import FeedbackChimp

SECRET = "test-only-5f0c2a9e4b7d41c8a6e3f2b1d0c9e8f7"
BOARD = "https://acme.feedbackchimp.space"
PREFIX = "/sso/feedbackchimp"

#: What Flask-Login's own redirect to the login may be: Flask 3.2 changes the default.
REDIRECTS = {302, 303}

# A header that begins with {"alg": and two more parts. A session cookie, which is JSON
# in three parts, too, has none.
_TOKEN = re.compile(r"eyJhbGciOi[\w-]*\.[\w-]+\.[\w-]*")

#: A user object that knows nothing of Flask-Login.
plain = SimpleNamespace


class User(UserMixin):
    """A user as most apps have one; a flag of Flask-Login's takes a subclass.

    :param attributes: others than these, or in their place.
    """

    def __init__(self, id: str = "ada", **attributes: Any) -> None:
        self.id = id
        self.email = f"{id}@example.com"
        self.name = f"{id.title()} Lovelace"
        vars(self).update(attributes)


class InactiveUser(User):
    """An inactive account; ``is_authenticated`` follows, as in ``UserMixin``."""

    is_active = False


def make_app(
    *users: Any, feedbackchimp: FeedbackChimp | None = None, **config: Any
) -> Flask:
    """An app with Flask-Login, ``app.feedbackchimp`` and ``/login/<id>``.

    :param users: who can log in; Ada unless given.
    :param config: more settings; ``None`` counts as not set, ``...`` leaves one out.
    """
    app = Flask("shop")
    settings = {
        "TESTING": True,
        "SECRET_KEY": "the-app's-own-key-which-is-not-the-jwt-secret",
        "FEEDBACKCHIMP_JWT_SECRET": SECRET,
        "FEEDBACKCHIMP_ORGANIZATION": "acme",
    } | config
    for key, value in settings.items():
        if value is not ...:
            app.config[key] = value

    known = {user.get_id(): user for user in users or [User()]}
    login_manager = LoginManager(app)
    login_manager.login_view = "login_page"
    login_manager.user_loader(known.get)

    @app.get("/login")
    def login_page() -> str:
        return "Log in"

    @app.get("/login/<id>")
    def log_in(id: str) -> str:
        login_user(known[id], force=True)
        return "Logged in"

    app.feedbackchimp = feedbackchimp or FeedbackChimp()
    app.feedbackchimp.init_app(app)
    return app


def logged_in(app: Flask, id: str = "ada") -> FlaskClient:
    """A test client of a user who is logged in."""
    client = app.test_client()
    assert client.get(f"/login/{id}").status_code == 200
    return client


def sent_token(response: TestResponse, param: str = "ssoToken") -> str:
    """The one token in the ``Location`` that was sent."""
    query = urlsplit(response.headers["Location"]).query
    [token] = [value for name, value in parse_qsl(query, True) if name == param]
    return token


def claims_of(token: str, secret: str | bytes = SECRET) -> dict[str, Any]:
    """The claims of a token, by the reader that anybody would use."""
    claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    return claims


def has_token(response: TestResponse) -> bool:
    """Whether a token is anywhere in an answer."""
    return _TOKEN.search(f"{response.headers}\n{response.text}") is not None
