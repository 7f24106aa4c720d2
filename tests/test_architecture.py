"""The package is held to its own plan: who imports whom, who knows what, how big."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PACKAGE = Path(__file__).parents[1] / "flask_feedbackchimp"

#: From the top down; a module imports from lower lines alone. ``sandbox`` and
#: ``testing`` are packages, whose modules share their line.
LAYERS = (
    {"__init__", "testing"},
    {"extension"},
    {"views", "commands", "configure"},
    {"cli"},
    {"report", "sandbox"},
    {"findings"},
    {"signon", "links"},
    {"audit"},
    {"state"},
    {"identity", "destination", "tokens"},
    {"refusals", "settings"},
    {"readers"},
    {"claims", "origin", "secret"},
    {"errors"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

#: Where the public names are; each module says in ``__all__`` which.
PUBLIC = (
    "flask_feedbackchimp",
    "flask_feedbackchimp.sandbox",
    "flask_feedbackchimp.testing",
)

FUNCTION_MAX_LINES = 30
MODULE_MAX_LINES = 200


def module_name(path: Path) -> str:
    """A module's name under the package, with dots: ``sandbox.gate``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(FILES[name].read_text("utf-8"))


def imported(name: str) -> Iterator[str]:
    """Every module that a module imports, wherever the statement stands.

    Our own come with a leading dot, ``.state``; the others as they are.
    """
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            yield from own_imports(name, node)


def own_imports(name: str, node: ast.ImportFrom) -> Iterator[str]:
    """The modules of ours behind ``from . import …`` and ``from .x import …``."""
    folder = FILES[name].parent
    for _ in range(node.level - 1):
        folder = folder.parent
    base = folder.joinpath(*(node.module or "").split("."))
    for alias in node.names:
        for path in (base / f"{alias.name}.py", base.with_suffix(".py")):
            if path.is_file():
                yield f".{module_name(path)}"
                break
        else:
            yield f".{module_name(base / '__init__.py')}"


def own(name: str) -> set[str]:
    """The modules of ours that a module imports."""
    return {target[1:] for target in imported(name) if target.startswith(".")}


def foreign(name: str) -> set[str]:
    """The top-level packages of others that a module imports."""
    return {
        target.partition(".")[0]
        for target in imported(name)
        if not target.startswith(".")
    }


def reachable(*names: str) -> set[str]:
    """The modules themselves, and all that they import of ours, however indirectly."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(own(name))
    return found


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones too."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function from its name to its end, less the docstring's."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def top(name: str) -> str:
    """The name that stands in a layer: a package's for its modules."""
    return name.partition(".")[0]


def test_every_module_has_its_place_in_a_layer():
    """A new module is a decision: it is added to the layers, and to the docs."""
    assert {top(name) for name in FILES} == set(RANK)


@pytest.mark.parametrize("name", FILES)
def test_a_module_imports_from_lower_layers_alone(name):
    """Imports run one way; within ``sandbox`` and ``testing`` too (see below)."""
    others = {target for target in own(name) if top(target) != top(name)}
    wrong = {target for target in others if RANK[top(target)] <= RANK[top(name)]}
    assert not wrong


def test_no_modules_import_each_other_in_a_circle():
    """Not even where an import is put off into a function or is for types alone."""
    graph = {name: own(name) - {name} for name in FILES}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    ("package", "knowing"),
    [("flask_login", {"identity", "views"}), ("jwt", {"tokens"})],
)
def test_few_modules_know_another_package(package, knowing):
    """Flask-Login and PyJWT can change without the rest of the package noticing."""
    assert {name for name in FILES if package in foreign(name)} <= knowing


def test_settings_tokens_and_destination_know_no_flask():
    """What decides is plain functions of plain data, all the way down."""
    plain = reachable("settings", "tokens", "destination")
    web = {"flask", "flask_login", "werkzeug"}
    assert not {name for name in plain if web & foreign(name)}


def test_nothing_but_the_command_line_and_the_test_kit_imports_the_sandbox():
    """The stand-in board never gets near a user's app by itself."""
    users = {name for name in FILES if "sandbox" in {top(n) for n in own(name)}}
    assert {top(name) for name in users} - {"sandbox"} == {"cli", "testing"}


def test_importing_the_package_imports_neither_jwt_nor_what_is_seldom_used(tmp_path):
    """An app pays for signing when it has a secret, and for tools when it uses them."""
    script = (
        "import sys, json, flask_feedbackchimp; json.dump([*sys.modules], sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        cwd=tmp_path,  # not the source tree: the installed package is imported
    )
    loaded = set(json.loads(done.stdout))
    assert "flask_feedbackchimp.views" in loaded
    seldom = (
        "configure",
        "settings",
        "tokens",
        "cli",
        "report",
        "findings",
        "sandbox",
        "testing",
    )
    assert not loaded & {"jwt", *(f"flask_feedbackchimp.{name}" for name in seldom)}


@pytest.mark.parametrize("name", FILES)
def test_no_function_is_longer_than_thirty_lines(name):
    """What does not fit is two things; docstrings may be as long as they must."""
    assert not {f.name for f in functions(name) if code_lines(f) > FUNCTION_MAX_LINES}


def test_init_app_is_shorter_than_thirty_lines_with_all_it_says():
    """The one method everybody reads, docstring included."""
    for function in functions("extension"):
        if function.name in {"init_app", "_init_app"}:
            assert function.end_lineno is not None
            assert function.end_lineno - function.lineno + 1 < FUNCTION_MAX_LINES


@pytest.mark.parametrize("name", FILES)
def test_no_module_is_longer_than_two_hundred_lines(name):
    """A module is read in one sitting."""
    lines = FILES[name].read_text("utf-8").splitlines()
    assert len(lines) <= MODULE_MAX_LINES


@pytest.mark.parametrize("name", FILES)
def test_every_module_opens_with_one_sentence(name):
    """It says what the module is for, on the first line."""
    docstring = ast.get_docstring(tree(name))
    assert docstring is not None
    first, _, rest = docstring.partition("\n")
    assert first.endswith((".", ":"))
    assert not rest.strip(" ") or rest.startswith("\n")


def public_annotations(module: ModuleType) -> Iterator[tuple[str, str, object]]:
    """Every annotation a user meets: the object's name, the parameter's, the type.

    The result of a function is its parameter ``return``; a field is one of its class.
    """
    for name in module.__all__:
        thing = getattr(module, name)
        if not getattr(thing, "__module__", "").startswith("flask_feedbackchimp"):
            continue  # a signal, which is blinker's
        members = vars(thing) if isinstance(thing, type) else {name: thing}
        for parameter, annotation in getattr(thing, "__annotations__", {}).items():
            yield name, parameter, annotation
        for member in members.values():
            function = getattr(member, "fget", None) or member
            if inspect.isfunction(function) and not function.__name__.startswith("_"):
                for parameter, annotation in function.__annotations__.items():
                    yield f"{name}.{function.__name__}", parameter, annotation


@pytest.mark.parametrize("name", PUBLIC)
def test_nothing_public_is_typed_any_but_the_user_object(name):
    """The app's user class is the app's; everything else has a type to rely on."""
    annotations = list(public_annotations(import_module(name)))
    assert annotations
    assert not [
        (where, parameter)
        for where, parameter, annotation in annotations
        if parameter != "user" and "Any" in re.findall(r"\w+", str(annotation))
    ]


def comments(path: Path) -> Iterator[str]:
    """The comments of a file, each from its ``#`` to the end of the line."""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.string


@pytest.mark.parametrize("name", FILES)
def test_every_exemption_from_a_check_has_a_code_and_a_reason(name):
    """``noqa: S704  why``, ``type: ignore[misc]  # why``; coverage has none."""
    for comment in comments(FILES[name]):
        assert "pragma: no cover" not in comment
        if "noqa" in comment:
            assert re.search(r"noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*  \S", comment), (
                comment
            )
        if "type: ignore" in comment:
            assert re.search(r"type: ignore\[[a-z, -]+\]  # \S", comment), comment
