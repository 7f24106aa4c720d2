"""Build the sdist and the wheel of the tracked files: the same bytes every time.

What differs between two machines is taken out: files that only happen to lie about,
times, owners, file modes. Two builds of one commit are the same bytes, with the same
versions of Python and setuptools.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def tracked_files(root: Path) -> list[str]:
    """The files of a work tree that git tracks, or would after ``git add``."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True)
    names = set(listed.stdout.decode().split("\0")) - {""}
    return sorted(name for name in names if (root / name).is_file())


def build_dist(root: Path, out: Path, *, epoch: int) -> None:
    """Build both distributions into a folder.

    :param root: the work tree.
    :param epoch: seconds since 1970, the time of everything inside them.
    """
    os.umask(0o022)
    environ = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)}
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        copy_tracked(root, tree)
        run_build(tree, out, environ)
    for sdist in out.glob("*.tar.gz"):
        normalise_sdist(sdist, epoch=epoch)


def copy_tracked(root: Path, tree: Path) -> None:
    """Copy the tracked files, with the two modes that git knows."""
    for name in tracked_files(root):
        source, target = root / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)


def run_build(tree: Path, out: Path, environ: Mapping[str, str]) -> None:
    """Build the sdist, and the wheel from the sdist, with the installed setuptools."""
    command = [sys.executable, "-m", "build", "--no-isolation"]
    command += ["--outdir", str(out), str(tree)]
    done = subprocess.run(
        command,
        check=False,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stdout)


def normalise_sdist(sdist: Path, *, epoch: int) -> None:
    """Write an sdist anew in order, without the builder's times, owners and modes.

    Setuptools takes these from the file system, whatever ``SOURCE_DATE_EPOCH`` says.
    """
    with tarfile.open(sdist) as old, tempfile.TemporaryFile() as scratch:
        with tarfile.open(fileobj=scratch, mode="w", format=tarfile.PAX_FORMAT) as new:
            for member in sorted(old.getmembers(), key=lambda member: member.name):
                executable = member.isdir() or member.mode & 0o100
                member.mode = 0o755 if executable else 0o644
                member.mtime, member.uid, member.gid = epoch, 0, 0
                member.uname = member.gname = ""
                member.pax_headers = {}
                new.addfile(member, old.extractfile(member))
        scratch.seek(0)
        with (
            sdist.with_suffix(".tmp").open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=epoch) as packed,
        ):
            shutil.copyfileobj(scratch, packed)
    sdist.with_suffix(".tmp").replace(sdist)


def commit_time(root: Path) -> int:
    """The time of the last commit, in seconds since 1970."""
    command = ["git", "log", "-1", "--format=%ct"]
    logged = subprocess.run(command, cwd=root, check=True, capture_output=True)
    return int(logged.stdout)


if __name__ == "__main__":
    out_folder = Path(sys.argv[1]).resolve()
    given = os.environ.get("SOURCE_DATE_EPOCH")
    build_dist(
        ROOT, out_folder, epoch=commit_time(ROOT) if given is None else int(given)
    )
    print(*sorted(path.name for path in out_folder.iterdir()), sep="\n")
