"""What is built: the wheel, the sdist, and that both come out the same every time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from email.message import Message
from email.parser import BytesParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.outside import missing

ROOT = Path(__file__).parents[2]
EPOCH = 1_767_225_600  # any fixed time will do: 2026-01-01


def git_files(*folders: str) -> set[str]:
    """The files that git tracks, or would after ``git add``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    names = set(listed.stdout.decode().split("\0")) - {""}
    return {name for name in names if (ROOT / name).is_file()}


def setup_cfg() -> ConfigParser:
    """The project's metadata as declared."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    return config


def build(tree: Path, out: Path, *, umask: int = 0o022) -> Path:
    """Build both distributions of a work tree as ``make dist`` does."""
    subprocess.run(
        [sys.executable, str(tree / "tools" / "build_dist.py"), str(out)],
        check=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH)},
        umask=umask,
    )
    return out


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this work tree."""
    if find_spec("build.__main__") is None:
        missing("the program build", "pip install -r requirements/dist.txt")
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    """The sdist."""
    (path,) = dist.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """The wheel's ``METADATA``."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))


def digest(path: Path) -> str:
    """What stands for a file's bytes, short enough to be shown."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_wheel_holds_the_package(wheel):
    """Nothing is forgotten, and nothing of the tests or the example gets in."""
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert names - info == git_files("flask_feedbackchimp")
    assert "flask_feedbackchimp/py.typed" in names  # PEP 561
    assert {name.partition("/")[2] for name in info} == {
        "licenses/LICENSE",
        "METADATA",
        "RECORD",
        "top_level.txt",
        "WHEEL",
    }


def test_licence_is_an_spdx_expression(metadata):
    """PEP 639: the expression and the file, and neither legacy field."""
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata["License"] is None
    assert not any(c.startswith("License") for c in metadata.get_all("Classifier"))


def test_requirements(metadata):
    """What is imported, without upper bounds, and no extra."""
    required = metadata.get_all("Requires-Dist")
    assert set(required) == {"flask>=2.3", "flask-login>=0.6.3", "pyjwt>=2.8"}
    assert metadata.get_all("Provides-Extra") is None
    assert metadata["Requires-Python"] == ">=3.10"


def test_lowest_versions_are_those_declared():
    """The exact versions of ``requirements/lowest.txt`` are the floors of setup.cfg."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "requirements/lowest.txt").read_text("utf-8").splitlines()
        if "==" in line
    )
    for line in setup_cfg()["options"]["install_requires"].split():
        name, floor = line.split(">=")
        assert pins[name].removesuffix(".0") == floor.removesuffix(".0")


def test_metadata_is_in_one_file():
    """``setup.cfg`` says what the project is; ``pyproject.toml`` says none of that."""
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert re.findall(r"^\[(project|tool\.setuptools)", pyproject, re.MULTILINE) == []
    assert {name.partition(".")[0] for name in setup_cfg().sections()} == {
        "metadata",
        "options",
    }
    assert not (ROOT / "setup.py").exists()


def test_newest_change_is_the_version():
    """A release is one edit in two files, and they agree."""
    changes = (ROOT / "CHANGES.md").read_text("utf-8")
    date = r"\d{4}-\d\d-\d\d|unreleased"
    headings = re.findall(rf"^## \[?(\d[\w.]*)\]? - (?:{date})$", changes, re.M)
    assert headings[0] == setup_cfg()["metadata"]["version"]


def test_sdist(sdist, wheel, tmp_path):
    """It holds the tracked files, and builds the same wheel, to the byte."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "tree", filter="data")
    (tree,) = (tmp_path / "tree").iterdir()
    files = [path for path in tree.rglob("*") if path.is_file()]
    names = {path.relative_to(tree).as_posix() for path in files}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO"}
    assert names - made == git_files()
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, tree],
        check=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH)},
        umask=0o022,
        stdout=subprocess.DEVNULL,
    )
    (again,) = tmp_path.glob("*.whl")
    assert digest(again) == digest(wheel)


def test_builds_are_reproducible(dist, tmp_path):
    """Another folder, other modes and times, litter about: the bytes are the same."""
    tree = tmp_path / "another" / "place"
    for name in git_files():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)
        executable = (ROOT / name).stat().st_mode & 0o100
        (tree / name).chmod(0o700 if executable else 0o600)
        os.utime(tree / name, (0, 0))
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    litter = tree / "build" / "lib" / "flask_feedbackchimp" / "left_over.py"
    litter.parent.mkdir(parents=True)
    litter.write_text("raise SystemExit\n", "utf-8")
    again = build(tree, tmp_path / "again", umask=0o077)
    first, second = (
        {path.name: digest(path) for path in folder.iterdir()}
        for folder in (dist, again)
    )
    assert first == second
