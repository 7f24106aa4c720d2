"""Requests per second: gunicorn with one worker, and wrk, on loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median

from environments import python_of, run, start

_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)$", re.MULTILINE)
_CONNECTIONS = 8


def requests_per_second(
    environment: str, sides: Sequence[str], *, seconds: int, rounds: int
) -> dict[str, float]:
    """The median rate of each side; the sides take turns.

    :param sides: ``ours``, ``hand``: what follows ``make_`` in ``shop.py``.
    :param seconds: how long each side is loaded in each round.
    """
    python = python_of(environment)
    target, headers = json.loads(run([python, "shop.py"]).stdout)
    rates: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            with _gunicorn(environment, f"shop:make_{side}()") as port:
                _require_token(port, target, headers)
                rates[side].append(_wrk(port, target, headers, seconds))
    return {side: median(found) for side, found in rates.items()}


@contextmanager
def _gunicorn(environment: str, app: str) -> Iterator[int]:
    """Serve an app for a while; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "error"]
    server = start([python_of(environment), "-m", "gunicorn", *options, app])
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError("gunicorn did not start")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("gunicorn does not listen")


def _require_token(port: int, target: str, headers: dict[str, str]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    if answer.status != 302 or "ssoToken=" not in (answer.getheader("Location") or ""):
        raise RuntimeError("the server does not answer with a token")
    connection.close()


def _wrk(port: int, target: str, headers: dict[str, str], seconds: int) -> float:
    options = ["--threads", "1", "--connections", str(_CONNECTIONS)]
    options += ["--duration", f"{seconds}s"]
    for name, value in headers.items():
        options += ["--header", f"{name}: {value}"]
    done = run(["wrk", *options, f"http://127.0.0.1:{port}{target}"])
    rate = _RATE.search(done.stdout)
    if rate is None or "Non-2xx or 3xx" in done.stdout:
        raise RuntimeError(f"wrk did not get the answers it should: {done.stdout}")
    return float(rate[1])
