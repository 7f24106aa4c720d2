"""How the pages look that the extension itself shows: a refusal, and *Continue*."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from browser.engines import Visitor, in_engines
from browser.shop import Shop
from flask_feedbackchimp import SignInRefused
from support.apps import PREFIX, InactiveUser

pytestmark = in_engines("Chromium")  # the only one whose screen can be set

PAGES = ["refusal", "continue"]


@pytest.fixture
def show(visitor: Visitor) -> Iterator[Callable[..., None]]:
    """Show a shop's page: nothing to scroll sideways, and in the visitor's colours."""

    def show(
        shop: Shop, page: str = "refusal", width: int = 360, scheme: str = "light"
    ) -> None:
        size = {"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": False}
        visitor.cdp("Emulation.setDeviceMetricsOverride", **size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        visitor.cdp("Emulation.setEmulatedMedia", features=[feature])
        visitor.open(shop.log_in_at_once)
        visitor.open(shop.endpoint if page == "refusal" else shop.continue_page())
        assert visitor.run("return document.documentElement.scrollWidth") <= width
        # CanvasText: what the browser writes with on its own background.
        ink = visitor.run("return getComputedStyle(document.querySelector('h1')).color")
        assert ink == ("rgb(0, 0, 0)" if scheme == "light" else "rgb(255, 255, 255)")

    yield show
    visitor.cdp("Emulation.clearDeviceMetricsOverride")
    visitor.cdp("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_it_fits_any_screen(page, scheme, width, open_shop, show):
    show(open_shop(user=InactiveUser()), page, width, scheme)


def test_a_long_word_does_not_widen_it(shop, show, visitor):
    """A sentence of the app's own may hold an address, say."""

    @shop.feedbackchimp.identity_loader
    def verify_first(user: Any) -> None:
        raise SignInRefused(f"See https://shop.example/{'verify' * 40} first.")

    show(shop)
    assert "verifyverify" in visitor.text()


def test_it_says_why_and_leads_to_the_board(open_shop, show, visitor):
    """One heading, the reason, and a link that a keyboard reaches first; no script."""
    shop = open_shop(user=InactiveUser())
    show(shop)
    assert visitor.run("return document.scripts.length") == 0
    assert visitor.run("return document.querySelectorAll('h1').length") == 1
    paths = {exchange.target for exchange in shop.server.exchanges}
    assert paths - {"/favicon.ico"} == {"/log-in-at-once", PREFIX}  # nothing loaded
    assert "Your account is not active" in visitor.text()
    assert visitor.text("code") == "inactive"
    visitor.press(Keys.TAB, Keys.ENTER)
    visitor.arrive(f"{shop.board_origin}/")
    assert "ssoToken" not in "".join(e.target for e in shop.board.exchanges)


@pytest.mark.parametrize("page", PAGES)
def test_it_reads_well_where_a_policy_forbids_its_style(page, open_shop, show, visitor):
    """Without the style the structure says it all, in the visitor's colours still."""
    shop = open_shop(policy="default-src 'none'", user=InactiveUser())
    show(shop, page, scheme="dark")
    # The policy was at work.
    width = visitor.run("return getComputedStyle(document.body).maxWidth")
    assert width == "none"
    visitor.click("main a")
    visitor.arrive(f"{shop.board_origin}/" if page == "refusal" else shop.endpoint)
