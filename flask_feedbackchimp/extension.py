"""The extension object: where an app is set up, and the Python API."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any, TypeVar

from flask import Flask

from .errors import ConfigError
from .identity import IdentityLoader, LoaderSlot
from .links import BLUEPRINT, ENDPOINT, feedbackchimp_link, feedbackchimp_url
from .signon import (
    issue_token,
    issue_url,
    requested_page,
    require_secret,
    user_or_refuse,
)
from .state import KEY, AppState, get_state

_Loader = TypeVar("_Loader", bound=IdentityLoader)


class FeedbackChimp:
    """Single sign-on to a FeedbackChimp board, for the apps it is initialised with.

    :param app: passed to :meth:`init_app` where it is given.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._slot = LoaderSlot()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an app: read its settings, then register the endpoint and helpers.

        :raises ConfigError: the app's settings are not usable, or something of the app
            stands in the way. The app is then as it was.
        """
        # Imported here, and the settings below: only an app that starts needs them.
        from .cli import feedbackchimp_commands
        from .views import blueprint, refuse_other_methods

        state = _checked_state(app, self._slot)
        # Nothing of the app was touched before this line, where Flask refuses an app
        # that has answered a request already.
        app.add_template_global(feedbackchimp_url)
        app.add_template_global(feedbackchimp_link)
        refuse_other_methods(app)
        app.register_blueprint(blueprint, url_prefix=state.settings.url_prefix)
        app.extensions[KEY] = state
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

    def create_token(self, user: Any = ...) -> str:
        """A fresh token about a user of the current app.

        :param user: the signed-in user unless given; ``None`` is nobody.
        :raises SignInRefused: as the endpoint would refuse; 401 for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        state = get_state()
        require_secret(state)  # said before “nobody is signed in”
        return issue_token(state, user_or_refuse(user))

    def sso_url(self, redirect: str | None = None, user: Any = ...) -> str:
        """The absolute URL that takes a fresh token to the board, for JSON clients.

        Give it only to the user it is about, and do not store it.

        :param redirect: the page to land on, as an absolute URL on the board or a path
            on it; its home unless given. It may come from a request: it is judged as
            there.
        :param user: the signed-in user unless given; ``None`` is nobody.
        :raises SignInRefused: as the endpoint would refuse; 400 for a foreign page, 401
            for nobody.
        :raises TokenError: extra claims that cannot be signed, or switched off.
        """
        state = get_state()
        require_secret(state)
        page, _ = requested_page(state, [] if redirect is None else [redirect])
        return issue_url(state, page, user_or_refuse(user), {})


def _checked_state(app: Flask, slot: LoaderSlot) -> AppState:
    """Read and check an app, without changing it."""
    if not isinstance(app, Flask):
        raise TypeError(
            f"FeedbackChimp takes the Flask app itself, not {type(app).__name__}: call "
            "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app factory."
        )
    from .settings import read_settings

    settings, problems = read_settings(app)
    problems += _in_the_way(app, None if settings is None else settings.url_prefix)
    if settings is None or problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n- {problem}" for problem in problems)
        raise ConfigError(
            f"{count} with FeedbackChimp in the app {app.name!r}:{lines}",
            problems=problems,
        )
    if settings.secret is not None and settings.secret.is_short:
        warnings.warn(
            f"FEEDBACKCHIMP_JWT_SECRET of the app {app.name!r} has fewer than 32 "
            "bytes, the minimum for HS256 (RFC 7518 §3.2): ask FeedbackChimp for a "
            "longer one.",
            UserWarning,
            stacklevel=_levels_to_the_app(),
        )
    return AppState(settings, slot)


def _levels_to_the_app() -> int:
    """The ``stacklevel`` of the app's own line that called into this module."""
    frame, levels = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame, levels = frame.f_back, levels + 1
    return levels


def _in_the_way(app: Flask, url_prefix: str | None) -> Iterator[str]:
    if KEY in app.extensions:
        yield (
            f"The app {app.name!r} is set up already: call FeedbackChimp(app) or "
            "init_app(app) once for each app."
        )
        return
    if BLUEPRINT in app.blueprints:
        yield (
            f"The app has a blueprint named {BLUEPRINT!r}, which is the name of "
            "this extension's: give yours another, as in Blueprint('feedback', …)."
        )
    elif ENDPOINT in app.view_functions:
        yield (
            f"The app has a view for the endpoint {ENDPOINT!r}, which is this "
            "extension's: give yours another endpoint."
        )
    for rule in app.url_map.iter_rules():
        is_elsewhere = rule.host or rule.subdomain
        takes_get = rule.methods is None or "GET" in rule.methods
        answers = takes_get and not rule.build_only and not is_elsewhere
        if rule.rule == url_prefix and answers:
            yield (
                f"FEEDBACKCHIMP_URL_PREFIX is {url_prefix!r}, where the app has the "
                f"route {rule.endpoint!r}: remove the route, or choose another prefix, "
                "such as /sso/board."
            )
