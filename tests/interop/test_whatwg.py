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

from apps import BOARD, make_app
from corpora import (
    EVIL,
    FORBIDDEN,
    FOREIGN_TO_HOSTS,
    dropping_pages,
    honest_pages,
    hostile_pages,
    hostile_queries,
    respelled_pages,
    unchanged_pages,
)
from outside import run_node
from wire import Browser, page_query

SCRIPT = Path(__file__).with_name("where_it_goes.mjs")
ENDPOINT = "https://login.feedbackchimp.example"
AT_ENDPOINT = {
    "FEEDBACKCHIMP_SSO_ENDPOINT": f"{ENDPOINT}/sso?tenant=acme",
    "FEEDBACKCHIMP_FORWARD_PARAMS": ["state"],
}
BOARDS = {
    BOARD: {},
    **{
        origin: {"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": origin}
        for origin in (
            "https://feedback.example.com:8443",
            "https://xn--bcher-kva.example",
            "https://[2001:db8::1]",
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


def test_the_hostile_corpus_has_teeth() -> None:
    """Hundreds of its values a browser takes for another site, or for a user name.

    The first one shows why the input is not what must be judged: Werkzeug itself turns
    it from a URL on the board into one that is not.
    """
    rewritten = read([f"{BOARD}\\@{EVIL}/", iri_to_uri(f"{BOARD}\\@{EVIL}/")])
    assert [url["origin"] for url in rewritten if url] == [BOARD, f"https://{EVIL}"]
    urls = [url for url in read(hostile_pages()) if url]
    assert sum(url["origin"] != BOARD for url in urls) > 400
    assert sum(url["user"] != ":" for url in urls) > 20
    assert sum(url["origin"] == BOARD for url in urls) > 200


@pytest.mark.parametrize("origin", BOARDS)
def test_no_hostile_value_leads_off_the_board(origin: str) -> None:
    """Not one of the corpus gets a ``Location``, so there is nothing to lead off by."""
    browser = Browser(make_app(**BOARDS[origin]), "ada")
    queries = [*map(page_query, hostile_pages(origin)), *hostile_queries(origin)]
    assert locations(browser, queries) == {}


@pytest.mark.parametrize("origin", BOARDS)
def test_every_honest_value_leads_to_the_board(origin: str) -> None:
    browser = Browser(make_app(**BOARDS[origin]), "ada")
    pages = honest_pages(origin)
    sent = locations(browser, [page_query(honest.page) for honest in pages])
    assert len(sent) == len(pages)
    assert_on(origin, sent)


def test_no_tampering_leads_off_the_board() -> None:
    """One character anywhere: refused, or still on the board."""
    browser = Browser(make_app(), "ada")
    pages = tampered(f"{BOARD}/a?b#c")
    sent = locations(browser, map(page_query, pages))
    assert len(sent) > 100
    assert_on(BOARD, sent)


def test_no_tampering_leads_past_the_endpoint() -> None:
    """The endpoint gets a page that is on the board, as a browser reads that too."""
    browser = Browser(make_app(**AT_ENDPOINT), "ada")
    queries = [f"state=%5C&{page_query(page)}" for page in tampered(f"{BOARD}/a?b#c")]
    sent = locations(browser, queries)
    assert_on(ENDPOINT, sent)
    pages = {
        query: dict(url["pairs"])["redirect"]
        for query, url in zip(sent, read(sent.values()), strict=True)
        if url
    }
    assert len(pages) == len(sent) > 100
    assert_on(BOARD, pages)


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_values_are_the_same_page_to_a_browser(origin: str) -> None:
    """Without the token it is the very URL that was named, part for part."""
    browser = Browser(make_app(**BOARDS[origin]), "ada")
    honest = unchanged_pages(origin)
    sent = [browser.go(page.page).location or "" for page in honest]
    named = read(page.page for page in honest)
    assert read(map(without_token, sent)) == named
    for url, page in zip(read(sent), named, strict=True):
        assert url and page
        names = [name for name, _ in url["pairs"]]
        assert names.count("ssoToken") == 1
        assert names[-1] == "ssoToken"
        assert url["pairs"][:-1] == page["pairs"]
        assert (url["path"], url["fragment"]) == (page["path"], page["fragment"])


def test_respelled_values_mean_the_same_to_a_browser() -> None:
    """Another spelling of the same path, pairs and fragment (RFC 3986 §6.2.2)."""
    browser = Browser(make_app(), "ada")
    honest = respelled_pages()
    sent = [without_token(browser.go(page.page).location or "") for page in honest]
    for url, page in zip(read(sent), read(page.page for page in honest), strict=True):
        assert url and page
        for part in ("path", "fragment"):
            assert unquote(url[part]) == unquote(page[part])
        assert (url["origin"], url["pairs"]) == (page["origin"], page["pairs"])


def test_only_the_tokens_own_parameter_is_dropped() -> None:
    browser = Browser(make_app(), "ada")
    honest = dropping_pages()
    sent = [browser.go(page.page).location or "" for page in honest]
    assert read(map(without_token, sent)) == read(page.url for page in honest)
    for url, page in zip(read(sent), honest, strict=True):
        assert url
        assert [name for name, _ in url["pairs"]].count("ssoToken") == 1, page
        assert "old" not in url["href"]


def test_honest_values_reach_the_endpoint_as_the_same_page() -> None:
    browser = Browser(make_app(**AT_ENDPOINT), "ada")
    honest = [page for page in unchanged_pages() if len(page.page) < 1000]
    queries = [f"{page_query(page.page)}&state=a%2Bb%26+c" for page in honest]
    sent = locations(browser, queries)
    assert_on(ENDPOINT, sent)
    pages = []
    for url in read(sent.values()):
        assert url
        names = [name for name, _ in url["pairs"]]
        assert names == ["tenant", "redirect", "ssoToken", "state"]
        assert url["pairs"][-1] == ["state", "a+b& c"]
        assert url["fragment"] == ""
        pages.append(url["pairs"][1][1])
    assert read(pages) == read(page.page for page in honest)
