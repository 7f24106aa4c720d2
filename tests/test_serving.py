"""Serving an app at both loopback addresses."""

from __future__ import annotations

import errno
import socket
from http.client import HTTPConnection

import pytest
from flask import Flask

from flask_feedbackchimp.sandbox.serving import PortTakenError, serving

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


def has_ipv6() -> bool:
    """Whether this machine has the address ``::1``."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
both_addresses = pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]
)


def status(host: str, port: int, path: str = "/") -> int:
    """The status of an answer."""
    connection = HTTPConnection(host, port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@both_addresses
def test_it_answers_while_the_context_lasts(host):
    """At both addresses, at one port; the port is free again at the end."""
    with serving(Flask(__name__), port=0) as port:
        assert status(host, port) == 404
    socket.create_server((host, port), family=FAMILIES[host]).close()


def test_it_answers_at_no_other_address():
    """Nothing is bound to all addresses."""
    with (
        serving(Flask(__name__), port=0) as port,
        pytest.raises(OSError, match=r"refused|timed out|assign"),
    ):
        status("127.0.0.2", port)


@both_addresses
def test_a_taken_port_is_one_sentence(host):
    """Wherever the other program listens; then the other address is left free."""
    with socket.create_server((host, 0), family=FAMILIES[host]) as other:
        port = other.getsockname()[1]
        sentence = rf"^Port {port} is taken by another program\.$"
        with (
            pytest.raises(PortTakenError, match=sentence),
            serving(Flask(__name__), port=port),
        ):
            pass
    socket.create_server(("127.0.0.1", port)).close()


def refuse(monkeypatch: pytest.MonkeyPatch, number: int, host: str) -> list[int]:
    """Let listening at an address fail; returns the ports that are asked for."""
    asked = []
    listen = socket.create_server

    def create_server(address, **options):
        if address[0] == host:
            asked.append(address[1])
            raise OSError(number, "Not this time")
        return listen(address, **options)

    monkeypatch.setattr(socket, "create_server", create_server)
    return asked


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_a_machine_without_ipv6_goes_on_with_ipv4(monkeypatch, number):
    """As in many containers."""
    refuse(monkeypatch, number, "::1")
    with serving(Flask(__name__), port=0) as port:
        assert status("127.0.0.1", port) == 404


def test_a_free_port_must_be_free_at_both_addresses(monkeypatch):
    """Others are tried; not for ever."""
    asked = refuse(monkeypatch, errno.EADDRINUSE, "::1")
    with pytest.raises(PortTakenError), serving(Flask(__name__), port=0):
        pass
    assert len(asked) == 10


def test_a_port_that_is_forbidden_says_so(monkeypatch):
    """Ports below 1024 need more rights on many systems."""
    refuse(monkeypatch, errno.EACCES, "127.0.0.1")
    with (
        pytest.raises(PortTakenError, match=r"^Port 80 cannot be used \(Not this time"),
        serving(Flask(__name__), port=80),
    ):
        pass


def test_the_log_has_no_query(caplog):
    """On the way back a token is part of it."""
    caplog.set_level("INFO", "werkzeug")
    with serving(Flask(__name__), port=0) as port:
        status("127.0.0.1", port, "/board?ssoToken=secret")
    assert "GET /board 404" in caplog.text
    assert "secret" not in caplog.text
