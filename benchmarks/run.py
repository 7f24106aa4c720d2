"""Measure the extension against the view that a careful engineer writes by hand.

Sets up what it needs, or says what is missing and goes on with the rest. It judges
nothing: a missed goal is a line in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from environments import (
    CRYPTOGRAPHY,
    LOWEST,
    NEWEST,
    ROOT,
    find_tool,
    set_up,
    versions,
)
from figures import (
    RATIOS,
    body_rows,
    count_all,
    import_rows,
    load_rows,
    ratio_rows,
)
from measure import can_count
from report import Row, as_data, as_markdown, as_text

FIGURES = ("request", "token", "links", "import", "load", "growth", "floor")


_DOCS = ROOT / "docs" / "performance.md"
_MARKS = ("<!-- begin of what was printed -->", "<!-- end of what was printed -->")

ENVIRONMENTS = (NEWEST, LOWEST, CRYPTOGRAPHY)


def main() -> None:
    options = _parse()
    notes: list[str] = []
    upgrade = not options.offline
    usable = [name for name in ENVIRONMENTS if set_up(name, upgrade=upgrade)]
    if NEWEST not in usable:
        print("Nothing is measured: the packages cannot be installed.")
        return
    for name in set(ENVIRONMENTS) - set(usable):
        notes.append(f"The packages of “{name}” cannot be installed.")
    found = {name: versions(name) for name in usable}
    result: dict[str, Any] = {
        "command": shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]]),
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "versions": found,
        "rows": list(_rows(options, _labels(found), notes)),
        "notes": notes,
    }
    if options.json:
        data = result | {"rows": as_data(result["rows"])}
        options.json.write_text(json.dumps(data, indent=2) + "\n")
    print(_as_text(result, as_text))
    if options.docs:
        _write_docs(_as_text(result, as_markdown))


def _rows(
    options: argparse.Namespace, labels: dict[str, str], notes: list[str]
) -> Iterator[Row]:
    """Every figure that was asked for and can be had; ``notes`` gets what is to say."""
    counted = _has_valgrind(notes)
    ratios = [ratio for ratio in RATIOS if counted and ratio.figure in options.only]
    ratios = [ratio for ratio in ratios if ratio.environment in labels]
    if ratios:
        iterations, repeats = (40, 1) if options.short else (100, 2)
        counts = count_all(ratios, iterations=iterations, repeats=repeats)
        yield from ratio_rows(ratios, counts, labels)
        if "request" in options.only:
            yield from body_rows(counts, labels)
        spread = max(count.spread for count in counts.values())
        notes.append(f"Counts of the same work differ by at most {spread:.2%}.")
    if "import" in options.only:
        repeats = 5 if options.short else 21
        yield from import_rows(labels, repeats=repeats, counted=counted)
    if "load" in options.only and _has_wrk(notes):
        seconds, rounds = (2, 1) if options.short else (5, 3)
        yield from load_rows(labels, seconds=seconds, rounds=rounds)


def _labels(found: dict[str, dict[str, str]]) -> dict[str, str]:
    labels = {
        name: f"PyJWT {found[name]['pyjwt']}"
        for name in (NEWEST, LOWEST)
        if name in found
    }
    if CRYPTOGRAPHY in found:
        version = found[CRYPTOGRAPHY]["cryptography"]
        labels[CRYPTOGRAPHY] = f"+ cryptography {version}"
    return labels


def _has_valgrind(notes: list[str]) -> bool:
    if find_tool("valgrind") is None:
        notes.append("valgrind is missing: instructions are not counted.")
        return False
    if not can_count(NEWEST):
        notes.append("valgrind cannot run this Python: instructions are not counted.")
        return False
    return True


def _has_wrk(notes: list[str]) -> bool:
    if find_tool("wrk") is None:
        notes.append("wrk is missing: no load is put on a server.")
        return False
    return True


def _as_text(result: dict[str, Any], as_table: Callable[[Sequence[Row]], str]) -> str:
    found = result["versions"][NEWEST]
    names = ("flask", "werkzeug", "flask-login", "jinja2", "gunicorn")
    packages = ", ".join(f"{name} {found[name]}" for name in names)
    run = (
        f"`{result['command']}`, {result['date']}, Python {found['python']}, "
        f"{packages}; {result['machine']}."
    )
    return "\n\n".join([run, as_table(result["rows"]), *result["notes"]])


def _write_docs(text: str) -> None:
    """Put the table between the two marks of the page."""
    page = _DOCS.read_text()
    before, mark, rest = page.partition(_MARKS[0])
    _, other_mark, after = rest.partition(_MARKS[1])
    _DOCS.write_text(f"{before}{mark}\n\n{text}\n\n{other_mark}{after}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=FIGURES,
        metavar="FIGURE",
        help=f"some of: {', '.join(FIGURES)}",
    )
    parser.add_argument(
        "--short", action="store_true", help="fewer repeats and no floor, for CI"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write FILE as well")
    parser.add_argument(
        "--docs", action="store_true", help=f"write the table into {_DOCS.name} as well"
    )
    parser.add_argument(
        "--offline", action="store_true", help="look for no newer packages"
    )
    options = parser.parse_args()
    options.only = options.only or FIGURES[: -1 if options.short else None]
    return options


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{shlex.join(error.cmd)} failed:\n{error.stderr}")
