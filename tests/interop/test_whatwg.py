"""Where a browser goes: the ``Location`` as sent, read by Node's WHATWG ``new URL``.

Python's parsers and a browser's differ on hostile input, so neither the input nor
Python is asked: only what is sent, and only as a browser reads it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from werkzeug.urls import iri_to_uri

from support.apps import BOARD, make_app
from support.corpora import (
    EVIL,
    FORBIDDEN,
    FOREIGN_TO_HOSTS,
    honest_pages,
    hostile_pages,
    respelled_pages,
    unchanged_pages,
)
from support.outside import run_node
from support.sampling import sample
from support.wire import Browser, page_query

SCRIPT = Path(__file__).with_name("where_it_goes.mjs")
ELSEWHERE = "https://login.example.net"
AT_A_PATH = f"{ELSEWHERE}/sso?tenant=acme&to={{page}}&ssoToken={{token}}&s={{state}}"
BOARDS: dict[str, dict[str, Any]] = {
    BOARD: {},
    **{
        origin: {"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": origin}
        for origin in (
            "https://feedback.example.com:8443",
            "https://xn--bcher-kva.example",
            "http://[::1]:5001",
            "http://127.0.0.1:5001",
        )
    },
}


def read(texts: Iterable[str]) -> list[dict[str, Any] | None]:
    """The parts of each URL, as a browser reads it."""
    parts: list[dict[str, Any] | None] = run_node(SCRIPT, list(texts))
    return parts


def locations(browser: Browser, queries: Iterable[str | bytes]) -> dict[Any, str]:
    """Each query that was answered with a ``Location``, with that as it was sent."""
    sent = {query: browser.get(query).location for query in queries}
    return {query: location for query, location in sent.items() if location}


def without_token(location: str) -> str:
    """A ``Location`` with the one parameter cut out that was put in."""
    rest, count = re.subn(r"[?&]ssoToken=[\w-]+\.[\w-]+\.[\w-]+(?=#|\Z)", "", location)
    assert count == 1, location
    return rest


def tampered(page: str) -> Iterable[str]:
    """A page with each suspicious character put in, or in place of one, anywhere."""
    for index in range(len(page) + 1):
        for letter in (*string.punctuation, *FORBIDDEN[::2], *FOREIGN_TO_HOSTS[:24:2]):
            yield f"{page[:index]}{letter}{page[index:]}"
            yield f"{page[:index]}{letter}{page[index + 1 :]}"


def assert_on(origin: str, sent: dict[Any, str]) -> None:
    """Every ``Location`` is a URL on an origin, and names nobody."""
    for (query, location), url in zip(sent.items(), read(sent.values()), strict=True):
        assert url is not None, (query, location)
        assert (url["origin"], url["user"]) == (origin, ":"), (query, location)


def test_hostile_pages_have_teeth() -> None:
    """Hundreds of them a browser takes for another site, or for a user name.

    The first one shows why the input is not what must be judged: Werkzeug itself turns
    it from a URL on the board into one that is not.
    """
    rewritten = read([f"{BOARD}\\@{EVIL}/", iri_to_uri(f"{BOARD}\\@{EVIL}/")])
    assert [url["origin"] for url in rewritten if url] == [BOARD, f"https://{EVIL}"]
    urls = [url for url in read(hostile_pages()) if url]
    assert sum(url["origin"] != BOARD for url in urls) > 400
    assert sum(url["user"] != ":" for url in urls) > 20
    assert sum(url["path"].startswith("//") for url in urls) > 50
    assert sum(url["origin"] == BOARD for url in urls) > 200


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_pages_lead_to_the_board(origin: str) -> None:
    """Part for part they are the page that was named, with one token behind it."""
    browser = Browser(make_app(**BOARDS[origin]), "ada")
    pages = honest_pages(origin)
    sent = locations(browser, [page_query(honest.page) for honest in pages])
    assert len(sent) == len(pages)
    assert_on(origin, sent)
    assert read(map(without_token, sent.values())) == read(p.url for p in pages)
    for url in read(sent.values()):
        assert url
        names = [name for name, _ in url["pairs"]]
        assert names.index("ssoToken") == len(names) - 1


def test_respelled_pages_mean_the_same() -> None:
    """Another spelling of the same path, pairs and fragment (RFC 3986 §6.2.2)."""
    pages = [*unchanged_pages(), *respelled_pages()]
    for sent, named in zip(
        read(honest.url for honest in pages), read(p.page for p in pages), strict=True
    ):
        assert sent
        assert named
        for part in ("path", "fragment"):
            assert unquote(sent[part]) == unquote(named[part])
        assert (sent["origin"], sent["pairs"]) == (named["origin"], named["pairs"])


def test_no_tampering_leads_off_the_board() -> None:
    """One character anywhere: refused, or still on the board, and no path of a host."""
    browser = Browser(make_app(), "ada")
    pages = sample(list(tampered(f"{BOARD}/a?b#c")))
    sent = locations(browser, map(page_query, pages))
    assert len(sent) > 50
    assert_on(BOARD, sent)
    assert not any(url["path"].startswith("//") for url in read(sent.values()) if url)


def test_no_tampering_leads_past_a_fixed_path() -> None:
    """It gets a page that is on the board, as a browser reads that, too."""
    browser = Browser(make_app(FEEDBACKCHIMP_RETURN_URL=AT_A_PATH), "ada")
    pages = sample(list(tampered(f"{BOARD}/a?b#c")))
    honest = [page.page for page in unchanged_pages() if len(page.page) < 1000]
    queries = [f"{page_query(page)}&state=%5C%26+c" for page in (*pages, *honest)]
    sent = locations(browser, queries)
    assert len(sent) > len(honest) + 50
    assert_on(ELSEWHERE, sent)
    named = {}
    for query, url in zip(sent, read(sent.values()), strict=True):
        assert url
        names = [name for name, _ in url["pairs"]]
        assert (names, url["fragment"]) == (["tenant", "to", "ssoToken", "s"], "")
        assert url["pairs"][-1] == ["s", "\\& c"]
        named[query] = url["pairs"][1][1]
    assert_on(BOARD, named)
    assert read(list(named.values())[-len(honest) :]) == read(honest)
