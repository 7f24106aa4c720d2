"""The page that a refused visitor reads."""

from __future__ import annotations

from typing import Any

import pytest

from flask_feedbackchimp import SignInRefused
from support.apps import PREFIX, InactiveUser
from support.shop import open_shop


def refused(shop: Any, page: Any) -> Any:
    """Show the refusal page to a visitor who may not be signed in."""
    shop.log_in(page)
    return page.goto(shop.server.url + PREFIX)


@pytest.fixture
def shop(serve: Any) -> Any:
    """A shop whose only user has an inactive account."""
    return open_shop(serve, InactiveUser())


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_follows_the_visitors_colours(
    shop: Any, page: Any, width: int, scheme: str
) -> None:
    """Nothing to scroll sideways, and dark where the visitor likes it dark."""
    page.set_viewport_size({"width": width, "height": 640})
    page.emulate_media(color_scheme=scheme)
    assert refused(shop, page).status == 403
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # CanvasText: what the browser writes with on its own background.
    ink = page.locator("h1").evaluate("element => getComputedStyle(element).color")
    assert ink == ("rgb(0, 0, 0)" if scheme == "light" else "rgb(255, 255, 255)")


def test_a_long_word_of_a_loader_does_not_widen_it(serve: Any, page: Any) -> None:
    """A sentence of the app's own may hold an address, say."""
    shop = open_shop(serve)

    @shop.app.feedbackchimp.identity_loader
    def refuse(user: Any) -> None:
        raise SignInRefused(f"See https://shop.example/{'verify' * 40} first.")

    page.set_viewport_size({"width": 360, "height": 640})
    refused(shop, page)
    assert page.get_by_text("verifyverify").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_says_why_and_leads_to_the_board(shop: Any, page: Any) -> None:
    """One heading, the reason, and a link that a keyboard reaches first."""
    refused(shop, page)
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_text("Your account is not active").is_visible()
    assert page.get_by_text("inactive", exact=True).is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.board.url}/")
    assert "ssoToken" not in "".join(e.target for e in shop.board.exchanges)


def test_it_loads_nothing_and_runs_nothing(shop: Any, page: Any) -> None:
    """One request, no script."""
    asked: list[str] = []
    shop.log_in(page)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.server.url + PREFIX)
    assert [url for url in asked if "favicon" not in url] == [shop.server.url + PREFIX]
    assert page.locator("script").count() == 0


def test_it_reads_well_where_a_policy_forbids_its_style(shop: Any, page: Any) -> None:
    """Without the style the structure says it all, in the visitor's colours still."""

    @shop.app.after_request
    def forbid(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return response

    page.set_viewport_size({"width": 360, "height": 640})
    page.emulate_media(color_scheme="dark")
    refused(shop, page)
    main = page.locator("main")
    assert main.evaluate("e => getComputedStyle(e.parentElement).maxWidth") == "none"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("h1").evaluate("e => getComputedStyle(e).color") == (
        "rgb(255, 255, 255)"
    )
    page.get_by_role("link", name="Go to the feedback board").click()
    page.wait_for_url(f"{shop.board.url}/")
