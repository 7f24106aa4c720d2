"""People as apps have them: honest, odd and hostile e-mails, names and claims."""

import datetime
import decimal
import enum
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from markupsafe import Markup
from werkzeug.local import LocalProxy

#: A family in one emoji: four people and three joiners.
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
SIGNS = "!#$%&'*+-/=?^_`{|}~.\"(),:;[\\]"


class Shouting(str):
    """Text that says one thing about itself and is another."""

    def __str__(self) -> str:
        return "mallory@evil.example"

    __repr__ = casefold = lower = strip = __str__


class Lazy:
    """Text to be, as lazy translations are: not a ``str``, but with ``__str__``."""

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
    "ada@example.com",
    "a@b",
    "Ada.Lovelace@Example.COM",
    f"{SIGNS}@{SIGNS}.example",
    "ada@[IPv6:2001:db8::1]",
    "ada%40evil.example@example.com",
    "a&ssoToken=x#y?z=%0d%0a@example.com",
    "{{7*7}}@example.com",
    "j\xfcrgen@b\xfccher.example",
    "ju\u0308rgen@bu\u0308cher.example",  # the same, decomposed
    "\ufb01ne\uff21\u212a@example.com",  # what normalising would change
    "stra\xdfe\u0130@example.com",  # what case folding would change
    "\u05d0\u05d3\u05d4@\u05d3\u05d5\u05d2\u05de\u05d4.example",
    "\u7528\u6237@\u4f8b\u5b50.example",
    "\U0001f412@example.com",
    "ada\uff20evil.example@example.com",  # a full-width at sign
    "a" * 242 + "@example.com",  # 254 octets of one, two and four
    "\xfc" * 121 + "@example.com",
    "\U0001f412" * 60 + "aa@example.com",
]

NAMES = [
    "Ada Lovelace",
    "A",
    "0",
    "null",
    "<script>alert(document.cookie)</script>",
    "Ada &amp; Charles & <b>",
    "Robert'); DROP TABLE students;--",
    "{{ config.items() }} {% raw %} ${7*7} #{7*7} %s%n {0} {app.config}",
    '","email":"mallory@evil.example","x":"',
    "\\u0000 \\x00 \\ \\\\",
    "a&ssoToken=x#y?z=%0d%0aSet-Cookie:%20a=b",
    "eyJhbGciOiJub25lIn0.e30.",
    "  Ada \t King\u3000Lovelace  ",
    "Ada\r\nSet-Cookie: a=b\u2028Lovelace\u2029",
    "A\x00d\x01a\x1b[31m\x7f\x85",
    "A\u200bd\u200da\ufeff",
    "\u05e2\u05d3\u05d4 \u05dc\u05d0\u05d1\u05dc\u05d9\u05d9\u05e1",
    "\u0639\u0644\u064a \u0628\u0646 \u0623\u0628\u064a \u0637\u0627\u0644",
    "\u202egnirts desrever\u202c \u2067abc\u2069",
    "Ren\xe9e \xc5ngstr\xf6m",
    "Rene\u0301e A\u030angstro\u0308m",  # decomposed
    "\ufb01\u2460\uff21\u212b\u1e9b\u0323",  # what normalising would change
    "Z" + "\u0335\u0321\u0322\u0300\u0301" * 20,
    "\u0301",  # a mark by itself
    "\u738b\u5c0f\u660e",
    "\U0002a6d6\U00020000",
    "\u1112\u1161\u11ab",
    "\u0905\u0926\u093e \u0932\u0935\u0932\u0947\u0938",
    "\u0130\u0131Ii",
    "\U0001f412",
    FAMILY,
    "\U0001f1ee\U0001f1f1 1\ufe0f\u20e3 \U0001f44b\U0001f3fd",
    "A\uffff\U0010ffff",
    "\ue000",  # private use: the app's own font may draw it
    "\U000f0000\U0010fffd",
    "\ufffd",
    "x" * 255,
    "\U0001f412" * 255,
    (FAMILY * 37)[:255],
]

CLAIMS: list[dict[str, Any]] = [
    {},
    {"company": "Acme", "no": None, "yes": True, "list": [1, "two", [], {}], "n": -1.5},
    {"object": {"a": {"b": [None, False]}}, "top": 2**53 - 1, "bottom": -(2**53) + 1},
    {"": 1, "a b": 2, "\u05d0": 3, "__proto__x": 4, "E-mail": 5, "names": 6},
    {"motto": "\xe9 \u738b \U0001f412 \u2028 </script> \\ \" '"},
]

#: Values that are not text; none of them may be made into text.
NOT_TEXT: list[Any] = [
    None,
    b"ada@example.com",
    bytearray(b"ada@example.com"),
    5,
    0,
    True,
    False,
    ["ada@example.com"],
    {"email": "ada@example.com"},
    Level.GOLD,
    len,
    Lazy("ada@example.com"),
    LocalProxy(lambda: "ada@example.com"),
]

UNUSABLE_EMAILS = [
    "",
    "   ",
    "@",
    "ada.example.com",
    "@example.com",
    "ada@",
    "ada@evil.example@example.com",
    "j\xfcrgen@b\xfccher@example.com",
    # White space and controls, at an end and inside.
    " ada@example.com",
    "ada@example.com ",
    "ada@example.com\n",
    "ada@example.com\r\nBcc: eve@evil.example",
    "ada @b",
    "ada\t@b",
    "ada\n@b",
    "ada\r@b",
    "ada\x00@b",
    "ada\x1b@b",
    "ada\x1f@b",
    "ada\x7f@b",
    "ada\x80@b",
    "ada\x85@b",
    "ada\x9f@b",
    "ada\xa0@b",
    "ada\u2028@b",
    "ada\u2029@b",
    "ada\u3000@b",
    # An address with its name.
    "<ada@example.com",
    "ada@example.com>",
    "Ada <ada@example.com>",
    "J\xfcrgen<j\xfcrgen@b",
    "j\xfcrgen@b>",
    # Lone surrogates, and a pair of them.
    "ada\ud800@example.com",
    "ada\udfff@example.com",
    "\ud83d\udc12@example.com",
    # 255 octets: in letters of one, two and four.
    "a" * 243 + "@example.com",
    "\xfc" * 121 + "a@example.com",
    "\U0001f412" * 60 + "aaa@example.com",
    # Long enough to tell a slow rule.
    "a" * 5_000_000 + "@example.com",
    "@" * 5_000_000,
    "\xfc" * 2_500_000 + "@b.c",
]

#: Text that shows nothing.
BLANK = [
    "",
    "   ",
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

UNUSABLE_NAMES = [
    *BLANK,
    # Lone surrogates, and a pair of them.
    "\ud800",
    "Ada\ud800",
    "\udfffAda",
    "Ada \ud83d\udc12",
    # Too long: visible, blank, and in four octets each.
    "x" * 256,
    " " * 256,
    "\U0001f412" * 256,
    "x" * 5_000_000,
    " " * 5_000_000,
]

#: Text of other classes than ``str``, signed by its code points.
TEXT_OF_OTHER_CLASSES = [
    Markup("ada&amp;co@example.com"),
    Address.ADA,
]


def nested(depth: int) -> Any:
    """Lists in one another, so many of them."""
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


_RING: list[Any] = []
_RING.append(_RING)

#: Extra claims that would replace one of the token's own: its name and the claims.
RESERVED_CLAIMS: list[tuple[str, dict[str, Any]]] = [
    ("email", {"email": None}),
    ("name", {"name": None}),
    ("jti", {"jti": None}),
    ("iat", {"iat": None}),
    ("exp", {"exp": None}),
    ("Email", {"Email": "mallory@evil.example"}),  # to decoders that fold case
    ("eXp", {"company": "Acme", "eXp": 1}),
]

#: Values of an extra claim that are not JSON.
NOT_JSON: list[Any] = [
    float("nan"),
    [1, {"a": float("-inf")}],
    b"PNG",
    object(),
    Level.GOLD,
    datetime.date(2024, 1, 1),
    decimal.Decimal("1.5"),
    {"a"},
    Lazy("hello"),
    LocalProxy(lambda: "hello"),
    MappingProxyType({"a": 1}),
    "a\ud800",
    [{"a": "\udfff"}],
    {1: "one"},
    {"a": {None: "none"}},
    [({1: 2},)],
    _RING,
    nested(100_000),
    10**5_000,
]

#: Names of an extra claim that are not text: the type as the error names it.
NOT_NAMES: list[tuple[str, dict[Any, Any]]] = [
    ("NoneType", {None: "none"}),
    ("int", {10**5_000: 1}),
    ("tuple", {("a",): 1}),
]

#: Claims that are not a mapping: the type as the error names it.
NOT_MAPPINGS: list[tuple[str, Any]] = [
    ("list", []),
    ("str", "company=Acme"),
    ("int", 5),
]


def valid_people() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """People who can be signed in, as (email, name, claims) in plain JSON data."""
    for email in EMAILS:
        yield email, "Ada Lovelace", {}
    for name in NAMES:
        yield "ada@example.com", name, {}
    for claims in CLAIMS:
        yield "ada@example.com", "Ada Lovelace", claims
    yield EMAILS[-1], NAMES[-2], CLAIMS[-1]  # the longest of each
