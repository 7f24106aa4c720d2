# pyright: strict
"""An app as users write it, with the types they see; checked, never run."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Flask
from markupsafe import Markup
from typing_extensions import assert_type

from flask_feedbackchimp import (
    ConfigError,
    FeedbackChimp,
    FeedbackChimpError,
    Identity,
    NotInitializedError,
    SignInRefused,
    TokenError,
    feedbackchimp_link,
    feedbackchimp_url,
    sign_in_refused,
    token_issued,
)
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.testing import StandInBoard


class User:
    """A user as an app models one."""

    email: str
    full_name: str
    email_verified: bool


feedbackchimp = FeedbackChimp()


@feedbackchimp.identity_loader
def feedback_identity(user: User) -> Identity | None:
    """A loader may name its own user class."""
    if not user.email_verified:
        return None
    return Identity(user.email, user.full_name, claims={"plan": "pro", "seats": 3})


@feedbackchimp.identity_loader
def strict_identity(user: User) -> Identity:
    """A loader need not return ``None``."""
    raise SignInRefused("Verify your address first.", reason="unverified", status=403)


def create_app() -> Flask:
    """The factory of the documentation."""
    app = Flask(__name__)
    app.config["FEEDBACKCHIMP_TOKEN_LIFETIME"] = timedelta(minutes=5)
    assert_type(feedbackchimp.init_app(app), None)
    assert_type(FeedbackChimp(app), FeedbackChimp)
    return app


def use(user: User) -> None:
    """Every public name, with the type that a user relies on."""
    # A decorated loader is still the function that it was.
    assert_type(strict_identity(user), Identity)
    assert_type(feedback_identity(user), Identity | None)
    assert_type(feedbackchimp.create_token(), str)
    assert_type(feedbackchimp.create_token(user), str)
    assert_type(feedbackchimp.create_token(None), str)
    assert_type(feedbackchimp.sso_url(), str)
    assert_type(feedbackchimp.sso_url("/board/1-ideas", user), str)
    assert_type(feedbackchimp.sso_url(redirect=None, user=user), str)
    assert_type(feedbackchimp_url(), str)
    assert_type(feedbackchimp_url("/board/1-ideas", external=True), str)
    assert_type(feedbackchimp_link("Ideas"), Markup)
    assert_type(
        feedbackchimp_link("Ideas", "/board/1-ideas", class_="nav", data_id=3), Markup
    )
    identity = Identity("ada@example.com", "Ada")
    assert_type(identity.email, str)
    assert_type(identity.name, str)
    assert_type(identity.claims, Mapping[str, object])


def refused(error: FeedbackChimpError) -> tuple[str, ...]:
    """The facts that the errors carry."""
    if isinstance(error, ConfigError):
        assert_type(error.problems, tuple[str, ...])
        return error.problems
    if isinstance(error, SignInRefused):
        assert_type(error.message, str)
        assert_type(error.status, int)
        return (error.reason,)
    if isinstance(error, TokenError):
        assert_type(error.reason, str)
    if isinstance(error, NotInitializedError):
        return (str(error),)
    return ()


def on_issued(app: Flask, *, user: User, jti: str) -> None:
    """A receiver, typed as the signal is sent."""


def on_refused(app: Flask, *, user: User | None, reason: str) -> None:
    """A receiver, typed as the signal is sent."""


token_issued.connect(on_issued)
sign_in_refused.connect(on_refused)

board = create_sandbox(
    "secret",
    sso_url="http://localhost/sso",
    redirect_param="to",
    return_url="/sso?token={token}",
    admins=["a@b"],
    private=True,
)
assert_type(board, Flask)
assert_type(StandInBoard(create_app()), StandInBoard)
