"""Where a token may go: to the configured board, or nowhere; knows no Flask.

A page is never taken over as it came: its origin is matched against the board's, as
text, and the URL that is sent is built from the *configured* origin and the page's
path, query and fragment (RFC 9700 §4.11, RFC 3986 §3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_plus

from .refusals import refuse

if TYPE_CHECKING:  # see configure
    from .settings import Settings

#: Longest page taken from a request, in characters.
PAGE_MAX_CHARACTERS = 2048
#: Longest URL sent back, in bytes.
LOCATION_MAX_BYTES = 4096

# What Werkzeug leaves as it is when it sends a Location. Quoting by the same rule means
# that what is measured and tested here is what is sent.
_SAFE = "%!$&'()*+,/:;=?@"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class Page(NamedTuple):
    """A page on the board: its URL in two parts, ASCII alone.

    ``address`` is origin, path and query; ``fragment`` is empty or begins with ``#``.
    """

    address: str
    fragment: str

    @property
    def url(self) -> str:
        """The page's own URL, without a token."""
        return f"{self.address}{self.fragment}"


class Board:
    """The configured board: which pages are on it, and the way back to one.

    :param settings: gives the board's origin and the shape of the way back.
    """

    __slots__ = ("_endpoint", "_pattern", "_redirect_param", "_token_param", "home")

    def __init__(self, settings: Settings) -> None:
        #: The board's home page.
        self.home: Page = Page(f"{settings.board_origin}/", "")
        self._pattern = _page_pattern(settings.board_origin)
        self._token_param = settings.token_param
        self._redirect_param = settings.redirect_param
        self._endpoint = settings.sso_endpoint

    def requested_page(self, values: Sequence[str]) -> Page:
        """The page that a request names.

        :param values: every value of the request's page parameter, decoded once.
        :raises SignInRefused: with status 400, unless it is none or one page on the
            board.
        """
        if not values:
            return self.home
        if len(values) > 1:
            raise refuse("page_repeated")
        value = values[0]
        if not isinstance(value, str):  # from a JSON body, say
            raise refuse("page_foreign")
        if len(value) > PAGE_MAX_CHARACTERS:
            raise refuse("page_too_long")
        page = self.page(value)
        if page is None:
            raise refuse("page_foreign")
        if len(page.url) > LOCATION_MAX_BYTES:  # quoting lengthens
            raise refuse("page_too_long")
        return page

    def page(self, url: str) -> Page | None:
        """The page of an absolute URL, or ``None`` if that is not on the board.

        Text of spaces alone is the board's home.
        """
        if not url.strip(" "):
            return self.home
        match = self._pattern.fullmatch(url)
        if match is None or not _is_unambiguous(url):
            return None
        target, _, fragment = quote(match[1], safe=_SAFE + "#").partition("#")
        path, _, query = target.partition("?")
        address = self.home.address + path[1:]
        if query:
            query = _without(query, self._token_param)
        if query:
            address = f"{address}?{query}"
        return Page(address, fragment and f"#{fragment}")

    def linked_page(self, page: str) -> Page | None:
        """The page of a path (``/board/…``) or an absolute URL, or ``None``."""
        if page.startswith("/") and not page.startswith("//"):
            page = self.home.address + page[1:]
        return self.page(page)

    def way_back(self, page: Page, token: str, forwarded: str = "") -> str:
        """The URL that takes a token to the board.

        :param forwarded: query pairs for the endpoint, already encoded.
        """
        if self._endpoint is None:
            separator = "&" if "?" in page.address else "?"
            return (
                f"{page.address}{separator}{self._token_param}={token}{page.fragment}"
            )
        separator = "&" if "?" in self._endpoint else "?"
        return (
            f"{self._endpoint}{separator}"
            f"{self._redirect_param}={quote(page.url, safe='')}"
            f"&{self._token_param}={token}{forwarded and '&' + forwarded}"
        )


def forwarded_pairs(query: bytes, names: Sequence[str]) -> str:
    """The pairs of a raw query that have one of the names, in order, as they came."""
    return "&".join(
        quote(pair, safe=_SAFE)
        for pair in query.split(b"&")
        if _name(pair.decode("latin-1")) in names
    )


def _is_unambiguous(url: str) -> bool:
    """Whether every reader takes a URL's characters for the same.

    No control, format or surrogate character and no white space; no backslash, which
    browsers take for a slash; no U+FFFD, which stands for bytes that were no text.
    """
    return (
        url.isprintable() and " " not in url and "\\" not in url and "\ufffd" not in url
    )


def _without(query: str, name: str) -> str:
    return "&".join(pair for pair in query.split("&") if _name(pair) != name)


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _page_pattern(origin: str) -> re.Pattern[str]:
    """What an absolute URL on an origin looks like, with what follows it in a group.

    Scheme and host match without regard to case (RFC 3986 §6.2.2.1), in ASCII alone,
    where no other letter folds to one of theirs; the scheme's own port may be named.
    """
    scheme, _, authority = origin.partition("://")
    port = _DEFAULT_PORTS[scheme] if not re.search(r":[0-9]+\Z", authority) else ""
    return re.compile(rf"(?ai:{re.escape(origin)}(?:{port})?)((?:[/?#].*)?)", re.DOTALL)
