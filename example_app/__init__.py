"""Daybook, a small planner: an example of an app that uses flask-feedbackchimp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from click import ClickException
from flask import Flask
from flask_wtf import CSRFProtect

from . import auth, planner
from .feedback import feedbackchimp
from .models import db

__all__ = ["create_app"]

DEFAULTS = {
    "SQLALCHEMY_DATABASE_URI": "sqlite:///daybook.db",
    "SESSION_COOKIE_SAMESITE": "Lax",
}
# Only in debug mode. Everybody can read these secrets: they are good for the stand-in
# board on this machine, and for nothing else.
DEVELOPMENT = {
    "SECRET_KEY": "dev",
    "FEEDBACKCHIMP_JWT_SECRET": "for-the-stand-in-board-on-this-machine",
    "FEEDBACKCHIMP_BOARD_URL": "http://localhost:5001",
}

csrf = CSRFProtect()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """A configured app with its tables.

    :param config: settings that win over the environment's.
    """
    app = Flask(__name__)
    _configure(app, config or {})
    db.init_app(app)
    csrf.init_app(app)
    auth.login_manager.init_app(app)
    feedbackchimp.init_app(app)
    app.register_blueprint(auth.blueprint)
    app.register_blueprint(planner.blueprint)
    with app.app_context():
        db.create_all()  # an app with data to keep uses migrations instead
    return app


def _configure(app: Flask, config: Mapping[str, Any]) -> None:
    app.config.from_mapping(DEFAULTS)
    app.config.from_prefixed_env()  # FLASK_SECRET_KEY and so on
    app.config.from_mapping(config)
    if app.debug and app.config.get("FEEDBACKCHIMP_ORGANIZATION") is None:
        for key, value in DEVELOPMENT.items():
            app.config[key] = app.config.get(key) or value
    if not app.config["SECRET_KEY"]:
        raise ClickException(
            "FLASK_SECRET_KEY is not set. To try the example on this machine, run "
            "“flask --app example_app run --debug”; example_app/README.md says what a "
            "server needs."
        )
