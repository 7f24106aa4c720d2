"""Whole stacks, each with its own users, login page and session."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_appbuilder import AppBuilder
from flask_appbuilder.utils.legacy import get_sqla_class
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore, hash_password
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy

from ecosystem.plain import make_bare, make_plain
from ecosystem.walking import EMAIL, NAME, PASSWORD, USERNAME
from flask_feedbackchimp import FeedbackChimp, Identity


def flask_security(board_url: str, *, confirmed: bool = True) -> Flask:
    """Users who confirm their addresses; ``fs_uniquifier`` is their session's id."""
    app = make_bare(
        board_url,
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SECURITY_PASSWORD_SALT="salt-of-the-tests",
        SECURITY_PASSWORD_HASH="pbkdf2_sha512",
        SECURITY_CONFIRMABLE=True,
        SECURITY_LOGIN_WITHOUT_CONFIRMATION=True,
        SECURITY_EMAIL_VALIDATOR_ARGS={"test_environment": True},
    )
    db = SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):
        pass

    class User(db.Model, fsqla.FsUserMixin):
        name = db.Column(db.String(255))

    store = SQLAlchemyUserDatastore(db, User, Role)
    Security(app, store)
    feedbackchimp = FeedbackChimp(app)

    @feedbackchimp.identity_loader
    def identity(user: Any) -> Identity | None:
        return Identity(user.email, user.name) if user.confirmed_at else None

    with app.app_context():
        db.create_all()
        password, date = hash_password(PASSWORD), datetime(2026, 1, 1)
        ada = store.create_user(email=EMAIL, name=NAME, password=password)
        ada.confirmed_at = date if confirmed else None
        db.session.commit()
    return app


def flask_appbuilder(board_url: str, *, login_view: str = "AuthDBView.login") -> Flask:
    """An administration with its own LoginManager and users with two names.

    :param login_view: its own default, ``"login"``, is not an endpoint.
    """
    app = make_bare(board_url, SQLALCHEMY_DATABASE_URI="sqlite://")
    db = get_sqla_class()(app)
    with app.app_context():
        security = AppBuilder(app, db.session).sm
        admin = security.find_role(security.auth_role_admin)
        security.add_user(USERNAME, *NAME.split(), EMAIL, admin, PASSWORD)
        security.lm.login_view = login_view
    feedbackchimp = FeedbackChimp(app)

    @feedbackchimp.identity_loader
    def identity(user: Any) -> Identity:
        return Identity(user.email, user.get_full_name())

    return app


def flask_admin(board_url: str) -> Flask:
    """An administration beside Flask-Login, closed to strangers."""

    class Index(AdminIndexView):
        def is_accessible(self) -> bool:
            return bool(current_user.is_authenticated)

    app = make_plain(board_url)
    Admin(app, index_view=Index())
    return app


#: By the name of the distribution.
STACKS: dict[str, Callable[..., Flask]] = {
    "Flask-Security": flask_security,
    "Flask-AppBuilder": flask_appbuilder,
    "Flask-Admin": flask_admin,
}
