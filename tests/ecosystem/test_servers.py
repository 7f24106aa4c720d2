"""Real servers, a proxy and a mount: the walk is the same behind each."""

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

from ecosystem.neighbours import NEIGHBOURS
from ecosystem.plain import make_plain
from ecosystem.stacks import STACKS
from ecosystem.walking import JWT, PREFIX, SECRET, walk
from ecosystem.watchers import WATCHERS
from support.documents import DOCS, table

PROGRAMS = Path(sys.executable).parent
APP = "ecosystem.serving:app"
#: By the name of the distributions: the command that serves on a listening socket.
SERVERS = {
    "gunicorn (sync)": f"gunicorn --bind=fd://FD --worker-class=sync --workers=2 {APP}",
    "gunicorn (gthread)": f"gunicorn --bind=fd://FD --worker-class=gthread {APP}",
    "gunicorn gevent (gevent)": f"gunicorn --bind=fd://FD --worker-class=gevent {APP}",
    "waitress": "python -m ecosystem.serving FD",
    "pyuwsgi (uWSGI)": (
        f"pyuwsgi --http-socket=fd://FD --module={APP} --threads=2 "
        "--master --die-on-term --need-app"
    ),
    "a2wsgi uvicorn": "uvicorn --fd=FD ecosystem.serving:through_a2wsgi",
    "asgiref uvicorn": "uvicorn --fd=FD ecosystem.serving:through_asgiref",
}
PROXY = "Werkzeug (ProxyFix)"
MOUNT = "Werkzeug (mount)"
#: What has a watcher keep the headers of answers, and with them ``Location``.
LEAKY = {
    "elastic-apm": {
        "ELASTIC_APM_CAPTURE_HEADERS": "true",
    },
    "opentelemetry-instrumentation-flask": {
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE": ".*",
    },
}


@pytest.fixture
def start(board: Any) -> Iterator[Callable[..., str]]:
    """Starts servers in processes of their own, and says where they are."""
    running = []

    def start(command: str, **environ: str) -> str:
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        environ["TEST_BOARD_URL"] = board.url
        # Connections wait in its queue until the server is there.
        with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
            fd = listener.fileno()
            program, *args = command.replace("FD", str(fd)).split()
            process = subprocess.Popen(
                [PROGRAMS / program, *args],
                env=os.environ | environ,
                pass_fds=[fd],
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


def test_every_row_of_the_table_is_tried():
    """The versions are what a run printed on the page's day."""
    tried = [*STACKS, *NEIGHBOURS, *WATCHERS, *SERVERS, PROXY, MOUNT]
    assert list(table(DOCS / "works-with.md", "with")) == tried


@pytest.mark.parametrize("name", SERVERS)
def test_server(name, board, start):
    """It sends the headers as they were meant."""
    walk(board, start(SERVERS[name]))


# Parametrized, because the ids are the rows of the table.
@pytest.mark.parametrize("name", [PROXY])
def test_proxy(name, board, serve):
    """It ends TLS and takes the prefix off."""
    app = make_plain(board.url)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_prefix=1)
    walk(board, "https://shop.example/shop", serve(app).url)


@pytest.mark.parametrize("name", [MOUNT])
def test_mount(name, board, serve):
    app = make_plain(board.url)
    mount = DispatcherMiddleware(Flask("root"), {"/shop": app})
    walk(board, f"{serve(mount).url}/shop")


def watched(name: str, board: Any, start: Any, log: Path, **environ: str) -> Any:
    """What a watcher and the app's log hold after a walk and an error; after a leak."""
    environ |= {"TEST_WATCHER": name, "TEST_LOG": str(log)}
    app_url = start(SERVERS["gunicorn (gthread)"], **environ)
    walked = walk(board, app_url)
    assert walked.browser.send(walked.endpoint, X_Fail="1").status == 500
    for path in ("/page", f"/leak/eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.x/{SECRET}"):
        walked.browser.send(app_url + path)
        assert walked.browser.send(f"{app_url}/flush").text == "flushed"
        yield log.read_text(), Path(f"{log}.log").read_text()


@pytest.mark.parametrize("name", WATCHERS)
def test_watcher(name, board, start, tmp_path):
    """Neither it nor the log has a token or the secret; both would have kept them."""
    collected, leaked = watched(name, board, start, tmp_path / "collected")
    kept, log = collected
    assert PREFIX in kept
    assert "flask_feedbackchimp" in log
    keeps_locals = name in {"sentry-sdk", "elastic-apm"}
    assert ("frameframe" in kept) == keeps_locals
    for text in collected:
        found = JWT.search(text)
        assert not found, text[max(0, found.start() - 200) : found.end()]
        assert SECRET not in text
    for text in leaked:  # the control
        assert JWT.search(text)
        assert SECRET in text


@pytest.mark.parametrize("name", LEAKY)
def test_leaky_watcher(name, board, start, tmp_path):
    """One that keeps the headers of answers: the table says what to switch off."""
    log = tmp_path / "collected"
    collected, _ = watched(name, board, start, log, **LEAKY[name])
    kept, _ = collected
    assert JWT.search(kept)
