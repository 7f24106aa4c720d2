"""What the extension knows of one app: one immutable record, one way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app

from .errors import NotInitializedError
from .identity import LoaderSlot

if TYPE_CHECKING:  # imported when an app is set up
    from .settings import Settings

#: The key in ``app.extensions``.
KEY = "feedbackchimp"


@dataclass(frozen=True, slots=True)
class AppState:
    """The record of one app."""

    settings: Settings
    #: The extension object's, so that a loader may be registered after ``init_app``.
    slot: LoaderSlot


def get_state(app: Flask | None = None) -> AppState:
    """The record of an app, the current one unless given.

    :raises NotInitializedError: the app has none.
    """
    if app is None:
        app = current_app
    try:
        return app.extensions[KEY]  # type: ignore[no-any-return]  # dict[str, Any]
    except KeyError:
        raise NotInitializedError(
            f"FeedbackChimp does not know the app {app.name!r}: call "
            "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app factory. If "
            "you did, this may be another app object than that one."
        ) from None
