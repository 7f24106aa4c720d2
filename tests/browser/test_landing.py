"""Where a click ends, what is left of the token there, and the way by the login."""

from typing import Any

import pytest
from flask import Response

from support.apps import PREFIX, claims_of
from support.outside import npm_packages
from support.shop import DEEP_LINK, open_shop
from support.wire import page_query

POST = "/board/1002-feature-requests/31-dark-mode"
PAGES = f"""
/
/board/1002-feature-requests
{POST}?a=1&b=&a=2&c&=d&&e=f
{POST}?q=x+y%2Bz%26w%3D%23%25&r=%C3%A9%2F
/board/@ada:x?y=@
{POST}#comments
{POST}?sort=new#c=1&ssoToken=2?x
"""


@pytest.mark.parametrize("board_page", PAGES.split())
def test_the_address_bar(board_page, shop, page):
    """It ends on the path, query and fragment as they were, without the token."""
    shop.log_in(page)
    url = shop.board.url + board_page
    page.goto(f"{shop.server.url}{PREFIX}?{page_query(url)}")
    expected = page.evaluate("url => new URL(url).href", url)
    assert page.url == expected.replace("&&", "&")  # empty pairs are dropped
    assert [arrival.reason for arrival in shop.arrivals] == [None]


def test_the_location_arrives_as_sent(shop, page, issued):
    """The browser asks the board for that URL, the fragment kept back."""
    shop.log_in(page)
    page.goto(shop.page())
    with page.expect_response(lambda answer: PREFIX in answer.url) as received:
        page.get_by_role("link", name="Bare").click()
    [sent] = shop.server.to(PREFIX)
    location = received.value.all_headers()["location"]
    assert location == sent.location

    page.wait_for_url(shop.board.url + DEEP_LINK)
    address, _, fragment = location.partition("#")
    assert fragment == "comments"
    assert shop.board.url + shop.board.exchanges[0].target == address
    assert [claims_of(address.rpartition("ssoToken=")[2])["jti"]] == issued


def test_the_back_button_leaves_the_token_alone(shop, page, issued):
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


def test_a_naive_board(shop, page, issued):
    """It learns no referrer, as from a plain link; no cache answers the second click.

    It sets no policy and no cookie, and keeps the token in its address.
    """
    shop.board.app = Response("Board")
    shop.log_in(page)
    links = f'<a href="{PREFIX}">Endpoint</a> <a href="{shop.board.url}/">Plain</a>'
    told = []
    for name in ("Plain", "Endpoint", "Endpoint"):
        page.goto(shop.page(body=links))
        page.get_by_role("link", name=name).click()
        page.wait_for_url(f"{shop.board.url}/**")
        told.append(page.evaluate("document.referrer"))
    assert told == [f"{shop.server.url}/", "", ""]
    arrivals = [e for e in shop.board.exchanges if "ssoToken" in e.target]
    assert not any("referer" in arrival.headers for arrival in arrivals)
    jtis = [claims_of(e.target.rpartition("=")[2])["jti"] for e in arrivals]
    assert jtis == issued
    assert len(set(jtis)) == 2


def log_in(shop: Any, page: Any, issued: list[str]) -> None:
    """Pass the login page, and land on exactly that post, signed in."""
    page.wait_for_url("**/sign-in?next=*")
    assert issued == []
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    assert len(issued) == 1


@pytest.mark.parametrize("kit", ["nothing", "htmx 2", "htmx 4", "Turbo Drive"])
@pytest.mark.parametrize("link", ["By the helper", "Bare"])
def test_a_deep_link_survives_the_login(kit, link, shop, page, issued):
    """Followed by a visitor who is logged out."""
    npm_packages("htmx-2", "htmx-4", "@hotwired/turbo")
    # Under Turbo Drive a form that may lead to another origin must opt out.
    form = 'data-turbo="false"' if kit == "Turbo Drive" else ""
    page.goto(shop.page(kit, login_kit=kit, login_form=form))
    page.get_by_role("link", name=link).click()
    log_in(shop, page, issued)


@pytest.mark.parametrize(
    "return_url",
    [
        "{page}?ssoToken={token}",
        "/api/redirects/sso?companyID={companyID}&ssoToken={token}&redirect={page}",
        "/sso/{token}?to={page}",
    ],
)
def test_log_in_on_the_board(return_url, serve, page, issued):
    """Begun on the board, by way of the login, and back to where it began."""
    shop = open_shop(serve, FEEDBACKCHIMP_RETURN_URL=return_url)
    page.goto(shop.board.url + DEEP_LINK)
    page.get_by_role("link", name="Log in").first.click()
    log_in(shop, page, issued)
