"""The way through the login: whoever logs in on the way lands where the link led.

Every step is taken as a browser takes it, by the ``Location`` as sent, with the
``next`` of Flask-Login and a login view that redirects to it unchanged.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask, redirect, request, session
from flask_login import login_user
from hypothesis import example, given
from werkzeug import Response

from apps import BOARD, PREFIX, User, has_token, make_app, sent_token
from corpora import Honest, honest_pages
from url_strategies import any_pages, any_queries, composed_pages, patient
from wire import Answer, Browser, page_query

ENDPOINT = {
    "FEEDBACKCHIMP_SSO_ENDPOINT": "https://login.feedbackchimp.example/sso",
    "FEEDBACKCHIMP_FORWARD_PARAMS": ["state"],
}


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
def appended() -> Flask:
    return app_with_login()


@cache
def at_endpoint() -> Flask:
    return app_with_login(**ENDPOINT)


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
    path, _, query = answer.location.partition("?")
    assert path in (f"{mount}/enter", f"{mount}{PREFIX}")
    if "Set-Cookie" in answer.headers:
        browser.cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return browser.get(query, path=path.removeprefix(mount), SCRIPT_NAME=mount)


def outcome(answer: Answer) -> tuple[Any, ...]:
    """Status, and the way out: spelled without the token, its query decoded.

    In ``next`` a forwarded parameter may be spelled otherwise (``~`` for ``%7E``).
    """
    if answer.status_code != 302:
        return answer.status_code, answer.data
    url = urlsplit(answer.location)
    pairs = parse_qsl(url.query, True, errors="surrogateescape")
    kept = [(name, value) for name, value in pairs if name != "ssoToken"]
    assert len(kept) == len(pairs) - 1
    return 302, url._replace(query=""), kept


def assert_lands(answer: Answer, honest: Honest) -> None:
    assert answer.status_code == 302, honest
    assert answer.location == honest.with_token(sent_token(answer))


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
        {
            "FEEDBACKCHIMP_ORGANIZATION": ...,
            "FEEDBACKCHIMP_BOARD_URL": "http://[::1]:5001",
        },
    ],
    ids=["default", "no lifetime", "IPv6 board"],
)
def test_every_honest_page_survives_the_login(config: dict[str, Any]) -> None:
    """Letter for letter, as if the visitor had been signed in from the start."""
    app = app_with_login(**config)
    for honest in honest_pages(config.get("FEEDBACKCHIMP_BOARD_URL", BOARD)):
        assert_lands(through_login(app, page_query(honest.page)), honest)


@pytest.mark.parametrize("mount", ["/shop", "/a/b", "/a.b~c"])
def test_every_honest_page_survives_the_login_under_a_mount_point(mount: str) -> None:
    for honest in honest_pages():
        query = page_query(honest.page)
        assert_lands(through_login(appended(), query, mount), honest)


def test_every_honest_page_survives_a_login_that_keeps_next_in_the_session() -> None:
    """The longest ones, too: the session's cookie still holds them."""
    app = app_with_login(USE_SESSION_FOR_NEXT=True)
    for honest in honest_pages():
        assert_lands(through_login(app, page_query(honest.page)), honest)


def test_every_honest_page_survives_the_login_on_its_way_to_the_endpoint() -> None:
    for honest in honest_pages():
        query = f"state=1&{page_query(honest.page)}&state=a%2Bb"
        answer = through_login(at_endpoint(), query)
        assert outcome(answer) == outcome(ada(at_endpoint()).get(query))


@patient
@given(honest=composed_pages())
def test_any_honest_page_survives_the_login(honest: Honest) -> None:
    assert_lands(through_login(appended(), page_query(honest.page)), honest)


@patient
@given(page=any_pages)
@example(page=f"{BOARD}/\u2100?\u2044#\uff03")
def test_any_page_has_the_same_outcome_through_the_login(page: str) -> None:
    """What is refused is refused before the login; the rest lands in one place."""
    query = page_query(page)
    answer = through_login(appended(), query)
    assert outcome(answer) == outcome(ada(appended()).get(query))


@patient
@given(query=any_queries)
@example(query=b"redirect=https://acme.feedbackchimp.space/%FF%C3%C3%A9%7E%5B&redirec=")
def test_any_query_has_the_same_outcome_through_the_login(query: bytes) -> None:
    answer = through_login(appended(), query)
    assert outcome(answer) == outcome(ada(appended()).get(query))


@patient
@given(query=any_queries)
@example(query=b"state=%7E%2C%2F%3b+%20%2B%00%0a%FF%C3%A9\xc3\xa9&&state&state==%26%3d")
def test_any_forwarded_parameter_means_the_same_after_the_login(query: bytes) -> None:
    answer = through_login(at_endpoint(), query)
    assert outcome(answer) == outcome(ada(at_endpoint()).get(query))
