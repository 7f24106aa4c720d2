"""Imports run one way: each module imports only from those below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "flask_feedbackchimp"

#: Modules and subpackages, from the bottom to the top.
ORDER = [
    "errors",
    "board",
    "return_url",
    "identity",
    "settings",
    "audit",
    "tokens",
    "templating",
    "views",
    "sandbox",
    "cli",
    "extension",
    "testing",
    "__init__",
]


def place(path: Path) -> str:
    """The module or the subpackage that a file is, or is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, also inside functions.

    An import that only type checkers see is not counted.
    """
    tree = ast.parse(path.read_text("utf-8"))
    for_types_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in node.body
    }
    for node in set(ast.walk(tree)) - for_types_only:
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            folder = path.parents[node.level - 1]
            if node.module:  # from .errors import refusal
                yield place(folder / node.module.replace(".", "/"))
            elif folder == PACKAGE:  # from . import audit
                yield from (alias.name for alias in node.names)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    own = place(path)
    below = ORDER[: ORDER.index(own)]
    assert {name for name in imported(path) if name != own} <= set(below)


def test_every_module_has_its_place() -> None:
    assert {place(path) for path in FILES} == set(ORDER)
