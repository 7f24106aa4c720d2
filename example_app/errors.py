"""Pages for what goes wrong."""

from __future__ import annotations

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException


def register(app: Flask) -> None:
    """Show HTTP errors, CSRF errors among them, as pages of the app."""
    app.register_error_handler(HTTPException, _show)


def _show(error: HTTPException) -> ResponseReturnValue:
    response = error.get_response()  # its headers say which methods are allowed
    response.data = render_template("error.html", error=error)
    response.content_type = "text/html; charset=utf-8"
    return response
