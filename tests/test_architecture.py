"""The package is held to its own plan: who imports whom, who knows what, and when."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PACKAGE = Path(__file__).parents[1] / "flask_feedbackchimp"

#: From the top down; a module imports only from lower lines. The modules of a wing
#: share its line unless they have their own.
LAYERS = (
    {"__init__", "testing"},
    {"extension"},
    {"views", "cli"},
    {"cli.commands"},
    {"cli.check", "sandbox"},
    {"signon", "links"},
    {"signals", "state"},
    {"identity", "settings", "tokens"},
    {"settings.readers"},
    {"settings.return_url", "settings.secret"},
    {"settings.urls"},
    {"claims", "destination"},
    {"errors"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def module_name(path: Path) -> str:
    """A module's name under the package, with dots: ``sandbox.gate``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def place(name: str) -> str:
    """The name that stands in a layer: the module's own, or its wing's."""
    return name if name in RANK else name.partition(".")[0]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever the statement stands.

    Our own come with a leading dot, ``.state``; of the others, only the package.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(str(module), level=0):
                yield module.partition(".")[0]
            case ast.ImportFrom(module, names, level):
                base = path.parents[level - 1].joinpath(*(module or "").split("."))
                for alias in names:
                    own = base / f"{alias.name}.py", base.with_suffix(".py")
                    found = (path for path in own if path.is_file())
                    yield f".{module_name(next(found, base / '__init__.py'))}"


IMPORTS = {name: set(imported(path)) for name, path in FILES.items()}
OWN = {name: {i[1:] for i in IMPORTS[name] if i.startswith(".")} for name in FILES}


def reachable(*names: str) -> set[str]:
    """The modules themselves, and all that they import of ours, however indirectly."""
    found = {*names, *(target for name in names for target in OWN[name])}
    return found if found == {*names} else reachable(*found)


def test_every_module_has_a_layer():
    """A new module is a decision: it is added to the layers, and to the docs."""
    assert {place(name) for name in FILES} == set(RANK)


@pytest.mark.parametrize("name", FILES)
def test_imports_run_one_way(name):
    others = {place(target) for target in OWN[name]} - {place(name)}
    assert not {target for target in others if RANK[target] <= RANK[place(name)]}


def test_no_circles():
    """Not even where an import is put off into a function or is only for types."""
    assert list(TopologicalSorter(OWN).static_order())


@pytest.mark.parametrize(
    ("package", "knowing"),
    [("flask_login", {"identity", "views"}), ("jwt", {"tokens"})],
)
def test_few_know_another_package(package, knowing):
    """Flask-Login and PyJWT can change without the rest noticing."""
    assert {name for name in FILES if package in IMPORTS[name]} <= knowing


def test_what_decides_knows_no_flask():
    """It is plain functions of plain data, all the way down."""
    web = {"flask", "flask_login", "werkzeug"}
    plain = reachable("settings", "tokens", "destination")
    assert not {name for name in plain if web & IMPORTS[name]}


@pytest.mark.parametrize(
    ("wing", "knowing"), [("sandbox", {"cli.commands", "testing"}), ("testing", set())]
)
def test_few_know_a_wing(wing, knowing):
    """The stand-in board and the test kit never get near a user's app by themselves."""
    users = {name for name in FILES for target in OWN[name] if place(target) == wing}
    assert {place(name) for name in users} == {wing, *knowing}


LAZY_IMPORTS = """
import sys
from flask import Flask
from flask_login import LoginManager

def loaded():
    names = {name.removeprefix("flask_feedbackchimp.") for name in sys.modules}
    seldom = "cli.check cli.commands jwt sandbox settings testing tokens".split()
    print(*sorted(names.intersection(seldom)))

from flask_feedbackchimp import FeedbackChimp
loaded()
app = Flask("shop")
app.config.update(SECRET_KEY="k", FEEDBACKCHIMP_ORGANIZATION="acme",
    FEEDBACKCHIMP_JWT_SECRET="test-only-5f0c2a9e4b7d41c8a6e3f2b1d0c9e8f7")
LoginManager(app).user_loader(str)
feedbackchimp = FeedbackChimp(app)
assert app.test_client().get("/sso/feedbackchimp").status_code == 401
loaded()
with app.app_context():
    feedbackchimp.create_token(type("User", (), {"email": "a@b", "name": "A"}))
loaded()
"""


def test_imports_wait_until_they_are_needed(tmp_path):
    """The settings for an app, jwt for a token, the other wings for who asks."""
    command = [sys.executable, "-c", LAZY_IMPORTS]
    # Not in the source tree: the installed package is imported.
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, text=True)
    stages = ["", "settings", "jwt settings tokens", ""]
    assert (done.stdout.split("\n"), done.stderr) == (stages, "")


def public_annotations(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Every annotation a user meets: the object's name, the parameter's, the type.

    The result of a function is its parameter ``return``; a field is one of its class.
    """
    for name in module.__all__:
        thing = getattr(module, name)
        members = vars(thing).values() if inspect.isclass(thing) else ()
        for found in (thing, *members):
            found = getattr(found, "fget", None) or found
            has_types = inspect.isclass(found) or inspect.isfunction(found)
            if has_types and not found.__name__.startswith("_"):
                for parameter, annotation in found.__annotations__.items():
                    yield found.__qualname__, parameter, str(annotation)


@pytest.mark.parametrize("wing", ["", ".sandbox", ".testing"])
def test_nothing_public_is_any(wing):
    """Except the user, whose class is the app's."""
    annotations = list(public_annotations(import_module(f"flask_feedbackchimp{wing}")))
    assert annotations
    vague = [found for found in annotations if re.search(r"\bAny\b", found[2])]
    assert [found for found in vague if found[1] != "user"] == []


# What the check looks for, and not an exemption.
UNREASONED = (
    r"pragma: no cover|noqa(?!: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*  \S)"
    r"|type: ignore(?!\[[a-z, -]+\]  # \S)"
)


@pytest.mark.parametrize("path", FILES.values(), ids=FILES)
def test_exemptions_have_a_reason(path):
    """``noqa: S704  why``, ``type: ignore[misc]  # why``; coverage has none."""
    assert re.search(UNREASONED, path.read_text("utf-8")) is None
