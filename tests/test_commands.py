"""``flask feedbackchimp``: token, verify and sandbox, and the group as a program."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from flask_feedbackchimp import sign_in_refused, token_issued
from support.apps import SECRET, claims_of
from support.cli import run

ADA = ("token", "--email", "ada@example.com", "--name", "Ada")


def test_token_is_printed_alone(app):
    result = run(app, *ADA)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", result.stdout)
    assert result.stderr == ""
    claims = claims_of(result.stdout.strip())
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada")
    assert claims["exp"] - claims["iat"] == 300


def test_token_has_the_apps_lifetime(make_app):
    stdout = run(make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None), *ADA).stdout
    assert set(claims_of(stdout.strip())) == {"email", "name", "jti"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("true", True),
        ("null", None),
        ("[1]", [1]),
        ('"12345"', "12345"),
        ("pro", "pro"),
        ("01234", "01234"),
        ("a=b", "a=b"),
        ("", ""),
        ("NaN", "NaN"),
        ("[" * 5000, "[" * 5000),
    ],
    ids=lambda value: ascii(value)[:10],
)
def test_claim_is_json_or_text(app, text, value):
    """As Flask's from_prefixed_env reads the environment."""
    stdout = run(app, *ADA, "--claim", f"plan={text}").stdout
    assert claims_of(stdout.strip())["plan"] == value


def test_several_claims(app):
    stdout = run(app, *ADA, "--claim", "plan=pro", "--claim", "seats=5").stdout
    claims = claims_of(stdout.strip())
    assert (claims["plan"], claims["seats"]) == ("pro", 5)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--email", "ada"], "--email must look like"),
        (["--email", "Ada <ada@example.com>"], "--email must look like"),
        (["--email", "BOSS@example.com"], "--email is one of FEEDBACKCHIMP_ADMIN"),
        (["--name", "\u200b "], "--name must show something"),
        (["--name", "a" * 256], "--name must show something"),
        (["--claim", "plan"], "--claim must look like NAME=VALUE"),
        (["--claim", "=pro"], "--claim must look like NAME=VALUE"),
        (["--claim", "a=1", "--claim", "a=2"], "--claim must look like NAME=VALUE"),
        (["--claim", "jti=1"], "--claim: The extra claim “jti” would replace"),
        (["--claim", "x=1e999"], "--claim: The extra claim 'x' cannot be written"),
    ],
)
def test_wrong_option_is_named(make_app, args, told):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    result = run(app, *ADA, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {told}")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (["--email", "ada@example.com"], "--name"),
        (["--name", "Ada"], "--email"),
    ],
)
def test_options_are_required(app, given, missing):
    result = run(app, "token", *given)
    assert result.exit_code == 2
    assert f"Missing option '{missing}'" in result.stderr


def test_token_is_not_a_sign_in(app):
    """Nobody's user is behind it, so no receiver hears of it."""

    def receiver(sender: Any, **values: Any) -> None:
        raise AssertionError

    with token_issued.connected_to(receiver), sign_in_refused.connected_to(receiver):
        assert run(app, *ADA).exit_code == 0


def signed(secret: str = SECRET, **claims: Any) -> str:
    """A token of somebody else's making."""
    payload = {"email": "ada@example.com", "name": "Ada", "jti": "1"} | claims
    return jwt.encode(payload, secret, "HS256")


def test_claims_are_printed(app):
    """In the order in which they were signed, as people write them."""
    result = run(app, "verify", signed(plan="pro", name="Zoë 😀 עברית"))
    assert result.exit_code == 0
    assert list(json.loads(result.stdout)) == ["email", "name", "jti", "plan"]
    assert '\n  "name": "Zoë 😀 עברית",\n' in result.stdout


@pytest.mark.parametrize("args", [["verify"], ["verify", "-"]])
@pytest.mark.parametrize("text", [signed(), f"\ufeff {signed()}\r\n"])
def test_standard_input_is_read(app, args, text):
    """White space and a byte order mark around the token are not part of it."""
    result = run(app, *args, input=text.encode())
    assert json.loads(result.stdout)["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed(secret=SECRET[::-1]), "bad_signature"),
        (signed(exp=1), "expired"),
        (signed(exp=float("inf")), "malformed"),
        ("not-a-token", "malformed"),
        ("", "malformed"),
        ("\udcff", "malformed"),
    ],
)
def test_reason_is_told(app, token, reason):
    """On standard error, with the reason code, and without repeating the token."""
    result = run(app, "verify", token)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(f"Reason: {reason}\n")
    assert not token or token not in result.output


def test_input_that_is_not_text(app):
    result = run(app, "verify", input=b"\xff\xfe")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Reason: malformed" in result.stderr


@pytest.mark.parametrize(
    "character",
    [
        "\x1b",
        "\x7f",
        "\x85",
        "\x9b",
        "\xad",
        "\u061c",
        "\u200b",
        "\u200e",
        "\u200f",
        "\u2028",
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
        "\ufeff",
        "\U000e0041",
    ],
)
def test_terminal_is_safe(app, character):
    """Controls and marks of direction and format come escaped, as do surrogates."""
    name = f"Zoë {character}31m"
    odd = {name: [name, "\ud800"]}
    stdout = run(app, "verify", signed(name=name, odd=odd)).stdout
    assert character not in stdout
    assert '"name": "Zoë ' in stdout
    claims = json.loads(stdout)
    assert (claims["name"], claims["odd"]) == (name, odd)


def test_output_that_cannot_encode_a_name(app):
    stdout = run(app, "verify", signed(name="Zoë 😀"), charset="ascii").stdout
    assert stdout.isascii()
    assert '\n  "name": "Zo' in stdout
    assert json.loads(stdout)["name"] == "Zoë 😀"


@pytest.mark.parametrize(
    "address", ["shop", "ftp://a.b", "https://a.b/?c=1", "https://a.b//c"]
)
@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("check", "--base-url"),
        ("sandbox", "--app-url"),
    ],
)
def test_wrong_address(app, command, option, address):
    result = run(app, command, option, address)
    assert result.exit_code == 2
    assert option in result.stderr


@pytest.mark.parametrize("args", [ADA, ("verify", "x"), ("sandbox",)])
def test_switched_off(make_app, args):
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=None)
    result = run(app, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "FEEDBACKCHIMP_ENABLED is False: set it to True" in result.stderr


def test_help_lists_the_commands(app):
    stdout = run(app, "--help").stdout
    listed = re.findall(r"(?m)^  (\w+) +\S.*\.$", stdout.partition("Commands:")[2])
    assert listed == ["check", "sandbox", "token", "verify"]


@pytest.fixture
def flask(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that gives the command line and options of a real ``flask``."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def options(code: str, *args: str) -> dict[str, Any]:
        code = f"from support.apps import make_app\n{code}\n"
        (tmp_path / "shop.py").write_text(code)
        flask = [sys.executable, "-m", "flask", "--app", "shop"]
        command = [*flask, "feedbackchimp", *args]
        return {"args": command, "cwd": tmp_path, "env": env}

    return options


@pytest.mark.parametrize("code", ["app = {}", "create_app = lambda: {}"])
def test_bad_configuration_is_a_list(flask, code):
    """With an app as with an app factory: no traceback, and status 1."""
    app = "make_app(FEEDBACKCHIMP_ORGANIZATION='a.b', FEEDBACKCHIMP_LIFETIME=300)"
    options = flask(code.format(app), "check")
    done = subprocess.run(**options, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    head, *problems = done.stderr.splitlines()
    assert head == "Error: 2 problems with FeedbackChimp in the app 'shop':"
    keys = ["FEEDBACKCHIMP_LIFETIME", "FEEDBACKCHIMP_ORGANIZATION"]
    assert [problem.split()[:2] for problem in problems] == [["-", key] for key in keys]
