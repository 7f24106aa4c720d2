"""Serving an app on this machine only, at ``http://localhost``."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
# How often a free port is looked for. A port that is free at one address is nearly
# always free at the other.
_TRIES = 10


# A return URL may have the token in its path.
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")


class PortTakenError(Exception):
    """A port cannot be used; the text says why, to people."""


class RequestHandler(WSGIRequestHandler):
    """Logs requests without their query: on the way back a token is part of it.

    Give it to :func:`werkzeug.serving.run_simple` as ``request_handler``.
    """

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Log the method, the path and the status."""
        # Neither is set where the request line could not be read.
        method = getattr(self, "command", None) or "-"
        path = ascii(getattr(self, "path", "-").partition("?")[0])[1:-1]
        path = _TOKEN.sub("[token]", path)
        self.log("info", "%s %s %s", method, path, getattr(code, "value", code))

    def log_error(self, format: str, *args: object) -> None:
        """Log that something went wrong; the details may repeat the request line."""
        self.log("error", "a request could not be read")


@contextmanager
def serving(
    app: Flask,
    *,
    port: int,
    request_handler: type[WSGIRequestHandler] = RequestHandler,
) -> Iterator[int]:
    """Serve an app in the background while the context lasts; gives the port.

    :param port: 0 takes one that is free.
    :raises PortTakenError: another program has the port.
    """
    with ExitStack() as stack:
        listeners = [stack.enter_context(listener) for listener in _listen(port)]
        for listener in listeners:
            host, port = listener.getsockname()[:2]
            server = make_server(
                host,
                port,
                app,
                threaded=True,
                request_handler=request_handler,
                fd=listener.fileno(),
            )
            stack.enter_context(_running(server))
        yield port


def _listen(port: int) -> list[socket.socket]:
    """Listen at both loopback addresses.

    A browser may try either for "localhost". If only one of them were ours, another
    program could answer at the other.
    """
    for _ in range(_TRIES):
        try:
            ipv4 = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise _taken(port, error) from error
        chosen = ipv4.getsockname()[1]
        try:
            return [ipv4, socket.create_server(("::1", chosen), family=socket.AF_INET6)]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [ipv4]
            ipv4.close()
            taken = _taken(chosen, error)
            if port:
                break
    raise taken


def _taken(port: int, error: OSError) -> PortTakenError:
    if error.errno == errno.EADDRINUSE:
        reason = "is taken by another program"
    else:
        reason = f"cannot be used ({error.strerror})"
    return PortTakenError(f"Port {port} {reason}.")


@contextmanager
def _running(server: BaseWSGIServer) -> Iterator[None]:
    # The end waits for each server, at most as long as it polls (in seconds).
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
