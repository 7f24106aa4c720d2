"""The rules for what a token may say of a person; plain functions of plain data.

They are strict about the form and blind to the content: an accepted
value is signed code point for code point, with no case folding and no normalising.
"""

from __future__ import annotations

import re
import unicodedata

#: Longest e-mail address in octets of UTF-8 (RFC 5321 §4.5.3.1.3, erratum 1690).
EMAIL_MAX_OCTETS = 254
#: Longest name in characters (code points).
NAME_MAX_CHARACTERS = 255

#: Claims that a loader's extra claims cannot replace.
RESERVED_CLAIMS = frozenset({"email", "name", "jti", "iat", "exp"})

# One "@", something on both sides, no white space, no control characters, no lone
# surrogates, no angle brackets ("Ada <ada@example.com>" is not an address).
_PART = r"[^\s\x00-\x1f\x7f-\x9f<>@\ud800-\udfff]+"
_EMAIL = re.compile(f"{_PART}@{_PART}")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Categories that leave no mark on the page: separators, controls, formats,
# surrogates, private use and unassigned code points.
_INVISIBLE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"})
# Letters, symbols and marks that are drawn as nothing all the same: the rest of
# Unicode's Default_Ignorable_Code_Point, and the blank Braille pattern.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def is_email(value: object) -> bool:
    """Whether a value can stand in the claim ``email``."""
    return (
        isinstance(value, str)
        and len(value) <= EMAIL_MAX_OCTETS
        and _EMAIL.fullmatch(value) is not None
        and (value.isascii() or len(value.encode()) <= EMAIL_MAX_OCTETS)
    )


def is_name(value: object) -> bool:
    """Whether a value can stand in the claim ``name``."""
    return (
        isinstance(value, str)
        and len(value) <= NAME_MAX_CHARACTERS
        and _SURROGATE.search(value) is None
        and not is_blank(value)
    )


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: white space and invisible characters alone."""
    return not any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return (
        unicodedata.category(character) not in _INVISIBLE_CATEGORIES
        and _INVISIBLE.match(character) is None
    )
