"""The extension object: where an app is set up, and the Python API."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from flask import Flask

from .commands import feedbackchimp_commands
from .errors import ConfigError
from .identity import IdentityLoader, LoaderSlot
from .links import feedbackchimp_link, feedbackchimp_url
from .signon import issue_token, issue_url, requested_page, user_or_refuse
from .state import KEY, get_state
from .views import blueprint

_Loader = TypeVar("_Loader", bound=IdentityLoader)


class FeedbackChimp:
    """Single sign-on to a FeedbackChimp board, for the apps it is initialised with.

    :param app: initialised at once, as by :meth:`init_app`, where it is given.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._slot = LoaderSlot()
        if app is not None:
            self._init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an app: read its settings, then register the endpoint and helpers.

        :raises ConfigError: the app's settings are not usable, or the app was set up
            before. The app is then as it was.
        """
        self._init_app(app)

    def _init_app(self, app: Flask) -> None:
        _refuse_second_init(app)
        # Here, because it reads a configuration, which nothing else ever does.
        from .configure import make_state

        state = make_state(app, self._slot)
        if state.settings.has_short_secret:
            _warn_of_short_secret(app)
        # Nothing of the app was touched before this line.
        app.register_blueprint(blueprint, url_prefix=state.settings.url_prefix)
        app.extensions[KEY] = state
        app.jinja_env.globals.update(
            feedbackchimp_url=feedbackchimp_url, feedbackchimp_link=feedbackchimp_link
        )
        app.cli.add_command(feedbackchimp_commands)

    def identity_loader(self, loader: _Loader) -> _Loader:
        """Register what the board is told about a user; a decorator.

        :param loader: takes the signed-in user and returns an :class:`Identity`, or
            ``None`` for a user who may not be signed in. It may also raise
            :class:`SignInRefused` with a sentence for the visitor, or ``abort()``.
        :type loader: Callable[[Any], Identity | None]
        """
        self._slot.loader = loader
        return loader

    def create_token(self, user: Any = None) -> str:
        """A fresh token about a user of the current app.

        :param user: the signed-in user unless given.
        :raises SignInRefused: as the endpoint would refuse; 401 for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        return issue_token(get_state(), user_or_refuse(user))

    def sso_url(self, redirect: str | None = None, user: Any = None) -> str:
        """The absolute URL that takes a fresh token to the board, for JSON clients.

        Give it to nobody but the user it is about, and do not store it.

        :param redirect: the page to land on, as an absolute URL on the board; its home
            unless given. It may come from a request: it is judged as there.
        :param user: the signed-in user unless given.
        :raises SignInRefused: as the endpoint would refuse; 400 for a foreign page, 401
            for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        state = get_state()
        page = requested_page(state, [] if redirect is None else [redirect])
        return issue_url(state, page, user_or_refuse(user))


def _refuse_second_init(app: Flask) -> None:
    if KEY in app.extensions:
        problem = (
            f"The app {app.name!r} is set up already: call FeedbackChimp(app) or "
            "init_app(app) once for each app."
        )
        raise ConfigError(problem, problems=[problem])


def _warn_of_short_secret(app: Flask) -> None:
    warnings.warn(
        f"FEEDBACKCHIMP_JWT_SECRET of the app {app.name!r} has fewer than 32 bytes, "
        "the least for HS256 (RFC 7518 §3.2): ask FeedbackChimp for a longer one.",
        UserWarning,
        stacklevel=4,  # the line that calls FeedbackChimp(app) or init_app(app)
    )
