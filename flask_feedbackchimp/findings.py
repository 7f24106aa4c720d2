"""What may be wrong with an app's setup, for ``flask feedbackchimp check``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask

from .errors import TokenError
from .identity import default_identity
from .secret import MIN_SECRET_BYTES
from .settings import Settings
from .state import AppState


def find_problems(app: Flask, state: AppState) -> Iterator[str]:
    """What keeps people from signing in, each with its remedy."""
    if state.signer is None:  # switched off
        return
    lifetime = state.settings.token_lifetime
    try:
        probe = state.signer.sign("probe@example.com", "Probe", lifetime=lifetime)
        state.signer.read(probe.text)
    except TokenError as error:
        yield f"""A token about a made-up person was signed, but not read back. {error}
        Install flask-feedbackchimp and PyJWT anew."""
    if not hasattr(app, "login_manager"):
        yield """The app has no LoginManager, so nobody can be signed in: call
        LoginManager().init_app(app)."""
        return
    if not _loads_users(app.login_manager):
        yield """The LoginManager has no user_loader, so every visit ends in an error:
        register one with @login_manager.user_loader."""
    view = _login_view(app)
    if view and "/" not in view and view not in app.view_functions:
        yield f"""The login_view {view!r} is no endpoint of the app, so visitors who are
        not logged in get an error: correct the name."""


def _loads_users(manager: Any) -> bool:
    # Flask-Login has no public name for it.
    return bool(manager._user_callback or manager._request_callback)


def find_warnings(app: Flask, state: AppState, url: str) -> Iterator[str]:
    """What works, but should not stay so, each with its remedy.

    :param url: the redirect endpoint, as the dashboard is told.
    """
    settings = state.settings
    if not settings.enabled:
        return
    if settings.has_short_secret:
        yield f"""The secret has fewer than {MIN_SECRET_BYTES} bytes, the least for
        HS256 (RFC 7518, section 3.2): ask FeedbackChimp for a longer one."""
    if settings.token_lifetime is None:
        yield """Tokens have no exp, so one that leaks unused stays good: set
        FEEDBACKCHIMP_TOKEN_LIFETIME to 300, unless FeedbackChimp refuses exp."""
    if state.slot.loader is default_identity:
        yield """No identity_loader is registered: e-mail addresses are signed as they
        are, and unverified ones let people impersonate each other. Register a loader
        that returns None for those."""
    yield from _login_warnings(app)
    yield from _plain_http_warnings(settings, url)


def _login_warnings(app: Flask) -> Iterator[str]:
    if str(app.config["SESSION_COOKIE_SAMESITE"]).lower() == "strict":
        yield """SESSION_COOKIE_SAMESITE is "Strict": visitors come from the board
        without their session, and must log in each time. Set it to "Lax"."""
    manager = getattr(app, "login_manager", None)
    if manager and not manager.unauthorized_callback and not _login_view(app):
        yield """The LoginManager has no login_view: visitors who are not logged in get
        a bare 401. Set login_manager.login_view."""


def _login_view(app: Any) -> Any:
    """The view that Flask-Login takes for the redirect endpoint's blueprint."""
    manager = app.login_manager
    return manager.blueprint_login_views.get("feedbackchimp", manager.login_view)


def _plain_http_warnings(settings: Settings, url: str) -> Iterator[str]:
    if url.startswith("http:"):
        yield """The URL to paste is plain http: serve the app over https, and set
        PREFERRED_URL_SCHEME to "https", or give --base-url."""
    for key, value in (
        ("FEEDBACKCHIMP_BOARD_URL", settings.board_origin),
        ("FEEDBACKCHIMP_SSO_ENDPOINT", settings.sso_endpoint or ""),
    ):
        if value.startswith("http:"):
            yield f"{key} is plain http, for the sandbox alone: change it to go live."
