"""A stand-in for the FeedbackChimp board, for development and for tests.

It is not the vendor's product: what that looks like is not publicly documented. It does
the vendor's part of the sign-on, with the checks that the vendor names.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask

from ..readers import read_admin_emails, read_jwt_secret, read_parameter
from ..tokens import TokenSigner
from . import arrivals, guard, pages
from .gate import Arrival, Gate
from .reasons import REASONS
from .serving import RequestHandler
from .state import KEY, Sandbox, get_sandbox

__all__ = ["REASONS", "Arrival", "RequestHandler", "create_sandbox", "get_arrivals"]

#: Cookies ignore ports: the stand-in's must not be named like the app's.
SESSION_COOKIE = "feedbackchimp_sandbox"
#: Most bytes of a request's body; a token has at most some thousand.
MAX_BODY_BYTES = 64 * 1024

_T = TypeVar("_T")


def create_sandbox(
    secret: str | bytes,
    *,
    sso_url: str,
    admins: Collection[str] = (),
    redirect_param: str = "redirect",
    token_param: str = "ssoToken",  # noqa: S107  the name of a parameter, not a secret
    private: bool = False,
) -> Flask:
    """A Flask app that plays the board; serve it on loopback, or use its test client.

    :param secret: the app's ``FEEDBACKCHIMP_JWT_SECRET``, judged as there.
    :param sso_url: where *Log in* leads: the redirect endpoint's absolute URL.
    :param admins: e-mail addresses of people who administer FeedbackChimp.
    :param redirect_param: the query parameter that names the board page, both ways.
    :param token_param: the query parameter that carries the token.
    :param private: send every anonymous visitor straight to ``sso_url``.
    :raises ValueError: a value is not usable; the text never repeats it.
    """
    signer = TokenSigner(_read("secret", read_jwt_secret, secret))
    sandbox = Sandbox(
        Gate(signer, _read("admins", read_admin_emails, admins)),
        _read("sso_url", _read_sso_url, sso_url),
        _read("redirect_param", read_parameter, redirect_param),
        _read("token_param", read_parameter, token_param),
        private,
    )
    if sandbox.redirect_param == sandbox.token_param:
        raise ValueError("redirect_param and token_param must have different names.")
    return _make_app(sandbox)


def get_arrivals(sandbox: Flask) -> tuple[Arrival, ...]:
    """Everybody who came to a stand-in with a token, in order: let in, or refused."""
    return get_sandbox(sandbox).gate.arrivals


def _make_app(sandbox: Sandbox) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
    )
    app.extensions[KEY] = sandbox
    guard.register(app)
    arrivals.register(app)
    pages.register(app)
    return app


def _read(name: str, reader: Callable[[object], _T], value: object) -> _T:
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None


def _read_sso_url(value: object) -> str:
    url = value if isinstance(value, str) and value.isprintable() else ""
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.scheme in ("http", "https") and parts.hostname)
    except ValueError:  # a bracket without its pair
        is_usable = False
    if not is_usable or " " in url or "#" in url:
        raise ValueError(
            "must be an absolute URL without a fragment, such as "
            "http://localhost:5000/sso/feedbackchimp"
        )
    return url
