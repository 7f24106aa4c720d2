"""Which pages are on the configured board; does not know Flask.

A page is never taken over as it came. Its origin is matched against the board's, as
text, and the URL that is sent is built from the *configured* origin and the page's
path, query and fragment (RFC 9700 §4.11, RFC 3986 §3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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

_ORIGIN_MAX_CHARACTERS = 100


class Board:
    """The configured board, and which pages are on it.

    :param origin: scheme, host, and the port unless it is the scheme's own.
    :param token_name: the token's parameter, which no page keeps; ``None`` where the
        token goes elsewhere.
    """

    __slots__ = ("_pattern", "_token_name", "home", "origin")

    def __init__(self, origin: str, token_name: str | None) -> None:
        self.origin: str = origin
        #: The URL of the board's home page.
        self.home: str = f"{origin}/"
        self._pattern = _origin_pattern(origin)
        self._token_name = token_name and as_servers_read(token_name)

    def requested_page(self, values: Sequence[str]) -> str:
        """The URL of the page that a request names, only ASCII.

        :param values: every value of the request's page parameter, decoded once.
        :raises SignInRefused: with status 400, unless it is none or one page on the
            board.
        """
        if not values:
            return self.home
        if len(values) > 1:
            raise refuse("page_repeated")
        return self.page(values[0])

    def page(self, text: str) -> str:
        """The page that an absolute URL or a path (``/board/…``) leads to.

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
        if len(page) > LOCATION_MAX_BYTES:  # quoting lengthens
            raise refuse("page_too_long")
        return page

    def foreign_origin(self, text: str) -> str:
        """The origin of an absolute URL that is not on the board, cut; or nothing."""
        match = re.match(r"(?ai)((?:[a-z][a-z0-9+.-]*:)?//)([^/?#\\]*)", text)
        if match is None:
            return ""
        origin = match[1] + match[2].rpartition("@")[2]
        if self._pattern.fullmatch(origin):
            return ""
        return origin[:_ORIGIN_MAX_CHARACTERS]

    def has_url(self, text: str) -> bool:
        """Whether a text is an absolute URL on the board."""
        return self._target(text) is not None

    def _target(self, text: str) -> str | None:
        """What follows the board's origin in an absolute URL on it."""
        match = self._pattern.match(text)
        if match is None:
            return None
        target = text[match.end() :]
        return target if target[:1] in ("", "/", "?", "#") else None

    def _rebuilt(self, target: str) -> str:
        target, _, fragment = quote(target, safe=URL_SAFE + "#").partition("#")
        path, _, query = target.partition("?")
        if ("//" in path or "%" in path) and _may_name_a_host(path):
            raise refuse("page_foreign")
        # Boards that split at ";" would read another pair behind one.
        pairs = query.replace(";", "%3B").split("&")
        if len(pairs) > PAGE_MAX_PAIRS:
            raise refuse("page_too_long")
        query = "&".join(pair for pair in pairs if self._is_kept(pair))
        address = f"{self.origin}{path or '/'}{query and '?'}{query}"
        return f"{address}#{fragment}" if fragment else address

    def _is_kept(self, pair: str) -> bool:
        """Whether a pair of a page goes on: not empty, and for no server the token."""
        if not pair:
            return False
        if not self._token_name:
            return True
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
    """Whether a path begins with ``//`` for some browser or server.

    A browser takes a redirect to such a path for another host; a board that strips or
    adds a trailing slash sends one. Browsers resolve dot segments before they ask
    (RFC 3986 §5.2.4), and servers decode what they are asked for.
    """
    dotted = re.sub("(?i)%2e", ".", path)
    sent = [path, *map(_without_dot_segments, (path, dotted))]
    read = [re.sub(r"[\t\r\n]", "", unquote(p)).replace("\\", "/") for p in sent]
    resolved = list(map(_without_dot_segments, read))
    return any(reading.startswith("//") for reading in sent + read + resolved)


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
