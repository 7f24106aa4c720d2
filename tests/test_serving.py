"""Serving an app at both loopback addresses."""

import errno
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
from flask import Flask

from flask_feedbackchimp.sandbox.serving import PortTakenError, serving

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


def listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=FAMILIES[host])


def has_ipv6() -> bool:
    """Whether this machine has the address ``::1``."""
    try:
        listen("::1", 0).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
both_addresses = pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]
)


def status(host: str, port: int) -> int:
    """The status of an answer."""
    with closing(HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status


def assert_taken(port: int, sentence: str) -> None:
    """The port cannot be used, and a sentence says so."""
    app = Flask(__name__)
    with pytest.raises(PortTakenError, match=sentence), serving(app, port=port):
        pass


@both_addresses
def test_it_answers_while_the_context_lasts(host):
    """At both addresses, at one port; the port is free again at the end."""
    with serving(Flask(__name__), port=0) as port:
        assert status(host, port) == 404
    listen(host, port).close()


def test_other_addresses_are_not_bound():
    with (
        serving(Flask(__name__), port=0) as port,
        pytest.raises(OSError, match=r"refused|timed out|assign"),
    ):
        status("127.0.0.2", port)


@both_addresses
def test_taken_port(host):
    """Wherever the other program listens; then the other address is left free."""
    with listen(host, 0) as other:
        port = other.getsockname()[1]
        assert_taken(port, rf"^Port {port} is taken by another program\.$")
    listen("127.0.0.1", port).close()


def refuse(monkeypatch: pytest.MonkeyPatch, number: int, host: str) -> list[int]:
    """Let listening at an address fail; returns the ports that are asked for."""
    asked, listen = [], socket.create_server

    def create_server(address, **options):
        if address[0] == host:
            asked.append(address[1])
            raise OSError(number, "Not this time")
        return listen(address, **options)

    monkeypatch.setattr(socket, "create_server", create_server)
    return asked


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_without_ipv6(monkeypatch, number):
    """As in many containers, IPv4 will do."""
    refuse(monkeypatch, number, "::1")
    with serving(Flask(__name__), port=0) as port:
        assert status("127.0.0.1", port) == 404


def test_free_port_is_free_at_both_addresses(monkeypatch):
    """Others are tried; not for ever."""
    asked = refuse(monkeypatch, errno.EADDRINUSE, "::1")
    assert_taken(0, "is taken")
    assert len(asked) == 10


def test_forbidden_port(monkeypatch):
    """Ports below 1024 need more rights on many systems."""
    refuse(monkeypatch, errno.EACCES, "127.0.0.1")
    assert_taken(80, r"^Port 80 cannot be used \(Not this time")
