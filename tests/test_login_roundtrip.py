"""The way through the login: whoever logs in on the way lands where the link led.

Every step is taken as a browser takes it, by the ``Location`` as sent, with the
``next`` of Flask-Login and a login view that redirects to it unchanged.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from flask import Flask, redirect, request, session
from flask_login import login_user
from hypothesis import example, given
from werkzeug import Response

from support.apps import BOARD, PREFIX, User, has_token, make_app, sent_token
from support.corpora import honest_pages
from support.sampling import sample
from support.url_strategies import any_pages, any_queries
from support.wire import Answer, Browser, page_query

AT_A_PATH = "/sso?s={state}&to={page}&ssoToken={token}"


def app_with_login(**config: Any) -> Flask:
    """An app whose login view lets Ada in and follows ``next`` as it is."""
    app = make_app(**config)
    app.login_manager.login_view = "enter"

    @app.get("/enter")
    def enter() -> Response:
        login_user(User())
        return redirect(session.pop("next", None) or request.args["next"])

    return app


@cache
def app_with(template: str) -> Flask:
    return app_with_login(FEEDBACKCHIMP_RETURN_URL=template)


@cache
def ada(app: Flask) -> Browser:
    return Browser(app, "ada")


def through_login(app: Flask, query: str | bytes, mount: str = "") -> Answer:
    """What a stranger gets in the end: asked to log in, logged in, sent back."""
    stranger = Browser(app)
    asked = stranger.get(query, SCRIPT_NAME=mount)
    if asked.status_code != 302:
        return asked
    entered = follow(stranger, asked, mount)
    assert not has_token(asked)
    assert not has_token(entered)
    return follow(stranger, entered, mount)


def follow(browser: Browser, answer: Answer, mount: str) -> Answer:
    """Go where an answer of this app points, with the cookie that it set."""
    path, _, query = (answer.location or "").partition("?")
    assert path in (f"{mount}/enter", f"{mount}{PREFIX}")
    if "Set-Cookie" in answer.headers:
        browser.cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return browser.get(query, path=path.removeprefix(mount), SCRIPT_NAME=mount)


@pytest.mark.parametrize(
    ("config", "mount"),
    [
        ({}, ""),
        ({}, "/a.b~c/d"),
        ({"USE_SESSION_FOR_NEXT": True}, ""),
        (
            {
                "FEEDBACKCHIMP_ORGANIZATION": ...,
                "FEEDBACKCHIMP_BOARD_URL": "http://[::1]:5001",
            },
            "",
        ),
    ],
    ids=["default", "mounted", "next in the session", "IPv6 board"],
)
def test_honest_pages_survive(config: dict[str, Any], mount: str) -> None:
    """Letter for letter, as if the visitor had been signed in from the start."""
    app = app_with_login(**config)
    for honest in sample(honest_pages(config.get("FEEDBACKCHIMP_BOARD_URL", BOARD))):
        answer = through_login(app, page_query(honest.page), mount)
        assert answer.status_code == 302, honest
        assert answer.location == honest.with_token(sent_token(answer))


def outcome(answer: Answer) -> tuple[Any, ...]:
    """Status, and the way out without the token."""
    if answer.status_code != 302:
        return answer.status_code, answer.data
    token = sent_token(answer)
    return 302, (answer.location or "").replace(token, "token")


@given(page=any_pages)
@example(page=f"{BOARD}/\u2100?\u2044#\uff03")
def test_any_page(page: str) -> None:
    """What is refused is refused before the login; the rest lands in one place."""
    app, query = app_with("{page}?ssoToken={token}"), page_query(page)
    assert outcome(through_login(app, query)) == outcome(ada(app).get(query))


@given(query=any_queries)
@example(query=b"redirect=https://acme.feedbackchimp.space/%FF%C3%C3%A9%7E%5B&redirec=")
@example(query=b"state=%7E%2C%2F%3b+%20%2B%00%0a%FF%C3%A9\xc3\xa9&&state==%26%3d")
@example(query=b"redirect=/x&state=%FF&%73tate%20=a")
def test_any_query(query: bytes) -> None:
    """With what is handed on, byte for byte."""
    app = app_with(AT_A_PATH)
    assert outcome(through_login(app, query)) == outcome(ada(app).get(query))
