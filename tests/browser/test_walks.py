"""Whoever clicks arrives: on the very page of the board, once, signed in."""

from itertools import product
from typing import Any

import pytest

from browser.shop import (
    FORM_ACTION_SELF,
    HONOURS_NEXT,
    IGNORES_NEXT,
    LIBRARIES,
    OWN_PAGE,
    Shop,
)
from support.sampling import sample

POLICIES = {"no policy": "", FORM_ACTION_SELF: FORM_ACTION_SELF}
LOGINS = [HONOURS_NEXT, IGNORES_NEXT, OWN_PAGE]
#: What the app sends, loads and does: every row is walked in each engine.
APPS = list(product(POLICIES, LIBRARIES, LOGINS))


def assert_arrived(visitor: Any, shop: Shop) -> None:
    """With one token, which the board took."""
    visitor.arrive(shop.deep_link)
    assert "Ada Lovelace" in visitor.text()
    [arrival] = shop.arrivals
    assert (arrival.reason, [arrival.claims["jti"]]) == (None, shop.issued)


def log_in(visitor: Any, shop: Shop) -> None:
    """Pass the app's login, and the continue page where that needs a click."""
    if shop.login == OWN_PAGE:
        visitor.click("#to-login")
    visitor.fill("[name=user]", "ada")
    assert shop.issued == []
    visitor.click("form button")
    if shop.library.clicks:
        visitor.click("main a[up-follow=false]")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("link", ["#helper", "#bare"])
def test_a_nav_link(link, library, policy, open_shop, visitor):
    """Of a visitor who is logged in; a bare link is fetched by some libraries."""
    shop = open_shop(policy=POLICIES[policy], library=library)
    visitor.open(shop.server.url + "/log-in-at-once")
    visitor.open(shop.home)
    visitor.click(link)
    if link == "#bare" and shop.library.clicks:
        visitor.click("main a[up-follow=false]")
    assert_arrived(visitor, shop)


@pytest.mark.parametrize(("policy", "library", "login"), sample(APPS))
def test_a_nav_link_by_way_of_the_login(policy, library, login, open_shop, visitor):
    shop = open_shop(policy=POLICIES[policy], library=library, login=login)
    visitor.open(shop.home)
    visitor.click("#helper")
    log_in(visitor, shop)
    assert_arrived(visitor, shop)


@pytest.mark.parametrize(("policy", "library", "login"), sample(APPS))
def test_log_in_on_the_board(policy, library, login, open_shop, visitor):
    shop = open_shop(policy=POLICIES[policy], library=library, login=login)
    visitor.open(shop.deep_link)
    visitor.click("#log-in")
    log_in(visitor, shop)
    assert_arrived(visitor, shop)
