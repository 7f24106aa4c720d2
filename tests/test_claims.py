"""What a token may say of a person: only the rules, without an app."""

import json
import sys
import unicodedata
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp import TokenError, claims
from flask_feedbackchimp.claims import extra_members, is_blank, is_email, is_name
from support import people


def _read(members: str) -> Any:
    return json.loads(f"{{{members}}}")


@pytest.mark.parametrize(
    ("rule", "usable", "unusable"),
    [
        (is_email, people.EMAILS, people.UNUSABLE_EMAILS),
        (is_name, people.NAMES, people.UNUSABLE_NAMES),
    ],
    ids=["email", "name"],
)
def test_corpora(rule, usable, unusable):
    wrong = [value for value in usable if rule(value) is not True]
    wrong += [v for v in unusable if rule(claims.plain_text(v)) is not False]
    assert [ascii(claims.plain_text(value))[:60] for value in wrong] == []


@pytest.mark.parametrize("value", people.TEXT_OF_OTHER_CLASSES, ids=type)
def test_plain_text(value):
    """Whatever a class overrides, what is left is ``str`` and nothing else."""
    text = claims.plain_text(value)
    assert type(text) is str
    assert text in {"ada&amp;co@example.com", "ada@example.com"}


@given(st.text())
def test_accepted_email(text):
    """One ``@``, something on both sides, nothing that breaks a line or a header."""
    for email in filter(is_email, (text, f"{text}@example.com", f"ada@{text}")):
        local, domain = email.split("@")
        assert local and domain and len(email.encode()) <= 254
        categories = set(map(unicodedata.category, email))
        assert not {"Cc", "Cs", "Zs", "Zl", "Zp"} & categories
        assert not set("<>") & set(email)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), max_size=40))
def test_email_in_any_script(text):
    local = "".join(set(text) - set("<>@")) or "a"
    assert is_email(f"{local}@example.com")


@given(st.text(max_size=254))
def test_one_visible_letter_makes_a_name(text):
    """Anything goes beside it, except lone surrogates."""
    has_surrogate = any("\ud800" <= character <= "\udfff" for character in text)
    assert is_name(f"{text}A") is not has_surrogate


#: Format characters that are drawn, for the most part around numbers; 0xFFF9 to
#: 0xFFFB are interlinear annotations.
_DRAWN = {
    *(*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0xFFF9, 0xFFFA, 0xFFFB),
    *(0x110BD, 0x110CD, *range(0x13430, 0x13440)),
}


def test_blank_characters():
    """All white space, controls and format characters, and what else is not drawn."""
    others = {ord(c) for text in people.BLANK for c in text if not c.isspace()}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace() or category == "Cc":
            assert is_blank(character), hex(code)
        elif category == "Cf":
            assert is_blank(character) is (code not in _DRAWN), hex(code)
        elif category[0] in "LNPS":
            assert not is_blank(character) or code in others, hex(code)


def _refusal(claims: Any) -> tuple[str, str]:
    with pytest.raises(TokenError) as caught:
        extra_members(claims)
    assert "evil.example" not in str(caught.value)  # no value is repeated
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize(("name", "claims"), people.RESERVED_CLAIMS)
def test_reserved_claims(name, claims):
    """In every spelling: some decoders ignore upper and lower case."""
    reason, message = _refusal(claims)
    assert reason == "claim_reserved"
    assert message.startswith(f"The extra claim “{name}” would replace one")


@pytest.mark.parametrize(("named", "claims"), people.UNUSABLE_CLAIMS)
def test_claims_that_are_not_json(named, claims):
    """The developer is told which claim it is."""
    reason, message = _refusal(claims)
    assert reason == "claim_not_json"
    assert message.startswith(
        (
            f"The extra claim {named} cannot be written as JSON: use text, ",
            f"The name of an extra claim must be text, {named}: write claims=",
            f"The claims of an Identity must be a mapping, such as a dict, {named}.",
        )
    )


class _Changing(dict[str, object]):
    """A mapping that shows something else every time it is looked at."""

    _shows = iter([[("company", "Acme")], [("email", "eve@evil.example")]])

    def items(self) -> Any:
        return next(self._shows)


def test_claims_are_read_once():
    assert _read(extra_members(_Changing(a=1))) == {"company": "Acme"}


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
def test_any_json(some):
    for members in (some, *people.CLAIMS):
        assert _read(extra_members(members)) == members
        assert _read(extra_members(MappingProxyType(members))) == members
