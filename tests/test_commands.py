"""``flask feedbackchimp``: token, verify and sandbox, and the group as a program."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.cli import ScriptInfo

from flask_feedbackchimp import sign_in_refused, token_issued
from support.apps import PREFIX, SECRET, claims_of, make_app
from support.cli import run, words

ADA = ("token", "--email", "ada@example.com", "--name", "Ada")


# token


def test_token_is_printed_alone(app):
    result = run(app, *ADA)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", result.stdout)
    assert result.stderr == ""
    claims = claims_of(result.stdout.strip())
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada")
    assert claims["exp"] - claims["iat"] == 300


def test_token_has_the_apps_lifetime():
    app = make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None)
    result = run(app, *ADA)
    assert set(claims_of(result.stdout.strip())) == {"email", "name", "jti"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pro", "pro"),
        ("5", 5),
        ("true", True),
        ("null", None),
        ('["a", 1]', ["a", 1]),
        ('"12345"', "12345"),
        ("01234", "01234"),
        ("a=b", "a=b"),
        ("", ""),
        ("NaN", "NaN"),
        ("[" * 5000, "[" * 5000),
    ],
)
def test_claim_is_json_or_text(app, value, expected):
    """As Flask's from_prefixed_env reads the environment."""
    result = run(app, *ADA, "--claim", f"x={value}", "--claim", "y=1")
    claims = claims_of(result.stdout.strip())
    assert (claims["x"], claims["y"]) == (expected, 1)


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
def test_wrong_option_is_named(args, told):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    result = run(app, *ADA, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {told}")


@pytest.mark.parametrize("option", ["--email", "--name"])
def test_option_is_required(app, option):
    place = ADA.index(option)
    result = run(app, *ADA[:place], *ADA[place + 2 :])
    assert result.exit_code == 2
    assert f"Missing option '{option}'" in result.stderr


def test_token_is_not_a_sign_in(app):
    """Nobody's user is behind it, so no receiver hears of it."""
    heard = []

    def receiver(sender: Any, **values: Any) -> None:
        heard.append(values)

    with token_issued.connected_to(receiver), sign_in_refused.connected_to(receiver):
        assert run(app, *ADA).exit_code == 0
    assert heard == []


# verify


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


@pytest.mark.parametrize("args", [[], ["-"]])
@pytest.mark.parametrize("around", ["{}", "\ufeff {}\r\n"])
def test_standard_input_is_read(app, args, around):
    """White space and a byte order mark around the token are not part of it."""
    result = run(app, "verify", *args, input=around.format(signed()).encode())
    assert json.loads(result.stdout)["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed(secret=SECRET[::-1]), "bad_signature"),
        (signed(exp=1), "expired"),
        (signed(nbf=2**40), "not_yet_valid"),
        (signed(email=None), "claim_invalid"),
        (jwt.encode({"email": "ada@example.com"}, SECRET), "claim_missing"),
        (jwt.encode({}, SECRET * 2, "HS512"), "wrong_algorithm"),
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


@pytest.mark.parametrize(
    ("claims", "holds"),
    [
        ({"exp": 2_000_000_000}, False),
        ({"exp": 2_000_000_001}, True),
        ({"nbf": 2_000_000_000}, True),
        ({"nbf": 2_000_000_001}, False),
    ],
)
def test_exact_second(app, monkeypatch, claims, holds):
    """A token has expired on the second of its exp (RFC 7519 §4.1.4)."""
    clock = SimpleNamespace(time=lambda: 2_000_000_000)
    monkeypatch.setattr("flask_feedbackchimp.tokens.time", clock)
    assert run(app, "verify", signed(**claims)).exit_code == (not holds)


def test_input_that_is_not_text(app):
    result = run(app, "verify", input=b"\xff\xfe")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Reason: malformed" in result.stderr


@pytest.mark.parametrize("character", "\x1b\x7f\x85\x9b\u2028\u202a\u202e\u2066\u2069")
def test_terminal_is_safe(app, character):
    """What would act on the terminal comes as a JSON escape."""
    name = f"Ada {character}31m"
    stdout = run(app, "verify", signed(name=name, odd={name: [name]})).stdout
    assert character not in stdout
    assert json.loads(stdout)["name"] == name
    assert json.loads(stdout)["odd"] == {name: [name]}


def test_lone_surrogates_are_escaped(app):
    """They have no encoding, so everything is."""
    stdout = run(app, "verify", signed(odd=["\ud800\x9b"], name="Zoë")).stdout
    assert json.loads(stdout)["odd"] == ["\ud800\x9b"]
    assert "Zoë" in stdout


def test_output_that_cannot_encode_a_name(app):
    stdout = run(app, "verify", signed(name="Zoë 😀"), charset="ascii").stdout
    assert stdout.isascii()
    assert '\n  "name": "Zo' in stdout
    assert json.loads(stdout)["name"] == "Zoë 😀"


# sandbox


class Announced(io.BytesIO):
    """Standard output that calls a function when a line has been written."""

    def __init__(self, line: str, then: Callable[[], None]) -> None:
        super().__init__()
        self._line, self._then = line.encode(), then

    def write(self, data: Any) -> int:
        written = super().write(data)
        if self._line in self.getvalue():
            self._line = b"\0"
            self._then()
        return written


@pytest.fixture
def kept_sigterm() -> Iterator[None]:
    """What a SIGTERM does, as it was."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def run_sandbox(
    app: Flask, *args: str, last_line: str, visit: Callable[[int], None]
) -> str:
    """What ``sandbox`` prints, ended by a SIGTERM when somebody has visited it.

    :param visit: takes the port.
    """
    failures: list[BaseException] = []

    def visit_and_stop() -> None:
        port = re.search(rb"localhost:([0-9]+)/ until", raw.getvalue())
        try:
            assert port is not None
            visit(int(port[1]))
        except BaseException as error:
            failures.append(error)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGTERM)

    visitor = threading.Thread(target=visit_and_stop)
    raw = Announced(last_line, visitor.start)
    with redirect_stdout(io.TextIOWrapper(raw, "utf-8", write_through=True)):
        app.cli.main(
            ["feedbackchimp", "sandbox", "--port", "0", *args],
            obj=ScriptInfo(create_app=lambda: app),
            standalone_mode=False,
        )
    visitor.join()
    if failures:
        raise failures[0]
    return raw.getvalue().decode()


def ask(port: int, target: str = "/", host: str = "127.0.0.1") -> Any:
    """What a server answers, followed nowhere."""
    connection = HTTPConnection(host, port, timeout=30)
    connection.request("GET", target)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


@pytest.mark.usefixtures("kept_sigterm")
def test_sandbox_of_an_organization(app):
    def visit(port: int) -> None:
        text = ask(port).text
        assert f'href="http://localhost:5000{PREFIX}?redirect=' in text
        assert "Public board" in text
        assert ask(port, f"/?ssoToken={signed()}").status == 303

    last = "without FEEDBACKCHIMP_ORGANIZATION"
    printed = run_sandbox(app, last_line=last, visit=visit)
    assert f"log in at http://localhost:5000{PREFIX}\n" in printed
    assert re.search(
        r"\n  FEEDBACKCHIMP_BOARD_URL=http://localhost:[0-9]+\nand, while", printed
    )


@pytest.mark.usefixtures("kept_sigterm")
def test_sandbox_of_every_setting():
    """The app's own settings, and those of the command line, are the stand-in's."""
    app = make_app(
        FEEDBACKCHIMP_ORGANIZATION=None,
        FEEDBACKCHIMP_BOARD_URL="https://feedback.example.com",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_RETURN_URL="https://login.example.net/sso/{token}?id={companyID}",
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"],
    )

    def visit(port: int) -> None:
        sent = ask(port).headers["Location"]
        match = re.fullmatch(
            rf"https://shop\.example/mount{PREFIX}\?companyID=(.+)&return_to=.+", sent
        )
        assert match is not None, sent
        for email, status in {"BOSS@example.com": 403, "ada@example.com": 303}.items():
            answer = ask(port, f"/sso/{signed(email=email)}?id={match[1]}")
            assert answer.status == status

    printed = run_sandbox(
        app,
        "--private",
        "--app-url",
        "https://shop.example/mount/",
        last_line="  FEEDBACKCHIMP_RETURN_URL='/sso/{token}?id={companyID}'\n",
        visit=visit,
    )
    assert "FEEDBACKCHIMP_ORGANIZATION" not in printed


@pytest.mark.parametrize("value", ["shop", "http://shop.example", "https://a.b/?c=1"])
def test_app_url_is_a_url(app, value):
    result = run(app, "sandbox", "--app-url", value)
    assert result.exit_code == 2
    assert "--app-url" in result.stderr


def test_sandbox_help(app):
    text = run(app, "sandbox", "--help").stdout
    assert "[default: 5001" in text
    assert "--app-url URL" in text
    assert "[default: http://localhost:5000]" in words(text)
    assert run(app, "sandbox", "--port", "-1").exit_code == 2


def test_taken_port_is_one_sentence(app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run(app, "sandbox", "--port", str(port))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: Port {port} is taken by another program. Choose another with --port.\n"
    )


@pytest.mark.parametrize("args", [ADA, ("verify", "x"), ("sandbox",)])
def test_switched_off(args):
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    result = run(app, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "FEEDBACKCHIMP_ENABLED is False: set it to True" in result.stderr


def test_help_lists_the_commands(app):
    stdout = run(app, "--help").stdout
    listed = re.findall(r"(?m)^  (\w+) +\S.*\.$", stdout.partition("Commands:")[2])
    assert listed == ["check", "sandbox", "token", "verify"]


# As a program

SHOP = """
    from flask import Flask
    from flask_login import LoginManager
    from flask_feedbackchimp import FeedbackChimp

    def create_app():
        app = Flask("shop")
        app.config.from_prefixed_env()
        login_manager = LoginManager(app)
        login_manager.login_view = "/login"
        app.add_url_rule("/login", "login", str)
        login_manager.user_loader({}.get)
        FeedbackChimp(app)
        return app
"""


@pytest.fixture
def flask(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that gives the command line and options of a real ``flask``."""
    (tmp_path / "factory.py").write_text(textwrap.dedent(SHOP))
    (tmp_path / "module.py").write_text(
        "from factory import create_app\napp = create_app()\n"
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
    inherited.pop("NO_COLOR", None)

    def options(app: str, *args: str, **env: str) -> dict[str, Any]:
        settings = {
            "FLASK_SECRET_KEY": "the-app's-own-key-which-is-not-the-jwt-secret",
            "FLASK_FEEDBACKCHIMP_JWT_SECRET": SECRET,
            "FLASK_FEEDBACKCHIMP_ORGANIZATION": "acme",
        }
        command = [sys.executable, "-m", "flask", "--app", app, "feedbackchimp", *args]
        return {"args": command, "cwd": tmp_path, "env": inherited | settings | env}

    return options


@pytest.mark.parametrize("app", ["module", "factory"])
def test_bad_configuration_is_a_list(flask, app):
    """With an app as with an app factory: no traceback, and status 1."""
    options = flask(
        app,
        "check",
        FLASK_FEEDBACKCHIMP_ORGANIZATION="a.b",
        FLASK_FEEDBACKCHIMP_LIFETIME="300",
    )
    done = subprocess.run(**options, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    head, *problems = done.stderr.splitlines()
    assert head == "Error: 2 problems with FeedbackChimp in the app 'shop':"
    assert [problem.split()[:2] for problem in problems] == [
        ["-", "FEEDBACKCHIMP_LIFETIME"],
        ["-", "FEEDBACKCHIMP_ORGANIZATION"],
    ]


def test_colour_on_a_terminal(flask):
    reader, writer = pty.openpty()
    with subprocess.Popen(**flask("module", "check"), stdout=writer) as process:
        os.close(writer)
        printed = b""
        with suppress(OSError):  # how Linux says that the other end is closed
            while chunk := os.read(reader, 4096):
                printed += chunk
        os.close(reader)
    assert process.returncode == 0
    assert b"\x1b[33m" in printed


def test_commands_are_not_loaded_with_the_app(flask):
    """Importing the package and setting up an app stay cheap."""
    code = (
        "import sys; sys.path.insert(0, '.'); import module\n"
        "names = ('cli.commands', 'cli.check', 'sandbox', 'testing')\n"
        "print([n for n in names if f'flask_feedbackchimp.{n}' in sys.modules])"
    )
    options = flask("module") | {"args": [sys.executable, "-c", code]}
    done = subprocess.run(**options, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture
def heeded_sigint() -> Iterator[None]:
    """A shell's background jobs, and what they start, ignore it unless told."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_sigint")
def test_sandbox_stops_on_ctrl_c(flask):
    """Status 0, no traceback, and no token in its log."""
    options = flask("factory", "sandbox", "--port", "0")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(**options, **pipes) as process:
        assert process.stdout is not None
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
