"""A real server for real browsers: an app on a free loopback port, with a record."""

from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import Any, NamedTuple

import pytest
from werkzeug.datastructures import EnvironHeaders
from werkzeug.serving import WSGIRequestHandler, make_server


class Exchange(NamedTuple):
    """A request (path and query as sent) and its answer; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    status: int
    answer: dict[str, str]

    @property
    def location(self) -> str | None:
        return self.answer.get("location")


class LiveServer:
    """Serves a WSGI app from a thread; ``app`` may be set after the start."""

    def __init__(self, app: Any = None) -> None:
        self.app = app
        #: Every request so far, in the order of the answers.
        self.exchanges: list[Exchange] = []
        self._server = make_server(
            "127.0.0.1", 0, self._respond, threaded=True, request_handler=_Silent
        )
        poll_interval = 0.02  # seconds
        self._thread = Thread(target=self._server.serve_forever, args=(poll_interval,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The origin; another port of ``localhost`` is the same site to a browser."""
        return f"http://localhost:{self._server.port}"

    @property
    def foreign_url(self) -> str:
        """The same server under a name that is another site to a browser."""
        return f"http://127.0.0.1:{self._server.port}"

    def to(self, path: str) -> list[Exchange]:
        """The exchanges at one path."""
        return [e for e in self.exchanges if e.target.partition("?")[0] == path]

    def stop(self) -> None:
        """Stop serving, and close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _respond(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            method, target = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
            sent = {name.lower(): value for name, value in headers}
            asked = {name.lower(): value for name, value in EnvironHeaders(environ)}
            exchange = Exchange(method, target, asked, int(status.split()[0]), sent)
            self.exchanges.append(exchange)
            return start_response(status, headers, exc_info)

        answer = self.app(environ, start)
        # Read and closed here: Werkzeug leaves a file open where a browser hangs up.
        try:
            return list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: the record tells more."""


@pytest.fixture
def serve() -> Iterator[Callable[..., LiveServer]]:
    """Start a server for an app: ``server = serve(app)``, then ``server.url``."""
    servers: list[LiveServer] = []

    def start(app: Any = None) -> LiveServer:
        servers.append(LiveServer(app))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
