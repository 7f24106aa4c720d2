"""What a token is made of."""

import json
import time
import uuid
from typing import Any

import pytest
from flask_feedbackchimp.settings.secret import Secret
from jwt.utils import base64url_decode

from flask_feedbackchimp.tokens import sign
from support.apps import SECRET, claims_of

KEY = Secret(SECRET)


def _signed(**arguments: Any) -> str:
    return sign(KEY, "ada@example.com", "Ada", **arguments).between()


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
        claims = claims_of(_signed(lifetime=30))
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
