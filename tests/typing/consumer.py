# pyright: strict
"""An app as users write it, with the types they see; checked, never run."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Flask
from markupsafe import Markup
from typing_extensions import assert_type

import flask_feedbackchimp as public
from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.testing import StandInBoard


class User:
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


@feedbackchimp.identity_loader
async def awaited_identity(user: User) -> Identity | None:
    """A loader may be a coroutine function."""
    return feedback_identity(user)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["FEEDBACKCHIMP_TOKEN_LIFETIME"] = timedelta(minutes=5)
    assert_type(feedbackchimp.init_app(app), None)
    assert_type(FeedbackChimp(app), FeedbackChimp)
    return app


def use(user: User) -> None:
    """Every public name, with the type that a user relies on."""
    # A misspelt name is found: mypy would call a comment that hides nothing an error.
    _ = public.FeedbackChmp  # type: ignore[attr-defined]
    # A decorated loader is still the function that it was.
    assert_type(strict_identity(user), Identity)
    assert_type(feedback_identity(user), Identity | None)
    assert_type(feedbackchimp.create_token(), str)
    assert_type(feedbackchimp.create_token(user), str)
    assert_type(feedbackchimp.create_token(None), str)
    assert_type(feedbackchimp.sso_url(), str)
    assert_type(feedbackchimp.sso_url("/board/1-ideas", user), str)
    assert_type(feedbackchimp.sso_url(page=None, user=user), str)
    assert_type(public.feedbackchimp_url(), str)
    assert_type(public.feedbackchimp_url("/board/1-ideas", external=True), str)
    assert_type(public.feedbackchimp_link("Ideas"), Markup)
    assert_type(public.feedbackchimp_link("Vote", "/1", class_="a", data_id=3), Markup)
    identity = Identity("ada@example.com", "Ada")
    assert_type(identity.email, str)
    assert_type(identity.name, str)
    assert_type(identity.claims, Mapping[str, object])


def refused(error: public.FeedbackChimpError) -> None:
    """The facts that the errors carry."""
    if isinstance(error, public.ConfigError):
        assert_type(error.problems, tuple[str, ...])
    elif isinstance(error, SignInRefused):
        facts = (error.message, error.reason, error.status)
        assert_type(facts, tuple[str, str, int])
    elif isinstance(error, public.TokenError):
        assert_type(error.reason, str)
    elif isinstance(error, public.NotInitializedError):
        assert_type(error, public.NotInitializedError)


def on_issued(app: Flask, *, user: User, jti: str) -> None:
    """A receiver, typed as the signal is sent."""


def on_refused(app: Flask, *, user: User | None, reason: str) -> None:
    """A receiver, typed as the signal is sent."""


public.token_issued.connect(on_issued)
public.sign_in_refused.connect(on_refused)

sandbox = create_sandbox("s", sso_url="/", redirect_param="to", return_url="/{token}")
assert_type(sandbox, Flask)
assert_type(create_sandbox(b"s", sso_url="/", admins=["a@b"], private=True), Flask)
assert_type(StandInBoard(create_app()), StandInBoard)
