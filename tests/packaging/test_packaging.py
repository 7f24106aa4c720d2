"""What is built: the wheel, the sdist, and that both come out the same every time."""

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
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.documents import ROOT
from support.outside import missing

SETUP_CFG = ConfigParser()
SETUP_CFG.read(ROOT / "setup.cfg", "utf-8")
# Any fixed time will do: 2026-01-01.
ENVIRON = os.environ | {"SOURCE_DATE_EPOCH": "1767225600"}


def git_files(*folders: str) -> set[str]:
    """The files that git tracks, or would after ``git add``."""
    command = ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", *folders]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).split("\0")
    return {name for name in listed if (ROOT / name).is_file()}


def build(tree: Path, out: Path, *, umask: int = 0o022) -> Path:
    """Build both distributions of a work tree as ``make dist`` does."""
    command = [sys.executable, str(tree / "tools" / "build_dist.py"), str(out)]
    subprocess.run(command, check=True, env=ENVIRON, umask=umask)
    return out


def digests(folder: Path) -> dict[str, str]:
    """What stands for the bytes of each distribution, short enough to be shown."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this work tree."""
    if find_spec("build.__main__") is None:
        missing("the program build", "pip install --group dist")
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    [path] = dist.glob("*-py3-none-any.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    [name] = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(wheel.read(name))


def test_wheel_holds_the_package(wheel):
    """Nothing is forgotten, and nothing of the tests or the example gets in."""
    names = set(wheel.namelist())
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert names - info == git_files("flask_feedbackchimp")
    assert "flask_feedbackchimp/py.typed" in names  # PEP 561
    told = "licenses/LICENSE METADATA RECORD top_level.txt WHEEL"
    assert {name.partition("/")[2] for name in info} == set(told.split())


def test_licence_is_an_spdx_expression(metadata):
    """PEP 639: the expression and the file, and neither legacy field."""
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata["License"] is None
    assert not any(c.startswith("License") for c in metadata.get_all("Classifier"))


def test_requirements(metadata):
    """What is imported, without upper bounds, and no extra."""
    assert set(metadata.get_all("Requires-Dist")) == {
        "flask>=2.3",
        'flask>=2.3.3; python_version >= "3.14"',
        "flask-login>=0.6.3",
        "pyjwt>=2.8",
    }
    assert metadata.get_all("Provides-Extra") is None
    assert metadata["Requires-Python"] == ">=3.10"


def test_lowest_versions_are_those_declared():
    """The exact versions of the group ``lowest`` are the floors of setup.cfg."""
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    pins = dict(re.findall(r'^  "([\w-]+)==(.+)",$', pyproject, re.M))
    for line in SETUP_CFG["options"]["install_requires"].strip().splitlines():
        requirement, _, marker = line.partition("; ")
        name, floor = requirement.split(">=")
        if not marker:
            assert pins[name].removesuffix(".0") == floor.removesuffix(".0")


def test_metadata_is_in_one_file():
    """``setup.cfg`` says what the project is; ``pyproject.toml`` says none of that."""
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert re.findall(r"^\[(project|tool\.setuptools)", pyproject, re.M) == []
    sections = {name.partition(".")[0] for name in SETUP_CFG.sections()}
    assert sections == {"metadata", "options"}
    assert not (ROOT / "setup.py").exists()


def test_newest_change_is_the_version():
    """A release is one edit in two files, and they agree."""
    changes = (ROOT / "CHANGES.md").read_text("utf-8")
    date = r"\d{4}-\d\d-\d\d|unreleased"
    headings = re.findall(rf"^## \[?(\d[\w.]*)\]? - (?:{date})$", changes, re.M)
    assert headings[0] == SETUP_CFG["metadata"]["version"]


def test_sdist(dist, tmp_path):
    """It holds the tracked files, and builds the same wheel, to the byte."""
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "tree", filter="data")
    [tree] = (tmp_path / "tree").iterdir()
    names = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO"}
    assert names - made == git_files()
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel"]
    command += ["--outdir", tmp_path, tree]
    quiet = subprocess.DEVNULL
    subprocess.run(command, check=True, env=ENVIRON, umask=0o022, stdout=quiet)
    [again] = digests(tmp_path).items()
    assert again in digests(dist).items()


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
    assert digests(again) == digests(dist)


def test_release_tools_are_locked():
    """The lock has all that is installed in the release job, each with its hashes."""
    lock = (ROOT / ".github" / "release-tools.txt").read_text("utf-8")
    lines = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    requirements = "\n".join(lines).replace("\\\n", "").splitlines()
    pattern = re.compile(r"([\w-]+)==\S+(?:\s+--hash=sha256:[0-9a-f]{64})+")
    names = {pattern.fullmatch(requirement)[1] for requirement in requirements}
    assert names == {"build", "packaging", "pyproject-hooks", "setuptools"}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A folder with what ``check_release.py`` reads, as it is when 1.0.0 is tagged."""
    (tmp_path / "docs").mkdir()
    files = {
        "setup.cfg": "[metadata]\nversion = 1.0.0\n",
        "CHANGES.md": "# Changes\n\n## [1.0.0] - 2026-01-01\n",
        "README.md": "$ pip install flask-feedbackchimp\n",
        "docs/start.md": "$ pip install flask-feedbackchimp\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def check_release(tag: str, folder: Path) -> str:
    """What ``check_release.py`` says; it fails exactly if it says something."""
    argv = [sys.executable, str(ROOT / "tools" / "check_release.py"), tag]
    done = subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8")
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


def test_release(released):
    """Nothing is in the way."""
    assert check_release("v1.0.0", released) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[metadata]\nversion = 1.0.1\n"),
        ("CHANGES.md", "# Changes\n\n## [1.0.0] - unreleased\n"),
        ("CHANGES.md", "# Changes\n\n## Unreleased\n"),
        ("README.md", "$ pip install .\n"),
        ("docs/start.md", "$ pip install .\n"),
    ],
)
def test_release_too_early(released, name, text):
    """The tag fails, and the file is named."""
    (released / name).write_text(text, "utf-8")
    assert name in check_release("v1.0.0", released)
