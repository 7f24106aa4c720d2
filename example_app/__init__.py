"""Daybook, a small planner: an example of an app that uses flask-feedbackchimp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

# Importing the module registers the identity loader.
from . import auth, errors, feedback, planner
from .config import configure
from .extensions import csrf, db, login_manager
from .seed import prepare_database

__all__ = ["create_app"]


def create_app(
    config: Mapping[str, Any] | None = None, *, instance_path: str | None = None
) -> Flask:
    """A configured app with its database.

    :param config: settings that win over the defaults and the environment.
    :param instance_path: the folder of the database and the secrets, an absolute
        path; ``instance`` beside this package unless given.
    """
    app = Flask(__name__, instance_path=instance_path)
    configure(app, config or {})
    db.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    feedback.feedbackchimp.init_app(app)
    app.register_blueprint(auth.blueprint)
    app.register_blueprint(planner.blueprint)
    errors.register(app)
    prepare_database(app)
    return app
