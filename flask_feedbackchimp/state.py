"""What the extension knows of one app: one immutable record, one way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import Flask, current_app

from .destination import Board
from .errors import NotInitializedError
from .identity import LoaderSlot

if TYPE_CHECKING:  # imported when an app is set up, in configure
    from .settings import Settings
    from .tokens import TokenSigner

#: The key in ``app.extensions``.
KEY = "feedbackchimp"


class AppState(NamedTuple):
    """The record of one app."""

    settings: Settings
    board: Board
    #: ``None`` while switched off.
    signer: TokenSigner | None
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
