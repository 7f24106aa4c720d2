"""The board: the form of its origin, and which pages are on it. Does not know Flask.

A page is never taken over as it came. Its origin is matched against the board's, as
text, and the URL that is sent is built from the *configured* origin and the page's
path, query and fragment (RFC 9700 §4.11, RFC 3986 §3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_plus

from .errors import refusal

#: Longest page taken from a request, in characters.
PAGE_MAX_CHARACTERS = 2048
#: Most pairs in the query of a page, empty ones counted.
PAGE_MAX_PAIRS = 100
#: Longest URL sent back, in bytes.
LOCATION_MAX_BYTES = 4096
#: The port that a URL of a scheme has where it names none.
DEFAULT_PORTS = {"https": 443, "http": 80}
#: The names of this machine, for which plain http will do.
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
#: What may stand in a path as it is (RFC 3986 §3.3).
PATH_SAFE = "!$&'()*+,/:;=@"
#: What Werkzeug leaves as it is when it sends a URL. Quoting by the same rule means
#: that what is measured and tested here is what is sent.
URL_SAFE = PATH_SAFE + "%?"

_ORIGIN_MAX_CHARACTERS = 100

# Controls and white space (Cc, Zs, Zl, Zp), lone surrogates, U+FFFD, which stands for
# bytes that were no text, and the backslash, which browsers take for a slash. Written
# out, because what Python calls printable changes with its version.
_UNREADABLE = re.compile(
    "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "\ud800-\udfff\ufffd\\\\]"
)

_URL = r"(?ais)(https?)://([^/?#]*)(.*)"
_AUTHORITY = r"(?ai)(\[::1\]|[^:@\[\]]+)(?::([0-9]{1,5}))?"
_LABEL = r"(?ai)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


@dataclass(frozen=True)
class Board:
    """A board, known by its origin; says which URLs are pages of it.

    :param origin: scheme, host, and the port unless it is the scheme's own.
    :param dropped_params: normalized names of the query parameters that no page keeps,
        because they would stand beside those of the return URL.
    """

    origin: str
    dropped_params: frozenset[str] = frozenset()

    @property
    def home(self) -> str:
        """The URL of the board's home page."""
        return f"{self.origin}/"

    def requested_page(self, values: Sequence[str]) -> str:
        """The URL of the page that a request names, only ASCII.

        :param values: every value of the request's page parameter, decoded once.
        :raises SignInRefused: with status 400, unless it is none or one page on the
            board.
        """
        if not values:
            return self.home
        if len(values) > 1:
            raise refusal("page_repeated")
        return self.page(values[0])

    def page(self, text: str) -> str:
        """The page that an absolute URL or a path (``/board/…``) leads to.

        Text of only spaces is the board's home.

        :raises SignInRefused: with status 400, if it is not on the board, or too long.
        """
        if not isinstance(text, str):  # from a JSON body, say
            raise refusal("page_foreign")
        if not text.strip(" "):
            return self.home
        log_hint = self._foreign_origin_hint(text)
        if len(text) > PAGE_MAX_CHARACTERS:
            raise refusal("page_too_long", log_hint=log_hint)
        if _UNREADABLE.search(text):
            raise refusal("page_unreadable", log_hint=log_hint)
        target = text if re.match("/(?!/)", text) else self._target(text)
        if target is None:
            raise refusal("page_foreign", log_hint=log_hint)
        page = self._rebuilt(target)
        if len(page) > LOCATION_MAX_BYTES:  # quoting lengthens
            raise refusal("page_too_long")
        return page

    def has_url(self, text: str) -> bool:
        """Whether a text is an absolute URL on the board."""
        return self._target(text) is not None

    def _target(self, text: str) -> str | None:
        """What follows the board's origin in an absolute URL on it."""
        match = re.match(_origin_pattern(self.origin), text)
        if match is None:
            return None
        target = text[match.end() :]
        return target if target[:1] in ("", "/", "?", "#") else None

    def _foreign_origin_hint(self, text: str) -> str:
        match = re.match(r"(?ai)((?:[a-z][a-z0-9+.-]*:)?//)([^/?#\\]*)", text)
        if match is None:
            return ""
        origin = match[1] + match[2].rpartition("@")[2]  # without user name, password
        if re.fullmatch(_origin_pattern(self.origin), origin):
            return ""
        return (
            f"the page is on {origin[:_ORIGIN_MAX_CHARACTERS]!a}, the board on "
            f"{self.origin!r}: compare FEEDBACKCHIMP_ORGANIZATION or "
            "FEEDBACKCHIMP_BOARD_URL with the board's address"
        )

    def _rebuilt(self, target: str) -> str:
        target, _, fragment = quote(target, safe=URL_SAFE + "#").partition("#")
        path, _, query = target.partition("?")
        # A shortcut: no other path can.
        if ("//" in path or "%" in path) and _may_name_a_host(path):
            raise refusal("page_foreign")
        # Boards that split at ";" would read another pair behind one.
        pairs = query.replace(";", "%3B").split("&")
        if len(pairs) > PAGE_MAX_PAIRS:
            raise refusal("page_too_long")
        query = "&".join(pair for pair in pairs if self._is_kept(pair))
        address = f"{self.origin}{path or '/'}{query and '?'}{query}"
        return f"{address}#{fragment}" if fragment else address

    def _is_kept(self, pair: str) -> bool:
        name = unquote_plus(pair.partition("=")[0])
        return bool(pair) and not may_be_read_as(name, self.dropped_params)


def normalize_param_name(name: str) -> str:
    """A parameter's decoded name as the most generous server reads it.

    Express, Rack and PHP read ``name[]``, ``[name]`` and ``name[x]`` as ``name``, or as
    a list or a dict of that name. PHP also drops the white space before it, ends it at
    a NUL, and reads ``.`` and space as ``_``; others ignore upper and lower case.
    """
    return _underscored(_bare(name))


def may_be_read_as(name: str, params: frozenset[str]) -> bool:
    """Whether some server reads a parameter's name as one of those.

    :param name: decoded.
    :param params: names as :func:`normalize_param_name` returns them. A name that goes
        on behind one of them with a dot counts, too: some servers nest at dots.
    """
    closed, bracket, rest = name.partition("\0")[0].rpartition("]")
    readings = (
        name,
        name.strip().removeprefix("."),  # qs, where it nests at dots
        closed + bracket + rest.replace("[", "_"),  # PHP: a bracket that is not closed
    )
    return any(
        _underscored(bare[: match.start()]) in params
        for bare in map(_bare, readings)
        for match in re.finditer(r"\.|\Z", bare)
    )


def _bare(name: str) -> str:
    return re.split(r"[\[\]\0]", name.strip().lstrip("[]"))[0].strip().casefold()


def _underscored(name: str) -> str:
    return re.sub("[. ]", "_", name)


def parse_url(text: str) -> tuple[str, str, str]:
    """Read a configured URL: https, or http on this machine.

    Hosts are DNS names, or one of this machine's three names. Nothing else is needed,
    and what is configured, what is compared and what a browser reads are then the same.

    :param text: scheme, host, optional port, optional path, optional query.
    :return: its origin, its path, and its query without ``?``.
    :raises ValueError: what is wrong with it, without repeating it.
    """
    match = re.fullmatch(_URL, text)
    if match is None:
        raise ValueError("must start with https://, or with http:// on this machine")
    scheme, authority, target = match.groups()
    scheme = scheme.lower()
    if "@" in authority:
        raise ValueError("must not carry a user name or password")
    host, port = _parse_authority(authority, scheme)
    if scheme == "http" and host not in LOOPBACK_HOSTS:
        raise ValueError("must start with https:// (http is only for this machine)")
    if "#" in target:
        raise ValueError("must not have a fragment (#)")
    path, _, query = target.partition("?")
    return f"{scheme}://{host}{port}", path or "/", query


def is_dns_label(text: str) -> bool:
    """Whether a text is one DNS label, in ASCII (RFC 1123 §2.1)."""
    return re.fullmatch(_LABEL, text) is not None


def _parse_authority(authority: str, scheme: str) -> tuple[str, str]:
    match = re.fullmatch(_AUTHORITY, authority)
    if match is None:
        raise ValueError("has no host name that can be read")
    host, port = match[1].lower(), match[2]
    if host not in LOOPBACK_HOSTS and not _is_host_name(match[1]):
        raise ValueError(
            "has a host name that is not plain DNS (letters, digits, hyphens and "
            "dots; write international names in their xn-- form)"
        )
    if port is None or int(port) == DEFAULT_PORTS[scheme]:
        return host, ""
    if not 1 <= int(port) <= 65535:
        raise ValueError("has a port outside 1-65535")
    return host, f":{int(port)}"


def _is_host_name(host: str) -> bool:
    labels = host.split(".")
    # WHATWG URL §3.5: a host whose last label is a number is read as an IPv4 address,
    # in any of its spellings ("127.1", "0x7f.1").
    numeric = re.fullmatch(r"(?ai)[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
    return len(host) <= 253 and all(map(is_dns_label, labels)) and not numeric


def _origin_pattern(origin: str) -> str:
    """What an origin looks like at the start of a URL.

    Scheme and host match without regard to case (RFC 3986 §6.2.2.1), only in ASCII,
    where no other letter folds to one of theirs; the scheme's own port may be named.
    """
    scheme, _, authority = origin.partition("://")
    default = "" if re.search(r":[0-9]+\Z", authority) else f":{DEFAULT_PORTS[scheme]}"
    return rf"(?ai:{re.escape(origin)}(?:{default})?)"


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
