"""What the benchmark runs in: one virtual environment for each set of packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_VENVS = ROOT / ".venv" / "benchmarks"

NEWEST = "newest"
LOWEST = "lowest"
CRYPTOGRAPHY = "cryptography"

#: The packages of each environment; Flask and Flask-Login are the newest everywhere.
REQUIREMENTS = {
    NEWEST: ["flask", "flask-login", "pyjwt", "gunicorn"],
    LOWEST: ["flask", "flask-login", "pyjwt==2.8.0"],
    CRYPTOGRAPHY: ["flask", "flask-login", "pyjwt", "cryptography"],
}


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in this folder to its end, and keep its output."""
    return subprocess.run(
        command, cwd=HERE, env=_variables(), capture_output=True, text=True, check=True
    )


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command in this folder."""
    return subprocess.Popen(command, cwd=HERE, env=_variables())


def python_of(name: str) -> str:
    """The interpreter of an environment."""
    return str(_VENVS / name / "bin" / "python")


def set_up(name: str, *, upgrade: bool) -> bool:
    """Make an environment, or bring it up to the newest releases.

    :param upgrade: whether to look for newer releases where there is one already.
    :return: whether it can be used.
    """
    python = python_of(name)
    exists = _has_packages(python)
    if exists and not upgrade:
        return True
    install = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
    try:
        if not exists:
            run([sys.executable, "-m", "venv", "--clear", str(_VENVS / name)])
        run([*install, "--disable-pip-version-check", *REQUIREMENTS[name]])
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
    return _has_packages(python)


def versions(name: str) -> dict[str, str]:
    """The version of Python and of every package in an environment."""
    code = (
        "import importlib.metadata as m, json, platform\n"
        "found = {d.metadata['Name'].lower(): d.version for d in m.distributions()}\n"
        "found.pop('pip', None), found.pop('setuptools', None)\n"
        "print(json.dumps({'python': platform.python_version()} | found))\n"
    )
    # Isolated, or the package's own metadata in the source tree would be listed too.
    found: dict[str, str] = json.loads(run([python_of(name), "-I", "-c", code]).stdout)
    return found


def find_tool(name: str) -> str | None:
    """The path of a program, installed by apt where that may be, or ``None``."""
    path = shutil.which(name)
    if path or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return path
    try:
        run(["apt-get", "update", "--quiet"])
        run(["apt-get", "install", "--yes", "--no-install-recommends", name])
    except subprocess.CalledProcessError:
        return None
    return shutil.which(name)


def _variables() -> dict[str, str]:
    # Both change what is counted: the seed of hashes, and what the caller has set.
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return kept | {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}


def _has_packages(python: str) -> bool:
    try:
        run([python, "-c", "import flask_login, jwt"])
    except (subprocess.CalledProcessError, OSError):
        return False
    return True
