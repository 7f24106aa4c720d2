"""Where a token may go: to the configured board, or nowhere; does not know Flask.

A page is never taken over as it came. Its origin is matched against the board's, as
text, and the URL that is sent is built from the *configured* origin and the page's
path, query and fragment (RFC 9700 §4.11, RFC 3986 §3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

from .errors import refuse

#: Longest page taken from a request, in characters.
PAGE_MAX_CHARACTERS = 2048
#: Most pairs in the query of a page, empty ones counted.
PAGE_MAX_PAIRS = 100
#: Longest URL sent back, in bytes.
LOCATION_MAX_BYTES = 4096
#: The port that a URL of a scheme has where it names none.
DEFAULT_PORTS = {"https": 443, "http": 80}
#: What may stand in a path as it is (RFC 3986 §3.3).
PATH_SAFE = "!$&'()*+,/:;=@"
#: What Werkzeug leaves as it is when it sends a URL. Quoting by the same rule means
#: that what is measured and tested here is what is sent.
URL_SAFE = PATH_SAFE + "%?"

# Stands for the token until nothing can fail any more; no encoded text has it.
_TOKEN_MARK = "\0"  # noqa: S105  a mark, not a secret
_ORIGIN_MAX_CHARACTERS = 100


class Page(NamedTuple):
    """A page on the board: its URL in two parts, only ASCII.

    ``address`` is origin, path and query; ``fragment`` is empty or begins with ``#``.
    """

    address: str
    fragment: str

    @property
    def url(self) -> str:
        """The page's own URL, without a token."""
        return f"{self.address}{self.fragment}"


class ReturnURL(NamedTuple):
    """``FEEDBACKCHIMP_RETURN_URL``, read: what stands around the token.

    :param base: a path on the board or an absolute URL, without query; ``{token}`` may
        stand in it for a path segment. ``None`` where the pairs are appended to the
        page's own query.
    :param pairs: each pair of the query, encoded: its text, and the name of the
        placeholder whose value follows; ``None`` where the text is all.
    """

    base: str | None
    pairs: tuple[tuple[str, str | None], ...]

    @property
    def handed_on(self) -> tuple[str, ...]:
        """The incoming parameters whose values go out again."""
        own = (None, "page", "token")
        return tuple(name for _, name in self.pairs if name not in own)

    @property
    def token_name(self) -> str | None:
        """The token's parameter, decoded; ``None`` for a path segment."""
        names = (text[:-1] for text, name in self.pairs if name == "token")
        return next(map(unquote_plus, names), None)

    def on(self, origin: str) -> ReturnURL:
        """The same with an absolute URL, where it is a path on the board."""
        is_path = self.base is not None and self.base.startswith("/")
        return ReturnURL(f"{origin}{self.base}", self.pairs) if is_path else self

    def around(self, page: Page, handed_on: Mapping[str, bytes]) -> tuple[str, str]:
        """What stands before and after the token in the URL that takes it to a page.

        :param handed_on: values of incoming parameters, decoded; a pair whose value is
            not there is left out.
        """
        values = {name: quote(value, safe="") for name, value in handed_on.items()}
        values["token"] = _TOKEN_MARK
        if self.base is not None:
            values["page"] = quote(page.url, safe="")
        query = "&".join(
            text if name is None else text + values[name]
            for text, name in self.pairs
            if name is None or name in values
        )
        if self.base is None:
            separator = "&" if "?" in page.address else "?"
            url = f"{page.address}{separator}{query}{page.fragment}"
        else:
            base = self.base.replace("{token}", _TOKEN_MARK)
            url = f"{base}?{query}" if query else base
        before, _, after = url.partition(_TOKEN_MARK)
        return before, after


class Board:
    """The configured board: which pages are on it, and the way back to one.

    :param origin: scheme, host, and the port unless it is the scheme's own.
    """

    __slots__ = ("_pattern", "_token_name", "handed_on", "home", "origin", "return_url")

    def __init__(self, origin: str, return_url: ReturnURL) -> None:
        self.origin: str = origin
        self.return_url: ReturnURL = return_url.on(origin)
        self.handed_on: tuple[str, ...] = return_url.handed_on
        #: The board's home page.
        self.home: Page = Page(f"{origin}/", "")
        self._pattern = _origin_pattern(origin)
        name = return_url.token_name
        self._token_name = None if name is None else as_servers_read(name)

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
        return self.page(values[0])

    def page(self, text: str) -> Page:
        """The page of an absolute URL or of a path (``/board/…``).

        Text of only spaces is the board's home.

        :raises SignInRefused: with status 400, if it is not on the board, or too long.
        """
        if not isinstance(text, str):  # from a JSON body, say
            raise refuse("page_foreign")
        if not text.strip(" "):
            return self.home
        if len(text) > PAGE_MAX_CHARACTERS:
            raise refuse("page_too_long")
        target = text if text.startswith("/") else self._target(text)
        if target is None or not _is_unambiguous(text):
            raise refuse("page_foreign")
        page = self._rebuilt(target)
        if len(page.url) > LOCATION_MAX_BYTES:  # quoting lengthens
            raise refuse("page_too_long")
        return page

    def foreign_origin(self, text: str) -> str | None:
        """The origin of an absolute URL that is not the board's, cut; else ``None``."""
        match = re.match(r"(?ai)((?:[a-z][a-z0-9+.-]*:)?//)([^/?#\\]*)", text)
        if match is None:
            return None
        origin = match[1] + match[2].rpartition("@")[2]
        if self._pattern.fullmatch(origin):
            return None
        return origin[:_ORIGIN_MAX_CHARACTERS]

    def has_url(self, text: str) -> bool:
        """Whether a text is an absolute URL on the board."""
        return self._target(text) is not None

    def _target(self, text: str) -> str | None:
        """What follows the board's origin in an absolute URL on it."""
        match = self._pattern.match(text)
        if match is None or text[match.end() :][:1] not in ("", "/", "?", "#"):
            return None
        return text[match.end() :]

    def _rebuilt(self, target: str) -> Page:
        target, _, fragment = quote(target, safe=URL_SAFE + "#").partition("#")
        path, _, query = target.partition("?")
        if ("//" in path or "%" in path) and _may_name_a_host(path):
            raise refuse("page_foreign")
        # Boards that split at ";" would read another pair behind one.
        pairs = query.replace(";", "%3B").split("&")
        if len(pairs) > PAGE_MAX_PAIRS:
            raise refuse("page_too_long")
        query = "&".join(pair for pair in pairs if self._is_kept(pair))
        address = f"{self.home.address}{path[1:]}{query and '?'}{query}"
        return Page(address, fragment and f"#{fragment}")

    def _is_kept(self, pair: str) -> bool:
        """Whether a pair of a page is one, and is not what a server reads as token."""
        if not pair or self._token_name is None:
            return bool(pair)
        if self._token_name not in pair.casefold() and not re.search("[%+]", pair):
            return True  # nearly always, and seen at once
        return as_servers_read(unquote_plus(pair.partition("=")[0])) != self._token_name


def is_parameter(name: str) -> bool:
    """Whether a text can be the configured name of a query parameter."""
    return re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", name) is not None


def as_servers_read(name: str) -> str:
    """A parameter's decoded name as the most generous server reads it.

    Express, Rack and PHP read ``name[]`` and ``name[x]`` as ``name``; PHP also drops
    the white space before it and ends it at a NUL; others ignore case.
    """
    return re.split(r"[\[\0]", name.strip())[0].strip().casefold()


def handed_on_values(query: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The values of the parameters that the return URL hands on, decoded once.

    :param query: a raw query string.
    :raises SignInRefused: with status 400, if one of them is given twice.
    """
    values: dict[str, bytes] = {}
    for pair in query.split(b"&"):
        key, _, value = pair.replace(b"+", b" ").partition(b"=")
        name = unquote_to_bytes(key).decode(errors="replace")
        if name in names:
            if name in values:
                raise refuse("parameter_repeated")
            values[name] = unquote_to_bytes(value)
    return values


def _is_unambiguous(url: str) -> bool:
    """Whether every reader takes a URL's characters for the same.

    No control, format or surrogate character and no white space; no backslash, which
    browsers take for a slash; no U+FFFD, which stands for bytes that were no text.
    """
    return (
        url.isprintable() and " " not in url and "\\" not in url and "\ufffd" not in url
    )


def _may_name_a_host(path: str) -> bool:
    """Whether a path begins with ``//`` for somebody.

    A browser takes a redirect to such a path for another host; a board that strips or
    adds a trailing slash sends one. Browsers resolve dot segments before they ask
    (RFC 3986 §5.2.4), and servers decode what they are asked for.
    """
    dotted = re.sub("(?i)%2e", ".", path)
    asked = (path, *map(_without_dot_segments, (path, dotted)))
    read = [re.sub(r"[\t\r\n]", "", unquote(p)).replace("\\", "/") for p in asked]
    readings = (*asked, *read, *map(_without_dot_segments, read))
    return any(reading.startswith("//") for reading in readings)


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    for segment in re.sub(r"/\.{1,2}\Z", r"\g<0>/", path).split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return f"/{'/'.join(kept)}"


def _origin_pattern(origin: str) -> re.Pattern[str]:
    """What an origin looks like at the start of a URL.

    Scheme and host match without regard to case (RFC 3986 §6.2.2.1), only in ASCII,
    where no other letter folds to one of theirs; the scheme's own port may be named.
    """
    scheme, _, authority = origin.partition("://")
    default = "" if re.search(r":[0-9]+\Z", authority) else f":{DEFAULT_PORTS[scheme]}"
    return re.compile(rf"(?ai:{re.escape(origin)}(?:{default})?)")
