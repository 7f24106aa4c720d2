"""Whoever clicks arrives: on the very page of the board, once, signed in."""

from itertools import product
from typing import Any

import pytest

from browser.engines import wait_until
from browser.shop import (
    FORM_ACTION_SELF,
    HONOURS_NEXT,
    IGNORES_NEXT,
    LIBRARIES,
    OWN_PAGE,
    PRELOADING,
    Shop,
)
from support.apps import PREFIX
from support.live import Exchange
from support.sampling import sample

#: The visible link of the continue page.
CONTINUE = "main a[up-follow=false]"
#: Turbo Drive fetches a link that the mouse has rested on for 100 ms, as does preload.
REST = 0.4  # seconds

POLICIES = {"no policy": "", FORM_ACTION_SELF: FORM_ACTION_SELF}
LOGINS = [HONOURS_NEXT, IGNORES_NEXT, OWN_PAGE]
#: What the app sends, loads and does: every row is walked in each engine.
APPS = list(product(POLICIES, LIBRARIES, LOGINS))
#: Where the attributes of the helper's link keep the library out of its way.
OBEYING = {"no library", "Turbo", "htmx 2", "htmx 4"}


def assert_arrived(visitor: Any, shop: Shop) -> None:
    """Signed in, with one token."""
    visitor.arrive(shop.deep_link)
    assert "Ada Lovelace" in visitor.text()
    assert_one_token(shop)


def is_navigation(exchange: Exchange) -> bool:
    """Whether the browser asked, and not a script."""
    return exchange.headers["sec-fetch-mode"] == "navigate"


def assert_one_token(shop: Shop) -> None:
    [arrival] = shop.arrivals
    assert (arrival.reason, [arrival.claims["jti"]]) == (None, shop.issued)


def log_in(visitor: Any, shop: Shop) -> None:
    """Pass the app's login."""
    if shop.login == OWN_PAGE:
        visitor.click("#to-login")
    visitor.fill("[name=user]", "ada")
    assert shop.issued == []
    visitor.click("form button")
    go_on(visitor, shop)


def go_on(visitor: Any, shop: Shop) -> None:
    """Pass the continue page, where a library shows it rather than obeys it."""
    if shop.library.clicks:
        visitor.click(CONTINUE)


@pytest.mark.parametrize("library", LIBRARIES | PRELOADING)
@pytest.mark.parametrize("link", ["#helper", "#bare"])
def test_a_nav_link(link, library, open_shop, visitor):
    """Of a visitor who is logged in, in a page that the library fetched.

    *Back* is the shop's page, forward the board's; the endpoint is not between.
    """
    shop = open_shop(policy=FORM_ACTION_SELF, library=library)
    visitor.open(shop.log_in_at_once)
    visitor.open(shop.home)
    visitor.click("#ordinary")
    visitor.arrive(f"{shop.home}?turn=1")
    asked = [e for e in shop.server.exchanges if e.target == "/?turn=1"]
    assert {is_navigation(e) for e in asked} == {library == "no library"}
    visitor.click(link)
    go_on(visitor, shop)
    assert_arrived(visitor, shop)
    if link == "#helper" and library in OBEYING:
        assert [is_navigation(e) for e in shop.server.to(PREFIX)] == [True]
    visitor.back()
    visitor.arrive(f"{shop.home}?turn=1")
    visitor.forward()
    assert_arrived(visitor, shop)


@pytest.mark.parametrize("library", LIBRARIES | PRELOADING)
def test_hesitating_at_a_nav_link(library, open_shop, visitor):
    """It mints nothing, though libraries fetch what the mouse rests on."""
    shop = open_shop(library=library)
    visitor.open(shop.log_in_at_once)
    visitor.open(shop.home)
    for link in ("#helper", "#bare", "#ordinary"):
        visitor.hesitate(link, REST)
    if shop.library.fetches_ahead:
        wait_until(lambda: shop.server.to(PREFIX))
        wait_until(lambda: any(e.target == "/?turn=1" for e in shop.server.exchanges))
    assert visitor.url() == shop.home
    assert shop.issued == shop.board.exchanges == []
    visitor.click("#bare")
    go_on(visitor, shop)
    assert_arrived(visitor, shop)


@pytest.mark.parametrize(("library", "login"), sample(list(product(LIBRARIES, LOGINS))))
def test_a_nav_link_by_way_of_the_login(library, login, open_shop, visitor):
    """*Back* is the login's page, which does not send the visitor on again."""
    shop = open_shop(policy=FORM_ACTION_SELF, library=library, login=login)
    visitor.open(shop.home)
    visitor.click("#helper")
    go_on(visitor, shop)
    log_in(visitor, shop)
    assert_arrived(visitor, shop)
    visitor.back()
    wait_until(lambda: visitor.url().startswith(f"{shop.server.url}/login"))
    assert_one_token(shop)


@pytest.mark.parametrize(("policy", "library", "login"), sample(APPS))
def test_log_in_on_the_board(policy, library, login, open_shop, visitor):
    shop = open_shop(policy=POLICIES[policy], library=library, login=login)
    visitor.open(shop.deep_link)
    visitor.click("#log-in")
    log_in(visitor, shop)
    assert_arrived(visitor, shop)


@pytest.mark.parametrize(
    "return_url",
    [
        "{page}?ssoToken={token}",
        "/api/redirects/sso?companyID={companyID}&ssoToken={token}&redirect={page}",
        "/sso/{token}?to={page}",
    ],
)
def test_every_return_url(return_url, open_shop, visitor):
    """What only the board issues is handed on through the login."""
    shop = open_shop(login=IGNORES_NEXT, FEEDBACKCHIMP_RETURN_URL=return_url)
    visitor.open(shop.deep_link)
    visitor.click("#log-in")
    log_in(visitor, shop)
    assert_arrived(visitor, shop)
