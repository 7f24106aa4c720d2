"""Where a click ends, what is left of the token there, and the way by the login."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from support.apps import PREFIX, claims_of
from support.outside import npm_packages
from support.shop import DEEP_LINK, open_shop

POST = "/board/1002-feature-requests/31-dark-mode"
PAGES = {
    "home": "/",
    "board": "/board/1002-feature-requests",
    "repeated and empty pairs": f"{POST}?a=1&b=&a=2&c&=d&&e=f",
    "encoded signs": f"{POST}?q=x+y%2Bz%26w%3D%23%25&r=%C3%A9%2F",
    "at sign and colon": "/board/@ada:x?y=@",
    "fragment alone": f"{POST}#comments",
    "query in the fragment": f"{POST}?sort=new#c=1&ssoToken=2?x",
}


@pytest.fixture
def shop(serve: Any, issued: list[str]) -> Any:
    """A shop with Ada as its user, and its board."""
    return open_shop(serve)


def sso_path(shop: Any, page_url: str) -> str:
    """The endpoint's URL with a page of the board."""
    board_page = quote(shop.board.url + page_url, safe="")
    return f"{shop.server.url}{PREFIX}?redirect={board_page}"


@pytest.mark.parametrize("board_page", PAGES.values(), ids=PAGES)
def test_the_address_bar_ends_on_the_page_asked_for(
    shop: Any, page: Any, board_page: str
) -> None:
    """Path, query and fragment as they were, and nothing of the token."""
    shop.log_in(page)
    page.goto(sso_path(shop, board_page))
    expected = page.evaluate("url => new URL(url).href", shop.board.url + board_page)
    assert page.url == expected.replace("&&", "&")  # empty pairs are dropped
    assert [arrival.reason for arrival in shop.arrivals] == [None]


def test_the_location_arrives_as_it_was_sent(
    shop: Any, page: Any, issued: list[str]
) -> None:
    """The browser asks the board for that URL, the fragment kept back."""
    shop.log_in(page)
    with page.expect_response(lambda answer: PREFIX in answer.url) as received:
        page.goto(sso_path(shop, DEEP_LINK))
    [sent] = shop.server.to(PREFIX)
    location = received.value.all_headers()["location"]
    assert location == sent.location

    address, _, fragment = location.partition("#")
    assert fragment == "comments"
    assert shop.board.url + shop.board.exchanges[0].target == address
    token = address.rpartition("ssoToken=")[2]
    assert claims_of(token)["jti"] == issued[0]


def test_the_back_button_leaves_the_token_alone(
    shop: Any, page: Any, issued: list[str]
) -> None:
    """Back is the shop's page, forward the board's; the endpoint is not between."""
    shop.log_in(page)
    page.goto(shop.page())
    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    page.go_back()
    assert page.url == shop.page()
    page.go_forward()
    assert page.url == shop.board.url + DEEP_LINK
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    assert len(issued) == len(shop.arrivals) == 1


@pytest.fixture
def naive_board(shop: Any) -> Any:
    """A board that keeps the token in its address and sets no policy of its own."""
    board = Flask("board")
    board.add_url_rule("/", view_func=lambda: "Board")
    shop.board.app = board
    return shop.board


def test_the_board_is_not_told_where_the_visitor_comes_from(
    shop: Any, page: Any, naive_board: Any
) -> None:
    """``no-referrer`` holds for the hop; a plain link from the same page tells more."""
    shop.log_in(page)
    links = (
        f'<a href="{PREFIX}">By the endpoint</a> <a href="{naive_board.url}/">Plain</a>'
    )
    page.goto(shop.page(body=links))
    page.get_by_role("link", name="Plain").click()
    page.wait_for_url(f"{naive_board.url}/")
    assert page.evaluate("document.referrer") == f"{shop.server.url}/"

    page.goto(shop.page(body=links))
    page.get_by_role("link", name="By the endpoint").click()
    page.wait_for_url(f"{naive_board.url}/?ssoToken=*")
    assert page.evaluate("document.referrer") == ""
    arrival = next(e for e in naive_board.exchanges if "ssoToken" in e.target)
    assert "referer" not in arrival.headers


def test_no_cache_keeps_the_redirect(
    shop: Any, page: Any, issued: list[str], naive_board: Any
) -> None:
    """Every click on the same link gets a token of its own.

    This board sets no cookie: the second request is the same as the first, and what
    varies by cookies could come out of the cache.
    """
    shop.log_in(page)
    arrived = []
    for _ in range(2):
        page.goto(shop.page(body=f'<a href="{PREFIX}">By the endpoint</a>'))
        page.get_by_role("link", name="By the endpoint").click()
        page.wait_for_url(f"{naive_board.url}/?ssoToken=*")
        arrived.append(claims_of(page.url.rpartition("=")[2])["jti"])
    assert arrived == issued
    assert len(set(arrived)) == 2


def test_no_page_behind_the_board_is_told_the_token(shop: Any, page: Any) -> None:
    """Neither the landing page nor one linked from it finds it in its referrer."""
    shop.log_in(page)
    page.goto(shop.page())
    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    referrers = [page.evaluate("document.referrer")]
    page.locator("a[href^='/board/']").first.click()
    page.wait_for_load_state()
    referrers.append(page.evaluate("document.referrer"))
    assert "eyJ" not in "".join(referrers)
    sent = [e.headers.get("referer", "") for e in shop.board.exchanges]
    assert len(sent) > 2
    assert "eyJ" not in "".join(sent)


# With Turbo Drive a login form that may lead to another origin must opt out of it.
LOGIN_FORMS = {
    "nothing": "",
    "htmx 2": "",
    "htmx 4": "",
    "Turbo Drive": 'data-turbo="false"',
}


@pytest.mark.parametrize(("kit", "form"), LOGIN_FORMS.items(), ids=LOGIN_FORMS)
@pytest.mark.parametrize("link", ["By the helper", "Bare"])
def test_a_deep_link_survives_the_login(
    shop: Any, page: Any, issued: list[str], kit: str, form: str, link: str
) -> None:
    """Logged out: the link, the login, and exactly that post, signed in."""
    npm_packages("htmx-2", "htmx-4", "@hotwired/turbo")
    page.goto(shop.page(kit, login_kit=kit, login_form=form))
    page.get_by_role("link", name=link).click()
    page.wait_for_url("**/sign-in?next=*")
    assert issued == []
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    assert len(issued) == 1


@pytest.mark.parametrize(
    "template",
    [
        "{page}?ssoToken={token}",
        "/api/redirects/sso?companyID={companyID}&ssoToken={token}&redirect={page}",
        "/sso/{token}?to={page}",
    ],
)
def test_log_in_on_the_board(
    serve: Any, page: Any, issued: list[str], template: str
) -> None:
    """Begun on the board, by way of the login, and back to where it began."""
    shop = open_shop(serve, FEEDBACKCHIMP_RETURN_URL=template)
    page.goto(shop.board.url + DEEP_LINK)
    page.get_by_role("link", name="Log in").first.click()
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    assert len(issued) == 1
