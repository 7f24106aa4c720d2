"""What the extension knows of one app: one immutable record, one way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app

from .errors import NotInitializedError
from .identity import LoaderSlot

if TYPE_CHECKING:  # imported when an app is set up
    from .settings import Settings

#: The key in ``app.extensions``.
KEY = "feedbackchimp"


class AppState:
    """The record of one app, which never changes.

    Written out, because a frozen dataclass would add a third to the cost of importing
    the package.
    """

    __slots__ = ("settings", "slot")

    settings: Settings
    #: The extension object's, so that a loader may be registered after ``init_app``.
    slot: LoaderSlot

    def __init__(self, settings: Settings, slot: LoaderSlot) -> None:
        object.__setattr__(self, "settings", settings)
        object.__setattr__(self, "slot", slot)

    def __setattr__(self, name: str, _: object) -> None:
        raise AttributeError(
            f"{name} cannot be set: the record of an app never changes."
        )

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)


def get_state(app: Flask | None = None) -> AppState:
    """The record of an app, the current one unless given.

    :raises NotInitializedError: the app has none.
    """
    if app is None:
        # Reading through the proxy would be a fifth of what a link costs.
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # LocalProxy's
    try:
        return app.extensions[KEY]  # type: ignore[no-any-return]  # dict[str, Any]
    except KeyError:
        raise NotInitializedError(
            f"FeedbackChimp does not know the app {app.name!r}: call "
            "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app factory. If "
            "you did, the current app is a different object."
        ) from None
