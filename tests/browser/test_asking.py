"""What browsers ask for by themselves, and what other sites can make them ask for."""

from itertools import product
from typing import Any

import pytest
from flask import Response

from browser.engines import ENGINES, in_engines, wait_until
from support.apps import PREFIX

#: Whose page asks for the endpoint, and how.
ASKED = """
own <img src="URL">
own <script src="URL"></script>
own <link rel="stylesheet" href="URL">
own <video src="URL"></video>
own <link rel="preload" as="fetch" href="URL">
own <link rel="modulepreload" href="URL">
own <link rel="prefetch" href="URL">
own <script>fetch("URL")</script>
own <script>fetch("URL", {mode: "no-cors"})</script>
own <script>fetch("URL", {redirect: "manual"})</script>
own <script>fetch("URL", {headers: {"Sec-Fetch-Mode": "navigate"}})</script>
own <script>fetch("URL", {headers: {"HX-Request": "true"}})</script>
own <script>r = new XMLHttpRequest(); r.open("GET", "URL"); r.send()</script>
own <script>navigator.sendBeacon("URL", "x")</script>
another <form method="post" action="URL"><script>document.forms[0].submit()</script>
another <img src="URL">
another <iframe src="URL"></iframe>
another <link rel="prefetch" href="URL">
another <script>fetch("URL", {mode: "no-cors", credentials: "include"})</script>
""".strip().splitlines()


def other_site(serve: Any, body: str) -> str:
    """The URL of a page of another site."""
    return f"{serve(Response(f'<!doctype html><body>{body}')).foreign_url}/"


def is_asked(engine: str, case: str) -> bool:
    """WebKit prefetches nothing, and lets frames of other sites have cookies."""
    return engine != "WebKit" or not ("prefetch" in case or "iframe" in case)


CASES = [case for case in product(ENGINES, ASKED) if is_asked(*case)]


@pytest.mark.parametrize(("engine", "case"), CASES, indirect=["engine"])
def test_only_a_visit_gets_a_token(case, serve, shop, visitor):
    """A frame of another site comes without the session's cookie."""
    whose, html = case.split(maxsplit=1)
    html = html.replace("URL", shop.endpoint)
    visitor.open(shop.log_in_at_once)
    shop.body = html
    visitor.open(shop.home if whose == "own" else other_site(serve, html))
    wait_until(lambda: shop.server.to(PREFIX))
    assert shop.issued == shop.board.exchanges == []


@in_engines("Chromium")
@pytest.mark.parametrize("action", ["prefetch", "prerender"])
def test_speculation_mints_nothing(action, shop, visitor):
    """Chromium asks ahead for the endpoint, as for the shop's page; a click works."""
    visitor.open(shop.log_in_at_once)
    urls = f'["{PREFIX}", "/?ahead"]'
    rules = f'{{"{action}": [{{"urls": {urls}, "eagerness": "immediate"}}]}}'
    shop.head = f'<script type="speculationrules">{rules}</script>'
    visitor.open(shop.home)
    wait_until(lambda: shop.server.to(PREFIX))
    wait_until(lambda: any(e.target == "/?ahead" for e in shop.server.exchanges))
    [asked] = shop.server.to(PREFIX)
    assert action in asked.headers["sec-purpose"]
    assert (asked.headers["sec-fetch-mode"], asked.status) == ("navigate", 403)
    assert shop.issued == shop.board.exchanges == []

    visitor.click("#bare")
    visitor.arrive(shop.deep_link)
    assert len(shop.issued) == 1


def test_a_link_of_another_site_signs_in(serve, shop, visitor):
    """The control, and how the board's own *Log in* gets here."""
    visitor.open(shop.log_in_at_once)
    visitor.open(other_site(serve, f'<a href="{shop.endpoint}">Log in</a>'))
    visitor.click("a")
    visitor.arrive(f"{shop.board_origin}/")
    assert len(shop.issued) == 1


def test_a_service_worker_may_pass_a_click_on(shop, visitor):
    """It is a navigation still, though with another destination."""
    worker = """
        onactivate = (event) => event.waitUntil(clients.claim());
        onfetch = (event) => event.respondWith(fetch(event.request));
    """
    answer = Response(worker, mimetype="text/javascript")
    shop.app.add_url_rule("/worker.js", view_func=lambda: answer)
    visitor.open(shop.log_in_at_once)
    visitor.open(shop.home)
    visitor.run("navigator.serviceWorker.register('/worker.js')")
    wait_until(
        lambda: visitor.run("return navigator.serviceWorker.controller !== null")
    )
    visitor.click("#bare")
    visitor.arrive(shop.deep_link)
    assert len(shop.issued) == 1
