"""A stand-in for the FeedbackChimp board, for development and for tests: the sandbox.

It is not the vendor's product: what that looks like is not publicly documented. It does
the vendor's part of the sign-on, with the checks that the vendor names.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from .. import settings as readers
from . import arrivals, pages
from .serving import refuse_strangers
from .state import KEY, Arrival, SandboxState, sandbox_state

__all__ = ["create_sandbox", "get_arrivals"]

#: Cookies ignore ports: the sandbox's must not be named like the app's.
SESSION_COOKIE = "feedbackchimp_sandbox"
#: Most bytes of a request's body; a token has at most some thousand.
MAX_BODY_BYTES = 64 * 1024


def create_sandbox(
    secret: str | bytes,
    *,
    sso_url: str,
    redirect_param: str = "redirect",
    return_url: str = "{page}?ssoToken={token}",
    admins: Collection[str] = (),
    private: bool = False,
) -> Flask:
    """A Flask app that plays the board; serve it on loopback, or use its test client.

    It answers only requests from this machine, for the hosts ``localhost``,
    ``127.0.0.1`` and ``[::1]``.

    :param secret: the app's ``FEEDBACKCHIMP_JWT_SECRET``, judged as there.
    :param sso_url: where *Log in* leads: the redirect endpoint's absolute URL.
    :param redirect_param: the app's ``FEEDBACKCHIMP_REDIRECT_PARAM``.
    :param return_url: the app's ``FEEDBACKCHIMP_RETURN_URL``; whatever its host, the
        sandbox answers its path.
    :param admins: e-mail addresses of people who administer FeedbackChimp.
    :param private: send every anonymous visitor straight to ``sso_url``.
    :raises ValueError: a value is not usable; the text never repeats it.
    """
    read: dict[str, Any] = {}
    problems = [_read_into(read, "secret", readers.read_jwt_secret, secret)]
    del secret  # an error report shows this frame
    problems += [
        _read_into(read, "sso_url", _read_sso_url, sso_url),
        _read_into(read, "redirect_param", readers.read_parameter, redirect_param),
        _read_into(read, "return_url", readers.read_return_url, return_url),
        _read_into(read, "admins", readers.read_admin_emails, admins),
    ]
    if not any(problems) and redirect_param in read["return_url"].forwarded_params:
        problems.append("return_url forwards the page unchecked: write {page}.")
    if any(problems):
        raise ValueError(" ".join(filter(None, problems)))
    return _make_app(SandboxState(**read, private=private))


def get_arrivals(sandbox: Flask) -> tuple[Arrival, ...]:
    """Every visitor who came to a sandbox with a token, in order; the last 1,000.

    Each has a ``page``, the absolute URL to land on, and the ``claims`` of the token,
    both empty for a visitor who was refused; and a ``reason``, which is ``None`` for
    a visitor who was signed in.
    """
    return sandbox_state(sandbox).arrivals


def _read_into(
    read: dict[str, Any], name: str, reader: Callable[[object], Any], value: object
) -> str | None:
    """What is wrong with a value; nothing, once it is read."""
    try:
        read[name] = reader(value)
    except ValueError as error:
        return f"{name} {error}."
    return None


def _make_app(state: SandboxState) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
    )
    app.extensions[KEY] = state
    app.before_request(refuse_strangers)
    pages.register(app)
    arrivals.register(app)
    return app


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
