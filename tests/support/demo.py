"""``python -m example_app`` as a process of its own, on free ports."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from example import CHECKOUT

# As the last place to look, so that the installed package is found before the source
# tree beside the example.
_RUN = f"""
import runpy, sys
sys.path.append({str(CHECKOUT)!r})
runpy.run_module("example_app", run_name="__main__", alter_sys=True)
"""
_SECONDS = 60


class Demo(NamedTuple):
    """Both servers while they run; ``greeting`` is what was printed at the start."""

    app_url: str
    board_url: str
    greeting: str
    process: subprocess.Popen[str]

    def stop(self, number: int = signal.SIGINT) -> str:
        """Send a signal and wait for the end; returns what was printed meanwhile."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=_SECONDS)[0]


def demo_process(
    folder: Path, app_port: int, board_port: int, *options: str
) -> subprocess.Popen[str]:
    """Start the demo; standard error is read with standard output."""
    ports = ("--app-port", str(app_port), "--board-port", str(board_port))
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, *ports, "--instance", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """The demo, once it said that it runs; it is stopped in the end."""
    app_port, board_port = free_ports(2)
    with demo_process(folder, app_port, board_port, *options) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "Ctrl-C stops both." not in said:
                line = process.stdout.readline()
                assert line, f"The demo did not start:\n{said}"
                said += line
            urls = (f"http://localhost:{port}" for port in (app_port, board_port))
            yield Demo(*urls, said, process)
        finally:
            process.terminate()


def free_ports(count: int) -> list[int]:
    """Ports that nobody had a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports
