"""What is sent, as a browser reads it: with ``new URL``, which Node has, too."""

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
    listed_pages,
)
from support.outside import node, run_script
from support.sampling import sample
from support.wire import Browser, page_query

ELSEWHERE = "https://login.example.net"
AT_A_PATH = (
    f"{ELSEWHERE}/sso?tenant=acme&to={{page}}&ssoToken={{token}}&state={{state}}"
)
BOARDS = [
    BOARD,
    "https://feedback.example.com:8443",
    "https://xn--bcher-kva.example",
    "http://[::1]:5001",
    "http://127.0.0.1:5001",
]


def read(texts: Iterable[str]) -> list[Any]:
    """The parts of each URL as a browser reads it, or ``None``."""
    return run_script(
        node(), Path(__file__).with_name("where_it_goes.mjs"), list(texts)
    )


def locations(browser: Browser, queries: Iterable[str]) -> dict[str, str]:
    """Each query that was answered with a ``Location``, with that as it was sent."""
    sent = {query: browser.get(query).location for query in queries}
    return {query: location for query, location in sent.items() if location}


def tampered(page: str) -> list[str]:
    """A page with each suspicious character put in, or in place of one, anywhere."""
    letters = string.punctuation + FORBIDDEN[::2] + FOREIGN_TO_HOSTS[:50:2]
    pages = []
    for index in range(len(page) + 1):
        for letter in letters:
            pages.append(page[:index] + letter + page[index:])
            pages.append(page[:index] + letter + page[index + 1 :])
    return pages


def read_on(origin: str, sent: dict[str, str]) -> list[Any]:
    """What is sent, read: every one is a URL on an origin, and names nobody."""
    urls = read(sent.values())
    for (query, location), url in zip(sent.items(), urls, strict=True):
        assert url is not None, (query, location)
        assert (url["origin"], url["user"]) == (origin, ":"), (query, location)
    return urls


def test_hostile_pages_have_teeth():
    """Hundreds of them a browser takes for another site, or for a user name."""
    # Why what is sent must be judged: Werkzeug itself makes one that leads elsewhere.
    rewritten = read([f"{BOARD}\\@{EVIL}/", iri_to_uri(f"{BOARD}\\@{EVIL}/")])
    assert [url["origin"] for url in rewritten] == [BOARD, f"https://{EVIL}"]
    urls = list(filter(None, read(hostile_pages())))
    assert sum(url["origin"] != BOARD for url in urls) > 300
    assert sum(url["user"] != ":" for url in urls) > 20
    assert sum(url["path"].startswith("//") for url in urls) > 50
    assert sum(url["origin"] == BOARD for url in urls) > 200


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_pages_lead_to_the_board(origin):
    """Part for part they are the page that was named, with one token behind it."""
    config = {"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": origin}
    browser = Browser(make_app(**({} if origin == BOARD else config)), "ada")
    pages = honest_pages(origin)
    sent = locations(browser, [page_query(honest.page) for honest in pages])
    for url in read_on(origin, sent):
        names = [name for name, _ in url["pairs"]]
        assert names.index("ssoToken") == len(names) - 1
    token = r"[?&]ssoToken=[\w-]+\.[\w-]+\.[\w-]+(?=#|\Z)"
    without = [re.sub(token, "", location) for location in sent.values()]
    assert read(without) == read(page.url for page in pages)


def meaning(url: dict[str, Any]) -> list[Any]:
    """What a URL's parts mean, whatever their spelling (RFC 3986 §6.2.2)."""
    return [
        url["origin"],
        unquote(url["path"]),
        url["pairs"],
        unquote(url["fragment"]),
    ]


def test_respelled_pages_mean_the_same():
    """Where the visitor lands has the path, pairs and fragment of the page named."""
    pages = listed_pages()
    named = read(BOARD + page.page.removeprefix(BOARD) for page in pages)
    landed = read(page.url for page in pages)
    assert list(map(meaning, named)) == list(map(meaning, landed))


def test_no_tampering_leads_off_the_board():
    """One character anywhere: refused, or still on the board, and no path of a host."""
    pages = sample(tampered(f"{BOARD}/a?b#c"))
    sent = locations(Browser(make_app(), "ada"), map(page_query, pages))
    assert len(sent) > 50
    assert not any(url["path"].startswith("//") for url in read_on(BOARD, sent))


def test_no_tampering_leads_past_a_fixed_path():
    """It gets a page that is on the board, as a browser reads that, too."""
    pages = sample(tampered(f"{BOARD}/a?b#c"))
    honest = list(dict.fromkeys(page.url for page in listed_pages()))
    queries = [f"{page_query(page)}&state=%5C%26+c" for page in (*pages, *honest)]
    browser = Browser(make_app(FEEDBACKCHIMP_RETURN_URL=AT_A_PATH), "ada")
    sent = locations(browser, queries)
    assert len(sent) > len(honest) + 50
    named = {}
    for query, url in zip(sent, read_on(ELSEWHERE, sent), strict=True):
        names, values = zip(*url["pairs"], strict=True)
        assert (names, url["fragment"]) == (("tenant", "to", "ssoToken", "state"), "")
        assert values[-1] == "\\& c"
        named[query] = values[1]
    assert read_on(BOARD, named)[-len(honest) :] == read(honest)
