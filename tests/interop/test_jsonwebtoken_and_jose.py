"""The vendor's own JWT library and another one read our tokens, and we read theirs."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest

from flask_feedbackchimp import Identity, TokenError
from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from flask_feedbackchimp.settings.secret import Secret
from flask_feedbackchimp.tokens import read as read_token
from support.apps import SECRET, make_app
from support.outside import npm_packages, run_node
from support.people import valid_people

SCRIPT = Path(__file__).parent / "tokens.mjs"
LIBRARIES = ("jsonwebtoken", "jose")
SECRETS = {
    "plain": SECRET,
    "not ASCII": "ключ-от-доски-🔑-ещё-один-кусок-секрета",
    "looks like base64": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==",
    "looks like hex": "00" * 32,
    "with quotes and backslashes": "\"quoted\" 'twice' \\ and back\\\\slashed $HOME",
}
PEOPLE = [Identity(email, name, claims) for email, name, claims in valid_people()]


def make_tokens(people: list[Identity], **config: Any) -> list[str]:
    """What the public API signs for people, each being what the loader returns."""
    app = make_app(**config)
    app.feedbackchimp.identity_loader(lambda person: person)
    with app.app_context():
        return [app.feedbackchimp.create_token(person) for person in people]


def read(tokens: list[str], *, secret: str = SECRET, **options: int) -> list[Any]:
    """Each token's reading by each library, the two of one token together."""
    npm_packages(*LIBRARIES, "uuidv4")
    tasks = [{"token": token, "secret": secret, **options} for token in tokens]
    return run_node(SCRIPT, {"read": tasks})["read"]


def vendor_tokens(
    people: list[Identity], *, secret: str = SECRET, **options: Any
) -> Any:
    """What the vendor's article makes for people, in Node."""
    npm_packages(*LIBRARIES, "uuidv4")
    tasks = [
        {"email": p.email, "name": p.name, "secret": secret, "options": options}
        for p in people
    ]
    return run_node(SCRIPT, {"sign": tasks})["sign"]


def unspell(value: Any) -> Any:
    """A value whose texts the script spelled out as code points."""
    if isinstance(value, list):
        return [unspell(member) for member in value]
    if isinstance(value, dict) and "text" in value:
        return "".join(map(chr, value["text"]))
    if isinstance(value, dict):
        return {unspell(key): unspell(member) for key, member in value["pairs"]}
    return value


def each_reading(readings: list[Any]) -> list[tuple[int, Any]]:
    """Number and reading, of every token by every library."""
    return [(n, pair[lib]) for n, pair in enumerate(readings) for lib in LIBRARIES]


@pytest.mark.parametrize("lifetime", [300, None])
def test_people_are_read_exactly(
    lifetime: int | None,
) -> None:
    """E-mail, name and extra claims arrive as they are, and nothing beside them."""
    tokens = make_tokens(PEOPLE, FEEDBACKCHIMP_TOKEN_LIFETIME=lifetime)
    times = {"iat", "exp"} if lifetime else set()
    for number, reading in each_reading(read(tokens)):
        person = PEOPLE[number]
        claims = unspell(reading["claims"])
        own = {"email": person.email, "name": person.name, **person.claims}
        assert {name: claims.get(name) for name in own} == own
        assert claims.keys() - own.keys() == {"jti", *times}
        assert str(uuid.UUID(claims["jti"], version=4)) == claims["jti"]


def test_header_and_times() -> None:
    """The header holds ``alg`` and ``typ`` alone; ``iat`` and ``exp`` are integers."""
    for _, reading in each_reading(read(make_tokens(PEOPLE[:1]))):
        assert reading["header"] == {"alg": "HS256", "typ": "JWT"}
        claims = unspell(reading["claims"])
        assert type(claims["iat"]) is type(claims["exp"]) is int
        assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_secret_is_its_text(secret: str) -> None:
    """Never what it might decode to."""
    tokens = make_tokens(PEOPLE[:1], FEEDBACKCHIMP_JWT_SECRET=secret)
    for _, reading in each_reading(read(tokens, secret=secret)):
        assert unspell(reading["claims"])["email"] == PEOPLE[0].email


def test_another_secret_is_refused() -> None:
    """The signature depends on the whole secret."""
    [readings] = read(make_tokens(PEOPLE[:1]), secret=SECRET[:-1] + "8")
    assert readings["jsonwebtoken"] == {"refused": "invalid signature"}
    assert readings["jose"] == {"refused": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"}


def test_exp() -> None:
    """A token is good until the second before ``exp``, and not from ``exp`` on."""
    tokens = make_tokens(PEOPLE[:1])
    exp = jwt.decode(tokens[0], SECRET, algorithms=["HS256"])["exp"]
    assert all("claims" in r for _, r in each_reading(read(tokens, at=exp - 1)))
    [readings] = read(tokens, at=exp)
    assert readings["jsonwebtoken"] == {"refused": "jwt expired"}
    assert readings["jose"] == {"refused": "ERR_JWT_EXPIRED"}


def test_iat() -> None:
    """A reader that limits the age of a token counts from ``iat``."""
    tokens = make_tokens(PEOPLE[:1])
    iat = jwt.decode(tokens[0], SECRET, algorithms=["HS256"])["iat"]
    young = read(tokens, at=iat + 59, maxAge=60)
    assert all("claims" in reading for _, reading in each_reading(young))
    [readings] = read(tokens, at=iat + 61, maxAge=60)
    assert readings["jsonwebtoken"] == {"refused": "maxAge exceeded"}
    assert readings["jose"] == {"refused": "ERR_JWT_EXPIRED"}


def test_article_s_tokens_are_read() -> None:
    """The three claims, and the ``iat`` that jsonwebtoken adds by itself."""
    for person, token in zip(PEOPLE, vendor_tokens(PEOPLE), strict=True):
        claims = read_token(Secret(SECRET), token)
        assert claims.keys() == {"email", "name", "jti", "iat"}
        assert (claims["email"], claims["name"]) == (person.email, person.name)


def test_article_s_tokens_sign_in() -> None:
    """It plays the board for apps in other languages, too."""
    sandbox = create_sandbox(SECRET, sso_url="http://localhost/sso")
    tokens = vendor_tokens(PEOPLE)
    for token in tokens:
        answer = sandbox.test_client().get(f"/?ssoToken={token}")
        assert answer.status_code == 303
    signed_in = [arrival.claims for arrival in get_arrivals(sandbox)]
    assert [claims["email"] for claims in signed_in] == [p.email for p in PEOPLE]
    assert [claims["name"] for claims in signed_in] == [p.name for p in PEOPLE]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"algorithm": "HS512"}, "wrong_algorithm"),
        ({"algorithm": "HS384"}, "wrong_algorithm"),
        ({"expiresIn": -1}, "expired"),
        ({"notBefore": 60}, "not_yet_valid"),
        ({"secret": SECRET[:-1] + "8"}, "bad_signature"),
    ],
)
def test_other_tokens_of_jsonwebtoken(options: dict[str, Any], reason: str) -> None:
    """Another algorithm, another time than now, another organization."""
    [token] = vendor_tokens(PEOPLE[:1], **options)
    with pytest.raises(TokenError) as caught:
        read_token(Secret(SECRET), token)
    assert caught.value.reason == reason
