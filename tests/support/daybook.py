"""The example app in a folder of its own, and people who use it by its pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from example import load_example_app

example_app = load_example_app()
db = example_app.extensions.db

PASSWORD = example_app.seed.DEMO_PASSWORD
SESSION_COOKIE = "daybook_session"


def make_daybook(folder: Path, **config: Any) -> Flask:
    """The app as at its first start, or as at a later one in the same folder."""
    config = {"TESTING": True} | config
    app: Flask = example_app.create_app(config, instance_path=str(folder))
    return app


def use_quick_hashes(app: Flask) -> None:
    """Hash the demo users' passwords so that hundreds of logins take no minute."""
    with app.app_context():
        for user in db.session.scalars(db.select(example_app.models.User)):
            user.password_hash = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
        db.session.commit()


def close(app: Flask) -> None:
    """Close the connections to the database."""
    with app.app_context():
        db.engine.dispose()


def csrf_token(response: TestResponse) -> str:
    """The CSRF token of the forms on a page."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', response.text)
    assert found is not None, "no form with a CSRF token"
    return found[1]


def log_in(
    client: FlaskClient, email: str, *, at: str = "/login", password: str = PASSWORD
) -> TestResponse:
    """Fill in the login form, at a path with a query, and send it."""
    form = {
        "csrf_token": csrf_token(client.get(at)),
        "email": email,
        "password": password,
    }
    return client.post(at, data=form)


def logged_in(app: Flask, email: str = "ada@example.com") -> FlaskClient:
    """A test client of somebody who is logged in."""
    client = app.test_client()
    assert log_in(client, email).status_code == 302
    return client
