"""Pages that must be refused, and pages that must pass.

They stand in the text files beside this module, one a line. A line is the inside of a
Python string literal, in ASCII; lines that begin with ``# `` are comments.
"""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from support.apps import BOARD

EVIL = "evil.example"

#: What no page may hold, unless percent-encoded.
FORBIDDEN = (
    "\x00\x01\x07\x08\t\n\x0b\x0c\r\x1b\x1f \\\x7f\x80\x85\x9f\xa0\u1680\u2002\u2028"
    "\u2029\u202f\u205f\u3000\ufffd"
)
#: Halves of characters. A request cannot carry them (their bytes are not UTF-8, and
#: Werkzeug leaves such bytes percent-encoded), but text in Python can.
SURROGATES = "\ud800\udbff\udc00\udfff"
#: Characters that do not belong in a host, though some may be in a path.
FOREIGN_TO_HOSTS = (
    "\u00df\u0130\u0131\u017f\u0301\u034f\u0430\u115f\u212a\u2024\u2044\u2100\u2105"
    "\u2215\u2488\u3002\u3164\ufe52\ufe56\ufe5f\ufe6b\uff03\uff05\uff0e\uff0f\uff1a"
    "\uff1f\uff20\uff3c\uff61\U0001d41a"
    "\xad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ue000"
    "\ufeff\ufff9\ufffe\U000e0001\U000e0041\U0010ffff"
    "\"!$%&'()*+,;<=>@^_`{|}~"
)

#: Pages that only text in Python can name.
SURROGATE_PAGES = [
    "\ud800",
    "/\ud800",
    "/board/\udfff",
    "/board/1?\udbff=1",
    "/board/1?a=\udc00",
    "/board/1#\ud800",
    f"\udc00{BOARD}/",
    f"{BOARD}\ud800/",
    f"{BOARD}/\udc00",
    f"{BOARD}/board/1?a=\udfff",
    f"{BOARD}/board/1#\udbff",
    f"{BOARD}/board/1\ud83d",
]

#: Whole queries, byte for byte, that must be answered with 400.
HOSTILE_QUERIES = [
    # The page is given twice.
    b"redirect&redirect",
    b"redirect=&redirect=",
    b"redirect=+&redirect=+",
    b"redirect&redirect&redirect",
    b"&".join([b"redirect"] * 500),
    b"redirect=&redirect=/board/1",
    b"redirect=/board/1&redirect=",
    b"redirect=/board/1&redirect=/board/1",
    b"redirect=/board/1&redirect=https%3A%2F%2Fevil.example%2F",
    b"redirect=https%3A%2F%2Fevil.example%2F&redirect=/board/1",
    b"redirect=/board/1&x=1&redirect=/board/2",
    b"%72edirect=/board/1&redirect=/board/1",
    b"redirect=/board/1&%72edirect=/board/1",
    b"%72%65direct=/board/1&x=1&redirec%74=/board/2",
    # Bytes that are not text.
    b"redirect=\xff",
    b"redirect=\xe9",
    b"redirect=\xc0\xaf",
    b"redirect=\xed\xa0\x80",
    b"redirect=\xf5\x80\x80\x80",
    b"redirect=\xff/board/1",
    b"redirect=\xc0\xafboard/1",
    b"redirect=/board\xc0\xaf1",
    b"redirect=/board/1\xff",
    b"redirect=/board/1?a=\xed\xa0\x80",
    b"redirect=/board/1%23\xf5\x80\x80\x80",
    b"redirect=\xffhttps://acme.feedbackchimp.space/",
    b"redirect=https://acme.feedbackchimp.space\xff/",
    b"redirect=https://acme.feedbackchimp.space/\xe9",
    b"redirect=https://acme.feedbackchimp.space/board/1\xff",
]


class Honest(NamedTuple):
    """A page as a link names it, and where the visitor lands, without the token."""

    page: str
    url: str

    def with_token(self, token: str, param: str = "ssoToken") -> str:
        """Where the visitor lands, token included."""
        address, hash_sign, fragment = self.url.partition("#")
        separator = "&" if "?" in address else "?"
        return f"{address}{separator}{param}={token}{hash_sign}{fragment}"


def read_lines(name: str) -> list[str]:
    """The lines of a text file beside this module, without comments and escapes."""
    text = Path(__file__).with_name(name).read_text("ascii")
    return [
        line.encode("ascii").decode("unicode_escape")
        for line in text.splitlines()
        if line and not line.startswith("# ")
    ]


def hostile_pages(origin: str = BOARD) -> list[str]:
    """Values of the page parameter that must be answered with 400."""
    lines = read_lines("hostile_pages.txt") + read_lines("unreadable_pages.txt")
    return [page.replace(BOARD, origin) for page in lines] + long_pages(origin)


def long_pages(origin: str = BOARD) -> list[str]:
    """Pages that are on the board, but over 2048 characters or over 100 pairs."""
    return [
        f"{origin}/".ljust(2049, "x"),
        f"{origin}/?a=".ljust(2049, "x"),
        f"{origin}/#".ljust(2049, "x"),
        f"{origin}/".ljust(2049, "\u00e9"),
        f"{origin}/".ljust(60_000, "x"),
        "/".ljust(2049, "x"),
        "/?a=".ljust(2049, "x"),
        "/#".ljust(2049, "x"),
        f"{origin}/?" + "&" * 100,
        f"{origin}/?" + "&".join(["a"] * 101),
        f"{origin}/?" + "&".join(["ssoToken=1"] * 101),
    ]


def honest_pages(origin: str = BOARD) -> list[Honest]:
    """Every page that must be led to, each once."""
    pages = [*listed_pages(origin), *longest_pages(origin), *token_pages(origin)]
    absolute = [
        Honest(origin + honest.page, honest.url)
        for honest in pages
        if honest.page.startswith("/")
    ]
    return pages + absolute


def listed_pages(origin: str = BOARD) -> list[Honest]:
    """The pages of the file, as they are written there."""
    pages = []
    for line in read_lines("honest_pages.txt"):
        page, _, sent = line.partition(" => ")
        pages.append(Honest(page.replace(BOARD, origin), origin + (sent or page)))
    return pages


def longest_pages(origin: str = BOARD) -> list[Honest]:
    """Pages of 2048 characters, or of 100 pairs."""
    pages = [
        f"{origin}/".ljust(2048, "x"),
        f"{origin}/?a=".ljust(2048, "x"),
        f"{origin}/#".ljust(2048, "x"),
        f"{origin}/?" + "&".join(["a"] * 100),
    ]
    return [Honest(page, page) for page in pages]


def token_names(param: str = "ssoToken") -> list[str]:
    """Names that some server reads as a parameter's, as a query spells them."""
    names = [
        name.replace("ssoToken", param).replace("SSOTOKEN", param.upper())
        for name in read_lines("token_names.txt")
    ]
    encoded = "".join(f"%{ord(letter):02x}" for letter in param)
    return [*names, encoded]


#: Names that PHP reads as ``sso_token``, as a query spells them.
UNDERSCORED_NAMES = [
    "sso_token",
    "sso.token",
    "sso%2Etoken",
    "sso+token",
    "sso%20token",
    "sso.token[]",
    # A bracket that is not closed.
    "sso[token",
    "sso%5Btoken",
    "+sso[token",
    "sso[token%00]",
]


def token_pages(origin: str = BOARD, param: str = "ssoToken") -> list[Honest]:
    """Pages with another token, which must not be sent on."""
    pages = []
    for name in token_names(param):
        pages += [
            Honest(f"/x?{name}=old", f"{origin}/x"),
            Honest(f"/x?{name}#f", f"{origin}/x#f"),
            Honest(f"/x?a=1&{name}=old&b=2", f"{origin}/x?a=1&b=2"),
            Honest(f"/?{name}=1&&{name}==&a={param}", f"{origin}/?a={param}"),
        ]
    return pages


#: What a stranger's token is put into, in a link to the app.
VICTIMS = [
    "{page}?ssoToken={token}",
    "/sso?s={state}&to={page}&ssoToken={token}",
]


def token_attacks() -> list[tuple[str, str]]:
    """Return URLs, with queries that would have a board read ``EVE`` as token."""
    attacks = []
    for name in [*token_names(), "ssotoken", "ssoToken;x", "x;ssoToken"]:
        pages = [
            f"/x?{name}=EVE",
            f"/x?a=1&{name}=EVE",
            f"/x?a=1;{name}=EVE",
            f"/x?{name}=EVE;b=2#f",
            f"/x?{'&' * 99}{name}=EVE",
            f"/x;{name}=EVE?a",
        ]
        queries = [f"redirect={quote(page, safe='')}&state=1" for page in pages]
        queries += [
            f"redirect=/x&state=1;{name}=EVE",
            f"redirect=/x&state=1%3B{name}=EVE",
            f"redirect=/x&state=1%26{name}=EVE",
            f"{name}=EVE&redirect=/x&state=1",
        ]
        attacks += [(return_url, query) for return_url in VICTIMS for query in queries]
    return attacks
