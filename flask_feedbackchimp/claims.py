"""The rules for what a token may say about a person; plain functions of plain data.

They judge the form and not the content: an accepted value is signed code point for
code point, without case folding or normalising.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeGuard

from .errors import TokenError

#: Longest e-mail address in octets of UTF-8 (RFC 5321 §4.5.3.1.3, erratum 1690).
EMAIL_MAX_OCTETS = 254
#: Longest name in characters (code points).
NAME_MAX_CHARACTERS = 255

#: Claims that a loader's extra claims cannot replace, in any spelling of upper and
#: lower case: some decoders ignore it.
RESERVED_CLAIMS = frozenset({"email", "name", "jti", "iat", "exp"})

#: UTF-8 rather than \u escapes: a third of the length for a name in emoji.
encode_json: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode

# One "@", something on both sides, no white space, no control characters, no lone
# surrogates, no angle brackets ("Ada <ada@example.com>" is not an address).
_PART = r"[^\s\x00-\x1f\x7f-\x9f<>@\ud800-\udfff]+"
_EMAIL = f"{_PART}@{_PART}"

# What a page shows as nothing: white space, controls, the blank Braille pattern, and
# Unicode's Default_Ignorable_Code_Point.
_BLANK = (
    r"[\s\x00-\x1f\x7f-\x9f\u2800\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)

# An import need not compile them, and re's own cache is a fiftieth of a token's cost.
_compiled = cache(re.compile)


def plain_text(value: object) -> str | None:
    """A text's own code points, or ``None`` for anything but text.

    A subclass may override what it says of itself, and a proxy claims to be what it
    stands for; what is examined must be what is signed.
    """
    if type(value) is str:
        return value
    return str.__str__(value) if issubclass(type(value), str) else None


def is_email(value: object) -> TypeGuard[str]:
    """Whether a value can stand in the claim ``email``."""
    if not isinstance(value, str) or _compiled(_EMAIL).fullmatch(value) is None:
        return False
    return len(value.encode()) <= EMAIL_MAX_OCTETS


def is_name(value: object) -> TypeGuard[str]:
    """Whether a value can stand in the claim ``name``."""
    return (
        isinstance(value, str)
        and len(value) <= NAME_MAX_CHARACTERS
        and not is_blank(value)
        and _has_utf8(value)
    )


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only white space and invisible characters."""
    if text.isascii() and text.isprintable():  # nearly always, and quick
        return not text.strip(" ")
    return _compiled(_BLANK).fullmatch(text) is not None


def extra_members(claims: Mapping[str, object]) -> str:
    """An identity's extra claims in JSON, as members of an object, without braces.

    :raises TokenError: one is reserved or is not JSON.
    """
    if not isinstance(claims, Mapping):
        raise TokenError(
            "The claims of an Identity must be a mapping, such as a dict, not "
            f"{type(claims).__name__}.",
            reason="claim_not_json",
        )
    return ",".join(_member(key, value) for key, value in claims.items())


def _member(key: object, value: object) -> str:
    name = plain_text(key)
    if name is None:
        raise TokenError(
            "The name of an extra claim must be text, not "
            f"{type(key).__name__}: write claims={{'company': …}}.",
            reason="claim_not_json",
        )
    if name.casefold() in RESERVED_CLAIMS:
        raise TokenError(
            f"The extra claim “{name}” would replace one of the token's own: give it "
            "another name.",
            reason="claim_reserved",
        )
    member = _json_member(name, value)
    if member is None:
        raise TokenError(
            f"The extra claim {name!r} cannot be written as JSON: use text, finite "
            "numbers, true, false, null, and lists and objects of them, with text "
            "as keys.",
            reason="claim_not_json",
        )
    return member


def _has_utf8(text: str) -> bool:
    """Whether a text can be encoded; lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_member(name: str, value: object) -> str | None:
    try:
        text = encode_json({name: value})
        text.encode()  # refuses lone surrogates
        return text[1:-1] if _has_text_keys(value) else None
    except (TypeError, ValueError, RecursionError):
        return None


def _has_text_keys(value: object) -> bool:
    """JSON would turn the key ``1`` into ``"1"`` without a word."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_text_keys(value[key]) for key in value)
    if isinstance(value, list | tuple):
        return all(map(_has_text_keys, value))
    return True
