"""Counting instructions and timing imports, each in processes of its own."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from environments import python_of, run

_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


class Count(NamedTuple):
    """Instructions for one iteration of a workload, counted several times."""

    blocks: list[float]
    #: What the workload says of itself.
    facts: dict[str, Any]

    @property
    def instructions(self) -> float:
        """The mean."""
        return statistics.mean(self.blocks)

    @property
    def spread(self) -> float:
        """The widest difference, as a part of the mean."""
        return (max(self.blocks) - min(self.blocks)) / self.instructions


def count(environment: str, workload: str, iterations: int, *, repeats: int) -> Count:
    """Count the instructions of a workload, without start-up and warm-up.

    :param iterations: in each of the two blocks that a process runs.
    :param repeats: processes.
    """
    blocks: list[float] = []
    for _ in range(repeats):
        command = ["workloads.py", workload, str(iterations)]
        counts, facts = _callgrind(environment, *command)
        # Between the two blocks is what prepares the second.
        blocks += counts[0] / iterations, counts[2] / iterations
    return Count(blocks, facts)


def count_import(environment: str, module: str) -> int:
    """Count the instructions of one import."""
    return _callgrind(environment, "imports.py", module)[0][0]


def time_import(environment: str, module: str, *, repeats: int) -> float:
    """The median of an import in fresh processes, in milliseconds of CPU time."""
    command = [python_of(environment), "imports.py", module]
    run(command)  # compiles what was changed
    times: list[float] = [json.loads(run(command).stdout) for _ in range(repeats)]
    return statistics.median(times)


def can_count(environment: str) -> bool:
    """Whether valgrind runs this Python: an old one knows no new processor."""
    try:
        run(["valgrind", "--tool=none", python_of(environment), "-c", "pass"])
    except subprocess.CalledProcessError:
        return False
    return True


def imported_early(environment: str) -> list[str]:
    """What the package imports that should wait until it is used."""
    command = [python_of(environment), "imports.py", "early"]
    early: list[str] = json.loads(run(command).stdout)
    return early


def _callgrind(environment: str, *script: str) -> tuple[list[int], Any]:
    """The instructions from each call of ``getppid`` to the next, and what was printed.

    A call writes out the counters and clears them (``--dump-before``), so that nothing
    has to be compiled into Python.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = ["--tool=callgrind", "--dump-before=getppid"]
        options.append(f"--callgrind-out-file={folder}/out")
        done = run(["valgrind", *options, python_of(environment), *script])
        # The first is what came before the first call; "out" is what follows the last.
        dumps = sorted(
            Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:])
        )
        totals = [_TOTALS.search(dump.read_text()) for dump in dumps[1:]]
    return [int(found[1]) for found in totals if found], json.loads(done.stdout)
