"""The demo as a process, and visitors to walk through it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

SECONDS = 60


class Demo:
    """``python tools/demo``, which is what ``make demo`` runs, as a process."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        app_port: int | None = None,
        board_port: int | None = None,
    ) -> None:
        free = free_ports()
        self.app_port = app_port or free[0]
        self.board_port = board_port or free[1]
        self.app = f"http://localhost:{self.app_port}"
        self.board = f"http://localhost:{self.board_port}"
        # Not in the folder, and one for each: two demos may use the same folder.
        self._log = folder.with_name(f"{folder.name}-{self.app_port}.log")
        command = [sys.executable, "tools/demo", f"--folder={folder}"]
        command += [f"--app-port={self.app_port}", f"--board-port={self.board_port}"]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *options],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Everything that was printed so far."""
        return self._log.read_text(encoding="utf-8")

    def once(self, ready: Callable[[], bool]) -> Demo:
        """Itself, once something has happened while it runs."""
        deadline = time.monotonic() + SECONDS
        while not ready():
            assert self.process.poll() is None, f"It ended:\n{self.said}"
            assert time.monotonic() < deadline, f"It does not get ready:\n{self.said}"
            time.sleep(0.05)
        return self

    def once_ready(self) -> Demo:
        """Itself, once it has printed the greeting."""
        return self.once(lambda: "Ctrl-C stops both." in self.said)

    def stop(self, by: signal.Signals) -> int:
        """Send a signal and wait for the end; gives the exit status."""
        self.process.send_signal(by)
        return self.process.wait(SECONDS)


def free_ports() -> tuple[int, int]:
    """Two ports that nobody had a moment ago."""
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Demo]]:
    """Launch a demo in a folder; it is ended after the tests at the latest."""
    launched: list[Demo] = []

    def launch(folder: Path, *options: str, **ports: int) -> Demo:
        launched.append(Demo(folder, *options, **ports))
        return launched[-1]

    yield launch
    for demo in launched:
        demo.process.kill()
        demo.process.wait()


@pytest.fixture(scope="session")
def demo(launch: Callable[..., Demo], tmp_path_factory: Any) -> Demo:
    """The demo as most people start it."""
    return launch(tmp_path_factory.mktemp("public")).once_ready()


@pytest.fixture(scope="session")
def private_demo(launch: Callable[..., Demo], tmp_path_factory: Any) -> Demo:
    """The demo with a board that sends every stranger to the app."""
    return launch(tmp_path_factory.mktemp("private"), "--private").once_ready()


class Visitor:
    """Somebody with Chromium, where scripts may be switched off."""

    def __init__(self, page: Any, runs_scripts: bool) -> None:
        self.page, self.runs_scripts = page, runs_scripts
        #: Every ``Location`` since the last click or visit began, and the status.
        self.locations: list[str] = []
        self.status = 0
        page.on("response", self._note)

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def html(self) -> str:
        return self.page.content()

    def visit(self, url: str) -> None:
        """Go to a URL and on to wherever that leads."""
        self.locations = []
        self.page.goto(url)

    def click(self, text: str) -> None:
        """Follow a link, or press a button."""
        link = self.page.get_by_role("link", name=text, exact=True)
        button = self.page.get_by_role("button", name=text, exact=True)
        self.locations = []
        with self.page.expect_navigation():
            link.or_(button).first.click()

    def wait_for(self, url: str, text: str) -> None:
        """Wait for a page: after a login another page comes first, and leads on."""
        self.page.wait_for_url(url)
        self.page.get_by_text(text, exact=True).first.wait_for()

    def _note(self, answer: Any) -> None:
        if answer.request.is_navigation_request():
            self.status = answer.status
            if "location" in answer.headers:
                self.locations.append(urljoin(answer.url, answer.headers["location"]))


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visitor(request: pytest.FixtureRequest, browser: Any) -> Iterator[Visitor]:
    """Somebody who has been neither to the app nor to the board."""
    context = browser.new_context(java_script_enabled=request.param)
    context.set_default_timeout(10_000)
    yield Visitor(context.new_page(), request.param)
    context.close()
