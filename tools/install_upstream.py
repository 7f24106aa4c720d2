"""Install the checkouts that FLASK, FLASK_LOGIN and WERKZEUG name, over the releases.

Each is a work tree, or a git directory without one: of that, the newest commit.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

NAMES = ("WERKZEUG", "FLASK", "FLASK_LOGIN")


def work_tree(checkout: Path, scratch: Path) -> Path:
    """A folder that pip can install: the checkout, or its newest commit copied out."""
    if (checkout / "pyproject.toml").is_file():
        return checkout
    command = ["git", "--git-dir", str(checkout), "archive", "HEAD"]
    archived = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(scratch, filter="data")
    return scratch


def main() -> None:
    """Install all of them at once, so that pip sees what each asks of the others."""
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    if not given:
        sys.exit(f"Name a checkout: make upstream {'=… '.join(NAMES)}=…")
    with tempfile.TemporaryDirectory() as folder:
        trees = [
            str(work_tree(Path(path).resolve(strict=True), Path(folder, name)))
            for name, path in given.items()
        ]
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *trees], check=True)


if __name__ == "__main__":
    main()
