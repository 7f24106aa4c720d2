"""``make demo`` as a process, from its start to its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from outcome import WalkFailed, expect

START_SECONDS = 900  # a first start creates .venv and installs
STOP_SECONDS = 60
READY = "Ctrl-C stops both."


class Demo:
    """``make demo`` in a process group of its own, as a terminal would start it."""

    def __init__(self, tree: Path, ports: list[int], *options: str) -> None:
        self.app, self.board = (f"http://localhost:{port}" for port in ports)
        # "a": what is written goes to the end, wherever said() has just been reading.
        self._log = tempfile.TemporaryFile("a+", encoding="utf-8")  # noqa: SIM115  closed by close()
        variables = map("{}={}".format, ("DEMO_APP_PORT", "DEMO_BOARD_PORT"), ports)
        self._make = subprocess.Popen(
            ["make", "--no-print-directory", "demo", *variables, *options],
            cwd=tree,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def said(self) -> str:
        """Everything that was printed so far."""
        self._log.seek(0)
        return self._log.read()

    def wait_until_ready(self) -> None:
        """Wait for the greeting."""
        deadline = time.monotonic() + START_SECONDS
        while READY not in self.said:
            expect(self._make.poll() is None, f"make demo ended:\n{self.said}")
            expect(time.monotonic() < deadline, f"no greeting:\n{self.said}")
            time.sleep(0.1)

    def wait_for_end(self) -> int:
        """Wait until make is gone; returns its exit status."""
        try:
            return self._make.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise WalkFailed(f"make demo does not end:\n{self.said}") from None

    def stop(self, number: int, *, group: bool) -> None:
        """Send a signal: to the group, as Ctrl-C does, or to make alone."""
        (os.killpg if group else os.kill)(self._make.pid, number)
        self.wait_for_end()

    def expect_nothing_left(self) -> None:
        """No process of the group is left, and both ports are free."""
        try:
            os.killpg(self._make.pid, 0)
        except ProcessLookupError:
            pass
        else:
            raise WalkFailed("a process of the demo is left")
        for url in (self.app, self.board):
            expect(not is_answering(url), f"{url} still answers")

    def close(self) -> None:
        """End what is left of it, whatever happened."""
        with suppress(ProcessLookupError):
            os.killpg(self._make.pid, signal.SIGKILL)
        self._make.wait()
        self._log.close()


@contextmanager
def demo(tree: Path, *options: str) -> Iterator[Demo]:
    """The demo while it runs."""
    running = Demo(tree, free_ports(), *options)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.close()


def free_ports() -> list[int]:
    """Two ports that nobody had a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports: list[int] = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def is_answering(url: str, host: str = "127.0.0.1") -> bool:
    """Whether anybody listens at the port of a URL."""
    try:
        socket.create_connection((host, urlsplit(url).port or 0), 5).close()
    except OSError:
        return False
    return True
