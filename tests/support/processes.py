"""Other Python processes."""

from __future__ import annotations

import os
import subprocess
import sys


def run_python(*args: str) -> subprocess.CompletedProcess[str]:
    """Run Python to its end; it finds what this process finds, and nothing else."""
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, *args],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
