"""The example app as the demo shows it: with people, and with its own secrets."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

CHECKOUT = Path(__file__).resolve().parents[2]
# The example is not installed. Last, so that an installed package is found first.
sys.path.append(str(CHECKOUT))

from example_app import create_app  # noqa: E402
from example_app.models import Task, User, db  # noqa: E402

PASSWORD = "lovelace"  # noqa: S105  published on purpose
BOSS = "boss@example.com"


class Person(NamedTuple):
    """Somebody to log in as; ``about`` goes on after the name."""

    email: str
    name: str
    verified: bool
    about: str


PEOPLE = (
    Person("ada@example.com", "Ada Lovelace", True, "is signed in to the board"),
    Person("grace@example.com", "Grace Hopper", False, "has not verified her address"),
    Person(BOSS, "Betty Boss", True, "administers FeedbackChimp"),
)
TASKS = ("Water the plants", "Send the hours of October", "Call the print shop")


def make_daybook(folder: Path, *, board_url: str) -> Flask:
    """The example app.

    :param folder: where its database and its secrets are; made at the first start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(
        {
            "DEBUG": False,  # whatever FLASK_DEBUG says: its pages run code
            # Cookies ignore ports: another app on localhost may use "session".
            "SESSION_COOKIE_NAME": "daybook_session",
            "SECRET_KEY": _secret(folder / "secret_key"),
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'daybook.db'}",
            "FEEDBACKCHIMP_JWT_SECRET": _secret(folder / "feedbackchimp_jwt_secret"),
            "FEEDBACKCHIMP_ORGANIZATION": None,
            "FEEDBACKCHIMP_BOARD_URL": board_url,
            "FEEDBACKCHIMP_ADMIN_EMAILS": [BOSS],
        }
    )
    _show_people(app)
    with app.app_context():
        if User.with_email(BOSS) is None:
            _add_people()
    return app


def _show_people(app: Flask) -> None:
    """Put buttons for the people on the login page."""
    example, ours = app.jinja_loader, Path(__file__).parent / "templates"
    assert example is not None  # noqa: S101  for mypy: the example has templates
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ours), example, PrefixLoader({"daybook": example})]
    )
    app.jinja_env.globals.update(people=PEOPLE, password=PASSWORD)


def _add_people() -> None:
    for person in PEOPLE:
        user = User(
            email=person.email, name=person.name, email_verified=person.verified
        )
        user.set_password(PASSWORD)
        user.tasks = [Task(text=text) for text in TASKS]
        db.session.add(user)
    db.session.commit()


def _secret(path: Path) -> str:
    """The secret in a file; the first start makes a random one."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")
