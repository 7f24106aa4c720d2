"""The tests of what lives beside us; they run where ``make ecosystem`` installed it."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest

from ecosystem.rows import ROWS
from ecosystem.walking import Board
from support.live import LiveServer

_OUTCOMES: dict[str, set[str]] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Let others warn of what they do."""
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture
def board() -> Iterator[Board]:
    """A stand-in board on a real server; it does not yet know its app."""
    board = Board()
    yield board
    board.stop()


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """Serves WSGI apps on loopback, and says where."""
    servers = []

    def serve(app: Any) -> str:
        servers.append(LiveServer(app))
        return servers[-1].url

    yield serve
    for server in servers:
        server.stop()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the outcome of every test that is about a row of the table."""
    for name, row in report.user_properties:
        if name == "row":
            _OUTCOMES.setdefault(row, set()).add(report.outcome)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the rows for the table of docs/works-with.md."""
    if not _OUTCOMES:
        return
    terminalreporter.section("works with")
    terminalreporter.write_line(
        f"Tried on {date.today()} with Python {platform.python_version()}, "
        f"Flask {version('flask')} and Flask-Login {version('flask-login')}."
    )
    for row in filter(_OUTCOMES.get, ROWS):
        names = re.sub(r" \(.*", "", row).split()
        held = "passed" if _OUTCOMES[row] == {"passed"} else "FAILED"
        shown = ", ".join(map(version, names))
        terminalreporter.write_line(f"| `{row}` | {shown} | {held} |")
