"""Serving an app on this machine alone, at ``http://localhost``."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

# A browser may try either for "localhost". Were only one of them ours, another
# program could answer on the other.
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


class PortTakenError(Exception):
    """Another program has the port; the text says so to people."""


@contextmanager
def serving(
    app: Flask,
    *,
    port: int,
    request_handler: type[WSGIRequestHandler] = WSGIRequestHandler,
) -> Iterator[None]:
    """Serve an app in the background while the context lasts.

    :raises PortTakenError: another program has the port.
    """
    with ExitStack() as stack:
        for listener in _listeners(port, stack):
            host = listener.getsockname()[0]
            server = make_server(
                host,
                port,
                app,
                threaded=True,
                request_handler=request_handler,
                fd=listener.fileno(),
            )
            stack.enter_context(_running(server))
        yield


def _listeners(port: int, stack: ExitStack) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    for family, host in _LOOPBACK:
        try:
            listener = stack.enter_context(socket.socket(family))
            # Otherwise a second run would have to wait for the first one's connections.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            if listeners and error.errno in _NO_SUCH_ADDRESS:
                continue  # a machine without IPv6
            raise _taken(port, error) from error
        listeners.append(listener)
    return listeners


def _taken(port: int, error: OSError) -> PortTakenError:
    if error.errno == errno.EADDRINUSE:
        reason = "is taken by another program"
    else:
        reason = f"cannot be used ({error.strerror})"
    return PortTakenError(
        f"Port {port} {reason}: stop that program, or choose another port, as in "
        "“make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081”."
    )


@contextmanager
def _running(server: BaseWSGIServer) -> Iterator[None]:
    # How long the end waits for each server, in seconds.
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
