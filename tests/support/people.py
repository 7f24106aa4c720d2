"""People as apps have them: honest, odd and hostile e-mails, names and claims."""

import datetime
import decimal
import enum
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from markupsafe import Markup
from werkzeug.local import LocalProxy

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
SIGNS = "!#$%&'*+-/=?^_`{|}~.\"(),:;[\\]"


class Shouting(str):
    """Text that says one thing of itself and is another."""

    def _lie(self, *_: Any, **__: Any) -> Any:
        return "mallory@evil.example"

    __str__ = __repr__ = __format__ = casefold = lower = strip = encode = _lie

    def __len__(self) -> int:
        return 12

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def isascii(self) -> bool:
        return True


class Lazy:
    """Text to be, as lazy translations are: no ``str``, but with ``__str__``."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


class Level(enum.Enum):
    """An enumeration whose values are text and whose members are not."""

    GOLD = "gold"


class Address(str, enum.Enum):
    """An enumeration whose members are text, under another ``str()``."""

    ADA = "ada@example.com"


EMAILS = [
    *("ada@example.com", "a@b", "Ada.Lovelace@Example.COM", f"{SIGNS}@{SIGNS}.example"),
    *("ada@[IPv6:2001:db8::1]", "ada%40evil.example@example.com"),
    *("a&ssoToken=x#y?z=%0d%0a@example.com", "{{7*7}}@example.com"),
    "j\xfcrgen@b\xfccher.example",
    "ju\u0308rgen@bu\u0308cher.example",  # the same, decomposed
    "\ufb01ne\uff21\u212a@example.com",  # what normalising would change
    "stra\xdfe\u0130@example.com",  # what case folding would change
    "\u05d0\u05d3\u05d4@\u05d3\u05d5\u05d2\u05de\u05d4.example",
    *("\u7528\u6237@\u4f8b\u5b50.example", "\U0001f412@example.com"),
    "ada\uff20evil.example@example.com",  # a full-width at sign
    "a" * 242 + "@example.com",  # 254 octets of one, two and four
    "\xfc" * 121 + "@example.com",
    "\U0001f412" * 60 + "aa@example.com",
]

NAMES = [
    *("Ada Lovelace", "A", "0", "null"),
    *("<script>alert(document.cookie)</script>", "Ada &amp; Charles & <b>"),
    "Robert'); DROP TABLE students;--",
    "{{ config.items() }} {% raw %} ${7*7} #{7*7} %s%n {0} {app.config}",
    '","email":"mallory@evil.example","x":"',
    "\\u0000 \\x00 \\ \\\\",
    "a&ssoToken=x#y?z=%0d%0aSet-Cookie:%20a=b",
    "eyJhbGciOiJub25lIn0.e30.",
    "  Ada \t King\u3000Lovelace  ",
    "Ada\r\nSet-Cookie: a=b\u2028Lovelace\u2029",
    *("A\x00d\x01a\x1b[31m\x7f\x85", "A\u200bd\u200da\ufeff"),
    "\u05e2\u05d3\u05d4 \u05dc\u05d0\u05d1\u05dc\u05d9\u05d9\u05e1",
    "\u0639\u0644\u064a \u0628\u0646 \u0623\u0628\u064a \u0637\u0627\u0644",
    "\u202egnirts desrever\u202c \u2067abc\u2069",
    "Ren\xe9e \xc5ngstr\xf6m",
    "Rene\u0301e A\u030angstro\u0308m",  # decomposed
    "\ufb01\u2460\uff21\u212b\u1e9b\u0323",  # what normalising would change
    "Z" + "\u0335\u0321\u0322\u0300\u0301" * 20,
    "\u0301",  # a mark by itself
    *("\u738b\u5c0f\u660e", "\U0002a6d6\U00020000", "\u1112\u1161\u11ab"),
    "\u0905\u0926\u093e \u0932\u0935\u0932\u0947\u0938",
    *("\u0130\u0131Ii", "\U0001f412", FAMILY),
    "\U0001f1ee\U0001f1f1 1\ufe0f\u20e3 \U0001f44b\U0001f3fd",
    "A\uffff\U0010ffff",
    "\ue000",  # private use: the app's own font may draw it
    *("\U000f0000\U0010fffd", "\ufffd", "x" * 255, "\U0001f412" * 255),
    (FAMILY * 37)[:255],
]

CLAIMS: list[dict[str, Any]] = [
    {},
    {"company": "Acme", "no": None, "yes": True, "list": [1, "two", [], {}], "n": -1.5},
    {"object": {"a": {"b": [None, False]}}, "top": 2**53 - 1, "bottom": -(2**53) + 1},
    {"": 1, "a b": 2, "\u05d0": 3, "__proto__x": 4, "E-mail": 5, "names": 6},
    {"motto": "\xe9 \u738b \U0001f412 \u2028 </script> \\ \" '"},
]

UNUSABLE_EMAILS: list[Any] = [
    *(None, "", "   ", "ada.example.com", "@example.com", "ada@", "@"),
    "ada@evil.example@example.com",
    *(f"{c}ada@example.com" for c in " <"),
    *(f"ada@example.com{c}" for c in " >\n"),
    *(f"ada{c}@b" for c in " \t\n\r\x00\x1b\x1f\x7f\x80\x85\x9f\xa0\u2028\u2029\u3000"),
    "ada@example.com\r\nBcc: eve@evil.example",
    *(f"{c}@example.com" for c in ("ada\ud800", "ada\udfff", "\ud83d\udc12")),
    *("Ada <ada@example.com>", "J\xfcrgen<j\xfcrgen@b", "j\xfcrgen@b>", "\xfc@b@c"),
    "a" * 243 + "@example.com",  # 255 octets of one, two and four
    "\xfc" * 121 + "a@example.com",
    "\U0001f412" * 60 + "aaa@example.com",
    *("a" * 5_000_000 + "@example.com", "@" * 5_000_000, "\xfc" * 2_500_000 + "@b.c"),
    *(b"ada@example.com", bytearray(b"ada@example.com"), 5, True, ["ada@example.com"]),
    *({"email": "ada@example.com"}, Level.GOLD, len, Lazy("ada@example.com")),
    *(
        LocalProxy(lambda: "ada@example.com"),
        Shouting(""),
        Shouting("ada @example.com"),
    ),
    *map(Shouting, ("a" * 5_000_000 + "@example.com", "ada\udfff@example.com")),
]

#: Text that shows nothing.
BLANK = [
    *("", "   "),
    " \t\r\n\x0b\x0c\x1c\xa0\u1680\u2003\u3000\u2028\u2029",
    "\x00\x01\x1f\x7f\x80\x85\x9f",
    "\xad\u034f\u061c\u180b\u180e\u180f",
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2064\u206f\ufeff",
    "\u202a\u202c\u202e\u2066\u2069",
    "\u115f\u1160\u3164\uffa0",  # Hangul fillers
    "\u2800",  # blank Braille
    "\u17b4\u17b5",  # Khmer vowels that are not drawn
    "\ufe00\ufe0f\U000e0100\U000e01ef",  # variation selectors
    "\ufff0\ufff8\U0001bca0\U0001bca3\U0001d173\U0001d17a",
    "\U000e0000\U000e0041\U000e007f\U000e0fff",  # tags and unassigned
]

UNUSABLE_NAMES: list[Any] = [
    *(None, *BLANK, "Ada\ud800", "\udfffAda", "Ada \ud83d\udc12", "\ud800"),
    *(c * 256 for c in "x \U0001f412"),
    *(c * 5_000_000 for c in "x "),
    *(b"Ada", 5, 0, False, ["Ada"], {"first": "Ada"}, Level.GOLD, len, Lazy("Ada")),
    *(LocalProxy(lambda: "Ada"), *map(Shouting, ("  ", "x" * 5_000_000, "Ada\ud800"))),
]

#: Text all right, but of other classes than ``str``: what counts is its code points.
_MARKUP = Markup("ada&amp;co@example.com")
TEXT_OF_OTHER_CLASSES = [_MARKUP, Shouting("ada@example.com"), Address.ADA]


def nested(depth: int, kind: type = list) -> Any:
    """Lists (or dicts) in one another, so many of them."""
    value: Any = None
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


_RING: list[Any] = []
_RING.append(_RING)

#: Extra claims that would replace one of the token's own: its name and the claims.
RESERVED_CLAIMS: list[tuple[str, Any]] = [
    *((name, {name: None}) for name in ("email", "name", "jti", "iat", "exp")),
    ("Email", {"Email": "mallory@evil.example"}),  # to decoders that fold case
    ("eXp", {"company": "Acme", "eXp": 1}),
    ("email", {Shouting("email"): "eve@evil.example"}),
]

#: Extra claims that are not JSON: the claim as the error names it, and the claims.
UNUSABLE_CLAIMS: list[tuple[str, Any]] = [
    *(
        ("'x'", {"x": value})
        for value in (
            *(float("nan"), [1, {"a": float("-inf")}], b"PNG", object(), Level.GOLD),
            *(datetime.date(2024, 1, 1), decimal.Decimal("1.5"), {"a"}, Lazy("hello")),
            *(MappingProxyType({"a": 1}), LocalProxy(lambda: "hello"), "a\ud800"),
            *([{"a": "\udfff"}], {1: "one"}, {"a": {None: "none"}}, [({1: 2},)]),
            *(_RING, nested(100_000), nested(3_000, dict), 10**5_000),
        )
    ),
    *((r"'a\ud800'", {"a\ud800": 1}), ("not NoneType", {None: "none"})),
    *(("not int", {10**5_000: 1}), ("not tuple", {("a",): 1})),
    *(("not list", []), ("not str", "company=Acme"), ("not int", 5)),
]


def valid_people() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """People who can be signed in, as (email, name, claims) in plain JSON data."""
    yield from ((email, "Ada Lovelace", {}) for email in EMAILS)
    yield from (("ada@example.com", name, {}) for name in NAMES)
    yield from (("ada@example.com", "Ada Lovelace", claims) for claims in CLAIMS)
    yield EMAILS[-1], NAMES[-2], CLAIMS[-1]  # the longest of each
