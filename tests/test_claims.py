"""What a token may say about a person: only the rules, without an app."""

import sys
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp import TokenError
from flask_feedbackchimp.identity import checked_claims, is_blank, is_email, is_name
from support import people


def _wrong(values: list[str]) -> list[str]:
    """What a rule got wrong, short enough to print."""
    return [ascii(value)[:60] for value in values]


def test_emails():
    refused = [email for email in people.EMAILS if not is_email(email)]
    assert _wrong(refused) == []
    accepted = [email for email in people.UNUSABLE_EMAILS if is_email(email)]
    assert _wrong(accepted) == []


def test_names():
    refused = [name for name in people.NAMES if not is_name(name)]
    assert _wrong(refused) == []
    accepted = [name for name in people.UNUSABLE_NAMES if is_name(name)]
    assert _wrong(accepted) == []


@given(st.text())
def test_accepted_email(text):
    """One ``@``, something on both sides, nothing that breaks a line or a header."""
    for email in (text, f"{text}@example.com", f"ada@{text}"):
        if not is_email(email):
            continue
        local, domain = email.split("@")
        assert local and domain
        assert len(email.encode()) <= 254
        assert not set("<>") & set(email)
        categories = {unicodedata.category(character) for character in email}
        assert not {"Cc", "Cs", "Zs", "Zl", "Zp"} & categories


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), max_size=40))
def test_email_in_any_script(text):
    local = "".join(set(text) - set("<>@")) or "a"
    assert is_email(f"{local}@example.com")


@given(st.text(max_size=254))
def test_one_visible_letter_makes_a_name(text):
    """Anything goes beside it, except lone surrogates."""
    has_surrogate = any("\ud800" <= character <= "\udfff" for character in text)
    assert is_name(f"{text}A") is not has_surrogate


#: Format characters that are drawn, for the most part around numbers.
_DRAWN = {
    *range(0x600, 0x606),
    0x6DD,
    0x70F,
    0x890,
    0x891,
    0x8E2,
    0xFFF9,  # interlinear annotations
    0xFFFA,
    0xFFFB,
    0x110BD,
    0x110CD,
    *range(0x13430, 0x13440),
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
        checked_claims(claims)
    assert "evil.example" not in str(caught.value)  # no value is repeated
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize(("name", "claims"), people.RESERVED_CLAIMS)
def test_reserved_claims(name, claims):
    """In every spelling: some decoders ignore upper and lower case."""
    reason, message = _refusal(claims)
    assert reason == "claim_reserved"
    assert message.startswith(f"The extra claim “{name}” would replace one")


@pytest.mark.parametrize("value", people.NOT_JSON, ids=lambda value: type(value))
def test_value_that_is_not_json(value):
    """The developer is told which claim it is."""
    reason, message = _refusal({"plan": value})
    assert reason == "claim_not_json"
    assert message.startswith("The extra claim 'plan' cannot be written as JSON: use ")


def test_claim_name_that_cannot_be_encoded():
    reason, message = _refusal({"a\ud800": 1})
    assert reason == "claim_not_json"
    assert message.startswith(r"The extra claim 'a\ud800' cannot be written as JSON: ")


@pytest.mark.parametrize(("kind", "claims"), people.NOT_NAMES)
def test_claim_name_that_is_not_text(kind, claims):
    reason, message = _refusal(claims)
    assert reason == "claim_not_json"
    assert message.startswith(f"The name of an extra claim must be text, not {kind}: ")


@pytest.mark.parametrize(("kind", "claims"), people.NOT_MAPPINGS)
def test_claims_that_are_not_a_mapping(kind, claims):
    reason, message = _refusal(claims)
    assert reason == "claim_not_json"
    assert message.endswith(f"must be a mapping, such as a dict, not {kind}.")


class _Changing(Mapping[str, object]):
    """It has another key every time it is looked at."""

    def __init__(self) -> None:
        self._keys = iter(["company", "email"])

    def __iter__(self) -> Iterator[str]:
        yield next(self._keys)

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: str) -> str:
        return f"the {key}"


def test_claims_are_read_once():
    assert checked_claims(_Changing()) == {"company": "the company"}


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
def test_any_json(claims):
    assert checked_claims(claims) == claims


@pytest.mark.parametrize("claims", people.CLAIMS)
@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_claims(claims, kind):
    assert checked_claims(kind(claims)) == claims
