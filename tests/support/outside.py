"""Programs and packages from outside Python, and what happens where one is missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

#: Where ``npm install`` puts the packages of ``tests/package.json``.
NODE_MODULES = Path(__file__).parents[1] / "node_modules"
NPM_INSTALL = (
    "npm install --prefix tests --no-package-lock --ignore-scripts --no-audit --no-fund"
)


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test, with the reason; where ``CI`` is set, no skip passes."""
    pytest.skip(f"{what} is missing: {remedy}")


def node() -> str:
    """The path of Node."""
    return shutil.which("node") or missing("Node", "install Node 20 or newer")


def ruby() -> str:
    """The path of a Ruby that has Rack."""
    program = shutil.which("ruby") or missing("Ruby", "install it")
    loaded = subprocess.run([program, "-r", "rack", "-e", ""], capture_output=True)
    if loaded.returncode != 0:
        missing("Rack", "install Debian's ruby-rack, or the gem")
    return program


def php() -> str:
    """The path of PHP's command."""
    return shutil.which("php") or missing("PHP", "install Debian's php-cli")


def chromium() -> str:
    """The path of Chromium: what ``CHROMIUM`` names, or else ``chromium``."""
    return shutil.which(os.environ.get("CHROMIUM", "chromium")) or missing(
        "Chromium", "install it, or name the program in CHROMIUM"
    )


def npm_packages(*names: str) -> Path:
    """The folder that holds the packages of ``tests/package.json``."""
    for name in names:
        if not (NODE_MODULES / name / "package.json").is_file():
            missing(f"the npm package {name}", NPM_INSTALL)
    return NODE_MODULES


def run_script(program: str, script: Path, data: Any) -> Any:
    """What a script in another language answers: JSON in and out, on pipes."""
    # In ASCII, so that lone surrogates survive the pipe.
    text, argv = json.dumps(data), [program, str(script)]
    options: dict[str, Any] = {"encoding": "utf-8", "timeout": 120}
    done = subprocess.run(argv, input=text, capture_output=True, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_python(*args: str) -> str:
    """What Python prints; it finds what this process finds, and nothing else."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    argv = [sys.executable, *args]
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
