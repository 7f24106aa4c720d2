"""A real server for real browsers: an app on a free loopback port, with a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import Any, NamedTuple

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server


class Exchange(NamedTuple):
    """One request and its answer, as they went over the wire.

    ``target`` is path and query as sent; header names are in lower case.
    """

    method: str
    target: str
    headers: dict[str, str]
    status: int
    answer: dict[str, str]

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def location(self) -> str | None:
        """The ``Location`` of the answer."""
        return self.answer.get("location")


class LiveServer:
    """Serves a WSGI app from a thread; ``app`` may be set after the start.

    Two apps that must know each other's address are each started empty.
    """

    def __init__(self, app: Any = None) -> None:
        self.app = app
        #: Every request so far, in the order of the answers.
        self.exchanges: list[Exchange] = []
        self._server = make_server(
            "127.0.0.1", 0, self._respond, threaded=True, request_handler=_Silent
        )
        # It looks this often (in seconds) whether it is to stop.
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
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
        return [exchange for exchange in self.exchanges if exchange.path == path]

    def stop(self) -> None:
        """Stop serving, and close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _respond(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            self.exchanges.append(
                Exchange(
                    environ["REQUEST_METHOD"],
                    environ["REQUEST_URI"],
                    _request_headers(environ),
                    int(status.split()[0]),
                    {name.lower(): value for name, value in headers},
                )
            )
            return start_response(status, headers, exc_info)

        answer = self.app(environ, start)
        # Read and closed here: Werkzeug leaves a file open where a browser hangs up.
        try:
            return list(answer)
        finally:
            getattr(answer, "close", list)()


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


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: the record tells more."""


def _request_headers(environ: Any) -> dict[str, str]:
    return {
        key[5:].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
