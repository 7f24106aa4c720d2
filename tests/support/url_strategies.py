"""Hypothesis strategies: pages composed, changed and arbitrary, and queries."""

from hypothesis import strategies as st

from support.apps import BOARD
from support.corpora import (
    EVIL,
    FORBIDDEN,
    FOREIGN_TO_HOSTS,
    Honest,
    honest_pages,
    hostile_pages,
)

_HOST = "acme.feedbackchimp.space"
_HOSTILE = [page for page in hostile_pages() if len(page) < 2500]
_HONEST = [honest.page for honest in honest_pages()]

# No "t", so that no parameter is called ssoToken. No dot, so that no path resolves to
# another; honest_pages.txt has those.
_LETTERS = [
    *"abcxyzAZ019-_~!$'()*,:@+",
    "%20",
    "%2B",
    "%2F",
    "%3F",
    "%23",
    "%26",
    "%3B",
    "%3D",
    "%25",
    "%C3%A9",
    "%FF",
    "%00",
]
#: What is put into a page to see what comes of it.
_SNIPPETS = [
    *FORBIDDEN,
    *FOREIGN_TO_HOSTS,
    *"/?#:[]",
    "x" * 2048,
    _HOST,
    EVIL,
    BOARD,
    f"@{EVIL}",
    f"//{EVIL}",
    f"\\{EVIL}",
    f".{EVIL}",
    f"\\@{EVIL}",
    "//",
    "::",
    ":443",
    ":80",
    "..",
    "/../",
    "[::1]",
    "%2f",
    "%5c",
    "%2e",
    "%40",
    "%00",
    "%0d%0a",
    "%252f",
    "\r\n",
    "ssoToken=",
    "ssoToken[]=",
    "https:",
    "http:",
    "javascript:",
    "data:,",
    "xn--",
    "*.",
]
#: The parts of a URL, right and wrong; they need not fit together.
_SCHEMES = ["https", "http", "HTTPS", "javascript", "", "http\u017f", " https"]
_COLONS = [":", "", "%3A", "\uff1a"]
_SLASHES = ["//", "/", "///", "\\\\", "/\\", "", "//\t"]
_USERS = ["", "@", "user@", f"{EVIL}@", f"{_HOST}@", f"{_HOST}:443@", "[", "\\"]
_HOSTS = [_HOST, _HOST.upper(), EVIL, f"evil.{_HOST}", f"{_HOST}.", f"x{_HOST}"]
_PORTS = ["", ":443", ":", ":8443", f".{EVIL}", f"@{EVIL}", f"\\@{EVIL}", "%00", "]"]
_ENDS = ["", "/", "/board/1", "?a=1", "#f", "\\", "/\\", f"//{EVIL}", f"/@{EVIL}", "/ "]


def _text_of(letters: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(letters), max_size=8).map("".join)


@st.composite
def composed_pages(draw: st.DrawFn) -> Honest:
    """An honest page, put together from what may stand in each part."""
    segments = draw(st.lists(_text_of([*_LETTERS, *"&=;"]), max_size=4))
    pairs = draw(st.lists(_text_of([*_LETTERS, *"=;/?."]), max_size=4))
    fragment = draw(_text_of([*_LETTERS, *"&=;/?#."]))
    end = f"#{fragment}" if fragment else ""
    address = "/".join([BOARD, "board", *segments])
    sent = "&".join(pair for pair in pairs if pair).replace(";", "%3B")
    return Honest(
        f"{address}?{'&'.join(pairs)}{end}",
        f"{address}{'?' if sent else ''}{sent}{end}",
    )


@st.composite
def changed_pages(draw: st.DrawFn) -> str:
    """A page of the files with a few things inserted, cut out or replaced."""
    page = draw(st.sampled_from(_HONEST) | st.sampled_from(_HOSTILE))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, min(len(page), 80)))
        end = start + draw(st.sampled_from([0, 0, 0, 1, 2, 8]))
        page = page[:start] + draw(st.sampled_from(_SNIPPETS)) + page[end:]
    return page


@st.composite
def assembled_pages(draw: st.DrawFn) -> str:
    """A scheme, slashes, user, host, port and rest, each right or wrong."""
    scheme = draw(st.sampled_from(_SCHEMES))
    colon = draw(st.sampled_from(_COLONS))
    slashes = draw(st.sampled_from(_SLASHES))
    user = draw(st.sampled_from(_USERS))
    host = draw(st.sampled_from(_HOSTS))
    port = draw(st.sampled_from(_PORTS))
    end = draw(st.sampled_from(_ENDS))
    return f"{scheme}{colon}{slashes}{user}{host}{port}{end}"


@st.composite
def written_pages(draw: st.DrawFn) -> str:
    """Any text whatever, lone surrogates included, perhaps behind the board."""
    start = draw(st.sampled_from(["", "/", f"{BOARD}/"]))
    return start + draw(st.text(st.characters(exclude_categories=())))


any_pages = st.one_of(
    st.sampled_from(_HOSTILE),
    composed_pages().map(lambda honest: honest.page),
    changed_pages(),
    assembled_pages(),
    written_pages(),
)

_QUERY_PIECES = [
    b"redirect=",
    b"redirect",
    b"%72edirect=",
    b"&",
    b"=",
    b"?",
    b"#",
    b"%",
    b"+",
    b";",
    b"https://acme.feedbackchimp.space/",
    b"https%3A%2F%2F",
    b"acme",
    b"/",
    b"..",
    b"\\",
    b" ",
    b"\xff",
    b"%ff",
    b"%00",
    b"\r\n",
    b"\xc3\xa9",
    b"ssoToken=x",
    b"state=",
    b"utm_x=",
]
#: Any query whatever, byte for byte.
any_queries = st.binary() | st.lists(st.sampled_from(_QUERY_PIECES)).map(b"".join)
