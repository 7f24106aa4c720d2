"""The sandbox's checks on a token, each shown as a page with a reason."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import jwt
import pytest

from flask_feedbackchimp.sandbox import get_arrivals, state
from flask_feedbackchimp.sandbox.pages import claim_text
from support.apps import SECRET
from support.boards import make_board, sign

NAMES = {"email": "ada@example.com", "name": "Ada Lovelace"}
FULL = NAMES | {"jti": "one"}


@pytest.fixture
def board():
    return make_board()


def by_hand(secret: str = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    """A token that somebody else makes, valid unless told otherwise."""
    return jwt.encode(FULL | claims, secret, algorithm)


#: One for every reason of a token's own, and the status; tests of tokens have more.
REFUSED = {
    "other secret": (by_hand("o" * 40), "bad_signature", 403),
    "HS512": (by_hand(SECRET * 2, "HS512"), "wrong_algorithm", 403),
    "text": ("not-a-token", "malformed", 400),
    "empty": ("", "malformed", 400),
    "no jti": (jwt.encode(NAMES, SECRET), "claim_missing", 400),
    "blank name": (by_hand(name=" "), "claim_invalid", 400),
    "expired": (by_hand(exp=1), "expired", 403),
    "not yet": (by_hand(nbf=2**40), "not_yet_valid", 403),
    "infinite": (by_hand(exp=float("inf")), "malformed", 400),
    "admin": (by_hand(email="BOSS@example.COM"), "admin", 403),
}


@pytest.mark.parametrize(("token", "reason", "status"), REFUSED.values(), ids=REFUSED)
def test_refused(token, reason, status):
    """On a page, at an endpoint and by ``/validate``, without repeating the token."""
    for return_url, url in {
        "{page}?ssoToken={token}": "/board/1003-bug-reports?a=1&ssoToken=",
        "/sso?t={token}": "/sso?t=",
    }.items():
        board = make_board(return_url)
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


def test_jti_signs_in_once(board):
    """Whatever else the token says, on whatever page, for whomever."""
    first, second = by_hand(x=1), by_hand(x=2)
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
        return client.get(f"/?ssoToken={token}").status_code

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(arrive, range(16))) == [303] + [403] * 15


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
    """The oldest sign-in is forgotten."""
    monkeypatch.setattr(state, "MAX_SIGN_INS", 3)
    monkeypatch.setattr(state, "MAX_ARRIVALS", 2)
    board, tokens = make_board(), [sign() for _ in range(4)]
    clients = [board.test_client() for _ in tokens]
    for client, token in zip(clients, tokens, strict=True):
        client.get(f"/?ssoToken={token}")
    assert len(get_arrivals(board)) == 2
    assert "Ada Lovelace" not in clients[0].get("/").text
    assert "Ada Lovelace" in clients[1].get("/").text
    again = [clients[0].get(f"/?ssoToken={token}").status_code for token in tokens[1:]]
    assert again == [403, 403, 403]


def test_validating_uses_nothing_up(board):
    client, token = board.test_client(), by_hand(iat=1_700_000_000, exp=2**40)
    for _ in range(2):
        response = client.post("/validate", data={"token": f"\n {token}\r\n"})
        assert response.status_code == 200
        assert "This board would sign this person in" in response.text
        assert "1700000000 (2023-11-14 22:13:20 UTC)" in response.text
        assert token not in response.text
    assert client.get(f"/validate?ssoToken={token}").status_code == 200
    assert get_arrivals(board) == ()
    assert client.get(f"/?ssoToken={token}").status_code == 303
    assert "jti_used" in client.post("/validate", data={"token": token}).text


def test_validating_too_little_or_too_much(board):
    client = board.test_client()
    assert "malformed" in client.post("/validate").text
    assert "Checking does not use it up" in client.get("/validate").text
    response = client.post("/validate", data={"token": "x" * 100_000})
    assert response.status_code == 413
    assert "A stand-in board for development" in response.text


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
