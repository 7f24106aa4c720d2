"""What a token is made of."""

import json
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_decode

from flask_feedbackchimp import Identity
from flask_feedbackchimp.settings import Secret
from flask_feedbackchimp.tokens import prepare_claims, sign
from support.apps import SECRET, claims_of

KEY = Secret(SECRET)
ADA = Identity("ada@example.com", "Ada")


def test_header_and_payload_bytes():
    """Exactly these, in this order, without white space; ``iat`` and ``exp`` ints."""
    before = int(time.time())
    claims = prepare_claims(Identity("ada@b", "Ad\xe4", {"a": {"b": [1, 2]}}), 300)
    header, payload = map(base64url_decode, sign(KEY, claims).split(".")[:2])
    now = json.loads(payload)["iat"]
    assert before <= now <= time.time()
    assert header == b'{"alg":"HS256","typ":"JWT"}'
    assert payload.decode() == (
        f'{{"email":"ada@b","name":"Ad\xe4","jti":"{claims.jti}",'
        f'"iat":{now},"exp":{now + 300},"a":{{"b":[1,2]}}}}'
    )


def test_without_lifetime():
    claims = claims_of(sign(KEY, prepare_claims(ADA, None)))
    assert set(claims) == {"email", "name", "jti"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_length_is_known_before_signing(text):
    """So that a URL is measured before there is a token."""
    claims = prepare_claims(Identity("ada@example.com", text), 300)
    assert claims.token_length == len(sign(KEY, claims))


def test_jti_is_fresh_uuid4():
    """RFC 7519 §4.1.7: no two tokens have the same one."""
    prepared = [prepare_claims(ADA, 300) for _ in range(1000)]
    assert len({claims.jti for claims in prepared}) == 1000
    jti = claims_of(sign(KEY, prepared[0]))["jti"]
    assert jti == prepared[0].jti == str(uuid.UUID(jti))
    assert uuid.UUID(jti).version == 4


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "XYZ+12", "XYZ-14"])
def test_times_in_any_time_zone(zone, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        before = int(time.time())
        claims = claims_of(sign(KEY, prepare_claims(ADA, 30)))
        assert before <= claims["iat"] <= time.time()
        assert claims["exp"] == claims["iat"] + 30
    time.tzset()
