"""The stand-in's checks on a token, each shown as a page with a reason."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import jwt
import pytest

from flask_feedbackchimp.sandbox import REASONS, gate, get_arrivals
from flask_feedbackchimp.sandbox.pages import claim_text
from support.apps import SECRET
from support.boards import make_board, sign

NAMES = {"email": "ada@example.com", "name": "Ada Lovelace"}
FULL = NAMES | {"jti": "one"}


@pytest.fixture
def board():
    return make_board()


def by_hand(claims: dict[str, Any], algorithm: str = "HS256") -> str:
    """A token of somebody else's making."""
    secret = SECRET * 2 if algorithm == "HS512" else SECRET
    return jwt.encode(claims, secret, algorithm)


def part(data: dict[str, str]) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def tampered() -> str:
    """A token that names somebody else than was signed."""
    header, _, signature = sign().split(".")
    return f"{header}.{part(FULL)}.{signature}"


def unsigned() -> str:
    """A token with the algorithm “none”, which no library would make."""
    return f"{part({'alg': 'none'})}.{part(FULL)}."


#: Why each is refused, and how; made when it is asked for.
REFUSED: dict[str, tuple[Any, str, int]] = {
    "tampered": (tampered, "bad_signature", 403),
    "other secret": (lambda: jwt.encode(FULL, "o" * 40), "bad_signature", 403),
    # With the algorithm "none", which no library would make.
    "unsigned": (
        lambda: f"{part({'alg': 'none'})}.{part(FULL)}.",
        "wrong_algorithm",
        403,
    ),
    "HS512": (lambda: by_hand(FULL, "HS512"), "wrong_algorithm", 403),
    "text": (lambda: "not-a-token", "malformed", 400),
    "empty": (lambda: "", "malformed", 400),
    "a list": (lambda: jwt.PyJWS().encode(b"[1]", SECRET, "HS256"), "malformed", 400),
    "no e-mail": (lambda: by_hand({"name": "A", "jti": "1"}), "claim_missing", 400),
    "no name": (lambda: by_hand({"email": "a@b", "jti": "1"}), "claim_missing", 400),
    "no jti": (lambda: by_hand(NAMES), "claim_missing", 400),
    "blank name": (lambda: by_hand(FULL | {"name": " "}), "claim_invalid", 400),
    "number": (lambda: by_hand(FULL | {"email": 7}), "claim_invalid", 400),
    "blank jti": (lambda: by_hand(FULL | {"jti": ""}), "claim_invalid", 400),
    "expired": (lambda: by_hand(FULL | {"exp": int(time.time())}), "expired", 403),
    "not yet": (lambda: by_hand(FULL | {"nbf": 2**40}), "not_yet_valid", 403),
    "admin": (lambda: sign("BOSS@example.COM"), "admin", 403),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    """On a page, at an endpoint and by ``/validate``, without repeating the token."""
    make, reason, status = REFUSED[case]
    for return_url, url in {
        "{page}?ssoToken={token}": "/board/1003-bug-reports?a=1&ssoToken=",
        "/sso?t={token}": "/sso?t=",
    }.items():
        board, token = make_board(return_url), make()
        client = board.test_client()
        response = client.get(f"{url}{token}")
        assert response.status_code == status
        assert "What a developer can do" in response.text
        assert "Set-Cookie" not in response.headers
        assert "Log out" not in client.get("/").text
        assert [arrival.reason for arrival in get_arrivals(board)] == [reason]
        checked = client.post("/validate", data={"token": token})
        assert checked.status_code == 200
        assert "This board would refuse it" in checked.text
        for text in (response.text, checked.text):
            assert f"<code>{reason}</code>" in text
            assert not token or token not in text


def test_reasons_have_a_remedy():
    for status, remedy in REASONS.values():
        assert 400 <= status < 500
        assert remedy.endswith(".")


def test_vendors_three_claims_will_do(board):
    assert board.test_client().get(f"/?ssoToken={by_hand(FULL)}").status_code == 303


def test_jti_signs_in_once(board):
    """Whatever else the token says, on whatever page, for whomever."""
    first, second = (by_hand(FULL | {"x": x}) for x in (1, 2))
    assert board.test_client().get(f"/?ssoToken={first}").status_code == 303
    for url in ("/?", "/board/1003-bug-reports?"):
        for token in (first, second):
            again = board.test_client().get(f"{url}ssoToken={token}")
            assert again.status_code == 403
            assert "jti_used" in again.text


def test_of_sixteen_threads_one_signs_in(board):
    barrier, token = Barrier(16), sign()

    def arrive(_: int) -> int:
        client = board.test_client()
        barrier.wait(30)
        status: int = client.get(f"/?ssoToken={token}").status_code
        return status

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(arrive, range(16)))
    assert sorted(statuses) == [303] + [403] * 15


def test_next_token_counts(board):
    """A bad one leaves people as they were, a good one changes who they are."""
    client = board.test_client()
    client.get(f"/?ssoToken={sign()}")
    refused = client.get("/?ssoToken=nonsense")
    assert "Ada Lovelace" in refused.text
    assert "Log in again" not in refused.text
    assert "Ada Lovelace" in client.get("/").text
    client.get(f"/?ssoToken={sign('joan@example.com')}")
    assert "joan@example.com" in client.get("/").text
    assert "ada@example.com" not in client.get("/").text


def test_memory_is_bounded(monkeypatch):
    """The oldest sign-in is forgotten, and the oldest value."""
    monkeypatch.setattr(gate, "MAX_REMEMBERED", 3)
    monkeypatch.setattr(gate, "MAX_ARRIVALS", 2)
    board = make_board()
    clients, tokens = (
        [board.test_client() for _ in range(4)],
        [sign() for _ in range(4)],
    )
    for client, token in zip(clients, tokens, strict=True):
        client.get(f"/?ssoToken={token}")
    assert len(get_arrivals(board)) == 2
    assert "Ada Lovelace" not in clients[0].get("/").text
    assert "Ada Lovelace" in clients[1].get("/").text
    again = [clients[0].get(f"/?ssoToken={token}").status_code for token in tokens[1:]]
    assert again == [403, 403, 403]
    memory = gate.get_gate(make_board("/sso?t={token}&s={state}"))
    values = [memory.issue("http://localhost/")["state"] for _ in range(4)]
    assert [bool(memory.issued(value)) for value in values] == [False, True, True, True]


def test_validating_uses_nothing_up(board):
    client = board.test_client()
    token = by_hand(FULL | {"iat": 1_700_000_000, "exp": 2**40})
    for _ in range(2):
        response = client.post("/validate", data={"token": f"\n {token}\r\n"})
        assert response.status_code == 200
        assert "This board would sign this person in" in response.text
        assert "1700000000 (2023-11-14 22:13:20 UTC)" in response.text
        assert str(2**40) in response.text
        assert token not in response.text
    assert client.get(f"/validate?ssoToken={token}").status_code == 200
    assert get_arrivals(board) == ()
    assert client.get(f"/?ssoToken={token}").status_code == 303
    assert "jti_used" in client.post("/validate", data={"token": token}).text


def test_validating_nothing(board):
    client = board.test_client()
    assert "malformed" in client.post("/validate").text
    assert "Checking does not use it up" in client.get("/validate").text


def test_validating_endless_text(board):
    response = board.test_client().post("/validate", data={"token": "x" * 100_000})
    assert response.status_code == 413
    assert "A stand-in for development" in response.text


def test_claims_without_utf_8_are_shown(board):
    payload = json.dumps(FULL | {"\ud800": "\ud801", "l": ["\ud802"]})
    token = jwt.PyJWS().encode(payload.encode(), SECRET, "HS256")
    response = board.test_client().post("/validate", data={"token": token})
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
def test_claims_are_for_people(value, name, text):
    assert claim_text(value, name) == text
