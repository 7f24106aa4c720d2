"""The vendor's own JWT library and another one read our tokens, and we read theirs."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from flask_feedbackchimp import Identity
from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from support.apps import SECRET, User, claims_of, make_app
from support.outside import node, npm_packages, run_script
from support.people import valid_people

BAD_SIGNATURE = ["invalid signature", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"]
OTHER_SECRET = SECRET[:-1] + "8"
SECRETS = {
    "plain": SECRET,
    "not ASCII": "ключ-от-доски-🔑-ещё-один-кусок-секрета",
    "looks like base64": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==",
    "looks like hex": "0123456789abcdef" * 4,
    "with quotes and backslashes": "\"quoted\" 'twice' \\ and back\\\\slashed $HOME",
}
PEOPLE = [Identity(email, name, claims) for email, name, claims in valid_people()]


def in_node(what: str, tasks: list[Any]) -> list[Any]:
    """What the script answers to tasks of one kind."""
    npm_packages("jsonwebtoken", "jose", "uuidv4")
    script = Path(__file__).with_name("tokens.mjs")
    return run_script(node(), script, {what: tasks})[what]


def make_tokens(people: list[Identity], **config: Any) -> list[str]:
    """What the public API signs for people."""
    app = make_app(**config)
    app.feedbackchimp.identity_loader(lambda user: user.identity)
    users = [User(identity=person) for person in people]
    with app.app_context():
        return [app.feedbackchimp.create_token(user) for user in users]


def read(tokens: list[str], secret: str = SECRET, **options: int) -> list[Any]:
    """Each token's reading by each library, the two of one token together."""
    task = {"secret": secret, **options}
    return in_node("read", [task | {"token": token} for token in tokens])


@pytest.mark.parametrize("lifetime", [300, None])
def test_people_are_read_exactly(lifetime):
    """E-mail, name and extra claims arrive as they are, and nothing beside them."""
    tokens = make_tokens(PEOPLE, FEEDBACKCHIMP_TOKEN_LIFETIME=lifetime)
    for person, readings in zip(PEOPLE, read(tokens), strict=True):
        for reading in readings.values():
            assert reading["header"] == {"alg": "HS256", "typ": "JWT"}
            claims = reading["claims"]
            jti = claims.pop("jti")
            assert str(uuid.UUID(jti, version=4)) == jti
            if lifetime:
                lived = claims.pop("exp") - claims.pop("iat")
                assert (lived, type(lived)) == (lifetime, int)
            own = {"email": person.email, "name": person.name, **person.claims}
            assert claims == own


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_secret_is_its_text(secret):
    """Never what it might decode to."""
    tokens = make_tokens(PEOPLE[:1], FEEDBACKCHIMP_JWT_SECRET=secret)
    [readings] = read(tokens, secret)
    assert {r["claims"]["email"] for r in readings.values()} == {PEOPLE[0].email}


@pytest.mark.parametrize(
    ("age", "options", "refused"),
    [
        (299, {}, [None, None]),
        (300, {}, ["jwt expired", "ERR_JWT_EXPIRED"]),
        (59, {"maxAge": 60}, [None, None]),
        (61, {"maxAge": 60}, ["maxAge exceeded", "ERR_JWT_EXPIRED"]),
        (0, {"secret": OTHER_SECRET}, BAD_SIGNATURE),
    ],
    ids=["before exp", "at exp", "young", "old", "another secret"],
)
def test_when_a_reader_refuses(age, options, refused):
    """From the second of ``exp`` on; too long after ``iat``; by the whole secret."""
    tokens = make_tokens(PEOPLE[:1])
    [readings] = read(tokens, at=claims_of(tokens[0])["iat"] + age, **options)
    assert [reading.get("refused") for reading in readings.values()] == refused


def test_article_s_tokens_sign_in():
    """The sandbox plays the board for apps in other languages, too."""
    sandbox = create_sandbox(SECRET, sso_url="http://localhost/sso")
    task = {"secret": SECRET}
    people = [task | {"email": p.email, "name": p.name} for p in PEOPLE]
    for token in in_node("sign", people):
        answer = sandbox.test_client().get(f"/?ssoToken={token}")
        assert answer.status_code == 303
    for person, arrival in zip(PEOPLE, get_arrivals(sandbox), strict=True):
        claims = arrival.claims
        assert claims.keys() == {"email", "name", "jti", "iat"}
        assert (claims["email"], claims["name"]) == (person.email, person.name)
