"""Hypothesis strategies over the corpora: composed, mutated and arbitrary pages."""

from hypothesis import strategies as st

from support import corpora
from support.apps import BOARD
from support.corpora import EVIL, Honest

_HOST = BOARD.partition("://")[2]
_HOSTILE = [page for page in corpora.hostile_pages() if len(page) < 2500]
_HONEST = [honest.page for honest in corpora.honest_pages()]
_ESCAPES = [
    *("%20", "%2B", "%2F", "%3F", "%23", "%26", "%3B", "%3D", "%25", "%C3%A9"),
    *("%FF", "%00"),
]
# No "t", so that no parameter is called ssoToken. No dot, so that no path resolves to
# another; the corpora have those.
_LETTERS = [*"abcxyzAZ019-_~!$'()*,:@+", *_ESCAPES]
_SNIPPETS = [
    *(*corpora.FORBIDDEN, *corpora.FOREIGN_TO_HOSTS, *"/?#:[]&=+;", "x" * 2048),
    *(_HOST, EVIL, BOARD, f"@{EVIL}", f"//{EVIL}", f"\\{EVIL}", f".{EVIL}"),
    *(f"\\@{EVIL}", "//", "::", ":443", ":80", "..", "/../", "[::1]", "%2f", "%5c"),
    *("%2e", "%40", "%00", "%0d%0a", "%252f", "\r\n", "ssoToken=", "ssoToken[]="),
    *("https:", "http:", "javascript:", "data:,", "xn--", "*."),
]
_PARTS = (
    ["https", "https", "http", "HTTPS", "javascript", "", "http\u017f", " https"],
    [":", ":", "", "%3A", "\uff1a"],
    ["//", "//", "/", "///", "\\\\", "/\\", "", "//\t"],
    ["", "", "", "@", "user@", f"{EVIL}@", f"{_HOST}@", f"{_HOST}:443@", "[", "\\"],
    [_HOST, _HOST, _HOST.upper(), EVIL, f"evil.{_HOST}", f"{_HOST}.", f"x{_HOST}"],
    ["", "", ":443", ":", ":8443", f".{EVIL}", f"@{EVIL}", f"\\@{EVIL}", "%00", "]"],
    ["", "/", "/board/1", "?a=1", "#f", "\\", "/\\", f"//{EVIL}", f"/@{EVIL}", "/ "],
)


def _joined(letters: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(letters), max_size=8).map("".join)


@st.composite
def composed_pages(draw: st.DrawFn, origin: str = BOARD) -> Honest:
    """An honest page, put together from what may stand in each part."""
    segments = ["board", *draw(st.lists(_joined([*_LETTERS, *"&=;"]), max_size=4))]
    pairs = draw(st.lists(_joined([*_LETTERS, *"=;/?."]), max_size=4))
    fragment = draw(_joined([*_LETTERS, *"&=;/?#."]))
    fragment = f"{fragment and '#'}{fragment}"
    path = "/".join(segments)
    sent = "&".join(filter(None, pairs)).replace(";", "%3B")
    address = f"{origin}/{path}{sent and '?'}{sent}"
    return Honest(f"{origin}/{path}?{'&'.join(pairs)}{fragment}", address, fragment)


_composed = composed_pages().map(lambda honest: honest.page)


@st.composite
def mutated_pages(draw: st.DrawFn) -> str:
    """A page of the corpora with a few things inserted, cut out or moved."""
    page = draw(st.sampled_from(_HONEST) | st.sampled_from(_HOSTILE) | _composed)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, min(len(page), 80)))
        end = start + draw(st.sampled_from([0, 0, 0, 1, 2, 8]))
        page = page[:start] + draw(st.sampled_from(_SNIPPETS)) + page[end:]
    return page


#: A scheme, slashes, user, host, port and rest that need not fit together.
_assembled_pages = st.tuples(*map(st.sampled_from, _PARTS)).map("".join)
_any_text = st.text(st.characters(exclude_categories=()))

#: Any text whatever, lone surrogates included, and everything above.
_texts = _any_text | _any_text.map(f"{BOARD}/".__add__) | _any_text.map("/".__add__)
_pages = st.sampled_from(_HOSTILE) | mutated_pages() | _assembled_pages | _composed
any_pages = _texts | _pages

_BYTES = [
    *(b"redirect=", b"redirect", b"%72edirect=", b"&", b"=", b"?", b"#", b"%", b"+"),
    *(b";", BOARD.encode() + b"/", b"https%3A%2F%2F", b"acme", b"/", b"..", b"\\"),
    *(b" ", b"\xff", b"%ff", b"%00", b"\r\n", b"\xc3\xa9", b"ssoToken=x", b"state="),
    b"utm_x=",
]
#: Any query whatever, byte for byte.
any_queries = st.binary() | st.lists(st.sampled_from(_BYTES)).map(b"".join)
