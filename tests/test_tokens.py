"""What a token is made of, and which tokens are read."""

import hashlib
import hmac
import json
import re
import time
import traceback
import uuid
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_decode, base64url_encode

from flask_feedbackchimp import TokenError, tokens
from flask_feedbackchimp.settings.secret import Secret
from flask_feedbackchimp.tokens import read, sign
from support.apps import SECRET, claims_of

KEY = Secret(SECRET)
CLAIMS = {"email": "ada@example.com", "name": "Ada", "jti": str(uuid.UUID(int=1 << 64))}


def _signed(**arguments: Any) -> str:
    return sign(KEY, "ada@example.com", "Ada", **arguments).between()


def _encoded(data: bytes) -> str:
    return base64url_encode(data).decode()


def _token(payload: object, key: str = SECRET) -> str:
    """A token as PyJWT makes it, of any JSON or of bytes that are not JSON."""
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    return jwt.PyJWS().encode(payload, key, "HS256")


def _by_hand(header: bytes, payload: bytes, *, signature: str | None = None) -> str:
    """A token of these bytes, rightly signed as HS256 unless told otherwise."""
    start = f"{_encoded(header)}.{_encoded(payload)}"
    if signature is None:
        mac = hmac.new(SECRET.encode(), start.encode(), hashlib.sha256)
        signature = _encoded(mac.digest())
    return f"{start}.{signature}"


def _refusal(token: str) -> TokenError:
    """The error that a token is refused with; it never repeats a part of the token."""
    with pytest.raises(TokenError) as caught:
        read(KEY, token)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    said = "".join(traceback.format_exception(error)) + f"{error.args}{vars(error)}"
    for part in re.findall(r"[\w-]{20,}", token[:2000]):
        assert part not in said
    return error


def test_header_and_payload_bytes():
    """Exactly these, in this order, without white space; ``iat`` and ``exp`` ints."""
    before = int(time.time())
    token = sign(KEY, "ada@b", "Ad\xe4", claims={"a": {"b": [1, 2]}}, lifetime=300)
    header, payload = map(base64url_decode, token.between().split(".")[:2])
    now = json.loads(payload)["iat"]
    assert before <= now <= time.time()
    assert header == b'{"alg":"HS256","typ":"JWT"}'
    assert payload.decode() == (
        f'{{"email":"ada@b","name":"Ad\xe4","jti":"{token.jti}",'
        f'"iat":{now},"exp":{now + 300},"a":{{"b":[1,2]}}}}'
    )


@pytest.mark.parametrize("claims", [None, {}])
def test_without_lifetime(claims):
    assert set(claims_of(_signed(claims=claims))) == {"email", "name", "jti"}


def test_jti_is_fresh_uuid4():
    """RFC 7519 §4.1.7: no two tokens have the same one."""
    signed = [sign(KEY, "ada@example.com", "Ada") for _ in range(1000)]
    assert len({token.jti for token in signed}) == 1000
    jti = claims_of(signed[0].between())["jti"]
    assert jti == signed[0].jti == str(uuid.UUID(jti))
    assert uuid.UUID(jti).version == 4


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "XYZ+12", "XYZ-14"])
def test_times_in_any_time_zone(zone, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        before = int(time.time())
        claims = read(KEY, _signed(lifetime=30))
        assert before <= claims["iat"] <= time.time()
    time.tzset()


def test_signed_token_shows_nothing():
    """Error reports walk through whatever a variable holds."""
    token = sign(KEY, "ada@example.com", "Ada", lifetime=300)
    text = token.between()
    assert repr(token) == str(token) == f"<SignedToken {token.jti}>"
    assert len(token) == len(text)
    assert token.between("<", ">") == f"<{text}>"
    for walk in (iter, vars):
        with pytest.raises(TypeError):
            walk(token)


def test_tokens_of_others():
    """As the vendor's Node sample makes them, or with other times and headers."""
    headers = {"kid": "~~~>>>???>>>~~~"}  # encoded with - and _
    for times in ({}, {"iat": int(time.time())}, {"exp": time.time() + 60.5}):
        token = jwt.encode(CLAIMS | times, SECRET, "HS256", headers=headers)
        assert {"-", "_"} <= set(token.split(".")[0])
        assert read(KEY, token) == CLAIMS | times


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b'{"exp":NaN}',
        b'{"exp":-Infinity}',
        b"[" * 200_000,
        b"1" * 5_000,
    ],
    ids=lambda payload: ascii(payload[:20]),
)
def test_payload_that_is_not_json(payload):
    """Even with the right signature, as below."""
    error = _refusal(_token(payload))
    assert error.reason == "malformed"
    assert str(error) == "The token is not a JSON Web Token."


@pytest.mark.parametrize("payload", [[], "ada", None])
def test_payload_that_is_not_an_object(payload):
    error = _refusal(_token(payload))
    assert error.reason == "malformed"
    assert str(error) == "The token does not hold a JSON object."


@pytest.mark.parametrize("name", CLAIMS)
def test_missing_claim(name):
    claims = CLAIMS.copy()
    del claims[name]
    error = _refusal(_token(claims))
    assert error.reason == "claim_missing"
    assert str(error) == f"The token has no claim “{name}”."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", None),
        ("email", "ada"),
        ("name", 5),
        ("name", " "),
        ("name", "\ud800"),
        ("jti", 5),
        ("jti", ""),
    ],
)
def test_unusable_claim(name, value):
    error = _refusal(_token(CLAIMS | {name: value}))
    assert error.reason == "claim_invalid"
    assert str(error) == f"The token has an unusable claim “{name}”."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iat", "now"),
        ("exp", "9999999999"),
        ("exp", None),
        ("exp", True),
        ("nbf", [1]),
    ],
)
def test_time_that_is_not_in_seconds(name, value):
    error = _refusal(_token(CLAIMS | {name: value}))
    assert error.reason == "claim_invalid"
    assert str(error) == f"The token has a claim “{name}” not in seconds."


def test_token_out_of_its_time():
    """However far: the numbers of JSON have no limit."""
    error = _refusal(_token(CLAIMS | {"exp": -(10**400)}))
    assert error.reason == "expired"
    assert str(error) == "The token has expired."
    error = _refusal(_token(CLAIMS | {"nbf": 10**400}))
    assert error.reason == "not_yet_valid"
    assert str(error) == "The token is not valid yet."


def test_boundaries_of_time(monkeypatch):
    """RFC 7519 §4.1.4, §4.1.5: not on or after ``exp``, not before ``nbf``; exactly."""
    monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda: 1000.0))
    for times in ({"exp": 1001}, {"nbf": 1000}, {"iat": 2000}, {"exp": 1000.5}):
        assert read(KEY, _token(CLAIMS | times))
    assert _refusal(_token(CLAIMS | {"exp": 1000})).reason == "expired"
    assert _refusal(_token(CLAIMS | {"nbf": 1001})).reason == "not_yet_valid"


def test_another_secret():
    error = _refusal(_token(CLAIMS, key="quite-another-secret-of-32-bytes"))
    assert error.reason == "bad_signature"
    assert str(error) == "The token is signed with another secret, or was changed."


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "RS256"},
        {"alg": "ES256"},
        {"alg": "EdDSA"},
        {"alg": "HS384"},
        {"alg": "HS512"},
        {"alg": "hs256"},
        {"alg": "HS256 "},
        {"alg": ""},
        {"alg": None},
        {"alg": 5},
        {"alg": True},
        {"alg": ["HS256"]},
        {"alg": {"HS256": 1}},
    ],
    ids=str,
)
def test_another_algorithm(header):
    """RFC 8725 §3.1: one algorithm, and not the token's choice."""
    parts = [json.dumps(part).encode() for part in (header, CLAIMS)]
    signed = _by_hand(*parts)
    unsigned = _by_hand(*parts, signature="")
    signed_by_rsa = _by_hand(*parts, signature=_encoded(b"x" * 256))
    for token in (signed, unsigned, signed_by_rsa):
        error = _refusal(token)
        assert error.reason == "wrong_algorithm"
        assert str(error) == "The token is not signed with HS256."


_TOKEN = _token(CLAIMS)
_HEADER, _PAYLOAD, _SIGNATURE = _TOKEN.split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "ada",
        "a.b.c",
        "\ud800.e30.e30",
        "e30.e30.e30.e30.e30",
        "W10.e30.AAAA",  # a header that is a list
        f"{_TOKEN}\n",
        f"{_TOKEN}=",
        f"{_TOKEN}\x00",
        f"{_TOKEN}\ud800",
        f"{_TOKEN}.",
        f" {_TOKEN}",
        f"Bearer {_TOKEN}",
        f"{_HEADER}. {_PAYLOAD}. {_SIGNATURE}",
        f"{_HEADER}%2e{_PAYLOAD}%2e{_SIGNATURE}",
        f"{_HEADER}..{_SIGNATURE}",
        "[" * 1_000_000,
        f"{_encoded(b'[' * 200_000)}.e30.AAAA",
        f"{_encoded(bytes([0xFF, 0xFE]))}.e30.AAAA",
    ],
    ids=lambda token: ascii(token)[1:25],
)
def test_malformed(token):
    assert _refusal(token).reason == "malformed"


def test_no_character_can_be_changed():
    """Unless the last bits stand for the same bytes."""
    token = _signed(lifetime=300)
    signature = base64url_decode(token.split(".")[2])
    for index, character in enumerate(token):
        neighbour = chr(ord(character) ^ 1)
        for other in {neighbour, *"Aa0-_.=+/ \n\x00\xe9"} - {character}:
            changed = token[:index] + other + token[index + 1 :]
            with suppress(TokenError):
                read(KEY, changed)
                assert index == len(token) - 1
                assert base64url_decode(changed.split(".")[2]) == signature


@given(st.text() | st.from_regex(r"\A[\w-]{1,9}\.[\w-]{1,9}\.[\w-]{0,9}\Z"))
def test_any_text_is_refused_in_words(text):
    with pytest.raises(TokenError, match=r"\AThe token .*\.\Z"):
        read(KEY, text)
