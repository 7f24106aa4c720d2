"""Nav links under the real htmx and Turbo: hovering mints nothing, clicking works."""

from typing import Any

import pytest

from support.apps import PREFIX
from support.outside import npm_packages
from support.shop import DEEP_LINK, KITS

BY_HELPER, BARE, ORDINARY = "By the helper", "Bare", "Ordinary"
# Turbo Drive fetches a link that the mouse has rested on for 100 ms, as does preload.
REST_MS = 400


@pytest.fixture(params=KITS)
def kit(request: Any, shop: Any, page: Any) -> str:
    """The kit of the page that Ada sees, with everything loaded."""
    npm_packages("htmx-2", "htmx-4", "htmx-ext-preload", "@hotwired/turbo")
    shop.log_in(page)
    page.goto(shop.page(request.param))
    return request.param


def touch(page: Any, link: str) -> None:
    """Rest on a link, press the button on it, and think better of it."""
    page.get_by_role("link", name=link).hover()
    page.wait_for_timeout(REST_MS)
    page.mouse.down()
    page.mouse.move(300, 300)
    page.mouse.up()


def test_touching_mints_nothing(kit, shop, page, issued):
    """A library that fetches links ahead is seen to fetch the other two."""
    touch(page, BY_HELPER)
    if KITS[kit].hovers or KITS[kit].presses:
        with page.expect_response(f"**{PREFIX}?*"):
            touch(page, BARE)
        with page.expect_response("**/*turn=1"):
            touch(page, ORDINARY)
    else:
        touch(page, BARE)
        touch(page, ORDINARY)
    assert page.url == shop.page(kit)
    assert not any(exchange.location for exchange in shop.server.to(PREFIX))
    assert issued == shop.board.exchanges == []


@pytest.mark.parametrize("link", [BY_HELPER, BARE])
def test_clicking_signs_in(kit, link, shop, page, issued):
    """One click, one token, also in a page that came by script."""
    page.get_by_role("link", name=ORDINARY).click()
    page.wait_for_url("**/*turn=1")
    asked = [e for e in shop.server.exchanges if e.target.endswith("turn=1")]
    by_script = {e.headers["sec-fetch-mode"] != "navigate" for e in asked}
    assert by_script == {KITS[kit].follows}

    page.get_by_role("link", name=link).click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert page.get_by_text("Ada Lovelace").first.is_visible()
    [arrival] = shop.arrivals
    assert (arrival.reason, [arrival.claims["jti"]]) == (None, issued)
    if link == BY_HELPER and "preloads" not in kit:  # no library gets in its way
        [asked] = shop.server.to(PREFIX)
        assert (asked.headers["sec-fetch-mode"], asked.status) == ("navigate", 302)
