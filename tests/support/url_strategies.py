"""Hypothesis strategies over the corpora: composed, mutated and arbitrary pages."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from apps import BOARD
from corpora import (
    EVIL,
    FORBIDDEN,
    FOREIGN_TO_HOSTS,
    Honest,
    honest_pages,
    hostile_pages,
)

#: How long an example takes says nothing of the code, on a machine that others use.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_HOSTILE = [page for page in hostile_pages() if len(page) < 2500]
_HONEST = [honest.page for honest in honest_pages()]
_HOST = BOARD.partition("://")[2]
_ESCAPES = [
    "%20",
    "%2B",
    "%2F",
    "%3F",
    "%23",
    "%26",
    "%3D",
    "%25",
    "%C3%A9",
    "%FF",
    "%00",
]
# No "T", so that no parameter is called ssoToken.
_LETTERS = [*"abcxyzAZ019-._~!$'()*,:@", *_ESCAPES]
_SNIPPETS = [
    *FORBIDDEN,
    *FOREIGN_TO_HOSTS,
    *(
        _HOST,
        EVIL,
        BOARD,
        f"@{EVIL}",
        f"//{EVIL}",
        f"\\{EVIL}",
        f".{EVIL}",
        f"\\@{EVIL}",
    ),
    *("/", "//", "?", "#", ":", "::", ":443", ":80", "..", "/../", "[", "]", "[::1]"),
    *(
        "%2f",
        "%5c",
        "%40",
        "%00",
        "%0d%0a",
        "%252f",
        "\r\n",
        "ssoToken=",
        "&",
        "=",
        "+",
    ),
    *("https:", "http:", "javascript:", "data:,", "xn--", "*.", "x" * 2048),
]


def _joined(letters: list[str], max_size: int = 8) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(letters), max_size=max_size).map("".join)


@st.composite
def composed_pages(draw: st.DrawFn, origin: str = BOARD) -> Honest:
    """An honest page, put together from what may stand in each part."""
    segments = draw(st.lists(_joined([*_LETTERS, *"&=+;"]), min_size=1, max_size=4))
    pairs = draw(st.lists(_joined([*_LETTERS, *"=+;/?"]), max_size=4))
    fragment = draw(_joined([*_LETTERS, *"&=+;/?#"]))
    query = "&".join(pairs)
    address = f"{origin}/{'/'.join(segments)}{query and '?'}{query}"
    fragment = f"{fragment and '#'}{fragment}"
    return Honest(address + fragment, address, fragment)


@st.composite
def mutated_pages(draw: st.DrawFn) -> str:
    """A page of the corpora with a few things inserted, cut out or moved."""
    page = draw(
        st.sampled_from(_HONEST)
        | st.sampled_from(_HOSTILE)
        | composed_pages().map(lambda honest: honest.page)
    )
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, min(len(page), 80)))
        end = start + draw(st.sampled_from([0, 0, 0, 1, 2, 8]))
        page = page[:start] + draw(st.sampled_from(_SNIPPETS)) + page[end:]
    return page


@st.composite
def assembled_pages(draw: st.DrawFn) -> str:
    """A scheme, slashes, user, host, port and rest that need not fit together."""
    parts = (
        ["https", "https", "http", "HTTPS", "javascript", "", "http\u017f", " https"],
        [":", ":", "", "%3A", "\uff1a"],
        ["//", "//", "/", "///", "\\\\", "/\\", "", "//\t"],
        ["", "", "", "@", "user@", f"{EVIL}@", f"{_HOST}@", f"{_HOST}:443@", "[", "\\"],
        [_HOST, _HOST, _HOST.upper(), EVIL, f"evil.{_HOST}", f"{_HOST}.", f"x{_HOST}"],
        [
            "",
            "",
            ":443",
            ":",
            ":8443",
            f".{EVIL}",
            f"@{EVIL}",
            f"\\@{EVIL}",
            "%00",
            "]",
        ],
        [
            "",
            "/",
            "/board/1",
            "?a=1",
            "#f",
            "\\",
            "/\\",
            f"//{EVIL}",
            f"/@{EVIL}",
            "/ ",
        ],
    )
    return "".join(draw(st.sampled_from(choices)) for choices in parts)


#: Any text whatever, lone surrogates included, and everything above.
any_pages = (
    st.text(st.characters(exclude_categories=()))
    | st.text(st.characters(exclude_categories=())).map(f"{BOARD}/".__add__)
    | st.sampled_from(hostile_pages())
    | mutated_pages()
    | assembled_pages()
    | composed_pages().map(lambda honest: honest.page)
)

#: Any query whatever, byte for byte.
any_queries = st.binary() | st.lists(
    st.sampled_from(
        [
            *(
                b"redirect=",
                b"redirect",
                b"&",
                b"=",
                b"?",
                b"#",
                b"%",
                b"+",
                b"%72edirect=",
            ),
            *(
                b"https://acme.feedbackchimp.space/",
                b"https%3A%2F%2F",
                b"acme",
                b"\xff",
            ),
            *(
                b"%ff",
                b"%00",
                b"\r\n",
                b"ssoToken=x",
                b"state=",
                b"\xc3\xa9",
                b"\\",
                b" ",
            ),
        ]
    )
).map(b"".join)
