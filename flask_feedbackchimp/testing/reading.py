"""Reading a page as a visitor does: its links and its text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

_UNREAD = frozenset({"script", "style", "template", "title"})
# Elements that do not part the words before from those after them.
_INLINE = frozenset({"a", "abbr", "b", "bdi", "code", "em", "i", "span", "strong"})


class Link(NamedTuple):
    """A link on a page: its URL as it stands there, and what it says."""

    url: str
    text: str


class Page(NamedTuple):
    """What there is to read on a page, white space collapsed."""

    text: str
    links: list[Link]


def read_page(html: str) -> Page:
    """Read HTML, or plain text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    links = [Link(url, _collapsed(words)) for url, words in reader.links]
    return Page(_collapsed(reader.words), links)


def _collapsed(words: list[str]) -> str:
    return " ".join("".join(words).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[tuple[str, list[str]]] = []
        self._in_link = False
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._part_words(tag)
        self._unread += tag in _UNREAD
        if tag == "a":
            url = dict(attrs).get("href")
            self._in_link = url is not None
            if url is not None:
                self.links.append((url, []))

    def handle_endtag(self, tag: str) -> None:
        self._part_words(tag)
        self._unread = max(0, self._unread - (tag in _UNREAD))
        if tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.words.append(data)
            if self._in_link:
                self.links[-1][1].append(data)

    def _part_words(self, tag: str) -> None:
        if tag not in _INLINE:
            self.words.append(" ")
