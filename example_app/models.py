"""Users and their tasks."""

from __future__ import annotations

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash


class Base(DeclarativeBase):
    """The base of every model."""


db = SQLAlchemy(model_class=Base)

_NO_PASSWORD = generate_password_hash("")


class User(UserMixin, db.Model):  # type: ignore[name-defined]  # made at run time
    """A user; ``email`` is stored in lower case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(255))
    #: Whether the user has confirmed that the address is theirs.
    email_verified: Mapped[bool] = mapped_column(default=False)
    tasks: Mapped[list[Task]] = relationship(order_by="Task.id")

    @classmethod
    def with_email(cls, email: str) -> User | None:
        """The user with this address, or ``None``."""
        return db.session.scalar(select(cls).where(cls.email == email.lower()))

    @classmethod
    def with_password(cls, email: str, password: str) -> User | None:
        """The user with this address and this password, or ``None``."""
        user = cls.with_email(email)
        # A hash is checked for unknown addresses too. Otherwise the time of an answer
        # would tell which addresses have an account.
        password_hash = user.password_hash if user else _NO_PASSWORD
        return user if check_password_hash(password_hash, password) else None

    def set_password(self, password: str) -> None:
        """Store a password as a salted hash."""
        self.password_hash = generate_password_hash(password)


class Task(db.Model):  # type: ignore[name-defined]  # made at run time
    """Something to do."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(120))
    done: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
