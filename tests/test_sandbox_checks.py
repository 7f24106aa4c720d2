"""The stand-in's checks on a token, each shown as a page with a reason."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import jwt
import pytest

from apps import SECRET
from flask_feedbackchimp.sandbox import REASONS, create_sandbox, gate, get_arrivals
from flask_feedbackchimp.sandbox.pages import claim_text
from flask_feedbackchimp.tokens import TokenSigner

SSO_URL = "http://localhost:5000/sso/feedbackchimp"
NAMES = {"email": "ada@example.com", "name": "Ada Lovelace"}


@pytest.fixture
def sandbox():
    return create_sandbox(SECRET, sso_url=SSO_URL, admins=["Boss@Example.com"])


def sign(email="ada@example.com", **options):
    return TokenSigner(SECRET).sign(email, "Ada Lovelace", **options).text


def by_hand(claims, *, algorithm="HS256", secret=SECRET):
    return jwt.encode(claims, secret, algorithm=algorithm)


def unsigned(claims):
    """A token with the algorithm “none”, which no library would make."""

    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def tampered():
    header, payload, signature = sign().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["email"] = "boss@example.com"
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{payload}.{signature}"


def refused_tokens():
    now = int(time.time())
    full = NAMES | {"jti": "one"}
    long_secret = SECRET * 2
    return {
        "tampered": (tampered(), "bad_signature", 403),
        "other secret": (by_hand(full, secret="o" * 40), "bad_signature", 403),
        "alg none": (unsigned(full), "wrong_algorithm", 403),
        "HS512": (
            by_hand(full, algorithm="HS512", secret=long_secret),
            "wrong_algorithm",
            403,
        ),
        "text": ("not-a-token", "malformed", 400),
        "empty": ("", "malformed", 400),
        "a list": (
            jwt.PyJWS().encode(b"[1]", SECRET, algorithm="HS256"),
            "malformed",
            400,
        ),
        "no e-mail": (by_hand({"name": "Ada", "jti": "1"}), "claim_missing", 400),
        "no name": (by_hand({"email": "a@b", "jti": "1"}), "claim_missing", 400),
        "no jti": (by_hand(NAMES), "claim_missing", 400),
        "blank name": (by_hand(full | {"name": " "}), "claim_invalid", 400),
        "e-mail a number": (by_hand(full | {"email": 7}), "claim_invalid", 400),
        "blank jti": (by_hand(full | {"jti": ""}), "claim_invalid", 400),
        "expired": (by_hand(full | {"exp": now - 1}), "expired", 403),
        "not yet": (by_hand(full | {"nbf": now + 900}), "not_yet_valid", 403),
        "admin": (sign("boss@example.com"), "admin", 403),
        "admin in capitals": (sign("BOSS@EXAMPLE.COM"), "admin", 403),
    }


@pytest.mark.parametrize("case", refused_tokens())
@pytest.mark.parametrize("path", ["/board/1003-bug-reports?a=1&", "/sso?"])
def test_a_token_that_does_not_hold_is_refused_with_a_reason(sandbox, case, path):
    token, reason, status = refused_tokens()[case]
    client = sandbox.test_client()
    response = client.get(f"{path}ssoToken={token}")
    assert response.status_code == status
    assert f"<code>{reason}</code>" in response.text
    assert "What a developer can do" in response.text
    assert not token or token not in response.text
    assert "Set-Cookie" not in response.headers
    assert "Log out" not in client.get("/").text
    assert [arrival.reason for arrival in get_arrivals(sandbox)] == [reason]


def test_every_reason_has_a_status_and_a_remedy():
    for status, remedy in REASONS.values():
        assert 400 <= status < 500
        assert remedy.endswith(".")


def test_tokens_of_the_vendors_three_claims_are_accepted(sandbox):
    token = by_hand(NAMES | {"jti": "one"})
    assert sandbox.test_client().get(f"/?ssoToken={token}").status_code == 303


def test_a_token_signs_in_once_in_whatever_shape_it_comes(sandbox):
    token = sign()
    assert sandbox.test_client().get(f"/?ssoToken={token}").status_code == 303
    for url in ("/?", "/board/1003-bug-reports?", "/sso?"):
        again = sandbox.test_client().get(f"{url}ssoToken={token}")
        assert again.status_code == 403
        assert "jti_used" in again.text


def test_a_jti_signs_in_once_whatever_else_the_token_says(sandbox):
    client = sandbox.test_client()
    first, second = (by_hand(NAMES | {"jti": "one", "x": x}) for x in (1, 2))
    assert client.get(f"/?ssoToken={first}").status_code == 303
    assert "jti_used" in client.get(f"/?ssoToken={second}").text


def test_of_sixteen_threads_with_one_token_exactly_one_is_signed_in(sandbox):
    barrier, token = Barrier(16), sign()

    def arrive(_):
        client = sandbox.test_client()
        barrier.wait()
        return client.get(f"/?ssoToken={token}").status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(arrive, range(16)))
    assert sorted(statuses) == [303] + [403] * 15


def test_a_refusal_leaves_somebody_who_is_signed_in_as_they_were(sandbox):
    client = sandbox.test_client()
    client.get(f"/?ssoToken={sign()}")
    refused = client.get("/?ssoToken=nonsense")
    assert "Ada Lovelace" in refused.text
    assert "Log in again" not in refused.text
    assert "Ada Lovelace" in client.get("/").text


def test_a_new_token_changes_who_is_signed_in(sandbox):
    client = sandbox.test_client()
    client.get(f"/?ssoToken={sign()}")
    client.get(f"/?ssoToken={sign('joan@example.com')}")
    assert "joan@example.com" in client.get("/").text
    assert "ada@example.com" not in client.get("/").text


def test_memory_is_bounded_and_the_oldest_sign_in_is_forgotten(monkeypatch):
    monkeypatch.setattr(gate, "MAX_SIGN_INS", 3)
    monkeypatch.setattr(gate, "MAX_ARRIVALS", 2)
    sandbox = create_sandbox(SECRET, sso_url=SSO_URL)
    clients = [sandbox.test_client() for _ in range(4)]
    tokens = [sign() for _ in clients]
    for client, token in zip(clients, tokens, strict=True):
        client.get(f"/?ssoToken={token}")
    assert len(get_arrivals(sandbox)) == 2
    assert "Ada Lovelace" not in clients[0].get("/").text
    assert "Ada Lovelace" in clients[1].get("/").text
    again = [clients[0].get(f"/?ssoToken={token}").status_code for token in tokens[1:]]
    assert again == [403, 403, 403]


def test_validating_shows_the_claims_and_does_not_use_the_token_up(sandbox):
    client = sandbox.test_client()
    token = by_hand(NAMES | {"jti": "one", "iat": 1_700_000_000, "exp": 2**40})
    for _ in range(2):
        response = client.post("/validate", data={"token": f"\n {token}\r\n"})
        assert response.status_code == 200
        assert "This board would sign this person in" in response.text
        assert "1700000000 (2023-11-14 22:13:20 UTC)" in response.text
        assert str(2**40) in response.text
        assert token not in response.text
    assert get_arrivals(sandbox) == ()
    assert client.get(f"/?ssoToken={token}").status_code == 303
    used = client.post("/validate", data={"token": token})
    assert "This board would refuse it" in used.text
    assert "jti_used" in used.text


@pytest.mark.parametrize("case", refused_tokens())
def test_validating_says_why_a_token_would_be_refused(sandbox, case):
    token, reason, _ = refused_tokens()[case]
    response = sandbox.test_client().post("/validate", data={"token": token})
    assert response.status_code == 200
    assert "This board would refuse it" in response.text
    assert f"<code>{reason}</code>" in response.text
    assert not token or token not in response.text


def test_validating_nothing_at_all_is_answered(sandbox):
    client = sandbox.test_client()
    assert "malformed" in client.post("/validate").text
    assert "Checking does not use it up" in client.get("/validate").text


def test_validating_takes_no_endless_text(sandbox):
    response = sandbox.test_client().post("/validate", data={"token": "x" * 100_000})
    assert response.status_code == 413
    assert "A stand-in for development" in response.text


def test_a_token_in_the_address_of_the_validation_page_is_not_used_up(sandbox):
    client, token = sandbox.test_client(), sign()
    assert client.get(f"/validate?ssoToken={token}").status_code == 200
    assert client.get(f"/?ssoToken={token}").status_code == 303


def test_claims_that_no_font_can_show_are_shown_all_the_same(sandbox):
    payload = json.dumps(NAMES | {"jti": "one", "\ud800": "\ud801", "l": ["\ud802"]})
    token = jwt.PyJWS().encode(payload.encode(), SECRET, algorithm="HS256")
    response = sandbox.test_client().post("/validate", data={"token": token})
    assert "This board would sign this person in" in response.text


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        ("Ada", "name", "Ada"),
        (True, "verified", "true"),
        ({"a": [1, "ä"]}, "more", '{"a": [1, "ä"]}'),
        (0, "iat", "0 (1970-01-01 00:00:00 UTC)"),
        (1.5, "nbf", "1.5 (1970-01-01 00:00:01 UTC)"),
        (10**30, "exp", str(10**30)),
        (0, "age", "0"),
    ],
)
def test_claims_are_written_for_people(value, name, text):
    assert claim_text(value, name) == text
