"""What browsers send by themselves, and what other sites can make them send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response

from support.apps import PREFIX
from support.shop import DEEP_LINK, open_shop

BOARD_URL = f"**{DEEP_LINK.partition('?')[0]}**"

LOADED = {
    "an image": f'<img src="{PREFIX}">',
    "a script": f'<script src="{PREFIX}"></script>',
    "a stylesheet": f'<link rel="stylesheet" href="{PREFIX}">',
    "a video": f'<video src="{PREFIX}"></video>',
    "a preload": f'<link rel="preload" as="fetch" href="{PREFIX}">',
    "a module preload": f'<link rel="modulepreload" href="{PREFIX}">',
    "a prefetch": f'<link rel="prefetch" href="{PREFIX}">',
}
FETCHED = {
    "fetch": f"fetch('{PREFIX}')",
    "fetch without CORS": f"fetch('{PREFIX}', {{mode: 'no-cors'}})",
    "fetch with redirects left to it": f"fetch('{PREFIX}', {{redirect: 'manual'}})",
    "fetch that says it is htmx": (
        f"fetch('{PREFIX}', {{headers: {{'HX-Request': 'true'}}}})"
    ),
    "fetch that says it is a navigation": (
        f"fetch('{PREFIX}', {{headers: {{'Sec-Fetch-Mode': 'navigate'}}}})"
    ),
    "XMLHttpRequest": (
        f"{{ const r = new XMLHttpRequest(); r.open('GET', '{PREFIX}'); r.send(); }}"
    ),
    "a beacon": f"navigator.sendBeacon('{PREFIX}', 'x')",
}


@pytest.fixture
def shop(serve: Any, issued: list[str]) -> Any:
    """A shop with Ada as its user, and its board."""
    return open_shop(serve)


def wait_until(page: Any, condition: Callable[[], Any]) -> None:
    """Let the browser go on until something holds."""
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("it never came to pass")


def other_site(serve: Any, body: str) -> str:
    """The URL of a page of another site."""
    other = Flask("other")
    other.add_url_rule("/", view_func=lambda: f"<!doctype html><body>{body}")
    return f"{serve(other).foreign_url}/"


def assert_nothing_was_given(shop: Any, issued: list[str]) -> None:
    """The endpoint was asked and no answer led to the board."""
    assert shop.server.to(PREFIX)
    assert issued == []
    assert shop.board.exchanges == []


@pytest.mark.parametrize("html", LOADED.values(), ids=LOADED)
def test_what_a_page_loads_gets_no_token(
    shop: Any, page: Any, issued: list[str], html: str
) -> None:
    """A sign-in is a page to visit."""
    shop.log_in(page)
    page.goto(shop.page(body=html))
    wait_until(page, lambda: shop.server.to(PREFIX))
    assert {exchange.status for exchange in shop.server.to(PREFIX)} == {403}
    assert_nothing_was_given(shop, issued)


@pytest.mark.parametrize("script", FETCHED.values(), ids=FETCHED)
def test_what_a_script_of_the_same_origin_fetches_gets_no_token(
    shop: Any, page: Any, issued: list[str], script: str
) -> None:
    """Whatever headers it sets: the browser keeps ``Sec-Fetch-*`` for itself."""
    shop.log_in(page)
    page.goto(shop.page())
    page.evaluate(f"() => {{ {script} }}")
    wait_until(page, lambda: shop.server.to(PREFIX))
    assert_nothing_was_given(shop, issued)


@pytest.mark.parametrize("action", ["prefetch", "prerender"])
def test_speculation_mints_nothing_and_the_click_after_it_works(
    shop: Any, page: Any, issued: list[str], action: str
) -> None:
    """Chromium asks ahead for the endpoint, as for a page of the shop's own."""
    shop.log_in(page)
    urls = f'["{PREFIX}", "/?ahead"]'
    rules = f'{{"{action}": [{{"urls": {urls}, "eagerness": "immediate"}}]}}'
    page.goto(shop.page(head=f'<script type="speculationrules">{rules}</script>'))
    wait_until(page, lambda: shop.server.to(PREFIX))
    wait_until(page, lambda: any(e.target == "/?ahead" for e in shop.server.exchanges))
    [asked] = shop.server.to(PREFIX)
    assert action in asked.headers["sec-purpose"]
    assert asked.headers["sec-fetch-mode"] == "navigate"
    assert asked.status == 403
    assert_nothing_was_given(shop, issued)

    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(BOARD_URL)
    assert len(issued) == 1


CROSS_SITE = {
    "a form that posts": (
        '<form method="post" action="{}"></form>'
        "<script>document.forms[0].submit()</script>"
    ),
    "an image": '<img src="{}">',
    "a frame": '<iframe src="{}"></iframe>',
    "a prefetch": '<link rel="prefetch" href="{}">',
    "a fetch with cookies": (
        "<script>fetch('{}', {{mode: 'no-cors', credentials: 'include'}})</script>"
    ),
}


@pytest.mark.parametrize("html", CROSS_SITE.values(), ids=CROSS_SITE)
def test_another_site_gets_no_token_out_of_a_visitor(
    serve: Any, shop: Any, page: Any, issued: list[str], html: str
) -> None:
    """It is the wrong method, no navigation, or comes without the session's cookie."""
    shop.log_in(page)
    page.goto(other_site(serve, html.format(shop.server.url + PREFIX)))
    wait_until(page, lambda: shop.server.to(PREFIX))
    assert_nothing_was_given(shop, issued)


def test_a_link_of_another_site_signs_in(
    serve: Any, shop: Any, page: Any, issued: list[str]
) -> None:
    """The control, and how the board's own *Log in* gets here."""
    shop.log_in(page)
    page.goto(other_site(serve, f'<a href="{shop.server.url}{PREFIX}">Log in</a>'))
    page.get_by_role("link", name="Log in").click()
    page.wait_for_url(f"{shop.board.url}/")
    assert len(issued) == 1


def test_a_service_worker_does_not_stand_in_the_way(
    shop: Any, page: Any, issued: list[str]
) -> None:
    """It passes the click on as a navigation, though with another destination."""
    worker = (
        "onactivate = (event) => event.waitUntil(clients.claim());"
        "onfetch = (event) => event.respondWith(fetch(event.request));"
    )
    shop.app.add_url_rule(
        "/worker.js", view_func=lambda: Response(worker, mimetype="text/javascript")
    )
    shop.log_in(page)
    page.goto(shop.page())
    page.evaluate(
        "async () => { await navigator.serviceWorker.register('/worker.js');"
        " await navigator.serviceWorker.ready; }"
    )
    page.goto(shop.page())
    page.wait_for_function("navigator.serviceWorker.controller")
    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(BOARD_URL)
    [asked] = shop.server.to(PREFIX)
    assert asked.headers["sec-fetch-dest"] == "empty"  # the worker's, not the tab's
    assert len(issued) == 1
