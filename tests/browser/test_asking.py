"""What browsers send by themselves, and what other sites can make them send."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Response

from support.apps import PREFIX
from support.shop import DEEP_LINK

#: Whose page asks for the endpoint, what its browser is answered, and how it asks.
ASKED = """
own 403 <img src="URL">
own 403 <script src="URL"></script>
own 403 <link rel="stylesheet" href="URL">
own 403 <video src="URL"></video>
own 403 <link rel="preload" as="fetch" href="URL">
own 403 <link rel="modulepreload" href="URL">
own 403 <link rel="prefetch" href="URL">
own 403 <script>fetch("URL")</script>
own 403 <script>fetch("URL", {mode: "no-cors"})</script>
own 403 <script>fetch("URL", {redirect: "manual"})</script>
own 403 <script>fetch("URL", {headers: {"Sec-Fetch-Mode": "navigate"}})</script>
own 200 <script>fetch("URL", {headers: {"HX-Request": "true"}})</script>
own 403 <script>r = new XMLHttpRequest(); r.open("GET", "URL"); r.send()</script>
own 405 <script>navigator.sendBeacon("URL", "x")</script>
another 405 <form method="post" action="URL"><script>document.forms[0].submit()</script>
another 403 <img src="URL">
another 302 <iframe src="URL"></iframe>
another 403 <link rel="prefetch" href="URL">
another 403 <script>fetch("URL", {mode: "no-cors", credentials: "include"})</script>
"""


def wait_until(page: Any, condition: Callable[[], Any]) -> None:
    """Let the browser go on until something holds."""
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("it never came to pass")


def other_site(serve: Any, body: str) -> str:
    """The URL of a page of another site."""
    return f"{serve(Response(f'<!doctype html><body>{body}')).foreign_url}/"


@pytest.mark.parametrize("case", ASKED.strip().splitlines())
def test_only_a_visit_gets_a_token(case, serve, shop, page, issued):
    """A frame of another site comes without the session's cookie."""
    whose, status, html = case.split(maxsplit=2)
    html = html.replace("URL", shop.server.url + PREFIX)
    shop.log_in(page)
    page.goto(shop.page(body=html) if whose == "own" else other_site(serve, html))
    wait_until(page, lambda: shop.server.to(PREFIX))
    assert {exchange.status for exchange in shop.server.to(PREFIX)} == {int(status)}
    assert issued == shop.board.exchanges == []


@pytest.mark.parametrize("action", ["prefetch", "prerender"])
def test_speculation_mints_nothing(action, shop, page, issued):
    """Chromium asks ahead for the endpoint, as for the shop's page; a click works."""
    shop.log_in(page)
    urls = f'["{PREFIX}", "/?ahead"]'
    rules = f'{{"{action}": [{{"urls": {urls}, "eagerness": "immediate"}}]}}'
    page.goto(shop.page(head=f'<script type="speculationrules">{rules}</script>'))
    wait_until(page, lambda: shop.server.to(PREFIX))
    wait_until(page, lambda: any(e.target == "/?ahead" for e in shop.server.exchanges))
    [asked] = shop.server.to(PREFIX)
    assert action in asked.headers["sec-purpose"]
    assert (asked.headers["sec-fetch-mode"], asked.status) == ("navigate", 403)
    assert issued == shop.board.exchanges == []

    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    assert len(issued) == 1


def test_a_link_of_another_site_signs_in(serve, shop, page, issued):
    """The control, and how the board's own *Log in* gets here."""
    shop.log_in(page)
    page.goto(other_site(serve, f'<a href="{shop.server.url}{PREFIX}">Log in</a>'))
    page.get_by_role("link", name="Log in").click()
    page.wait_for_url(f"{shop.board.url}/")
    assert len(issued) == 1


def test_a_service_worker_may_pass_a_click_on(shop, page, issued):
    """It is a navigation still, though with another destination."""
    worker = """
        onactivate = (event) => event.waitUntil(clients.claim());
        onfetch = (event) => event.respondWith(fetch(event.request));
    """
    answer = Response(worker, mimetype="text/javascript")
    shop.app.add_url_rule("/worker.js", view_func=lambda: answer)
    shop.log_in(page)
    page.goto(shop.page())
    page.evaluate("navigator.serviceWorker.register('/worker.js')")
    page.wait_for_function("navigator.serviceWorker.controller")
    page.get_by_role("link", name="Bare").click()
    page.wait_for_url(shop.board.url + DEEP_LINK)
    [asked] = shop.server.to(PREFIX)
    assert asked.headers["sec-fetch-dest"] == "empty"  # the worker's, not the tab's
    assert len(issued) == 1
