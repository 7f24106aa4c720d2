"""From an app's configuration to its record; imported when an app is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from .destination import Board
from .errors import TokenError
from .identity import LoaderSlot
from .settings import Settings, config_error, load_settings
from .state import AppState

if TYPE_CHECKING:
    from .tokens import TokenSigner


def make_state(app: Flask, slot: LoaderSlot) -> AppState:
    """The record of an app, which stays untouched.

    :raises ConfigError: the app's settings are not usable.
    """
    settings = load_settings(app.config, app_name=app.name)
    return AppState(settings, Board(settings), _make_signer(settings, app), slot)


def _make_signer(settings: Settings, app: Flask) -> TokenSigner | None:
    if settings.jwt_secret is None:
        return None
    # Here, because jwt is costly to import and a switched-off app never needs it.
    from .tokens import TokenSigner

    try:
        return TokenSigner(settings.jwt_secret)
    except TokenError as error:
        problem = f"FEEDBACKCHIMP_JWT_SECRET {error}."
        raise config_error([problem], app_name=app.name) from error
