"""The page that a refused visitor reads."""

from typing import Any

import pytest

from flask_feedbackchimp import SignInRefused
from support.apps import PREFIX, InactiveUser
from support.shop import open_shop


@pytest.fixture
def shop(serve: Any) -> Any:
    """A shop whose only user has an inactive account."""
    return open_shop(serve, InactiveUser())


def refuse(shop: Any, page: Any, width: int = 360, scheme: str = "light") -> None:
    """Show the page: nothing to scroll sideways, and in the visitor's colours."""
    page.set_viewport_size({"width": width, "height": 640})
    page.emulate_media(color_scheme=scheme)
    shop.log_in(page)
    assert page.goto(shop.server.url + PREFIX).status == 403
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # CanvasText: what the browser writes with on its own background.
    ink = page.locator("h1").evaluate("element => getComputedStyle(element).color")
    assert ink == ("rgb(0, 0, 0)" if scheme == "light" else "rgb(255, 255, 255)")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_any_screen(width, scheme, shop, page):
    refuse(shop, page, width, scheme)


def test_a_long_word_does_not_widen_it(serve, page):
    """A sentence of the app's own may hold an address, say."""
    shop = open_shop(serve)

    @shop.app.feedbackchimp.identity_loader
    def verify_first(user: Any) -> None:
        raise SignInRefused(f"See https://shop.example/{'verify' * 40} first.")

    refuse(shop, page)
    assert page.get_by_text("verifyverify").is_visible()


def test_it_says_why_and_leads_to_the_board(shop, page):
    """One heading, the reason, and a link that a keyboard reaches first; no script."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    refuse(shop, page)
    loaded = [url for url in asked if "favicon" not in url and "/login/" not in url]
    assert loaded == [shop.server.url + PREFIX]
    assert page.locator("script").count() == 0
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_text("Your account is not active").is_visible()
    assert page.get_by_text("inactive", exact=True).is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.board.url}/")
    assert "ssoToken" not in "".join(e.target for e in shop.board.exchanges)


def test_it_reads_well_where_a_policy_forbids_its_style(shop, page):
    """Without the style the structure says it all, in the visitor's colours still."""

    @shop.app.after_request
    def forbid(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return response

    refuse(shop, page, scheme="dark")
    body_width = page.evaluate("getComputedStyle(document.body).maxWidth")
    assert body_width == "none"  # the policy was at work
    page.get_by_role("link", name="Go to the feedback board").click()
    page.wait_for_url(f"{shop.board.url}/")
