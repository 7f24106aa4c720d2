"""Daybook, a small planner: an example of an app that uses flask-feedbackchimp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from click import ClickException
from flask import Flask, Response
from flask_wtf import CSRFProtect

from . import auth, planner
from .feedback import feedbackchimp
from .models import db

__all__ = ["create_app"]

DEFAULTS = {
    "SQLALCHEMY_DATABASE_URI": "sqlite:///daybook.db",
    "SESSION_COOKIE_SAMESITE": "Lax",
}
# Only in debug mode. These secrets are published, so they are good for nothing but the
# stand-in board on this machine.
DEVELOPMENT = {
    "SECRET_KEY": "dev",
    "FEEDBACKCHIMP_JWT_SECRET": "for-the-stand-in-board-on-this-machine",
    "FEEDBACKCHIMP_BOARD_URL": "http://localhost:5001",
}
SECURITY_HEADERS = {
    # The board needs no exception: signing in leads there by a link or a redirect.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

csrf = CSRFProtect()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Create a configured app and its tables.

    :param config: settings that win over the environment's.
    """
    app = Flask(__name__)
    app.config.from_mapping(DEFAULTS)
    if app.debug:
        app.config.from_mapping(DEVELOPMENT)
    app.config.from_prefixed_env()  # FLASK_SECRET_KEY and so on
    app.config.from_mapping(config)
    if not app.config["SECRET_KEY"]:
        raise ClickException("Set FLASK_SECRET_KEY, or try Daybook with “--debug”.")

    db.init_app(app)
    csrf.init_app(app)
    auth.login_manager.init_app(app)
    feedbackchimp.init_app(app)
    app.register_blueprint(auth.blueprint)
    app.register_blueprint(planner.blueprint)
    app.after_request(add_security_headers)
    with app.app_context():
        db.create_all()  # an app with data to keep uses migrations instead
    return app


def add_security_headers(response: Response) -> Response:
    """Tell browsers to load, send and frame nothing from or on other sites."""
    response.headers.update(SECURITY_HEADERS)
    return response
