"""What can be a signing secret, and how it is kept."""

import hmac
import json
import pickle
import sys
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_feedbackchimp import Identity
from flask_feedbackchimp.settings import Secret, read_jwt_secret
from flask_feedbackchimp.tokens import prepare_claims, sign

GOOD = "kR7-test-only-signing-secret-of-44-characters"

#: As people leave them in a configuration; each of ours is here once at least.
PLACEHOLDERS = [
    "JWT_SECRET",
    "<JWT_SECRET_KEY>",
    "<sso-key>",
    "SECRET_KEY",
    "[FEEDBACKCHIMP_JWT_SECRET]",
    "YOUR_JWT_SECRET",
    "your-jwt-secret-here",
    "your_jwt_secret_key",
    "MY-JWT-SECRET",
    "Secret!",
    "<YOUR_JWT_SECRET_KEY_HERE>",
    "<your.secret>",
    "YOUR_SECRET_KEY",
    "[your-secret-key-here]",
    "your-secret-here",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "MY-SECRET",
    "my_secret_key",
    "supersecret",
    "super-secret-key",
    "Secret",
    "(secret)",
    "secrets",
    "(secret)",
    "private-key",
    "private_key",
    "changeme",
    "CHANGE_ME…",
    "change-this",
    "Change-It",
    "please-change-me",
    "Replace_Me",
    "insert-secret-here",
    "<paste-secret-here>",
    "dev",
    "development",
    "test",
    "TESTING",
    "example",
    "password",
    "PlaceHolder",
    "todo",
    "None",
    "null",
    "undefined",
    "xxx",
    "XXX...",
    "---",
    "...",
    "<>",
    "{}",
    "{}}",
    "[]",
    "____",
    "$",
    # Whatever joins the words:
    "your secret",
    "your-secret",
    "your_secret",
    "your.secret",
    "your…secret",
    "your<secret",
    "your>secret",
    "your{secret",
    "your}secret",
    "your[secret",
    "your]secret",
    "your(secret",
    "your)secret",
    "your$secret",
    "your%secret",
    "your!secret",
    "your'secret",
    'your"secret',
    "your`secret",
    "your\tsecret",
]

PEM_BODY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
KEY_STARTS = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN RSA PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN X509 CRL-----",
    "key: -----BEGIN PUBLIC KEY-",
    "---- BEGIN SSH2 PUBLIC KEY ----",
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    'command="ls" ssh-rsa',
    "x-cert-v01@openssh.com",
]
JWK = {"kty": "oct", "k": PEM_BODY}
SPACE = " \t\r\n\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000\ufeff"


def refusal(value: Any) -> str:
    """What is said about a secret that is refused; never the secret."""
    with pytest.raises(ValueError) as caught:
        read_jwt_secret(value)
    assert type(caught.value) is ValueError
    assert caught.value.__cause__ is None
    assert GOOD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        GOOD.encode(),
        f"{GOOD}\n",
        f"{SPACE}{GOOD}{SPACE}",
        f"{SPACE}{GOOD}{SPACE}".encode(),
        b"\xef\xbb\xbf%b\r\n" % GOOD.encode(),
        Markup(GOOD),
    ],
)
def test_white_space_and_bom_around_are_stripped(value):
    """A secret that is read from a file ends in a newline."""
    secret = read_jwt_secret(value)
    assert secret.equals(Secret(GOOD))
    assert secret.length == len(GOOD)


def test_missing():
    assert refusal(None).startswith("is missing: copy it from Settings → SSO")


@pytest.mark.parametrize("value", ["", " ", b"\n", "\ufeff", SPACE, b"\xef\xbb\xbf"])
def test_blank(value):
    assert refusal(value).startswith("is blank: copy it from")


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholder(value):
    said = "is still a placeholder: copy it from Settings → SSO"
    assert refusal(value).startswith(said)


@pytest.mark.parametrize(
    "value",
    [
        f'"{GOOD}"',
        f"'{GOOD}'",
        f"`{GOOD}`",
        f"“{GOOD}”",
        f"„{GOOD}“",
        f"«{GOOD}»",
        f"'{GOOD}\n{GOOD}'\n",
        f'"{GOOD}" "{GOOD}"',
    ],
)
def test_quotes(value):
    said = "is in quotes, which “docker run --env-file” keeps: leave them out"
    assert refusal(value).startswith(said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("\u200b\u3164\u2800", "has only invisible characters: copy it"),
        ("\0\0\0", "has only invisible characters: copy it"),
        ("********", "is masked, as dashboards and logs show secrets: copy it"),
        ("\u2022" * 12, "is masked, as dashboards and logs show secrets: copy it"),
        ("kR7-****************-ters", "is masked, as dashboards and logs show secrets"),
        ("0" * 64, "is one character repeated: copy it"),
        ("x" * 100_000, "is one character repeated: copy it"),
        ("$FEEDBACKCHIMP_SECRET", "is the name of a variable, not its value: look at"),
        (
            "${FEEDBACKCHIMP_SECRET}",
            "is the name of a variable, not its value: look at",
        ),
        ("${JWT:-}", "is the name of a variable, not its value: look at"),
        ("$(cat /run/secret)", "is the name of a variable, not its value: look at"),
        ("%JWT_SECRET%", "is the name of a variable, not its value: look at"),
        ("{{ jwt_secret }}", "is the name of a variable, not its value: look at"),
        ("/run/secrets/jwt_secret", "is the path of a file: read the file's content"),
        ("/run/secrets/jwt", "is the path of a file: read the file's content"),
        ("./jwt.txt", "is the path of a file: read the file's content"),
        ("~/jwt.key", "is the path of a file: read the file's content"),
        (r"C:\keys\jwt.txt", "is the path of a file: read the file's content"),
        ("file:///etc/jwt.key", "is the path of a file: read the file's content"),
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_what_stands_where_a_secret_belongs(value, said):
    assert refusal(value).startswith(said)
    assert refusal(value.encode()).startswith(said)


@pytest.mark.parametrize(
    "secret",
    [
        "/9j4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQg",  # base64
        "$2b$12$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvW",
        "$ecure-and-long-enough-7d1f0b52c9e84a6f",
        "100%-real-and-long-enough-7d1f0b52c9e8%",
        "***three-stars-and-long-enough-7d1f0b52",
    ],
)
def test_what_looks_odd_but_is_a_secret(secret):
    assert read_jwt_secret(secret).equals(Secret(secret))


@pytest.mark.parametrize("start", KEY_STARTS)
@pytest.mark.parametrize("joint", [" ", "\n", "\\n", ""])
def test_key_of_another_kind(start, joint):
    """Also where its line breaks were lost."""
    key = f"{start}{joint}{PEM_BODY}\n"
    said = "is a PEM or SSH key, not the vendor's text secret: copy it from"
    assert refusal(key).startswith(said)
    assert refusal(key.encode()).startswith(said)


def test_end_of_a_key():
    key = f"{PEM_BODY}\n-----END PRIVATE KEY-----"
    assert refusal(key).startswith("is a PEM or SSH key")


@pytest.mark.parametrize(
    "value",
    [
        json.dumps(JWK),
        f"\n {json.dumps(JWK, indent=2)}",
        json.dumps([[JWK]]),
        json.dumps([GOOD]),
        "[1," * 100_000,
        '{"a":' * 100_000,
    ],
    ids=lambda value: value[:20],
)
def test_json(value):
    said = "is JSON (a JWK?), not the vendor's text secret: copy it"
    assert refusal(value).startswith(said)


@pytest.mark.parametrize("value", [b"\xff", GOOD.encode() + b"\xe9", b"\xed\xa0\x80"])
def test_bytes_that_are_not_utf_8(value):
    assert "bytes must be UTF-8" in refusal(value)


def test_lone_surrogate():
    assert refusal(f"{GOOD}\ud800").startswith("is not readable text: ")


@pytest.mark.parametrize(
    "value",
    [
        1234567890,
        True,
        1.5,
        ["a" * 40],
        {"k": 1},
        bytearray(b"a" * 40),
    ],
)
def test_not_text(value):
    said = f"must be text or bytes, not {type(value).__name__}"
    assert refusal(value).startswith(said)


@pytest.mark.parametrize(
    "secret",
    [
        "a",
        "{not json, but a password}",
        "[x",
        "secret-x9",
        "my JWT_SECRET is this",
        "null-and-void",
        "BEGIN PRIVATE KEY",
        "a-ssh-key",
        # A quote on one side, or two that do not match:
        f"'{GOOD}`",
        f'"{GOOD}',
        f"'{GOOD}",
        f"`{GOOD}",
        f"“{GOOD}",
        f"„{GOOD}",
        f"«{GOOD}",
        f'{GOOD}"',
        f"{GOOD}'",
        f"{GOOD}`",
        f"{GOOD}”",
        f"{GOOD}“",
        f"{GOOD}»",
        "\U0001f412\U0001f34c" * 4,
        "k\x00y" * 20,
        "xy" * 50_000,
    ],
    ids=lambda secret: ascii(secret[:12]),
)
def test_other_text_is_a_secret(secret):
    assert read_jwt_secret(secret).equals(Secret(secret))


_CHARACTERS = map(chr, range(sys.maxunicode + 1))
_WHITE_SPACE = "".join(character for character in _CHARACTERS if character.isspace())


@given(st.text())
@example("\x00")
@example(" a b\tc\n")
@example("0*0\x06\x03+ep\x03!\x00" + "a" * 32)  # a DER key that happens to be UTF-8
def test_what_is_accepted_is_the_hmac_key(text):
    """The text without its edges, as UTF-8; what is refused is so as bytes, too."""
    stripped = text.strip(f"{_WHITE_SPACE}\ufeff")
    try:
        secret = read_jwt_secret(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"\A(is|has) "):
            read_jwt_secret(text.encode("utf-8", "surrogatepass"))
        return
    claims = prepare_claims(Identity("a@b", "A"), 300)
    start, _, signature = sign(secret, claims).rpartition(".")
    mac = hmac.new(stripped.encode(), start.encode(), "sha256")
    assert jwt.utils.base64url_decode(signature) == mac.digest()


@pytest.mark.parametrize(
    ("text", "is_short"),
    [
        ("xyz" * 10, True),
        ("xyz0" * 8, False),
        ("\xe9x" * 10, True),
        ("\xe9\xe8" * 8, False),
    ],
)
def test_short_under_32_bytes(text, is_short):
    """RFC 7518 §3.2 counts bytes, not characters, and nothing that is stripped."""
    assert read_jwt_secret(f"{text}{SPACE}").is_short is is_short


def test_secret_shows_nothing():
    """Whatever an error report looks at, it cannot be turned back."""
    secret = Secret(GOOD)
    slots = [getattr(secret, name) for name in Secret.__slots__]
    assert GOOD not in f"{secret!r}{secret}{slots!r}"
    for reveal in (vars, iter, pickle.dumps):
        with pytest.raises(TypeError):
            reveal(secret)
