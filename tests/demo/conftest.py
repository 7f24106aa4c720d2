"""``make demo`` as a process, and two visitors to walk through it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urldefrag, urlencode, urljoin
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    Request,
    build_opener,
)

import pytest

CHECKOUT = Path(__file__).parents[2]
SECONDS = 60


class Demo:
    """``make demo`` in its own process group, as a terminal would start it.

    It runs in the environment of the tests: nothing is installed.
    """

    def __init__(self, folder: Path, *variables: str) -> None:
        ports = self.ports = free_ports()
        self.app, self.board = (f"http://localhost:{port}" for port in ports)
        # In its own file: a second demo may use the same folder.
        self._log = folder.with_name(f"{folder.name}-{ports[0]}.log")
        with self._log.open("w") as log:
            self.make = subprocess.Popen(
                [
                    *("make", "--silent", "demo", f"DEMO_FOLDER={folder}"),
                    *(f"DEMO_APP_PORT={ports[0]}", f"DEMO_BOARD_PORT={ports[1]}"),
                    f"--assume-old={sys.prefix}/installed-now",
                    *(f"VENV={sys.prefix}", "PACKAGE_CHECKSUM=now", *variables),
                ],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """Everything that was printed so far."""
        return self._log.read_text(encoding="utf-8")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for something to happen while it runs."""
        deadline = time.monotonic() + SECONDS
        while not ready():
            assert self.make.poll() is None, f"It ended:\n{self.said}"
            assert time.monotonic() < deadline, f"It does not get ready:\n{self.said}"
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """Wait for the greeting."""
        self.wait_until(lambda: "Ctrl-C stops both." in self.said)

    def press_ctrl_c(self) -> None:
        """Interrupt the whole group, as a terminal does; wait for the end."""
        os.killpg(self.make.pid, signal.SIGINT)
        self.make.wait(SECONDS)

    def terminate(self) -> None:
        """Send TERM to make only, as a supervisor does; wait for the end."""
        self.make.terminate()
        self.make.wait(SECONDS)

    def has_processes(self) -> bool:
        """Whether a process of the group is left."""
        try:
            os.killpg(self.make.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        """End what is left of it, whatever happened."""
        with suppress(ProcessLookupError):
            os.killpg(self.make.pid, signal.SIGKILL)
        self.make.wait()


def free_ports() -> list[int]:
    """Two ports that nobody had a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Demo]]:
    """Launch a demo in a folder; it is ended after the tests at the latest."""
    launched: list[Demo] = []

    def launch(folder: Path, *variables: str) -> Demo:
        launched.append(Demo(folder, *variables))
        return launched[-1]

    yield launch
    for demo in launched:
        demo.close()


@pytest.fixture(scope="session")
def demo(launch: Callable[..., Demo], tmp_path_factory: Any) -> Demo:
    """The demo as most people start it."""
    demo = launch(tmp_path_factory.mktemp("public"))
    demo.wait_until_ready()
    return demo


@pytest.fixture(scope="session")
def private_demo(launch: Callable[..., Demo], tmp_path_factory: Any) -> Demo:
    """The demo with a board that sends every stranger to the app."""
    demo = launch(tmp_path_factory.mktemp("private"), "PRIVATE=1")
    demo.wait_until_ready()
    return demo


class Page(HTMLParser):
    """The links of a page, and its forms by what their button says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.forms: dict[str, tuple[str, dict[str, str]]] = {}
        self._form: tuple[str, dict[str, str]] = ("", {})
        self._href = self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link or a form leads, and what a form sends."""
        found = {name: value or "" for name, value in attrs}
        if tag in ("a", "button"):
            self._href, self._text = found.get("href", ""), ""
        elif tag == "form":
            self._form = (found.get("action", ""), {})
        elif tag == "input" and found.get("type") == "submit":
            self.forms[found["value"]] = self._form
        elif tag == "input" and found.get("type") == "hidden":
            self._form[1][found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        """Note what a link or a button says."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Keep a link, or a form, under what it says."""
        text = " ".join(self._text.split())
        if tag == "a":
            self.links.setdefault(text, self._href)
        elif tag == "button":
            self.forms[text] = self._form


class HttpVisitor(HTTPRedirectHandler):
    """Follows links, redirects and forms; keeps cookies as a browser does."""

    runs_scripts = False

    def __init__(self) -> None:
        self.url, self.html, self.status = "", "", 0
        #: Every ``Location`` since the last click or visit began.
        self.locations: list[str] = []
        self._jar = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._jar), self)

    @property
    def cookies(self) -> str:
        """The values of all cookies."""
        return " ".join(cookie.value or "" for cookie in self._jar)

    def visit(self, url: str, form: dict[str, str] | None = None) -> None:
        """Go to a URL, or send a form to it, and go on to wherever that leads."""
        self.locations = []
        data = None if form is None else urlencode(form).encode()
        try:
            answer = self._opener.open(url, data, timeout=SECONDS)
        except HTTPError as error:
            answer = error
        with answer:
            self.url, self.status = answer.url, answer.status
            self.html = answer.read().decode()

    def click(self, text: str) -> None:
        """Follow a link, or press a button."""
        page = Page(self.html)
        if text in page.links:
            self.visit(urljoin(self.url, page.links[text]))
        else:
            action, fields = page.forms[text]
            self.visit(urljoin(self.url, action), fields)

    def log_in(self, email: str) -> None:
        """Fill in the login form that is shown."""
        action, fields = Page(self.html).forms["Log in"]
        fields |= {"email": email, "password": "lovelace"}
        self.visit(urljoin(self.url, action), fields)

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Request | None:
        """Note the ``Location``; a fragment outlives it (RFC 9110 §10.2.2)."""
        self.locations.append(newurl)
        if "#" not in newurl and "#" in req.full_url:
            newurl = f"{newurl}#{urldefrag(req.full_url).fragment}"
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class ChromiumVisitor:
    """The same in Chromium."""

    runs_scripts = True

    def __init__(self, page: Any) -> None:
        self.page = page
        self.locations: list[str] = []
        self.status = 0
        page.on("response", self._note)

    @property
    def url(self) -> str:
        """Where the tab is."""
        return self.page.url

    @property
    def html(self) -> str:
        """What the tab shows."""
        return self.page.content()

    @property
    def cookies(self) -> str:
        """The values of all cookies."""
        return " ".join(cookie["value"] for cookie in self.page.context.cookies())

    def visit(self, url: str) -> None:
        """Go to a URL and on to wherever that leads."""
        self.locations = []
        self.page.goto(url)

    def click(self, text: str) -> None:
        """Follow a link, or press a button."""
        link = self.page.get_by_role("link", name=text, exact=True)
        button = self.page.get_by_role("button", name=text, exact=True)
        self._press(link.or_(button).first)

    def log_in(self, email: str) -> None:
        """Fill in the login form that is shown."""
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill("lovelace")
        self._press(self.page.get_by_role("button", name="Log in"))

    def _press(self, element: Any) -> None:
        self.locations = []
        with self.page.expect_navigation():
            element.click()

    def _note(self, answer: Any) -> None:
        if answer.request.is_navigation_request():
            self.status = answer.status
            location = answer.headers.get("location")
            if location is not None:
                self.locations.append(urljoin(answer.url, location))


@pytest.fixture(params=["http", "chromium"])
def visitor(request: pytest.FixtureRequest) -> HttpVisitor | ChromiumVisitor:
    """Somebody who has been neither to the app nor to the board."""
    if request.param == "http":
        return HttpVisitor()
    return ChromiumVisitor(request.getfixturevalue("page"))
