"""Coroutine functions of the app's, run as Flask runs its own async views."""

import asyncio
import sys
from typing import Any

import pytest

from flask_feedbackchimp import Identity, SignInRefused, sign_in_refused, token_issued
from support.apps import PREFIX, User, claims_of, logged_in, sent_token

INSTALL = r"Install Flask with the 'async' extra"


async def load(user: User) -> Identity:
    await asyncio.sleep(0)
    return Identity(user.email, user.name.upper())


async def refuse(user: User) -> Identity:
    await asyncio.sleep(0)
    raise SignInRefused("Please pay first.", reason="unpaid")


def test_loader(app):
    app.feedbackchimp.identity_loader(load)
    claims = claims_of(sent_token(logged_in(app).get(PREFIX)))
    assert claims["name"] == "ADA LOVELACE"
    with app.app_context():
        assert (
            claims_of(app.feedbackchimp.create_token(User()))["name"] == claims["name"]
        )


def test_loader_that_refuses(app):
    app.feedbackchimp.identity_loader(refuse)
    answer = logged_in(app).get(PREFIX)
    assert (answer.status_code, "Please pay first." in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("signal", "loader"),
    [
        (token_issued, load),
        (sign_in_refused, refuse),
    ],
)
def test_receiver(app, signal, loader):
    app.feedbackchimp.identity_loader(loader)
    heard: list[Any] = []

    async def receive(sender: Any, user: User, **facts: Any) -> None:
        await asyncio.sleep(0)
        heard.append((sender, user.id, *facts))

    with signal.connected_to(receive, app):
        logged_in(app).get(PREFIX)
    assert heard == [(app, "ada", "jti" if loader is load else "reason")]


def test_without_the_extra(app, monkeypatch):
    """One sentence says what to install, and only where it is needed."""
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)
    assert sent_token(logged_in(app).get(PREFIX))
    app.feedbackchimp.identity_loader(load)
    with pytest.raises(RuntimeError, match=INSTALL):
        logged_in(app).get(PREFIX)
