"""Chromium, real servers and a record of the tokens issued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_feedbackchimp import token_issued
from live import LiveServer
from outside import chromium, missing

FLAGS = (
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, driven by Playwright; one for all tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("Playwright", "pip install -r requirements/browser.txt")
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab of its own, with cookies and a cache of its own."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., LiveServer]]:
    """Start a server for an app: ``server = serve(app)``, then ``server.url``."""
    servers: list[LiveServer] = []

    def start(app: Any = None) -> LiveServer:
        servers.append(LiveServer(app))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def issued() -> Iterator[list[str]]:
    """The ``jti`` of every token issued during the test, by any app."""
    jtis: list[str] = []

    def note(app: Any, *, user: Any, jti: str) -> None:
        jtis.append(jti)

    with token_issued.connected_to(note):
        yield jtis
