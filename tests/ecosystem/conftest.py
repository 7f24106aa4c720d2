"""The tests of what lives beside us; they run where ``make ecosystem`` installed it."""

import platform
import re
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest

from support.documents import DOCS, table
from support.live import LiveServer


def pytest_configure(config: pytest.Config) -> None:
    """Let others warn of what they do."""
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture
def board(serve: Any) -> LiveServer:
    """The server of a stand-in board, which a walk gives its app."""
    return serve()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the rows for the table of docs/works-with.md."""

    def tests(*outcomes: str) -> set[str]:
        return {r.nodeid for o in outcomes for r in terminalreporter.getreports(o)}

    passed, failed = tests("passed"), tests("failed", "error")
    terminalreporter.section("works with")
    terminalreporter.write_line(
        f"Tried on {date.today()} with Python {platform.python_version()}, "
        f"Flask {version('flask')} and Flask-Login {version('flask-login')}."
    )
    for row in table(DOCS / "works-with.md", "with"):
        tried = {test for test in passed | failed if f"[{row}" in test}
        shown = ", ".join(map(version, re.sub(r" \(.*", "", row).split()))
        held = "FAILED" if tried & failed else "passed"
        if tried:
            terminalreporter.write_line(f"| `{row}` | {shown} | {held} |")
