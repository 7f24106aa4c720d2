"""The walk: from a deep link on the board, through an app's login, back to the page."""

from __future__ import annotations

import gzip
import html
import re
from email.message import Message
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from urllib.request import Request

from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from support.live import LiveServer

SECRET = "made-up-for-the-ecosystem-tests-4b7d41c8a6e3f2b1"
PREFIX = "/sso/feedbackchimp"
EMAIL, USERNAME, NAME = "ada@example.com", "ada", "Ada Lovelace"
PASSWORD = "correct horse battery staple"
#: Its query must come through a login's ``next`` unharmed.
PAGE = "/board/1002-feature-requests?sort=new&q=a%26b"
JWT = re.compile(r"eyJ[\w-]+\.eyJ")


class Answer(NamedTuple):
    """An answer as it was sent, and to which URL."""

    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers.get("Location", "")

    @property
    def text(self) -> str:
        """The body as text, unpacked."""
        packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()

    def link(self, to: str) -> str:
        """The absolute URL of the first link whose own begins like that."""
        urls = [urljoin(self.url, tag["href"]) for tag in _tags("a", self.text)]
        found = [url for url in urls if url.startswith(to)]
        assert found, f"{self.url} has no link to {to}, only {urls}"
        return found[0]


class Front(NamedTuple):
    """A proxy that ends TLS: its host, where the app is, and the path it takes off."""

    host: str
    app_url: str
    prefix: str = ""

    def pass_on(self, url: str) -> tuple[str, str, dict[str, str]]:
        """Server, target and headers of a request for a URL."""
        parts = urlsplit(url)
        headers = {"X-Forwarded-Proto": parts.scheme, "X-Forwarded-Host": parts.netloc}
        headers["X-Forwarded-Prefix"] = self.prefix
        target = _target(url).removeprefix(self.prefix)
        return urlsplit(self.app_url).netloc, target, headers


class Browser:
    """A visitor's browser, with cookies and a trail of every answer.

    :param front: the proxy that stands at its host.
    """

    def __init__(self, front: Front | None = None) -> None:
        self.front = front
        self.cookies = CookieJar()
        self.trail: list[Answer] = []

    def send(
        self, url: str, data: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        """Ask for a URL, as somebody who clicks does; or send it a form."""
        asked = Request(url, method="GET" if data is None else "POST")
        self.cookies.add_cookie_header(asked)
        server, target, forwarded = urlsplit(url).netloc, _target(url), {}
        if self.front is not None and server == self.front.host:
            server, target, forwarded = self.front.pass_on(url)
        sent = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Referer": url,
            "Sec-Fetch-Mode": "navigate",
            **({} if data is None else _FORM),
            **asked.unredirected_hdrs,
            **forwarded,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = HTTPConnection(server, timeout=60)
        connection.request(asked.get_method(), target, urlencode(data or {}), sent)
        response = connection.getresponse()
        answer = Answer(url, response.status, response.headers, response.read())
        connection.close()
        self.cookies.extract_cookies(response, asked)  # type: ignore[arg-type]
        self.trail.append(answer)
        return answer

    def go(self, url: str, data: dict[str, str] | None = None) -> Answer:
        """Ask for a URL, or send it a form, and follow wherever that leads."""
        answer = self.send(url, data)
        for _ in range(12):
            if not answer.location:
                return answer
            answer = self.send(urljoin(answer.url, answer.location))
        raise AssertionError(f"redirected for ever, at last to {answer.url}")

    def log_in(self, page: Answer) -> Answer:
        """Fill in the form with a password on a page, as Ada, and send it."""
        forms = re.findall(r"<form.*?</form>", page.text, re.S)
        form = next((form for form in forms if 'type="password"' in form), "")
        assert form, f"{page.url} ({page.status}) has no login form: {page.text[:400]}"
        data = {}
        for tag in _tags("input", form):
            if tag.get("type") not in {"checkbox", "submit"} and "name" in tag:
                name = "password" if tag.get("type") == "password" else tag["name"]
                data[tag["name"]] = _TYPED.get(name, tag.get("value", ""))
        action = next(_tags("form", form)).get("action", "")
        return self.go(urljoin(page.url, action), data)


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TYPED = {"email": EMAIL, "username": USERNAME, "password": PASSWORD}


def _tags(name: str, text: str) -> Any:
    for tag in re.findall(rf"<{name}\b[^>]*>", text):
        pairs = re.findall(r'([\w-]+)="([^"]*)"', tag)
        yield {key: html.unescape(value) for key, value in pairs}


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Board:
    """The sandbox on a real server, and who came there."""

    def __init__(self) -> None:
        self._server = LiveServer()
        self.url = self._server.url
        self.stop = self._server.stop

    def settings(self) -> dict[str, Any]:
        """The settings of an app whose board this is."""
        return settings(self.url)

    def send_people_to(self, app_url: str) -> None:
        """Let *Log in* lead to an app."""
        self.sso_url = f"{app_url}{PREFIX}"
        self.app = self._server.app = create_sandbox(SECRET, sso_url=self.sso_url)


def settings(board_url: str) -> dict[str, Any]:
    """The settings of an app with a board at a URL."""
    return {
        "SECRET_KEY": "the-key-of-the-sessions-of-the-app",
        "FEEDBACKCHIMP_JWT_SECRET": SECRET,
        "FEEDBACKCHIMP_BOARD_URL": board_url,
    }


class Walked(NamedTuple):
    """What a walk saw: the endpoint's URL, its redirect, a page, and a refusal."""

    browser: Browser
    endpoint: str
    hop: Answer
    home: Answer
    refusal: Answer


def walk(board: Board, app_url: str, *, front: Front | None = None) -> Walked:
    """Walk from the board through the app's login to the very page, and look around.

    :param app_url: where the visitor's browser finds the app.
    """
    board.send_people_to(app_url)
    browser = Browser(front)
    login = browser.go(browser.go(board.url + PAGE).link(to=board.sso_url))
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


def _look_at_hop(board: Board, browser: Browser) -> Answer:
    """The last redirect, headers as sent, and the claims as the board read them."""
    hop = next(a for a in reversed(browser.trail) if "ssoToken=" in a.location)
    assert hop.status == 302
    assert hop.headers["Cache-Control"] == "no-store"
    assert hop.headers["Referrer-Policy"] == "no-referrer"
    (token,) = parse_qs(urlsplit(hop.location).query)["ssoToken"]
    signature = token.rpartition(".")[2]
    others = [
        value for name, value in hop.headers.items() if name.lower() != "location"
    ]
    cookies = [cookie.value or "" for cookie in browser.cookies]
    assert signature not in "\n".join([hop.text, *others, *cookies])
    arrival = get_arrivals(board.app)[-1]
    assert (arrival.reason, arrival.page) == (None, board.url + PAGE)
    assert (arrival.claims["email"], arrival.claims["name"]) == (EMAIL, NAME)
    return hop
