"""What ``make demo`` runs: both servers in one process, on this machine alone."""

from __future__ import annotations

import signal
import socket
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from demo import demo_process, free_ports, running_demo


def status(url: str, host: str) -> int:
    """The status of a URL's server, asked at one of its addresses."""
    connection = HTTPConnection(host, urlsplit(url).port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def is_free(url: str) -> bool:
    """Whether another program could have the port of a URL now."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", urlsplit(url).port))
        except OSError:
            return False
    return True


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 address of its own."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_both_servers(tmp_path, number):
    """Exit status 0, a word of goodbye, no traceback, and both ports free again."""
    with running_demo(tmp_path) as demo:
        for url in (demo.app_url, demo.board_url):
            assert status(url, "127.0.0.1") == 200
            assert not is_free(url)
        said = demo.stop(number)
    assert demo.process.returncode == 0
    assert said.endswith("\nBoth servers are stopped.\n")
    assert "Traceback" not in said
    assert is_free(demo.app_url)
    assert is_free(demo.board_url)


def test_a_stop_while_it_starts_leaves_nothing_half_made(tmp_path):
    """The database is finished first, and the next start finds it whole."""
    process = demo_process(tmp_path, *free_ports(2))
    while not (tmp_path / "feedbackchimp_jwt_secret").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    with running_demo(tmp_path) as demo:
        assert status(demo.app_url, "127.0.0.1") == 200


def test_both_servers_answer_on_both_loopback_addresses_and_on_no_other(tmp_path):
    """A browser tries ``::1`` or ``127.0.0.1`` for localhost, as it likes."""
    addresses = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
    with running_demo(tmp_path) as demo:
        for url in (demo.app_url, demo.board_url):
            assert {status(url, address) for address in addresses} == {200}
            with pytest.raises(OSError, match=r"refused|timed out|assign"):
                status(url, "127.0.0.2")


@pytest.mark.parametrize("taken", [0, 1], ids=["the app's port", "the board's port"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_one_sentence(tmp_path, taken, host):
    """Exit status 1, and nothing is left running."""
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6 address")
    ports = free_ports(2)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, ports[taken]), family=family):
        process = demo_process(tmp_path, *ports)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert said == (
        f"Port {ports[taken]} is taken by another program: stop that program, or "
        "choose another port, as in “make demo DEMO_APP_PORT=5080 "
        "DEMO_BOARD_PORT=5081”.\n"
    )
    assert is_free(f"http://localhost:{ports[1 - taken]}")


def test_a_wrong_setting_is_a_list_of_problems_and_no_traceback(tmp_path, monkeypatch):
    """As every command of Flask's shows it."""
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_TOKEN_LIFETIME", "5")
    process = demo_process(tmp_path, *free_ports(2))
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "FEEDBACKCHIMP_TOKEN_LIFETIME must be between 30 and 3600" in said
    assert "Traceback" not in said


def test_it_says_where_to_go_and_who_to_be(tmp_path):
    """Both addresses, and the people to log in as."""
    with running_demo(tmp_path, "--private") as demo:
        said = demo.greeting
    assert f"Daybook, the example app:  {demo.app_url}\n" in said
    assert f"{demo.board_url} (private)\n" in said
    for text in ("“lovelace”", "ada@", "grace@", "boss@", "Ctrl-C stops both."):
        assert text in said
