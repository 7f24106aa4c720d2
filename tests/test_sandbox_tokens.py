"""What passes for a token."""

import hashlib
import hmac
import json
import re
import time
import traceback
from contextlib import suppress

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_decode, base64url_encode

from flask_feedbackchimp import TokenError
from flask_feedbackchimp.sandbox import tokens
from flask_feedbackchimp.sandbox.tokens import read
from flask_feedbackchimp.settings import Secret
from support.apps import SECRET

KEY = Secret(SECRET)
CLAIMS = {"email": "ada@example.com", "name": "Ada", "jti": "0b6c2f4e"}


def _encoded(data: bytes) -> str:
    return base64url_encode(data).decode()


def _token(claims: object, key: str = SECRET, algorithm: str = "HS256") -> str:
    """A token as PyJWT makes it, of any JSON."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jwt.PyJWS().encode(body, key, algorithm)


def _by_hand(header: bytes, payload: bytes, *, signature: str | None = None) -> str:
    """A token of these bytes, rightly signed as HS256 unless told otherwise."""
    start = f"{_encoded(header)}.{_encoded(payload)}"
    mac = hmac.new(SECRET.encode(), start.encode(), hashlib.sha256)
    return f"{start}.{_encoded(mac.digest()) if signature is None else signature}"


def _refusal(token: str) -> TokenError:
    """What is said of a token: never a part of it, nor by an error behind it."""
    with pytest.raises(TokenError) as caught:
        read(KEY, token)
    error = caught.value
    said = "".join(traceback.format_exception(error)) + f"{error.args}{vars(error)}"
    assert error.__context__ is error.__cause__ is None
    assert not any(part in said for part in re.findall(r"[\w-]{20,}", token[:2000]))
    return error


def test_tokens_of_others():
    """As the vendor's Node sample makes them, or with other times and headers."""
    for times in ({}, {"iat": int(time.time())}, {"exp": time.time() + 60.5}):
        headers = {"kid": "~~~>>>???>>>~~~"}
        token = jwt.encode({**CLAIMS, **times}, SECRET, "HS256", headers=headers)
        assert {"-", "_"} <= set(token.split(".")[0])
        assert read(KEY, token) == {**CLAIMS, **times}


NO_JWT = ("malformed", "is not a JSON Web Token")
NO_OBJECT = ("malformed", "does not hold a JSON object")
MISSING = ("claim_missing", "has no claim “{}”")
UNUSABLE = ("claim_invalid", "has an unusable claim “{}”")
NO_TIME = ("claim_invalid", "has a claim “{}” not in seconds")


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        (b"", NO_JWT),
        (b"{", NO_JWT),
        (b"\xff\xfe\xfd", NO_JWT),
        (b'{"exp":NaN}', NO_JWT),
        (b'{"exp":Infinity}', NO_JWT),
        (b'{"exp":-Infinity}', NO_JWT),
        (b'{"exp":1e999}', NO_JWT),
        (b'{"seats":[-1.5E+400]}', NO_JWT),
        (b"[" * 200_000, NO_JWT),
        (b"1" * 5_000, NO_JWT),
        ([], NO_OBJECT),
        ("ada", NO_OBJECT),
        (None, NO_OBJECT),
        ({"email": ...}, MISSING),
        ({"name": ...}, MISSING),
        ({"jti": ...}, MISSING),
        ({"email": None}, UNUSABLE),
        ({"email": "ada"}, UNUSABLE),
        ({"name": 5}, UNUSABLE),
        ({"name": " "}, UNUSABLE),
        ({"name": "\ud800"}, UNUSABLE),
        ({"jti": 5}, UNUSABLE),
        ({"jti": ""}, UNUSABLE),
        ({"iat": "now"}, NO_TIME),
        ({"exp": "9999999999"}, NO_TIME),
        ({"exp": None}, NO_TIME),
        ({"exp": True}, NO_TIME),
        ({"nbf": [1]}, NO_TIME),
        ({"exp": -(10**400)}, ("expired", "has expired")),
        ({"nbf": 10**400}, ("not_yet_valid", "is not valid yet")),
    ],
)
def test_claims_that_do_not_hold(claims, refusal):
    """Even with the right signature; an ellipsis takes one of the usual claims out."""
    (reason, says), name = refusal, ""
    if isinstance(claims, dict):
        [name] = claims
        claims = {k: v for k, v in (CLAIMS | claims).items() if v is not ...}
    error = _refusal(_token(claims))
    assert (error.reason, str(error)) == (reason, f"The token {says.format(name)}.")


def test_boundaries_of_time(monkeypatch):
    """RFC 7519 §4.1.4, §4.1.5: not on or after ``exp``, not before ``nbf``; exactly."""
    clock = type("StoppedClock", (), {"time": staticmethod(lambda: 1000.0)})
    monkeypatch.setattr(tokens, "time", clock)
    for times in ({"exp": 1001}, {"nbf": 1000}, {"iat": 2000}, {"exp": 1000.5}):
        assert read(KEY, _token({**CLAIMS, **times}))
    assert _refusal(_token({**CLAIMS, "exp": 1000})).reason == "expired"
    assert _refusal(_token({**CLAIMS, "nbf": 1001})).reason == "not_yet_valid"


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
        {"alg": ["HS256"]},
        {"alg": {"HS256": 1}},
        {"alg": True},
    ],
)
@pytest.mark.parametrize("signature", ["", None, _encoded(b"x" * 256)])
def test_another_algorithm(header, signature):
    """RFC 8725 §3.1: one algorithm, and not the token's choice."""
    parts = [json.dumps(part).encode() for part in (header, CLAIMS)]
    error = _refusal(_by_hand(*parts, signature=signature))
    assert error.reason == "wrong_algorithm"
    assert str(error) == "The token is not signed with HS256."


_TOKEN = _token(CLAIMS)


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
        _TOKEN.replace(".", ". "),
        _TOKEN.replace(".", "%2e"),
        re.sub(r"\..*\.", "..", _TOKEN),
        "[" * 1_000_000,
        _encoded(b"[" * 200_000) + ".e30.AAAA",
        _encoded(b"\xff\xfe") + ".e30.AAAA",
    ],
    ids=lambda token: ascii(token)[1:25],
)
def test_malformed(token):
    assert _refusal(token).reason == "malformed"


def test_no_character_can_be_changed():
    """Unless the last bits stand for the same bytes."""
    token = _token({**CLAIMS, "exp": int(time.time()) + 300})
    signature = base64url_decode(token.split(".")[2])
    for index, character in enumerate(token):
        for other in {*"Aa0-_.=+/ \n\x00\xe9", chr(ord(character) ^ 1)} - {character}:
            changed = token[:index] + other + token[index + 1 :]
            with suppress(TokenError):
                read(KEY, changed)
                assert index == len(token) - 1
                assert base64url_decode(changed.split(".")[2]) == signature


@given(st.text() | st.from_regex(r"\A[\w-]{1,9}\.[\w-]{1,9}\.[\w-]{0,9}\Z"))
def test_any_text_is_refused_in_words(text):
    with pytest.raises(TokenError, match=r"\AThe token .*\.\Z"):
        read(KEY, text)
