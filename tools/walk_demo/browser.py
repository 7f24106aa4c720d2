"""A browser for the walk: links, forms, redirects and cookies, no scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from outcome import expect

MAX_HOPS = 10


class Answer(NamedTuple):
    """One answer of a server; ``location`` is absolute."""

    url: str
    status: int
    location: str | None
    cookies: list[str]
    body: str


class Reader(HTMLParser):
    """Finds the links of a page, and what forms send that nobody fills in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self._href = ""
        self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link or a hidden field."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._href, self._text = found.get("href", ""), ""
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        """Note what a link says."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Keep a link under what it says."""
        if tag == "a":
            self.links.setdefault(" ".join(self._text.split()), self._href)


class Browser:
    """Follows links and redirects; has a cookie jar for each host and port."""

    def __init__(self) -> None:
        self.url = ""
        self.page = Answer("", 0, None, [], "")
        #: Every answer since the last visit() or submit() began.
        self.hops: list[Answer] = []
        self._jars: dict[str, dict[str, str]] = {}

    def visit(self, url: str) -> None:
        """Go to a URL and on to wherever that leads."""
        self.hops = []
        self._follow(self._ask("GET", url), url)

    def click(self, text: str) -> None:
        """Follow a link of this page."""
        links = Reader(self.page.body).links
        expect(text in links, f"{self.url} has no link “{text}”, but {sorted(links)}")
        self.visit(urljoin(self.url, links[text]))

    def submit(self, url: str, **fields: str) -> None:
        """Fill in the form of this page and send it to a URL."""
        self.hops = []
        form = urlencode(Reader(self.page.body).hidden | fields)
        self._follow(self._ask("POST", url, form), url)

    def _follow(self, answer: Answer, url: str) -> None:
        while answer.location is not None:
            expect(len(self.hops) <= MAX_HOPS, f"{url} is redirected for ever")
            # A fragment outlives a redirect to a URL without one (RFC 9110 §10.2.2).
            fragment = url.partition("#")[1:]
            url = answer.location
            url = url if "#" in url else url + "".join(fragment)
            answer = self._ask("GET", url)
        self.url, self.page = url, answer

    def _ask(self, method: str, url: str, form: str | None = None) -> Answer:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        jar = self._jars.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={jar[name]}" for name in jar)}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", form, headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        cookies = response.headers.get_all("Set-Cookie", [])
        for morsel in (m for line in cookies for m in SimpleCookie(line).values()):
            jar[morsel.key] = morsel.value
        location = response.headers["Location"]
        location = None if location is None else urljoin(url, location)
        answer = Answer(url, response.status, location, cookies, body)
        self.hops.append(answer)
        return answer
