"""What is stored: people and their tasks."""

from __future__ import annotations

from flask_login import UserMixin
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db, login_manager

# Of no password. Checked where nobody has the address, so that the time an answer
# takes does not tell which addresses have an account.
_NO_PASSWORD = generate_password_hash("")


class User(UserMixin, db.Model):  # type: ignore[name-defined]  # made at run time
    """Somebody who plans a day; ``email`` is kept in lower case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(255))
    #: Whether the person has shown that the address is theirs.
    email_verified: Mapped[bool] = mapped_column(default=False)
    tasks: Mapped[list[Task]] = relationship(
        back_populates="user", order_by="Task.id", cascade="all, delete-orphan"
    )

    @classmethod
    def with_password(cls, email: str, password: str) -> User | None:
        """The person with this address and this password, or ``None``."""
        user = db.session.scalar(select(cls).where(cls.email == email.lower()))
        password_hash = user.password_hash if user is not None else _NO_PASSWORD
        matches = check_password_hash(password_hash, password)
        return user if matches else None

    def set_password(self, password: str) -> None:
        """Remember a password, as a salted hash."""
        self.password_hash = generate_password_hash(password)


class Task(db.Model):  # type: ignore[name-defined]  # made at run time
    """Something to do."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(120))
    done: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    user: Mapped[User] = relationship(back_populates="tasks")


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """The person of a session."""
    return db.session.get(User, int(user_id))
