"""What visitors do, and what they must see."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from browser import Browser, Reader
from outcome import expect
from process import Demo

TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")


def log_in(browser: Browser, email: str) -> None:
    """Fill in the login form that the browser shows."""
    expect("/login" in browser.url, f"not the login page, but {browser.url}")
    browser.submit(browser.url, email=email, password="lovelace")  # noqa: S106  published


def expect_signed_in(browser: Browser, url: str, name: str) -> None:
    """The browser shows a page of the board, to somebody whom the board knows."""
    expect(browser.url == url, f"landed on {browser.url} instead of {url}")
    expect(browser.page.status == 200, f"{url} answered {browser.page.status}")
    expect(f"<strong><bdi>{name}</bdi></strong>" in browser.page.body, "not signed in")
    expect_one_token(browser)


def expect_one_token(browser: Browser) -> None:
    """The token stands in one ``Location``, and in no page and no cookie."""
    locations = [hop.location for hop in browser.hops if hop.location is not None]
    tokens = [token for url in locations for token in TOKEN.findall(url)]
    expect(len(tokens) == 1, f"{len(tokens)} tokens on the way, not one")
    for hop in browser.hops:
        shown = [hop.body, *hop.cookies]
        expect(tokens[0] not in "".join(shown), f"the token is shown at {hop.url}")


def expect_refused(browser: Browser, demo: Demo, sentence: str) -> None:
    """The browser shows why there was no token, and a link to the board."""
    where = urlsplit(browser.url)
    expect(where.path == "/sso/feedbackchimp", f"ended at {browser.url}")
    expect(browser.page.status == 403, f"answered {browser.page.status}, not 403")
    expect(sentence in browser.page.body, f"the page does not say “{sentence}”")
    links = Reader(browser.page.body).links.values()
    expect(f"{demo.board}/" in links, "no link to the board")
    sent = "".join(hop.body + (hop.location or "") for hop in browser.hops)
    expect(TOKEN.search(sent) is None, "there is a token all the same")
