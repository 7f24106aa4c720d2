"""A visitor in each engine, and a shop for a test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import pytest
from flask import Response

from browser.engines import ENGINES, Visitor, start
from browser.shop import Shop
from support.live import LiveServer
from support.outside import npm_packages


@pytest.fixture(scope="session")
def start_once() -> Iterator[Callable[[str], Visitor]]:
    """Start a browser, or take the one that was started before."""
    with ExitStack() as stack:
        yield cache(lambda engine: stack.enter_context(start(engine)))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, start_once: Any) -> Visitor:
    """A browser, used by one test after another."""
    return start_once(request.param)


@pytest.fixture(scope="session")
def blank() -> Iterator[str]:
    """The URL of an empty page; to cookies every port is the same site."""
    server = LiveServer(Response("<!doctype html>"))
    yield server.url
    server.stop()


@pytest.fixture
def visitor(engine: Visitor, blank: str) -> Visitor:
    """Somebody without cookies."""
    engine.open(blank)
    engine.forget()
    return engine


@pytest.fixture
def open_shop(serve: Callable[..., LiveServer]) -> Callable[..., Shop]:
    """Serve a shop and its board: ``shop = open_shop(library="Turbo")``."""
    npm_packages("htmx-2", "htmx-4", "htmx-ext-preload", "@hotwired/turbo", "unpoly")
    return partial(Shop, serve)


@pytest.fixture
def shop(open_shop: Any) -> Shop:
    """A shop without policy and library, whose login honours ``next``."""
    return open_shop()
