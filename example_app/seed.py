"""The database of a first run: three people to log in as."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from .extensions import db
from .models import Task, User

#: For development alone, so they may be shown on the login page.
DEMO_PASSWORD = "lovelace"  # noqa: S105  published on purpose
DEMO_USERS = (
    ("ada@example.com", "Ada Lovelace", True, "is signed in on the board"),
    ("grace@example.com", "Grace Hopper", False, "has not verified her address"),
    ("boss@example.com", "Betty Boss", True, "administers FeedbackChimp"),
)
_TASKS = ("Water the plants", "Send the hours of October", "Call the print shop")


def prepare_database(app: Flask) -> None:
    """Create the tables and the demo users, unless they are there.

    An app with data to keep would use migrations instead.
    """
    with app.app_context():
        db.create_all()
        if db.session.scalar(select(User.id).limit(1)) is None:
            db.session.add_all(_demo_users())
            db.session.commit()


def _demo_users() -> list[User]:
    users = []
    for email, name, verified, _ in DEMO_USERS:
        user = User(email=email, name=name, email_verified=verified)
        user.set_password(DEMO_PASSWORD)
        user.tasks = [Task(text=text) for text in _TASKS]
        users.append(user)
    return users
