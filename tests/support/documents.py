"""Reading the documentation: its pages, their fenced code and their tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, *(ROOT / "docs").glob("*.md")])


class Snippet(NamedTuple):
    """A fenced block of code and where it stands."""

    path: Path
    line: int
    language: str
    code: str


def page_id(path: Path) -> str:
    """The page as test ids name it."""
    return path.relative_to(ROOT).as_posix()


def snippets(path: Path, language: str) -> list[Snippet]:
    """The fenced blocks of a page in one language, in order."""
    tokens = MarkdownIt().parse(path.read_text("utf-8"))
    return [
        Snippet(path, token.map[0] + 1, language, token.content)
        for token in tokens
        if token.type == "fence" and token.map and token.info.strip() == language
    ]


def commands(path: Path) -> list[tuple[str, str]]:
    """The commands of a page that ``$`` prompts for, each with its output shown."""
    found = []
    for snippet in snippets(path, "console"):
        for part in re.split(r"^\$ ", snippet.code, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def environments(path: Path) -> list[dict[str, str | None]]:
    """What a page says to set in the environment, after each of its shell blocks.

    A variable that the page says to unset is ``None``.
    """
    states: list[dict[str, str | None]] = [{}]
    for snippet in snippets(path, "sh"):
        state = dict(states[-1])
        for line in snippet.code.splitlines():
            setting = re.fullmatch(r"export (\w+)='([^']*)'|unset (\w+)", line)
            assert setting, f"{path.name}: neither export nor unset: {line}"
            state[setting[1] or setting[3]] = setting[2]
        states.append(state)
    return states[1:]


def anchors(path: Path) -> set[str]:
    """The fragments that lead to a heading of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def table(path: Path, first_header: str) -> dict[str, list[str]]:
    """The rows of the page's tables under a first header, by their first code."""
    rows: dict[str, list[str]] = {}
    inside = False
    for line in path.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            inside = False
        elif cells[0] == first_header:
            inside = True
        elif inside and not cells[0].startswith("---"):
            code = re.search(r"`([^`]+)`", cells[0])
            assert code, f"{path.name}: a row without a code: {line}"
            rows[code[1]] = cells[1:]
    assert rows, f"{path.name} has no table headed {first_header!r}"
    return rows


def between(path: Path, start: str, end: str = "<!-- end -->") -> str:
    """The part of a page between two comments."""
    text = path.read_text("utf-8")
    assert text.count(start) == 1, f"{path.name}: {start!r} is not there once"
    return text.split(start)[1].split(end)[0]
