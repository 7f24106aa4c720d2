"""Serving an app on this machine only, at ``http://localhost``."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv6Address, ip_address
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..board import LOOPBACK_HOSTS

_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
# How often a free port is looked for. A port that is free at one address is nearly
# always free at the other.
_TRIES = 10


class PortTakenError(Exception):
    """A port cannot be used; the text says why, to people."""


class _SilentHandler(WSGIRequestHandler):
    """Logs no requests: tokens are part of their URLs. Errors are still logged."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def refuse_strangers() -> Response | None:
    """Answer only this machine; to be called before each request."""
    address = request.remote_addr
    # A Unix socket names no address. A page on another host name could have that name
    # lead here (DNS rebinding), and read what this board tells its visitors.
    is_own = not address or is_loopback(address)
    if is_own and _is_own_name(request.environ.get("HTTP_HOST", "")):
        return None
    names = " or ".join(LOOPBACK_HOSTS)
    text = f"This sandbox answers only its own machine, as {names}.\n"
    return Response(text, 403, mimetype="text/plain")


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped  # "::ffff:127.0.0.1", from a socket that takes both
    return ip.is_loopback


def _is_own_name(host: str) -> bool:
    match = re.fullmatch(r"(.+?)(?::([0-9]{1,5}))?", host)
    if match is None or int(match[2] or 0) > 65535:
        return False
    return match[1].lower() in LOOPBACK_HOSTS


@contextmanager
def serving(app: Flask, *, port: int) -> Iterator[int]:
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
                request_handler=_SilentHandler,
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
