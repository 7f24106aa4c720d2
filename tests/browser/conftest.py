"""A visitor in each engine, and a shop for a test."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Response

from browser.engines import ENGINES, Visitor, start
from browser.shop import Shop
from support.live import LiveServer
from support.outside import npm_packages


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A browser, started once."""
    with start(request.param) as visitor:
        yield visitor


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
