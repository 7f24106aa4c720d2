"""Real servers, a proxy and a mount: the walk is the same behind each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from ecosystem.plain import make_plain
from ecosystem.servers import SERVERS, WRAPPERS
from ecosystem.walking import JWT, PREFIX, SECRET, Browser, Front, walk
from ecosystem.watchers import KEEP_LOCALS, LEAKY, WATCHERS


@pytest.fixture
def start() -> Iterator[Callable[..., str]]:
    """Starts servers in processes of their own, and says where they are."""
    running = []

    def start(command: str, **environ: str) -> str:
        # Connections wait in its queue until the server is there.
        with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
            descriptor = listener.fileno()
            path = os.pathsep.join(filter(None, sys.path))
            process = subprocess.Popen(
                command.format(fd=descriptor).split(),
                env={**os.environ, "PYTHONPATH": path, **environ},
                pass_fds=[descriptor],
            )
            running.append(process)
            return f"http://localhost:{listener.getsockname()[1]}"

    yield start
    for process in running:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()


@pytest.mark.parametrize("name", SERVERS)
def test_the_walk_behind_a_real_server(name, board, start, record_property):
    """It sends the headers as they were meant."""
    record_property("row", name)
    walk(board, start(SERVERS[name], TEST_BOARD_URL=board.url))


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_walk_under_a_prefix(name, board, serve, record_property):
    """Behind a proxy that ends TLS and takes the prefix off; under a mount."""
    record_property("row", name)
    app = make_plain(board.settings())
    if name == "Werkzeug (mount)":
        root = Flask("root")
        walk(board, f"{serve(DispatcherMiddleware(root, {'/shop': app}))}/shop")
    else:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_prefix=1)
        front = Front("shop.example", serve(app), "/shop")
        walk(board, "https://shop.example/shop", front=front)


class Watched:
    """A watched app, after a walk and a click at which a receiver failed."""

    def __init__(
        self, name: str, board: Any, start: Any, log: Path, **environ: str
    ) -> None:
        self._log = log
        environ |= {"TEST_BOARD_URL": board.url, "TEST_WATCHER": name}
        self.url = start(SERVERS["gunicorn (gthread)"], TEST_LOG=str(log), **environ)
        walked = walk(board, self.url)
        assert walked.browser.send(walked.endpoint, X_Fail="1").status == 500

    def collected(self) -> tuple[str, str]:
        """What the watcher has, and what the app's log has."""
        assert Browser().send(f"{self.url}/flush").text == "flushed"
        return self._log.read_text(), Path(f"{self._log}.log").read_text()


@pytest.mark.parametrize("name", WATCHERS)
def test_the_walk_under_the_eyes_of_a_watcher(
    name, board, start, tmp_path, record_property
):
    """Neither it nor the log has a token or the secret; both would have kept them."""
    record_property("row", name)
    watched = Watched(name, board, start, tmp_path / "collected")
    kept, log = watched.collected()
    assert PREFIX in kept
    assert "flask_feedbackchimp" in log
    assert ("frameframe" in kept) == (name in KEEP_LOCALS)
    for text in (kept, log):
        found = JWT.search(text)
        assert not found, text[max(0, found.start() - 200) : found.end()]
        assert SECRET not in text
    # The control: an app that does let them out.
    Browser().send(
        f"{watched.url}/leak/eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.x/{SECRET}"
    )
    for text in watched.collected():
        assert JWT.search(text)
        assert SECRET in text


@pytest.mark.parametrize("name", LEAKY)
def test_a_watcher_that_keeps_the_headers_of_answers_keeps_tokens(
    name, board, start, tmp_path
):
    """``Location`` is one of them: the table says what to switch off."""
    watched = Watched(name, board, start, tmp_path / "collected", TEST_LEAKY="1")
    kept, _ = watched.collected()
    assert JWT.search(kept)
