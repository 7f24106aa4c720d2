"""What a stand-in knows: one immutable record, kept in ``app.extensions``."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, current_app

from .gate import Gate

#: The key in ``app.extensions``.
KEY = "feedbackchimp_sandbox"


class Sandbox(NamedTuple):
    """The record of one stand-in; it holds no secret that could be printed."""

    gate: Gate
    sso_url: str
    redirect_param: str
    token_param: str
    private: bool


def get_sandbox(app: Flask | None = None) -> Sandbox:
    """The record of a stand-in, the current app unless given."""
    record: Sandbox = (current_app if app is None else app).extensions[KEY]
    return record
