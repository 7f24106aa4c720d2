"""``flask feedbackchimp``: token, verify and sandbox, and the group as a program."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.cli import ScriptInfo

from flask_feedbackchimp import sign_in_refused, token_issued
from support.apps import PREFIX, SECRET, claims_of
from support.cli import run, words

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
        "\u2028",
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
    ],
)
def test_terminal_is_safe(app, character):
    """What would act on the terminal comes as a JSON escape, as do lone surrogates."""
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


@pytest.fixture(autouse=True)
def kept_signals() -> Iterator[None]:
    """What signals do, as it was; Ctrl-C is heeded also in a shell's background job."""
    sigint = signal.signal(signal.SIGINT, signal.default_int_handler)
    sigterm = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGINT, sigint)
    signal.signal(signal.SIGTERM, sigterm)


def run_sandbox(app: Flask, *args: str, last_line: str, visit: Any) -> str:
    """What ``sandbox`` prints, ended by a SIGTERM when the port was visited."""
    reader, writer = os.pipe()

    def visit_and_stop() -> str:
        with open(reader, encoding="utf-8") as lines:
            printed = ""
            while last_line not in printed:
                printed += next(lines)
            try:
                visit(int(re.search(r"localhost:([0-9]+)/ until", printed)[1]))
            finally:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
            return printed + lines.read()

    with ThreadPoolExecutor(1) as pool:
        visitor = pool.submit(visit_and_stop)
        command = ["feedbackchimp", "sandbox", "--port", "0", *args]
        info = ScriptInfo(create_app=lambda: app)
        with open(writer, "w", 1, "utf-8") as out, redirect_stdout(out):
            app.cli.main(command, obj=info, standalone_mode=False)
    return visitor.result()


def ask(port: int, target: str = "/") -> Any:
    """What a server answers, followed nowhere."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", target)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def test_sandbox_of_an_organization(app):
    def visit(port: int) -> None:
        text = ask(port).text
        assert f'href="http://localhost:5000{PREFIX}?redirect=' in text
        assert "Public board" in text
        assert ask(port, f"/?ssoToken={signed()}").status == 303

    last = "without FEEDBACKCHIMP_ORGANIZATION"
    printed = run_sandbox(app, last_line=last, visit=visit)
    assert f"log in at http://localhost:5000{PREFIX}\n" in printed
    url = "http://localhost:[0-9]+"
    assert re.search(rf"\n  FEEDBACKCHIMP_BOARD_URL={url}\nand, while", printed)


def test_sandbox_of_every_setting(make_app):
    """The app's own settings, and those of the command line, are the stand-in's."""
    app = make_app(
        FEEDBACKCHIMP_ORGANIZATION=None,
        FEEDBACKCHIMP_BOARD_URL="https://feedback.example.com",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_RETURN_URL="https://login.example.net/sso/{token}?id={companyID}",
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"],
    )
    sso_url = rf"https://shop\.example/mount{PREFIX}"

    def visit(port: int) -> None:
        sent = ask(port).headers["Location"]
        match = re.fullmatch(rf"{sso_url}\?companyID=(.+)&return_to=.+", sent)
        assert match is not None, sent
        boss = ask(port, f"/sso/{signed(email='BOSS@example.com')}?id={match[1]}")
        assert boss.status == 403
        ada = ask(port, f"/sso/{signed()}?id={match[1]}")
        assert ada.status == 303

    args = ("--private", "--app-url", "https://shop.example/mount/")
    last = "  FEEDBACKCHIMP_RETURN_URL='/sso/{token}?id={companyID}'\n"
    printed = run_sandbox(app, *args, last_line=last, visit=visit)
    assert "FEEDBACKCHIMP_ORGANIZATION" not in printed


@pytest.mark.parametrize("address", ["shop", "http://shop.example", "https://a.b/?c=1"])
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


def test_sandbox_help(app):
    text = words(run(app, "sandbox", "--help").stdout)
    assert "[default: 5001" in text
    assert "--app-url URL" in text
    assert "[default: http://localhost:5000]" in text
    assert run(app, "sandbox", "--port", "-1").exit_code == 2


def test_taken_port_is_one_sentence(app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run(app, "sandbox", "--port", str(port))
    assert (result.exit_code, result.stdout) == (1, "")
    said = f"Port {port} is taken by another program. Choose another with --port."
    assert result.stderr == f"Error: {said}\n"


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
    assert len(problems) == 2
    assert problems[0].startswith("- FEEDBACKCHIMP_LIFETIME ")
    assert problems[1].startswith("- FEEDBACKCHIMP_ORGANIZATION ")


def test_sandbox_stops_on_ctrl_c(flask):
    """Status 0, no traceback, and no token in its log."""
    options = flask("app = make_app()", "sandbox", "--port", "0")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(**options, **pipes) as process:
        try:
            line = process.stdout.readline()
            port = int(line.partition("localhost:")[2].partition("/")[0])
            assert ask(port, f"/?ssoToken={signed()}").status == 303
        finally:
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in stderr
    assert "GET / 303" in stderr
    assert "eyJ" not in stdout + stderr
