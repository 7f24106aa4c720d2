"""The extension object: where an app is set up, and the Python API."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from flask import Flask
from flask_login import user_logged_in

from . import audit
from .cli import feedbackchimp_commands
from .errors import ConfigError, refusal
from .identity import (
    IdentityLoader,
    authenticated_user,
    default_identity,
    signed_in_user,
)
from .settings import (
    EXTENSION_KEY,
    MIN_SECRET_BYTES,
    AppState,
    get_state,
    read_settings,
)
from .templating import feedbackchimp_link, feedbackchimp_url
from .views import blueprint, lead_back

_Loader = TypeVar("_Loader", bound=IdentityLoader)


class FeedbackChimp:
    """Single sign-on to a FeedbackChimp board, for the apps it is initialised with.

    :param app: passed to :meth:`init_app` where it is given.
    """

    def __init__(self, app: Flask | None = None) -> None:
        #: What the board is told about a user: the registered loader, or the default.
        self.loader: IdentityLoader = default_identity
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an app: read its settings, then register the endpoint and helpers.

        :raises ConfigError: the app's settings are not usable, or it is set up already.
            The app is then as it was.
        """
        state = _checked_state(app, self)
        # Flask refuses an app that has a blueprint of this name, or has answered a
        # request already.
        app.register_blueprint(blueprint, url_prefix=state.settings.url_prefix)
        app.extensions[EXTENSION_KEY] = state
        app.add_template_global(feedbackchimp_url)
        app.add_template_global(feedbackchimp_link)
        app.cli.add_command(feedbackchimp_commands)
        user_logged_in.connect(lead_back, app)

    def identity_loader(self, loader: _Loader) -> _Loader:
        """Register what the board is told about a user; a decorator.

        :param loader: takes the signed-in user and returns an :class:`Identity`, or
            ``None`` for a user who may not be signed in. It may also raise
            :class:`SignInRefused` with a sentence for the visitor, or ``abort()``. It
            may be ``async def``, as Flask's views.
        :type loader: Callable[[Any], Identity | None]
        """
        self.loader = loader
        return loader

    def create_token(self, user: Any = ...) -> str:
        """A fresh token about a user of the current app.

        :param user: the signed-in user unless given; ``None`` is nobody.
        :raises SignInRefused: as the endpoint would refuse; 401 for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        from .tokens import issue_token  # imports jwt

        state = get_state()
        state.require_secret()  # said before “nobody is signed in”
        with audit.attempt() as attempt:
            return issue_token(state, _require_user(user), attempt)

    def sso_url(self, page: str | None = None, user: Any = ...) -> str:
        """The absolute URL that takes a fresh token to the board, for JSON clients.

        Give it only to the user it is about, and do not store it.

        :param page: the page to land on, as an absolute URL on the board or a path on
            it; its home unless given. It may come from a request: it is judged as
            there.
        :param user: the signed-in user unless given; ``None`` is nobody.
        :raises SignInRefused: as the endpoint would refuse; 400 for a foreign page, 401
            for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        from .tokens import issue_url  # imports jwt

        state = get_state()
        state.require_secret()
        with audit.attempt() as attempt:
            pages = [] if page is None else [page]
            page_url = state.require_board().requested_page(pages)
            return issue_url(state, _require_user(user), page_url, {}, attempt)


def _require_user(user: Any) -> Any:
    """The given user, or the signed-in one for an ellipsis.

    :raises SignInRefused: with status 401, if that is nobody.
    """
    user = signed_in_user() if user is ... else authenticated_user(user)
    if user is None:
        raise refusal("not_signed_in")
    return user


def _checked_state(app: Flask, extension: FeedbackChimp) -> AppState:
    """Read and check an app, without changing it."""
    if not isinstance(app, Flask):
        raise TypeError(
            f"FeedbackChimp takes the Flask app itself, not {type(app).__name__}: call "
            "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app factory."
        )
    settings, problems = read_settings(app)
    if EXTENSION_KEY in app.extensions:
        problems.append(
            f"The app {app.name!r} is set up already: call FeedbackChimp(app) or "
            "init_app(app) once for each app."
        )
    if settings is None or problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n- {problem}" for problem in problems)
        raise ConfigError(
            f"{count} with FeedbackChimp in the app {app.name!r}:{lines}",
            problems=problems,
        )
    if settings.secret is not None and settings.secret.is_short:
        warnings.warn(
            f"FEEDBACKCHIMP_JWT_SECRET of the app {app.name!r} has fewer than "
            f"{MIN_SECRET_BYTES} bytes, the minimum for HS256 (RFC 7518 §3.2): ask "
            "FeedbackChimp for a longer one.",
            UserWarning,
            stacklevel=3,  # the line that calls init_app
        )
    return AppState(settings, extension)
