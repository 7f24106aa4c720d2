"""What a token may say of a person: the rules alone, without an app."""

from __future__ import annotations

import json
import unicodedata
from collections import ChainMap, OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import people
from flask_feedbackchimp import TokenError
from flask_feedbackchimp.claims import (
    RESERVED_CLAIMS,
    extra_members,
    is_blank,
    is_email,
    is_name,
    plain_text,
)


def _read(members: str) -> Any:
    return json.loads(f"{{{members}}}")


@pytest.mark.parametrize("email", people.EMAILS.values(), ids=people.EMAILS)
def test_a_usable_email_is_accepted(email):
    assert is_email(email)


@pytest.mark.parametrize("name", people.NAMES.values(), ids=people.NAMES)
def test_a_usable_name_is_accepted(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "value", people.UNUSABLE_EMAILS.values(), ids=people.UNUSABLE_EMAILS
)
def test_an_unusable_email_is_refused(value):
    assert not is_email(plain_text(value))


@pytest.mark.parametrize(
    "value", people.UNUSABLE_NAMES.values(), ids=people.UNUSABLE_NAMES
)
def test_an_unusable_name_is_refused(value):
    assert not is_name(plain_text(value))


@pytest.mark.parametrize(
    "value", people.TEXT_OF_OTHER_CLASSES.values(), ids=people.TEXT_OF_OTHER_CLASSES
)
def test_text_of_another_class_is_reduced_to_its_code_points(value):
    """Whatever the class overrides, what is left is ``str`` and nothing else."""
    text = plain_text(value)
    assert type(text) is str
    assert text == "".join(map(chr, memoryview(text.encode("utf-32-le")).cast("I")))
    assert text in {"ada&amp;co@example.com", "ada@example.com"}


def test_email_limit_counts_octets_and_name_limit_counts_characters():
    """RFC 5321 §4.5.3.1.3 counts octets; a person counts characters."""
    assert is_email("\xfc" * 121 + "@example.com")
    assert not is_email("\xfc" * 122 + "@example.com")
    assert is_name("\U0001f412" * 255)
    assert not is_name("\U0001f412" * 256)


@given(st.text())
def test_an_accepted_email_has_one_at_and_nothing_that_breaks_a_line(text):
    """Whatever the rule's spelling, what passes has these properties."""
    for email in (text, f"{text}@example.com", f"ada@{text}"):
        if not is_email(email):
            continue
        local, at, domain = email.partition("@")
        assert local
        assert at
        assert domain
        assert "@" not in domain
        assert len(email.encode()) <= 254
        assert not {"Cc", "Cs", "Zs", "Zl", "Zp"} & set(
            map(unicodedata.category, email)
        )
        assert not set("<>") & set(email)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), max_size=40))
def test_an_email_without_white_space_controls_or_brackets_is_accepted(text):
    """The rule refuses no letter of any script."""
    local = "".join(set(text) - set("<>@")) or "a"
    assert is_email(f"{local}@example.com")


@given(st.text(max_size=255))
def test_a_name_with_one_visible_letter_is_accepted(text):
    """Anything goes beside it, lone surrogates apart."""
    name = f"{text[:254]}A"
    has_surrogate = any("\ud800" <= character <= "\udfff" for character in name)
    assert is_name(name) is not has_surrogate


def test_white_space_is_blank_and_so_is_every_format_character():
    """Names are for people to see."""
    invisible = [chr(c) for c in range(0x3000) if chr(c).isspace()]
    invisible += [
        chr(c) for c in range(0x11000) if unicodedata.category(chr(c)) in {"Cf", "Cc"}
    ]
    assert len(invisible) > 100
    assert all(map(is_blank, invisible))
    assert is_blank("".join(invisible))
    assert not is_blank("".join(invisible) + "A")


@pytest.mark.parametrize("claims", people.CLAIMS.values(), ids=people.CLAIMS)
def test_json_claims_are_taken_as_they_are(claims):
    assert _read(extra_members(claims)) == claims


@pytest.mark.parametrize(
    ("named", "claims"),
    people.UNUSABLE_CLAIMS.values(),
    ids=people.UNUSABLE_CLAIMS,
)
def test_an_unusable_claim_is_refused_by_name(named, claims):
    """The developer is told which claim it is; its value is not repeated."""
    with pytest.raises(TokenError) as caught:
        extra_members(claims)
    expected = "claim_reserved" if named in RESERVED_CLAIMS else "claim_not_json"
    assert caught.value.reason == expected
    assert named in str(caught.value)
    assert "evil.example" not in str(caught.value)
    assert len(str(caught.value)) < 300


class _Changing(dict[str, object]):
    """A mapping that shows something else every time it is looked at."""

    def __init__(self) -> None:
        super().__init__(a=1)
        self._shows = iter([[("company", "Acme")], [("email", "eve@evil.example")]])

    def items(self) -> Any:
        return next(self._shows)


def test_what_was_examined_is_what_is_written():
    """The claims are read once."""
    assert _read(extra_members(_Changing())) == {"company": "Acme"}


@pytest.mark.parametrize("empty", [{}, MappingProxyType({}), OrderedDict(), ChainMap()])
def test_no_claims_are_no_members(empty):
    assert extra_members(empty) == ""


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc\xe9"), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text("xyz\xe9 ", max_size=4), _JSON, max_size=3))
@settings(max_examples=50)
def test_any_json_can_be_a_claim(claims):
    assert _read(extra_members(claims)) == claims
