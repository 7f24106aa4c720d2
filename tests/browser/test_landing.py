"""Where a click ends, and what is left of the token there."""

from typing import Any

import pytest
from flask import Response

from browser.engines import wait_until
from support.apps import PREFIX, claims_of
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
""".split()


@pytest.fixture
def ada(shop: Any, visitor: Any) -> Any:
    """A visitor who is logged in to the shop."""
    visitor.open(shop.log_in_at_once)
    return visitor


@pytest.mark.parametrize("board_page", PAGES)
def test_the_address_bar(board_page, shop, ada):
    """It ends on the path, query and fragment as they were, without the token.

    Between, the browser asks the board for the very ``Location`` that was sent.
    """
    url = shop.board_origin + board_page
    ada.open(f"{shop.endpoint}?{page_query(url)}")
    expected = ada.run("return new URL(arguments[0]).href", url)
    ada.arrive(expected.replace("&&", "&"))  # empty pairs are dropped
    assert [arrival.reason for arrival in shop.arrivals] == [None]
    [sent] = shop.server.to(PREFIX)
    address, _, fragment = sent.location.partition("#")
    assert shop.board_origin + shop.board.exchanges[0].target == address
    assert fragment == url.partition("#")[2]


def test_a_naive_board(shop, ada):
    """It learns no referrer, as from a plain link; no cache answers the second click.

    It sets no policy and no cookie, and keeps the token in its address.
    """
    shop.board.app = Response("<!doctype html>Board")
    shop.body = f"""
        <a id="endpoint" href="{PREFIX}">Endpoint</a>
        <a id="plain" href="{shop.board_origin}/">Plain</a>"""
    told = []
    for link in ("#plain", "#endpoint", "#endpoint"):
        ada.open(shop.home)
        ada.click(link)
        wait_until(lambda: ada.text() == "Board")
        told.append(ada.run("return document.referrer"))
    assert told == [f"{shop.server.url}/", "", ""]
    arrivals = [e for e in shop.board.exchanges if "ssoToken" in e.target]
    assert not any("referer" in arrival.headers for arrival in arrivals)
    jtis = [claims_of(e.target.rpartition("=")[2])["jti"] for e in arrivals]
    assert jtis == shop.issued
    assert len(set(jtis)) == 2
