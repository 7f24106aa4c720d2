"""What can be a signing secret, and that PyJWT is of the same opinion."""

from __future__ import annotations

import json
import os
import sys
import warnings

import jwt
import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from apps import claims_of, make_app, plain
from flask_feedbackchimp import ConfigError, FeedbackChimp
from flask_feedbackchimp.secret import PLACEHOLDERS, read_secret, secret_problem

GOOD = "kR7-test-only-signing-secret-of-44-characters"

PEM_BODY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
PEM_LABELS = [
    "CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PRIVATE KEY",
    "PUBLIC KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "DSA PRIVATE KEY",
    "RSA PRIVATE KEY",
    "RSA PUBLIC KEY",
    "EC PRIVATE KEY",
    "DH PARAMETERS",
    "NEW CERTIFICATE REQUEST",
    "CERTIFICATE REQUEST",
    "SSH2 PUBLIC KEY",
    "SSH2 ENCRYPTED PRIVATE KEY",
    "X509 CRL",
]
KEYS = {
    **{
        label: f"-----BEGIN {label}-----\n{PEM_BODY}\n-----END {label}-----\n"
        for label in PEM_LABELS
    },
    "PEM on one line": f"-----BEGIN PUBLIC KEY-----{PEM_BODY}-----END PUBLIC KEY-----",
    "PEM with \\n": f"-----BEGIN PUBLIC KEY-----\\n{PEM_BODY}\\n"
    "-----END PUBLIC KEY-----",
    "PEM of DOS": f"-----BEGIN PUBLIC KEY-----\r\n{PEM_BODY}\r\n"
    "-----END PUBLIC KEY-----\r\n",
    "PEM with spaced dashes": f"---- BEGIN SSH2 PUBLIC KEY ----\n{PEM_BODY}\n"
    "---- END SSH2 PUBLIC KEY ----",
    "PEM after text": f"key: -----BEGIN PRIVATE KEY-----\n{PEM_BODY}\n"
    "-----END PRIVATE KEY-----",
    "PEM cut off": f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}",
    "PEM end alone": f"{PEM_BODY}\n-----END PRIVATE KEY-----",
    "SSH Ed25519": f"ssh-ed25519 {PEM_BODY} ada@example.com",
    "SSH RSA": f"ssh-rsa {PEM_BODY}",
    "SSH DSA": f"ssh-dss {PEM_BODY}",
    "SSH ECDSA 256": f"ecdsa-sha2-nistp256 {PEM_BODY}",
    "SSH ECDSA 384": f"ecdsa-sha2-nistp384 {PEM_BODY}",
    "SSH ECDSA 521": f"ecdsa-sha2-nistp521 {PEM_BODY}",
    "SSH after options": f'command="ls" ssh-rsa {PEM_BODY}',
    "SSH certificate": f"x-cert-v01@openssh.com {PEM_BODY}",
}
DOCUMENTS = {
    "JWK": json.dumps({"kty": "oct", "k": PEM_BODY}),
    "JWK indented": json.dumps({"kty": "oct", "k": PEM_BODY}, indent=2),
    "JWK after a line": "\n " + json.dumps({"kty": "RSA", "n": "0", "e": "AQAB"}),
    "JWK set": json.dumps({"keys": [{"kty": "oct", "k": PEM_BODY}]}),
    "list of JWK": json.dumps([{"kty": "oct"}]),
    "list of lists of JWK": json.dumps([[{"kty": "oct"}]]),
    "object": json.dumps({"secret": GOOD}),
    "empty object": "{}",
    "empty list": "[]",
    "list": json.dumps([GOOD, GOOD]),
    "deep list": "[1," * 100_000,
    "deep object": '{"a":' * 100_000,
}
PAD = " \t\r\n\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000\ufeff"


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        GOOD.encode(),
        f"{GOOD}\n",
        f"{GOOD}\r\n",
        f"\ufeff{GOOD}",
        f"\ufeff {GOOD} \ufeff",
        f"{PAD}{GOOD}{PAD}",
        f"{PAD}{GOOD}{PAD}".encode(),
        b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n",
        Markup(GOOD),
    ],
)
def test_white_space_and_bom_around_a_secret_are_stripped(value):
    """A secret that is read from a file ends in a newline."""
    secret = read_secret(value)
    assert secret == GOOD
    assert type(secret) is str
    assert secret_problem(secret) is None


def test_white_space_inside_a_secret_is_its_own():
    assert read_secret(" a b\tc\n") == "a b\tc"


@pytest.mark.parametrize(
    "value", [b"\xff\xfe", GOOD.encode() + b"\xe9", b"\xed\xa0\x80", GOOD + "\ud800"]
)
def test_undecodable_text_is_refused_without_repeating_it(value):
    with pytest.raises(ValueError, match="must be UTF-8") as caught:
        read_secret(value)
    assert type(caught.value) is ValueError
    assert GOOD not in str(caught.value)


@pytest.mark.parametrize("value", ["", " ", "\n", "\ufeff", PAD, b"", b"\xef\xbb\xbf"])
def test_a_blank_secret_is_refused(value):
    assert secret_problem(read_secret(value)) == "is blank"


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize(
    "form",
    [
        str,
        str.upper,
        str.title,
        "<{}>".format,
        "${{{}}}".format,
        "'{}'".format,
        "[{}]\n".format,
        lambda text: text.replace("_", "-"),
        lambda text: text.replace("-", " "),
        lambda text: text.replace("_", "").replace("-", "."),
    ],
)
def test_a_placeholder_is_refused_however_it_is_written(placeholder, form):
    problem = secret_problem(read_secret(form(placeholder)))
    assert problem == "is still a placeholder"


@pytest.mark.parametrize("noise", ["---", "...", "<>", "{}}", "____ ____", '""', "$"])
def test_signs_that_stand_for_nothing_are_a_placeholder(noise):
    assert secret_problem(noise) == "is still a placeholder"


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_the_text_of_an_asymmetric_key_is_refused(key):
    assert "PEM or SSH key" in secret_problem(read_secret(key))
    assert "PEM or SSH key" in secret_problem(read_secret(key.encode()))


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_json_document_is_refused(document):
    """New PyJWT refuses a JWK as a key; old PyJWT would sign with its text."""
    assert secret_problem(read_secret(document)) in {
        "is a JSON document (a JWK?); the vendor issues a plain text secret",
        "is still a placeholder",  # of "{}" and "[]" no more is left than of "<>"
    }


@pytest.mark.parametrize(
    "secret",
    [
        "a",
        "0",
        "{not json at all, but a password}",
        "[x",
        "secret-x9",
        "my JWT_SECRET is this",
        "null-and-void",
        "BEGIN PRIVATE KEY",
        "a-ssh-key",
        "\U0001f412" * 8,
        "\u05e1\u05d5\u05d3",
        "k\x00y" * 20,
        "x" * 100_000,
    ],
    ids=lambda secret: ascii(secret[:12]),
)
def test_other_text_is_a_secret(secret):
    assert secret_problem(secret) is None


# PyJWT's opinion


def _signed_by_an_app(secret: str | bytes) -> str | None:
    """A token of an app with that secret, or ``None`` if it does not accept it."""
    app = Flask("shop")
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = secret
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # short ones are not the subject
        try:
            feedbackchimp = FeedbackChimp(app)
        except ConfigError:
            return None
    with app.app_context():
        return feedbackchimp.create_token(plain(email="ada@example.com", name="Ada"))


def _is_read_by_pyjwt(token: str, secret: str | bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyJWT's own, of short keys
        return claims_of(token, secret)["name"] == "Ada"


def _is_refused_by_pyjwt(secret: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            jwt.encode({}, secret, "HS256")
        except jwt.InvalidKeyError:
            return True
    return False


_EDGES = "\ufeff" + "".join(filter(str.isspace, map(chr, range(sys.maxunicode))))


def _check_agreement(text: str) -> None:
    stripped = text.strip(_EDGES)
    token = _signed_by_an_app(text)
    if token is not None:
        assert _is_read_by_pyjwt(token, stripped)
        assert _is_read_by_pyjwt(token, stripped.encode())
        assert not _is_refused_by_pyjwt(stripped)
    elif not text.isascii():
        assert _signed_by_an_app(text.encode("utf-8", "surrogatepass")) is None


@given(st.text())
@example("\x00")
@example("{" * 2000)
@example("0*0\x06\x03+ep\x03!\x00" + "a" * 32)  # a DER key that happens to be UTF-8
def test_what_the_settings_accept_pyjwt_takes_as_the_key(text):
    _check_agreement(text)


_MARKS = ["----", "-", " ", "BEGIN ", "END ", "\n", "\x00", "\ufeff", "x" * 9]
_SSH = ["ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "-cert-v01@openssh.com"]
_JSON = ['{"kty":"oct"}', "{", "}", '"kty"', ":", "[", "]", ",", "1" * 5000]
_PIECES = st.sampled_from([*_MARKS, *PEM_LABELS[:3], *_SSH, *_JSON, PEM_BODY])


@given(st.lists(_PIECES, max_size=9).map("".join))
def test_what_looks_like_a_key_is_accepted_by_both_or_by_neither(text):
    _check_agreement(text)


@pytest.mark.parametrize("text", [*KEYS.values(), *DOCUMENTS.values()])
def test_no_key_and_no_document_gets_past_the_settings(text):
    """Under PyJWT's lowest version and its newest alike."""
    assert _signed_by_an_app(text) is None
    assert _signed_by_an_app(text.encode()) is None


def test_a_key_that_pyjwt_alone_refuses_is_a_config_error():
    """Its opinion is asked when the app starts, not at the first sign-in."""
    secret = '{"kty":"oct"}'.encode("utf-16-le").decode()
    if not _is_refused_by_pyjwt(secret):
        assert _signed_by_an_app(secret)  # this PyJWT takes it, and so do we
        return
    with pytest.raises(ConfigError, match="PyJWT as an HMAC key") as caught:
        make_app(FEEDBACKCHIMP_JWT_SECRET=secret)
    (problem,) = caught.value.problems
    assert problem.startswith("FEEDBACKCHIMP_JWT_SECRET ")
    assert secret not in str(caught.value)


def test_a_random_secret_of_any_alphabet_signs():
    for secret in (os.urandom(32).hex(), jwt.utils.base64url_encode(os.urandom(48))):
        token = _signed_by_an_app(secret)
        assert token is not None
        assert _is_read_by_pyjwt(token, secret)
