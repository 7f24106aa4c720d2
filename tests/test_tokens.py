"""What a token is made of, and what passes for one."""

from __future__ import annotations

import base64
import json
import os
import re
import time
import traceback
import uuid
from collections import UserDict
from types import MappingProxyType

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import people
from apps import SECRET, claims_of, make_app
from flask_feedbackchimp import TokenError
from flask_feedbackchimp.tokens import TokenSigner

SIGNER = TokenSigner(SECRET)
CLAIMS = {"email": "ada@example.com", "name": "Ada", "jti": str(uuid.UUID(int=1 << 64))}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _token(claims: object, key: str = SECRET, algorithm: str = "HS256") -> str:
    """A token as PyJWT makes it; of any JSON, not of objects alone."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jwt.PyJWS().encode(body, key, algorithm)


def _reason(token: str) -> str:
    with pytest.raises(TokenError) as caught:
        SIGNER.read(token)
    return caught.value.reason


def test_the_header_is_these_bytes_exactly():
    header = SIGNER.sign("ada@example.com", "Ada").text.split(".")[0]
    assert _decoded(header) == b'{"alg":"HS256","typ":"JWT"}'


def test_the_claims_are_five_and_of_these_types():
    """``exp`` is as many seconds after ``iat`` as the lifetime says; no ``nbf``."""
    before = int(time.time())
    token = SIGNER.sign("ada@example.com", "Ada", lifetime=300).text
    claims = json.loads(_decoded(token.split(".")[1]))
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}
    assert claims["email"] == "ada@example.com"
    assert claims["name"] == "Ada"
    assert type(claims["iat"]) is type(claims["exp"]) is int
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] - claims["iat"] == 300


def test_without_a_lifetime_there_are_the_vendors_three_claims():
    token = SIGNER.sign("ada@example.com", "Ada", lifetime=None).text
    assert set(claims_of(token)) == {"email", "name", "jti"}


def test_the_jti_is_a_fresh_uuid4_as_text():
    """RFC 7519 §4.1.7: no two tokens have the same one."""
    tokens = [SIGNER.sign("ada@example.com", "Ada") for _ in range(1000)]
    for token in tokens[:20]:
        jti = claims_of(token.text)["jti"]
        assert jti == token.jti
        assert str(uuid.UUID(jti)) == jti
        assert uuid.UUID(jti).version == 4
    assert len({token.jti for token in tokens}) == 1000


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "XYZ+12", "XYZ-14"])
def test_the_times_are_right_in_any_time_zone(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before = int(time.time())
        token = SIGNER.sign("ada@example.com", "Ada", lifetime=30).text
        claims = claims_of(token)
        assert before <= claims["iat"] <= time.time()
        assert SIGNER.read(token) == claims
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") != zone or zone == "UTC"


@pytest.mark.parametrize("lifetime", [30, 3600])
def test_a_token_of_any_allowed_lifetime_is_read_back(lifetime):
    """Both by PyJWT and by ourselves, and both say the same."""
    token = SIGNER.sign("ada@example.com", "Ada", lifetime=lifetime).text
    assert SIGNER.read(token) == claims_of(token)


def test_everybody_who_can_be_signed_in_comes_back_code_point_for_code_point():
    everybody = list(people.valid_people())
    assert len(everybody) > len(people.EMAILS) + len(people.NAMES)
    for email, name, claims in everybody:
        token = SIGNER.sign(email, name, claims=claims, lifetime=300)
        read = claims_of(token.text)
        assert read == SIGNER.read(token.text)
        assert [read.pop(key) for key in ("email", "name", "jti")] == [
            email,
            name,
            token.jti,
        ]
        assert read.pop("exp") - read.pop("iat") == 300
        assert read == claims


def test_extra_claims_stand_beside_the_tokens_own():
    claims = {"company": "Acme", "seats": [1, None, {"a": 1.5}]}
    token = SIGNER.sign("ada@example.com", "Ada", claims=claims).text
    assert claims_of(token).items() >= claims.items()


@pytest.mark.parametrize("claims", [None, {}, MappingProxyType({}), UserDict()])
def test_no_extra_claims_are_no_claims(claims):
    token = SIGNER.sign("ada@example.com", "Ada", claims=claims).text
    assert set(claims_of(token)) == {"email", "name", "jti"}


def test_a_short_secret_is_not_spoken_of_when_signing_or_reading():
    """PyJWT warns at every use; with warnings as errors that would be a 500."""
    signer = TokenSigner("short")
    token = signer.sign("ada@example.com", "Ada", lifetime=300).text
    assert signer.read(token)["name"] == "Ada"


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB",
    ],
    ids=["PEM", "SSH"],
)
def test_what_pyjwt_refuses_as_a_key_makes_no_signer(secret):
    with pytest.raises(TokenError, match="refused by PyJWT") as caught:
        TokenSigner(secret)
    assert caught.value.reason == "secret_unusable"
    assert secret not in _everything_said(caught.value)


# Reading


def test_a_token_that_pyjwt_made_is_read():
    """With ``iat`` alone, as the vendor's Node sample makes it, or without."""
    for times in ({}, {"iat": int(time.time())}, {"exp": time.time() + 60.5}):
        token = jwt.encode({**CLAIMS, **times}, SECRET, "HS256")
        assert SIGNER.read(token) == {**CLAIMS, **times}


@pytest.mark.parametrize(
    ("reason", "claims"),
    {
        "a list": ("malformed", []),
        "text": ("malformed", "ada"),
        "null": ("malformed", None),
        "no JSON": ("malformed", b"{"),
        "not a number": ("malformed", b'{"exp":NaN}'),
        "infinity": ("malformed", b'{"exp":-Infinity}'),
        "no text at all": ("malformed", b"\xff\xfe\xfd"),
        "deep": ("malformed", b"[" * 200_000),
        "a number of 5000 digits": ("malformed", b"1" * 5_000),
        "no email": ("claim_missing", {"name": "Ada", "jti": "1"}),
        "no name": ("claim_missing", {"email": "a@b", "jti": "1"}),
        "no jti": ("claim_missing", {"email": "a@b", "name": "Ada"}),
        "nothing": ("claim_missing", {}),
        "null email": ("claim_invalid", {**CLAIMS, "email": None}),
        "bad email": ("claim_invalid", {**CLAIMS, "email": "ada"}),
        "number as name": ("claim_invalid", {**CLAIMS, "name": 5}),
        "blank name": ("claim_invalid", {**CLAIMS, "name": " "}),
        "surrogate as name": ("claim_invalid", {**CLAIMS, "name": "\ud800"}),
        "number as jti": ("claim_invalid", {**CLAIMS, "jti": 5}),
        "blank jti": ("claim_invalid", {**CLAIMS, "jti": ""}),
        "text as iat": ("claim_invalid", {**CLAIMS, "iat": "now"}),
        "text as exp": ("claim_invalid", {**CLAIMS, "exp": "9999999999"}),
        "null as exp": ("claim_invalid", {**CLAIMS, "exp": None}),
        "true as exp": ("claim_invalid", {**CLAIMS, "exp": True}),
        "list as nbf": ("claim_invalid", {**CLAIMS, "nbf": [1]}),
        "exp long ago": ("expired", {**CLAIMS, "exp": 1}),
        "exp below zero": ("expired", {**CLAIMS, "exp": -(10**400)}),
        "nbf far ahead": ("not_yet_valid", {**CLAIMS, "nbf": 10**400}),
    }.values(),
)
def test_claims_that_do_not_hold_are_refused_with_a_reason(reason, claims):
    """Even with the right signature."""
    assert _reason(_token(claims)) == reason


def test_a_token_has_expired_at_the_moment_of_its_exp():
    """RFC 7519 §4.1.4: it must not be accepted on or after that time; no leeway."""
    assert _reason(_token({**CLAIMS, "exp": time.time()})) == "expired"
    assert SIGNER.read(_token({**CLAIMS, "exp": time.time() + 60}))


@pytest.mark.parametrize("claim", ["email", "name", "jti", "iat", "exp", "nbf"])
def test_the_message_names_the_claim(claim):
    with pytest.raises(TokenError, match=f"“{claim}”"):
        SIGNER.read(_token({**CLAIMS, claim: []}))


def test_another_secret_is_a_bad_signature():
    assert _reason(_token(CLAIMS, key="quite-another-secret-of-32-bytes")) == (
        "bad_signature"
    )


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_under_the_same_secret_is_refused(algorithm):
    """RFC 8725 §3.1: one algorithm, and not the token's choice."""
    key = SECRET * 2
    with pytest.raises(TokenError) as caught:
        TokenSigner(key).read(_token(CLAIMS, key, algorithm))
    assert caught.value.reason == "wrong_algorithm"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "RS256", "ES256", "EdDSA", "hs256", "HS256 ", ""]
)
@pytest.mark.parametrize("signature", ["", "right", "noise"])
def test_a_header_that_names_another_algorithm_is_refused(alg, signature):
    """Unsigned, signed rightly as HS256, or with any bytes for a signature."""
    header = _encoded(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    start = f"{header}.{_token(CLAIMS).split('.')[1]}"
    right = SIGNER._jws.get_algorithm_by_name("HS256").sign(start.encode(), b"")
    signatures = {"": "", "right": _encoded(right), "noise": _encoded(b"x" * 256)}
    assert _reason(f"{start}.{signatures[signature]}") == "wrong_algorithm"


@pytest.mark.parametrize("alg", [None, 5, ["HS256"], {"HS256": 1}, True])
def test_a_header_whose_algorithm_is_no_text_is_refused(alg):
    header = _encoded(json.dumps({"alg": alg}).encode())
    _, payload, signature = _token(CLAIMS).split(".")
    assert _reason(f"{header}.{payload}.{signature}") == "wrong_algorithm"


def test_a_header_without_an_algorithm_is_refused():
    _, payload, signature = _token(CLAIMS).split(".")
    assert _reason(f"{_encoded(b'{}')}.{payload}.{signature}") == "wrong_algorithm"
    assert _reason(f"{_encoded(b'{}')}.{payload}.") == "wrong_algorithm"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "ada",
        "a.b.c",
        "W10.e30.AAAA",
        "\ud800.e30.e30",
        "e30.e30.e30.e30.e30",
        " " + _token(CLAIMS),
        _token(CLAIMS) + "\n",
        _token(CLAIMS) + "=",
        _token(CLAIMS) + "\x00",
        _token(CLAIMS) + "\ud800",
        _token(CLAIMS).replace(".", ". "),
        _token(CLAIMS).replace(".", "%2e"),
        "Bearer " + _token(CLAIMS),
        _encoded(b"\xff\xfe") + ".e30.AAAA",
        "[" * 1_000_000,
        _encoded(b"[" * 200_000) + ".e30.AAAA",
    ],
    ids=lambda token: ascii(token)[1:25],
)
def test_what_has_no_token_s_form_is_malformed(token):
    assert _reason(token) == "malformed"


def test_no_character_of_a_token_can_be_changed():
    """A changed token is refused, unless its last bits stand for the same bytes."""
    token = SIGNER.sign("ada@example.com", "Ada", lifetime=300).text
    signature = _decoded(token.split(".")[2])
    for index, character in enumerate(token):
        for other in "Aa0-_.=+/ \n\x00\xe9" + chr(ord(character) ^ 1):
            changed = token[:index] + other + token[index + 1 :]
            if changed == token:
                continue
            try:
                SIGNER.read(changed)
            except TokenError:
                continue
            assert changed[:-1] == token[:-1]
            assert _decoded(changed.split(".")[2]) == signature


_TOKEN = _token(CLAIMS)


@given(st.data())
@settings(deadline=None)
def test_no_cut_insertion_or_swap_makes_another_token(data):
    """However it is tampered with, it is refused or still the same token."""
    start = data.draw(st.integers(0, len(_TOKEN)))
    end = data.draw(st.integers(start, len(_TOKEN)))
    middle = data.draw(st.text(max_size=8) | st.just(_TOKEN[start:end][::-1]))
    changed = _TOKEN[:start] + middle + _TOKEN[end:]
    try:
        claims = SIGNER.read(changed)
    except TokenError as error:
        assert changed != _TOKEN
        assert _TOKEN not in _everything_said(error)
    else:
        assert changed[:-1] == _TOKEN[:-1]
        assert claims == CLAIMS


@given(st.text() | st.from_regex(r"\A[\w-]{1,9}\.[\w-]{1,9}\.[\w-]{0,9}\Z"))
def test_any_text_is_refused_in_words(text):
    with pytest.raises(TokenError, match=r"\AThe token .*\.\Z"):
        SIGNER.read(text)


def test_no_error_repeats_the_token_nor_do_its_causes():
    """Neither as text nor as ``repr``, and not what an exception was made of."""
    tokens = [
        _token(CLAIMS, key="quite-another-secret-of-32-bytes"),
        _token(CLAIMS, algorithm="HS512", key=SECRET * 2),
        _token({**CLAIMS, "exp": 1}),
        _token({**CLAIMS, "name": 5}),
        _token([]),
        _token(b"{"),
        _token(CLAIMS) + "\ud800",
        _token(CLAIMS) + "!",
        _token(CLAIMS).replace(".", ".."),
    ]
    for token in tokens:
        with pytest.raises(TokenError) as caught:
            SIGNER.read(token)
        said = _everything_said(caught.value)
        assert caught.value.reason
        assert SECRET not in said
        assert token not in said
        assert not any(part in said for part in re.findall(r"[\w-]{20,}", token))


def _everything_said(error: BaseException) -> str:
    """All that an exception and those behind it say, in every form."""
    said = "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        said += f"\n{link}\n{link!r}\n{link.args!r}\n{vars(link)!r}"
        link = link.__cause__ or link.__context__
    return said


def test_the_python_api_signs_such_a_token():
    """End to end: settings, identity and token."""
    app = make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=60)
    with app.app_context():
        token = app.feedbackchimp.create_token(people.User())
    claims = claims_of(token)
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 60
