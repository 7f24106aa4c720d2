"""Reading the documentation: its pages, their fenced code and their tables."""

import re
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted([README, *DOCS.glob("*.md")])

_PUBLISHED = re.compile(
    r"https://(?:raw\.githubusercontent\.com/[^/]+/[^/]+/main/|"
    r"github\.com/[^/]+/[^/]+/blob/main/|(flask-feedbackchimp\.readthedocs\.io/en/latest/))"
    r"([^#]*)(#.*)?"
)


class Snippet(NamedTuple):
    """A fenced block of code and where it stands."""

    path: Path
    line: int
    language: str
    code: str


def page_id(path: Path) -> str:
    """The page as test ids name it."""
    return path.relative_to(ROOT).as_posix()


def snippets(path: Path, *languages: str) -> list[Snippet]:
    """The fenced blocks of a page in one of the languages, in order."""
    return [
        Snippet(path, token.map[0] + 1, token.info.strip(), token.content)
        for token in MarkdownIt().parse(path.read_text("utf-8"))
        if token.type == "fence" and token.map and token.info.strip() in languages
    ]


def commands(path: Path) -> list[tuple[str, str]]:
    """The commands of a page that ``$`` prompts for, each with its output shown."""
    command = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.M)
    found = (command.findall(snippet.code) for snippet in snippets(path, "console"))
    return [*chain.from_iterable(found)]


def environments(path: Path) -> list[dict[str, str | None]]:
    """What each shell block of a page leaves set in the environment, or ``None``."""
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


def links(path: Path) -> list[tuple[str, Path | None, str]]:
    """The links and pictures of a page: target, file if it is ours, fragment."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        name, _, fragment = target.partition("#")
        local: Path | None = path.parent / name if name else path
        if ":" in target:
            local = _published(target)
        found.append((target, local, fragment))
    return found


def _published(target: str) -> Path | None:
    if not (published := _PUBLISHED.fullmatch(target)):
        return None
    if not published[1]:
        return ROOT / published[2]
    return DOCS / (published[2] or "index.html").replace(".html", ".md")


def table(path: Path, first_header: str, part: str = "") -> dict[str, list[str]]:
    """The rows of tables (:func:`between` comments) with a header, by first code."""
    rows: dict[str, list[str]] = {}
    inside = False
    text = between(path, part) if part else path.read_text("utf-8")
    for line in text.splitlines():
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


def between(path: Path, start: str) -> str:
    """The part of a page from a comment that begins so to the next ``end``."""
    parts = path.read_text("utf-8").split(f"<!-- {start}")
    assert len(parts) == 2, f"{path.name}: {start!r} is not there once"
    return parts[1].partition("-->")[2].partition("<!-- end -->")[0]
