"""Nav links under the real htmx and Turbo: hovering mints nothing, clicking works."""

from __future__ import annotations

from typing import Any

import pytest

from support.apps import PREFIX
from support.outside import npm_packages
from support.shop import DEEP_LINK, KITS, open_shop

BY_HELPER, BARE = "By the helper", "Bare"
# Turbo Drive fetches a link that the mouse has rested on for 100 ms, as does preload.
REST_MS = 400


@pytest.fixture
def shop(serve: Any, issued: list[str]) -> Any:
    """A shop with Ada as its user, and its board."""
    npm_packages("htmx-2", "htmx-4", "htmx-ext-preload", "@hotwired/turbo")
    return open_shop(serve)


def open_page(shop: Any, page: Any, kit: str) -> None:
    """Show Ada the page, with everything loaded."""
    shop.log_in(page)
    page.goto(shop.page(kit))


def touch(page: Any, link: str) -> None:
    """Rest on a link, press the button on it, and think better of it."""
    page.get_by_role("link", name=link).hover()
    page.wait_for_timeout(REST_MS)
    page.mouse.down()
    page.mouse.move(300, 300)
    page.mouse.up()


@pytest.mark.parametrize("kit", KITS)
def test_touching_a_link_mints_nothing(
    shop: Any, page: Any, issued: list[str], kit: str
) -> None:
    """Nor does it take the visitor anywhere.

    Where the library fetches links ahead, it is seen to fetch an ordinary link of the
    same page, and the bare one: it is the endpoint that holds, not the library that
    forbears.
    """
    open_page(shop, page, kit)
    touch(page, BY_HELPER)
    if KITS[kit].hovers or KITS[kit].presses:
        with page.expect_response(f"**{PREFIX}?*"):
            touch(page, BARE)
        with page.expect_response("**/*turn=1"):
            touch(page, "Ordinary")
    else:
        touch(page, BARE)
        touch(page, "Ordinary")
    assert page.url == shop.page(kit)
    assert issued == []
    assert not any(exchange.location for exchange in shop.server.to(PREFIX))
    assert shop.board.exchanges == []


@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize(
    "link", [BY_HELPER, BARE], ids=["feedbackchimp_link", "feedbackchimp_url"]
)
def test_clicking_a_link_ends_on_the_board_signed_in(
    shop: Any, page: Any, issued: list[str], kit: str, link: str
) -> None:
    """One click, one token, and the page that the link names.

    An ordinary link is clicked before, to see that the library is at work, and that
    the other works in a page that came by script.
    """
    open_page(shop, page, kit)
    page.get_by_role("link", name="Ordinary").click()
    page.wait_for_url("**/*turn=1")
    asked = [e for e in shop.server.exchanges if e.target.endswith("turn=1")]
    by_script = {e.headers["sec-fetch-mode"] != "navigate" for e in asked}
    assert by_script == {KITS[kit].follows}

    page.get_by_role("link", name=link).click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    [arrival] = shop.arrivals
    assert arrival.reason is None
    assert issued == [arrival.claims["jti"]]


@pytest.mark.parametrize("kit", [kit for kit in KITS if "preloads" not in kit])
def test_the_helpers_link_is_followed_by_the_browser_itself(
    shop: Any, page: Any, kit: str
) -> None:
    """No library gets in its way: the endpoint is asked once, by a navigation."""
    open_page(shop, page, kit)
    page.get_by_role("link", name=BY_HELPER).click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    [asked] = shop.server.to(PREFIX)
    assert (asked.headers["sec-fetch-mode"], asked.status) == ("navigate", 302)
