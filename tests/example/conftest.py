"""The example app with one database for all tests, and people who use its pages."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

# The example is not installed. Last, so that the installed package is found first.
sys.path.append(str(Path(__file__).parents[2]))

PASSWORD = "correct horse"
PEOPLE = (
    ("ada@example.com", "Ada Lovelace", True),
    ("grace@example.com", "Grace Hopper", False),
    ("boss@example.com", "Betty Boss", True),
)
SETTINGS = {
    "TESTING": True,
    "SECRET_KEY": "a key for the tests",
    "FEEDBACKCHIMP_JWT_SECRET": "a secret for the tests of the example",
    "FEEDBACKCHIMP_BOARD_URL": "http://localhost:5001",
    "FEEDBACKCHIMP_ADMIN_EMAILS": ["boss@example.com"],
}


@pytest.fixture(scope="session")
def make_daybook() -> Iterator[Callable[..., Flask]]:
    """Make the app with settings; its connections are closed in the end."""
    from example_app import create_app
    from example_app.models import db

    apps: list[Flask] = []

    def make(**settings: Any) -> Flask:
        apps.append(create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://"} | settings))
        return apps[-1]

    yield make
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def daybook(make_daybook: Callable[..., Flask], tmp_path_factory: Any) -> Flask:
    """The app, and three people with passwords that are quick to check."""
    from example_app.models import User, db

    database = tmp_path_factory.mktemp("daybook") / "daybook.db"
    app = make_daybook(**SETTINGS, SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}")
    app.test_client_class = Visitor
    with app.app_context():
        for email, name, verified in PEOPLE:
            user = User(email=email, name=name, email_verified=verified)
            user.password_hash = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
            db.session.add(user)
        db.session.commit()
    return app


class Visitor(FlaskClient):
    """Somebody with a browser."""

    def send(self, path: str, **fields: str) -> TestResponse:
        """Send a form with the CSRF token of the login page, or of any other."""
        page = self.get("/login", follow_redirects=True).text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
        return self.post(path, data={"csrf_token": token} | fields)

    def log_in(
        self, email: str, *, at: str = "/login", password: str = PASSWORD
    ) -> TestResponse:
        """Fill in the login form, at a path with a query, and send it."""
        return self.send(at, email=email, password=password)


@pytest.fixture
def visitor(daybook: Flask) -> FlaskClient:
    """Somebody who is not logged in."""
    return daybook.test_client()


@pytest.fixture
def ada(daybook: Flask) -> FlaskClient:
    """Somebody whom the board may know."""
    visitor = daybook.test_client()
    assert visitor.log_in("ada@example.com").location == "/"
    return visitor


@pytest.fixture
def grace(daybook: Flask) -> FlaskClient:
    """Somebody whose address is not verified."""
    visitor = daybook.test_client()
    assert visitor.log_in("grace@example.com").location == "/"
    return visitor
