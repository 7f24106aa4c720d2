"""The walk: from a deep link on the board, through an app's login, back to the page."""

import gzip
import html
import re
from email.message import Message
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit
from urllib.request import Request

from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from support.live import LiveServer

SECRET = "made-up-for-the-ecosystem-tests-4b7d41c8a6e3f2b1"
PREFIX = "/sso/feedbackchimp"
EMAIL = "ada@example.com"
USERNAME = "ada"
NAME = "Ada Lovelace"
PASSWORD = "correct horse battery staple"
#: Its query must come through a login's ``next`` unharmed.
PAGE = "/board/1002-feature-requests?sort=new&q=a%26b"
JWT = re.compile(r"eyJ[\w-]+\.eyJ")

_TYPED = {"email": EMAIL, "username": USERNAME, "password": PASSWORD}
_CLICK = {"Accept": "text/html", "Accept-Encoding": "gzip"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Form = dict[str, str] | None


class Answer(NamedTuple):
    """An answer as it was sent, and to which URL."""

    url: str
    status: int
    headers: Message
    text: str

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers.get("Location", "")

    @property
    def leads_to(self) -> str:
        """Where a browser goes on to by itself."""
        return self.location or self.headers.get("Refresh", "").partition("url=")[2]

    def link(self, to: str) -> str:
        """The absolute URL of the first link whose own begins like that."""
        urls = [urljoin(self.url, tag["href"]) for tag in _tags("a", self.text)]
        found = [url for url in urls if url.startswith(to)]
        assert found, f"{self.url} has no link to {to}, only {urls}"
        return found[0]


class Browser:
    """A visitor's browser, with cookies and a trail of every answer.

    :param public_url: where a proxy stands that ends TLS and takes the path off.
    :param inner_url: where the app behind that proxy is.
    """

    def __init__(self, public_url: str = "", inner_url: str = "") -> None:
        self._proxy, self._inner = urlsplit(public_url), urlsplit(inner_url)
        self.cookies = CookieJar()
        self.trail: list[Answer] = []

    def send(self, url: str, data: Form = None, **headers: str) -> Answer:
        """Ask for a URL, as somebody who clicks does; or send it a form."""
        asked = Request(url, None if data is None else urlencode(data).encode())
        self.cookies.add_cookie_header(asked)
        parts = urlsplit(url)
        server = parts.netloc
        target = urldefrag(url).url.partition(server)[2]
        sent = _CLICK | {"Referer": url, "Sec-Fetch-Mode": "navigate"}
        sent |= asked.unredirected_hdrs  # the cookies
        if self._inner.netloc and server == self._proxy.netloc:
            sent["X-Forwarded-Proto"] = parts.scheme
            sent["X-Forwarded-Host"] = server
            sent["X-Forwarded-Prefix"] = self._proxy.path
            server = self._inner.netloc
            target = target.removeprefix(self._proxy.path)
        if data is not None:
            sent |= _FORM
        for name, value in headers.items():
            sent[name.replace("_", "-")] = value
        connection = HTTPConnection(server, timeout=60)
        connection.request(asked.get_method(), target, asked.data, sent)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.cookies.extract_cookies(response, asked)
        self.trail.append(Answer(url, response.status, response.headers, body.decode()))
        return self.trail[-1]

    def go(self, url: str, data: Form = None) -> Answer:
        """Ask for a URL, or send it a form, and follow wherever that leads."""
        answer = self.send(url, data)
        while answer.leads_to:
            answer = self.send(urljoin(answer.url, answer.leads_to))
            assert len(self.trail) < 50, f"redirected for ever, at last to {answer.url}"
        return answer

    def log_in(self, page: Answer) -> Answer:
        """Fill in the form with a password on a page, as Ada, and send it."""
        forms = re.findall(r"<form.*?</form>", page.text, re.S)
        form = next((form for form in forms if 'type="password"' in form), "")
        assert form, f"{page.url} ({page.status}) has no login form: {page.text[:400]}"
        data = {
            tag["name"]: _TYPED.get(tag["name"], tag.get("value", ""))
            for tag in _tags("input", form)
            if tag.get("type") not in {"checkbox", "submit"} and "name" in tag
        }
        action = next(_tags("form", form)).get("action", "")
        return self.go(urljoin(page.url, action), data)


def _tags(name: str, text: str) -> Any:
    for tag in re.findall(rf"<{name}\b[^>]*>", text):
        pairs = re.findall(r'([\w-]+)="([^"]*)"', tag)
        yield {key: html.unescape(value) for key, value in pairs}


class Walked(NamedTuple):
    """What a walk saw: the endpoint's URL, its redirect, a page, and a refusal."""

    browser: Browser
    endpoint: str
    hop: Answer
    home: Answer
    refusal: Answer


def walk(board: LiveServer, app_url: str, inner_url: str = "") -> Walked:
    """Walk from the board through the app's login to the very page, and look around.

    :param app_url: where the visitor's browser finds the app.
    :param inner_url: where it is, if a proxy stands there.
    """
    board.app = create_sandbox(SECRET, sso_url=app_url + PREFIX)
    browser = Browser(app_url, inner_url)
    login = browser.go(browser.go(board.url + PAGE).link(to=app_url + PREFIX))
    landed = browser.log_in(login)
    assert landed.url == board.url + PAGE, f"ended on {landed.url}: {landed.text[:400]}"
    assert NAME in landed.text
    hop = _look_at_hop(board, browser)
    endpoint = hop.url.partition("?")[0]

    home = browser.go(f"{app_url}/page")
    assert browser.go(home.link(endpoint)).url == board.url + PAGE
    _look_at_hop(board, browser)
    jtis = {arrival.claims["jti"] for arrival in get_arrivals(board.app)}
    assert len(jtis) == 2, "each click has its own token"

    assert browser.send(endpoint, {"redirect": PAGE}).status == 405
    refusal = browser.send(f"{endpoint}?redirect=https://evil.example/")
    assert (refusal.status, refusal.headers["Cache-Control"]) == (400, "no-store")
    for answer in browser.trail:
        if not answer.url.startswith(board.url):
            assert not JWT.search(answer.text), f"{answer.url} shows a token"
    return Walked(browser, endpoint, hop, home, refusal)


def _look_at_hop(board: LiveServer, browser: Browser) -> Answer:
    """The last redirect, headers as sent, and the claims as the board read them."""
    hop = next(a for a in reversed(browser.trail) if "ssoToken=" in a.location)
    assert hop.status == 302
    assert hop.headers["Cache-Control"] == "no-store"
    assert hop.headers["Referrer-Policy"] == "no-referrer"
    others = [text for name, text in hop.headers.items() if name.lower() != "location"]
    signature = hop.location.rpartition(".")[2]
    assert signature not in f"{hop.text}{others}{list(browser.cookies)}"
    arrival = get_arrivals(board.app)[-1]
    assert (arrival.reason, arrival.page) == (None, board.url + PAGE)
    assert (arrival.claims["email"], arrival.claims["name"]) == (EMAIL, NAME)
    return hop
