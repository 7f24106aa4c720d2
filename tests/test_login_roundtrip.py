"""Visitors who log in on the way land where the link led."""

from typing import Any

import pytest
from flask import Flask, redirect, request, session
from flask_login import login_user
from hypothesis import example, given
from werkzeug import Response

from support.apps import (
    BOARD,
    PREFIX,
    REDIRECTS,
    User,
    has_token,
    make_app,
    sent_token,
)
from support.corpora import honest_pages
from support.sampling import sample
from support.url_strategies import any_pages, any_queries
from support.wire import Answer, Browser, page_query


def app_with_login(**config: Any) -> Flask:
    """An app whose login view lets Ada in and follows ``next`` as it is."""
    app = make_app(**config)
    app.login_manager.login_view = "enter"

    @app.get("/enter")
    def enter() -> Response:
        login_user(User())
        return redirect(session.pop("next", None) or request.args["next"])

    return app


def through_login(app: Flask, query: str | bytes, mount: str = "") -> Answer:
    """What a stranger gets in the end: asked to log in, logged in, sent back."""
    stranger = Browser(app)
    asked = stranger.get(query, SCRIPT_NAME=mount)
    if asked.status_code not in REDIRECTS:
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


def assert_honest_pages_survive(
    app: Flask, board: str = BOARD, mount: str = ""
) -> None:
    """Letter for letter, as if the visitor had been signed in from the start."""
    for honest in sample(honest_pages(board)):
        answer = through_login(app, page_query(honest.page), mount)
        assert answer.status_code == 302, honest
        assert answer.location == honest.with_token(sent_token(answer))


@pytest.mark.parametrize("mount", ["", "/a.b~c/d"])
def test_honest_pages(mount):
    assert_honest_pages_survive(app_with_login(), mount=mount)


def test_honest_pages_with_next_in_the_session():
    assert_honest_pages_survive(app_with_login(USE_SESSION_FOR_NEXT=True))


def test_honest_pages_of_a_board_at_an_ipv6_address():
    board = "http://[::1]:5001"
    app = app_with_login(FEEDBACKCHIMP_ORGANIZATION=None, FEEDBACKCHIMP_BOARD_URL=board)
    assert_honest_pages_survive(app, board)


def assert_same_outcome(app: Flask, query: str | bytes) -> None:
    """Through the login as without it, except for the token."""
    stranger = through_login(app, query)
    ada = Browser(app, "ada").get(query)
    assert stranger.status_code == ada.status_code
    if ada.status_code == 302:
        location = stranger.location.replace(sent_token(stranger), sent_token(ada))
        assert location == ada.location
    else:
        assert stranger.data == ada.data


PLAIN = app_with_login()
HANDING_ON = app_with_login(
    FEEDBACKCHIMP_RETURN_URL="/sso?s={state}&to={page}&ssoToken={token}"
)


@given(page=any_pages)
@example(page=f"{BOARD}/\u2100?\u2044#\uff03")
def test_any_page(page):
    """What is refused is refused before the login; the rest lands in one place."""
    assert_same_outcome(PLAIN, page_query(page))


@given(query=any_queries)
@example(query=b"redirect=https://acme.feedbackchimp.space/%FF%C3%C3%A9%7E%5B&redirec=")
@example(query=b"state=%7E%2C%2F%3b+%20%2B%00%0a%FF%C3%A9\xc3\xa9&&state==%26%3d")
@example(query=b"redirect=/x&state=%FF&%73tate%20=a")
def test_any_query(query):
    """With what is handed on, byte for byte."""
    assert_same_outcome(HANDING_ON, query)
