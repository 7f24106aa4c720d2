"""People as apps have them: honest, odd and hostile e-mails, names, claims and users.

Every table maps a plain label to a value, so that a test's id says what it is about.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from markupsafe import Markup
from werkzeug.local import LocalProxy

from apps import User

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


class Shouting(str):
    """Text that says one thing of itself and is another."""

    def _lie(self, *_: Any, **__: Any) -> Any:
        return "mallory@evil.example"

    __str__ = __repr__ = __format__ = casefold = lower = strip = encode = _lie

    def __len__(self) -> int:
        return 12

    def __iter__(self) -> Iterator[str]:
        return iter("visible")

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __contains__(self, part: object) -> bool:
        return True

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


EMAILS: dict[str, str] = {
    "plain": "ada@example.com",
    "shortest": "a@b",
    "capitals": "Ada.Lovelace@Example.COM",
    "plus tag": "ada+board@example.com",
    "every ASCII sign": "!#$%&'*+-/=?^_`{|}~.\"(),:;[\\]@example.com",
    "quoted": '"ada.lovelace"@example.com',
    "address literal": "ada@[IPv6:2001:db8::1]",
    "percent": "ada%40evil.example@example.com",
    "URL syntax": "a&ssoToken=x#y?z=%0d%0a@example.com",
    "template syntax": "{{7*7}}@example.com",
    "quotes": "o'hara\"--@example.com",
    "script": "javascript:alert(1)@example.com",
    "umlaut": "j\xfcrgen@b\xfccher.example",
    "decomposed umlaut": "ju\u0308rgen@bu\u0308cher.example",
    "compatibility forms": "\ufb01ne\uff21@example.com",
    "Kelvin sign": "\u212aarl@example.com",
    "sharp s": "stra\xdfe@example.com",
    "dotted capital I": "\u0130brahim@example.com",
    "right to left": "\u05d0\u05d3\u05d4@\u05d3\u05d5\u05d2\u05de\u05d4.example",
    "Arabic": "\u0639\u0644\u064a@\u0645\u062b\u0627\u0644.example",
    "Chinese": "\u7528\u6237@\u4f8b\u5b50.example",
    "emoji": "\U0001f412@example.com",
    "full-width at": "ada\uff20evil.example@example.com",
    "254 ASCII octets": "a" * 242 + "@example.com",
    "254 octets of two each": "\xfc" * 121 + "@example.com",
    "254 octets of four each": "\U0001f412" * 60 + "aa@example.com",
}

NAMES: dict[str, str] = {
    "plain": "Ada Lovelace",
    "one letter": "A",
    "digits": "007",
    "zero": "0",
    "the word null": "null",
    "the word false": "false",
    "script": "<script>alert(document.cookie)</script>",
    "image": "\"><img src=x onerror='alert(1)'>",
    "ampersand": "Ada &amp; Charles & <b>",
    "SQL": "Robert'); DROP TABLE students;--",
    "template syntax": "{{ config.items() }} {% raw %} ${7*7} #{7*7}",
    "format syntax": "%s%n%d {0} {app.config}",
    "JSON syntax": '","email":"mallory@evil.example","x":"',
    "backslashes": "\\u0000 \\x00 \\ \\\\",
    "URL syntax": "a&ssoToken=x#y?z=%0d%0aSet-Cookie:%20a=b",
    "token syntax": "eyJhbGciOiJub25lIn0.e30.",
    "inner white space": "Ada \t King\u3000Lovelace",
    "outer white space": "  Ada  ",
    "line breaks": "Ada\r\nSet-Cookie: a=b\u2028Lovelace\u2029",
    "control characters": "A\x00d\x01a\x1b[31m\x7f\x85",
    "zero width": "A\u200bd\u200da\ufeff",
    "right to left": "\u05e2\u05d3\u05d4 \u05dc\u05d0\u05d1\u05dc\u05d9\u05d9\u05e1",
    "Arabic": "\u0639\u0644\u064a \u0628\u0646 \u0623\u0628\u064a \u0637\u0627\u0644",
    "direction override": "\u202egnirts desrever\u202c",
    "direction isolates": "\u2067abc\u2069 \u2066def\u2069",
    "precomposed": "Ren\xe9e \xc5ngstr\xf6m",
    "decomposed": "Rene\u0301e A\u030angstro\u0308m",
    "compatibility forms": "\ufb01\u2460\uff21\u212b\u1e9b\u0323",
    "heap of marks": "Z" + "\u0335\u0321\u0322\u0300\u0301" * 20,
    "mark alone": "\u0301",
    "Chinese": "\u738b\u5c0f\u660e",
    "beyond the plane": "\U0002a6d6\U00020000",
    "Korean jamo": "\u1112\u1161\u11ab",
    "Devanagari": "\u0905\u0926\u093e \u0932\u0935\u0932\u0947\u0938",
    "Thai": "\u0e40\u0e2d\u0e14\u0e32",
    "Turkish i": "\u0130\u0131Ii",
    "emoji": "\U0001f412",
    "emoji family": FAMILY,
    "emoji flag": "\U0001f1ee\U0001f1f1",
    "emoji keycap": "1\ufe0f\u20e3",
    "emoji skin": "\U0001f44b\U0001f3fd",
    "noncharacter beside a letter": "A\uffff\U0010ffff",
    "private use beside a letter": "A\ue000",
    "replacement character": "\ufffd",
    "255 letters": "x" * 255,
    "255 astral letters": "\U0001f412" * 255,
    "255 joined emoji": (FAMILY * 37)[:255],
    "255 in Chinese": "\u738b" * 255,
}

CLAIMS: dict[str, dict[str, Any]] = {
    "none": {},
    "text": {"company": "Acme"},
    "JSON of every kind": {
        "null": None,
        "yes": True,
        "zero": 0,
        "negative": -1.5,
        "list": [1, "two", [], {}],
        "object": {"a": {"b": [None, False]}},
    },
    "odd names": {"": 1, "a b": 2, "\u05d0": 3, "__proto__x": 4, "Email": 5},
    "text of every plane": {"motto": "\xe9 \u738b \U0001f412 \u2028 </script> \\ \" '"},
    "integers that JavaScript has": {"top": 2**53 - 1, "bottom": -(2**53) + 1},
}

UNUSABLE_EMAILS: dict[str, Any] = {
    "none": None,
    "empty": "",
    "spaces": "   ",
    "no at": "ada.example.com",
    "two at": "ada@evil.example@example.com",
    "nothing before": "@example.com",
    "nothing after": "ada@",
    "at alone": "@",
    "leading space": " ada@example.com",
    "trailing space": "ada@example.com ",
    "inner space": "ada lovelace@example.com",
    "no-break space": "ada\xa0@example.com",
    "ideographic space": "ada\u3000@example.com",
    "line separator": "ada\u2028@example.com",
    "trailing line feed": "ada@example.com\n",
    "header": "ada@example.com\r\nBcc: eve@evil.example",
    "tab": "ada\t@example.com",
    "NUL": "ada\x00@example.com",
    "escape": "ada\x1b@example.com",
    "delete": "ada\x7f@example.com",
    "C1 control": "ada\x9b@example.com",
    "next line": "ada\x85@example.com",
    "lone surrogate": "ada\ud800@example.com",
    "surrogate pair in two": "\ud83d\udc12@example.com",
    "with a name": "Ada <ada@example.com>",
    "brackets": "<ada@example.com>",
    "list": "ada@example.com,<eve@evil.example>",
    "255 ASCII octets": "a" * 243 + "@example.com",
    "255 octets of two each": "\xfc" * 121 + "a@example.com",
    "5 MB": "a" * 5_000_000 + "@example.com",
    "5 MB of at": "@" * 5_000_000,
    "5 MB of umlauts": "\xfc" * 2_500_000 + "@example.com",
    "bytes": b"ada@example.com",
    "bytearray": bytearray(b"ada@example.com"),
    "number": 5,
    "true": True,
    "list of one": ["ada@example.com"],
    "mapping": {"email": "ada@example.com"},
    "lazy text": Lazy("ada@example.com"),
    "proxy of text": LocalProxy(lambda: "ada@example.com"),
    "enumeration": Level.GOLD,
    "function": lambda: "ada@example.com",
    "lying text that is blank": Shouting(""),
    "lying text with a space": Shouting("ada @example.com"),
    "lying text of 5 MB": Shouting("a" * 5_000_000 + "@example.com"),
    "lying text with a surrogate": Shouting("ada\udfff@example.com"),
}

UNUSABLE_NAMES: dict[str, Any] = {
    "none": None,
    "empty": "",
    "spaces": "   ",
    "white space of every kind": " \t\r\n\x0b\x0c\xa0\u2003\u3000\u2028\u2029",
    "control characters": "\x00\x01\x7f\x85",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\xad",
    "direction marks": "\u200e\u200f\u202a\u202c\u2066\u2069",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "blank Braille": "\u2800",
    "Khmer vowels that are not drawn": "\u17b4\u17b5",
    "Mongolian separators": "\u180b\u180c\u180d\u180e\u180f",
    "joiner": "\u034f",
    "variation selectors": "\ufe0f\U000e0100",
    "tags": "\U000e0041\U000e007f",
    "private use": "\ue000\U000f0000",
    "lone surrogate": "Ada\ud800",
    "lone low surrogate": "\udfffAda",
    "surrogate pair in two": "Ada \ud83d\udc12",
    "surrogate alone": "\ud800",
    "256 letters": "x" * 256,
    "256 spaces": " " * 256,
    "5 MB": "x" * 5_000_000,
    "5 MB of spaces": " " * 5_000_000,
    "5 MB of emoji": "\U0001f412" * 1_250_000,
    "bytes": b"Ada",
    "number": 5,
    "zero": 0,
    "false": False,
    "list of one": ["Ada"],
    "mapping": {"first": "Ada"},
    "lazy text": Lazy("Ada"),
    "proxy of text": LocalProxy(lambda: "Ada"),
    "enumeration": Level.GOLD,
    "function": lambda: "Ada",
    "lying text that is blank": Shouting("  "),
    "lying text of 5 MB": Shouting("x" * 5_000_000),
    "lying text with a surrogate": Shouting("Ada\ud800"),
}

#: Text all right, but of other classes than ``str``: what counts is its code points.
TEXT_OF_OTHER_CLASSES: dict[str, str] = {
    "markup": Markup("ada&amp;co@example.com"),
    "lying text": Shouting("ada@example.com"),
    "enumeration of text": Address.ADA,
}


def _cycle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def nested(depth: int, kind: type = list) -> Any:
    """Lists (or dicts) in one another, so many of them."""
    value: Any = None
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


#: Extra claims that cannot be signed: the claim's name as the error gives it, and the
#: claims.
UNUSABLE_CLAIMS: dict[str, tuple[str, Any]] = {
    **{
        f"reserved {name}": (name, {name: "mallory@evil.example"})
        for name in ("email", "name", "jti", "iat", "exp")
    },
    "reserved with null": ("email", {"email": None}),
    "reserved under a lying name": ("email", {Shouting("email"): "eve@evil.example"}),
    "not a number": ("score", {"score": float("nan")}),
    "infinity": ("score", {"score": float("inf")}),
    "minus infinity": ("score", {"score": [1, {"a": float("-inf")}]}),
    "bytes": ("logo", {"logo": b"PNG"}),
    "datetime": ("since", {"since": datetime.datetime(2024, 1, 1)}),
    "date": ("since", {"since": datetime.date(2024, 1, 1)}),
    "decimal": ("price", {"price": decimal.Decimal("1.5")}),
    "complex": ("z", {"z": 1j}),
    "uuid": ("id", {"id": uuid.UUID(int=1)}),
    "set": ("tags", {"tags": {"a"}}),
    "mapping that is no dict": ("plan", {"plan": MappingProxyType({"a": 1})}),
    "lazy text": ("motto", {"motto": Lazy("hello")}),
    "proxy of text": ("motto", {"motto": LocalProxy(lambda: "hello")}),
    "enumeration": ("level", {"level": Level.GOLD}),
    "object": ("user", {"user": object()}),
    "function": ("f", {"f": len}),
    "lone surrogate": ("motto", {"motto": "a\ud800"}),
    "lone surrogate far inside": ("motto", {"motto": [{"a": "\udfff"}]}),
    "name with a lone surrogate": ("'a\\ud800'", {"a\ud800": 1}),
    "integer as name": ("1", {1: "one"}),
    "null as name": ("None", {None: "none"}),
    "true as name": ("True", {True: "yes"}),
    "tuple as name": ("('a',)", {("a",): 1}),
    "integer as inner name": ("plan", {"plan": {1: "one"}}),
    "integer as name in a list": ("plans", {"plans": [({1: 2},)]}),
    "null as inner name": ("plan", {"plan": {None: "none"}}),
    "cycle": ("ring", {"ring": _cycle()}),
    "deep list": ("deep", {"deep": nested(3_000)}),
    "very deep list": ("deep", {"deep": nested(100_000)}),
    "deep object": ("deep", {"deep": nested(3_000, dict)}),
    "integer of 5000 digits": ("big", {"big": 10**5_000}),
    "no mapping but a list": ("claims", [("company", "Acme")]),
    "no mapping but an empty list": ("claims", []),
    "no mapping but text": ("claims", "company=Acme"),
    "no mapping but a number": ("claims", 5),
}


def valid_people() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """People who can be signed in, as (email, name, claims) in plain JSON data.

    Every e-mail, every name and every set of claims is there at least once; all are
    what a token must give back code point for code point.
    """
    for email in EMAILS.values():
        yield email, "Ada Lovelace", {}
    for name in NAMES.values():
        yield "ada@example.com", name, {}
    for claims in CLAIMS.values():
        yield "ada@example.com", "Ada Lovelace", claims
    longest = EMAILS["254 octets of four each"], NAMES["255 astral letters"]
    yield *longest, CLAIMS["text of every plane"]


class Failing(User):
    """A user whose properties raise; ``failing`` names those that do."""

    def __init__(self, *failing: str, error: Exception) -> None:
        super().__init__()
        self._failing = failing
        self._error = error

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._failing:
            raise self._error
        return super().__getattribute__(name)


class BrokenEmail(User):
    """A user whose ``email`` looks for an attribute that is not there."""

    def __init__(self) -> None:
        self.id = "ada"
        self.name = "Ada"

    @property
    def email(self) -> str:
        address: str = self.profile.email
        return address


class BrokenName(User):
    """A user whose ``name`` looks for an attribute that is not there."""

    def __init__(self) -> None:
        self.id = "ada"
        self.email = "ada@example.com"
        self.username = "ada"

    @property
    def name(self) -> str:
        name: str = self.profile.name
        return name


class BrokenActive(User):
    """A user whose ``is_active`` looks for an attribute that is not there."""

    @property
    def is_active(self) -> bool:
        active: bool = self.profile.is_active
        return active
