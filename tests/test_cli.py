"""``flask feedbackchimp``: check, token, verify and sandbox."""

from __future__ import annotations

import errno
import inspect
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from click.testing import CliRunner
from flask import Flask

from apps import BOARD, PREFIX, SECRET, claims_of, make_app
from flask_feedbackchimp import FeedbackChimp, Identity, sign_in_refused, token_issued
from flask_feedbackchimp.tokens import TokenSigner

ENDPOINT = "https://feedback.example.com/sso"


def run(app: Flask, *args: str, charset: str = "utf-8", **options: Any) -> Any:
    """The result of ``flask feedbackchimp …`` for an app."""
    if "mix_stderr" in inspect.signature(CliRunner).parameters:  # click before 8.2
        runner = app.test_cli_runner(charset=charset, mix_stderr=False)
    else:
        runner = app.test_cli_runner(charset=charset)
    return runner.invoke(args=["feedbackchimp", *args], **options)


def sound_app(**config: Any) -> Flask:
    """An app that check finds nothing wrong with."""
    app = make_app(**config)

    @app.feedbackchimp.identity_loader
    def verified(user: Any) -> Identity:
        return Identity(user.email, user.name)

    return app


def words(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())


def facts(result: Any) -> dict[str, str]:
    """The labelled facts of a report."""
    return dict(re.findall(r"(?m)^  (\S.*?)  +(\S.*)$", result.stdout))


def urls(result: Any) -> list[str]:
    """The URLs that stand on lines of their own: to paste, and the way back."""
    return re.findall(r"(?m)^  (https?://\S+)$", result.stdout)


# check


def test_check_finds_nothing_wrong_with_a_sound_app():
    result = run(sound_app(), "check")
    assert result.exit_code == 0
    assert result.stdout.endswith("Ready: no problems, no warnings.\n")


def test_check_says_what_is_set():
    app = sound_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=60,
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com", "chief@example.com"],
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
    )
    told = facts(run(app, "check"))
    assert told["Enabled"] == "yes"
    assert told["Board"] == BOARD
    assert told["Token lifetime"] == "60 seconds"
    assert told["Admin e-mails"].startswith("2;")
    assert told["Identity"].endswith("sound_app.<locals>.verified")
    assert told["Page comes in as"] == "return_to"
    assert told["Token goes out as"] == "jwt"


def test_check_shows_of_the_secret_its_length_in_bytes_and_a_fingerprint():
    """Neither the secret itself nor any piece of it, and no token either."""
    secret = "zwölf-" + SECRET
    result = run(sound_app(FEEDBACKCHIMP_JWT_SECRET=secret), "check")
    length = len(secret.encode())
    pattern = rf"{length} bytes, fingerprint [0-9a-f]{{8}}"
    assert re.fullmatch(pattern, facts(result)["Secret"])
    pieces = {secret[i : i + 6] for i in range(len(secret) - 5)}
    assert not [piece for piece in pieces if piece in result.stdout + result.stderr]
    assert "eyJ" not in result.stdout + result.stderr


def test_the_fingerprint_tells_whether_two_machines_have_the_same_secret():
    same = [facts(run(sound_app(), "check"))["Secret"] for _ in range(2)]
    other = sound_app(FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1])
    assert same[0] == same[1]
    assert facts(run(other, "check"))["Secret"] != same[0]


def test_check_shows_the_default_identity_in_words():
    told = facts(run(make_app(), "check"))
    assert told["Identity"] == "user.email, and user.name or else user.username"


def test_check_shows_a_loader_that_is_an_object_by_its_class():
    class Loader:
        def __call__(self, user: Any) -> None:
            return None

    app = make_app()
    app.feedbackchimp.identity_loader(Loader())
    assert facts(run(app, "check"))["Identity"].endswith("<locals>.Loader")


@pytest.mark.parametrize(
    ("config", "args", "url"),
    [
        ({}, [], f"https://your.app{PREFIX}"),
        ({"APPLICATION_ROOT": "/shop/"}, [], f"https://your.app/shop{PREFIX}"),
        ({"FEEDBACKCHIMP_URL_PREFIX": "/in"}, [], "https://your.app/in"),
        ({"SERVER_NAME": "a.example"}, [], f"http://a.example{PREFIX}"),
        (
            {"SERVER_NAME": "a.example", "PREFERRED_URL_SCHEME": "https"},
            [],
            f"https://a.example{PREFIX}",
        ),
        (
            {"SERVER_NAME": "a.example"},
            ["--base-url", "https://b.example"],
            f"https://b.example{PREFIX}",
        ),
        (
            {"APPLICATION_ROOT": "/shop"},
            ["--base-url", "https://b.example/"],
            f"https://b.example/shop{PREFIX}",
        ),
        (
            {"APPLICATION_ROOT": "/shop"},
            ["--base-url", "https://b.example/mount/"],
            f"https://b.example/mount{PREFIX}",
        ),
    ],
)
def test_check_shows_the_url_to_paste_in_the_dashboard(config, args, url):
    """What is given goes before what is configured; a mount point is kept."""
    result = run(sound_app(**config), "check", *args)
    assert urls(result)[0] == url


def test_check_says_that_the_app_s_address_is_not_known():
    """The placeholder is not taken for the address, and the option is named."""
    unknown = run(sound_app(), "check").stdout
    known = run(sound_app(), "check", "--base-url", "https://a.example").stdout
    assert "for https://your.app" in unknown
    assert "--base-url" in unknown
    assert "your.app" not in known


@pytest.mark.parametrize(
    "url",
    ["a.example", "ftp://a.example", "http://a.example", "https://a.example/?x=1"],
)
def test_check_refuses_a_base_url_that_cannot_be_one(url):
    result = run(sound_app(), "check", "--base-url", url)
    assert result.exit_code == 2
    assert "--base-url" in result.stderr


def test_check_shows_the_way_back_appended_to_a_page():
    """An example URL in which a word stands for the token."""
    result = run(sound_app(FEEDBACKCHIMP_TOKEN_PARAM="jwt"), "check")
    way_back = urlsplit(urls(result)[1])
    assert f"{way_back.scheme}://{way_back.netloc}" == BOARD
    assert way_back.path.startswith("/board/")
    assert parse_qs(way_back.query) == {"jwt": ["TOKEN"]}
    assert facts(result)["Shape"] == "appended to the page"


def test_check_shows_the_way_back_by_an_endpoint():
    app = sound_app(
        FEEDBACKCHIMP_SSO_ENDPOINT=ENDPOINT, FEEDBACKCHIMP_FORWARD_PARAMS=["a", "b"]
    )
    result = run(app, "check")
    address, _, query = urls(result)[1].partition("?")
    pairs = parse_qs(query)
    assert address == ENDPOINT
    assert pairs["ssoToken"] == ["TOKEN"]
    assert pairs["redirect"][0].startswith(f"{BOARD}/board/")
    assert "redirect" in facts(result)["Shape"]
    assert facts(result)["Handed on"] == "a, b"


def test_check_says_that_the_endpoint_gets_nothing_else_without_forward_params():
    result = run(sound_app(FEEDBACKCHIMP_SSO_ENDPOINT=ENDPOINT), "check")
    assert facts(result)["Handed on"] == "nothing else"


def test_check_says_what_to_compare_with_the_dashboard():
    """It does not claim to know what is not publicly documented."""
    stdout = words(run(sound_app(), "check").stdout)
    assert "Not publicly documented: compare names and shape with Settings > SSO" in (
        stdout
    )


@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ({"FEEDBACKCHIMP_TOKEN_LIFETIME": None}, "FEEDBACKCHIMP_TOKEN_LIFETIME"),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, 'Set it to "Lax"'),
        ({"SESSION_COOKIE_SAMESITE": "strict"}, 'Set it to "Lax"'),
        ({"SERVER_NAME": "a.example"}, "PREFERRED_URL_SCHEME"),
        (
            {
                "FEEDBACKCHIMP_ORGANIZATION": None,
                "FEEDBACKCHIMP_BOARD_URL": "http://localhost:5001",
            },
            "FEEDBACKCHIMP_BOARD_URL is plain http",
        ),
        (
            {"FEEDBACKCHIMP_SSO_ENDPOINT": "http://localhost:5001/sso"},
            "FEEDBACKCHIMP_SSO_ENDPOINT is plain http",
        ),
    ],
)
def test_check_warns_with_the_remedy(config, warned):
    """One warning for one cause; a warning is no problem."""
    result = run(sound_app(**config), "check")
    assert result.exit_code == 0
    assert warned in words(result.stdout)
    assert result.stdout.endswith("Ready: no problems, 1 warning.\n")


def test_check_warns_of_a_short_secret():
    with pytest.warns(UserWarning, match="fewer than 32 bytes"):
        app = sound_app(FEEDBACKCHIMP_JWT_SECRET="too-short-a-key")
    result = run(app, "check")
    assert result.exit_code == 0
    assert "ask FeedbackChimp for a longer one" in words(result.stdout)
    assert result.stdout.endswith("Ready: no problems, 1 warning.\n")


def test_check_warns_that_the_default_identity_takes_unverified_addresses():
    stdout = words(run(make_app(), "check").stdout)
    assert "unverified ones let people impersonate each other" in stdout
    assert stdout.endswith("Ready: no problems, 1 warning.")


def test_check_warns_that_anonymous_visitors_get_a_bare_401():
    app = sound_app()
    app.login_manager.login_view = None
    stdout = words(run(app, "check").stdout)
    assert "Set login_manager.login_view" in stdout
    assert stdout.endswith("Ready: no problems, 1 warning.")


def test_check_does_not_warn_where_the_app_handles_anonymous_visitors():
    app = sound_app()
    app.login_manager.login_view = None
    app.login_manager.unauthorized_handler(lambda: "Who are you?")
    assert "no warnings" in run(app, "check").stdout


@pytest.mark.parametrize("view", ["/log-in", "https://id.example/log-in", "login_page"])
def test_check_takes_a_login_view_of_the_blueprint_s_own(view):
    """Flask-Login accepts an endpoint, a path or a URL, also per blueprint."""
    app = sound_app()
    app.login_manager.login_view = None
    app.login_manager.blueprint_login_views = {"feedbackchimp": view}
    assert "no problems, no warnings" in run(app, "check").stdout


def test_check_finds_a_misspelt_login_view():
    app = sound_app()
    app.login_manager.login_view = "auth.login"
    result = run(app, "check")
    assert result.exit_code == 1
    assert "The login_view 'auth.login' is no endpoint" in words(result.stdout)
    assert result.stdout.endswith("Not ready: 1 problem, no warnings.\n")


def test_check_finds_that_there_is_no_login_manager():
    app = Flask("shop")
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = SECRET
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    FeedbackChimp(app)
    result = run(app, "check")
    assert result.exit_code == 1
    assert "call LoginManager().init_app(app)" in words(result.stdout)
    assert result.stdout.endswith("Not ready: 1 problem, 1 warning.\n")


def test_check_finds_that_there_is_no_user_loader():
    """Flask-Login raises at every visit then."""
    app = sound_app()
    app.login_manager._user_callback = None
    result = run(app, "check")
    assert result.exit_code == 1
    assert "The LoginManager has no user_loader" in words(result.stdout)
    app.login_manager.request_loader(lambda request: None)
    assert run(app, "check").exit_code == 0


def test_check_finds_that_a_probe_is_not_read_back():
    """Here: what signs and what reads were given different secrets."""

    class Torn(TokenSigner):
        def read(self, token: str) -> dict[str, Any]:
            return TokenSigner(SECRET[::-1]).read(token)

    app = sound_app()
    state = app.extensions["feedbackchimp"]
    app.extensions["feedbackchimp"] = state._replace(signer=Torn(SECRET))
    result = run(app, "check")
    assert result.exit_code == 1
    assert "not read back. The token is signed with another" in words(result.stdout)
    assert "eyJ" not in result.stdout + result.stderr


def test_check_says_that_nothing_is_signed_while_switched_off():
    """No secret and no login are needed then: neither is missed."""
    app = Flask("shop")
    app.config["FEEDBACKCHIMP_ENABLED"] = False
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    FeedbackChimp(app)
    result = run(app, "check")
    assert result.exit_code == 0
    assert facts(result)["Enabled"] == "no"
    assert facts(result)["Secret"] == "not read while switched off"
    assert "nothing is signed" in words(result.stdout)
    assert "Ready" not in result.stdout


def test_check_keeps_to_80_columns_and_ascii():
    """With every warning at once; the URLs alone may be longer."""
    app = make_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
        FEEDBACKCHIMP_SSO_ENDPOINT="http://localhost:5001/sso",
        SESSION_COOKIE_SAMESITE="Strict",
        SERVER_NAME="a.example",
    )
    app.login_manager.login_view = None
    lines = run(app, "check").stdout.splitlines()
    assert lines[-1].startswith("Ready: no problems, 6 warnings")
    assert all(line.isascii() for line in lines)
    assert [line for line in lines if len(line) > 79 and "://" not in line] == []


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True)])
def test_no_color_counts_unless_it_is_empty(value, coloured):
    """Where there would be colour, as on a terminal; see https://no-color.org/."""
    result = run(make_app(), "check", color=True, env={"NO_COLOR": value})
    assert ("\x1b[33m" in result.stdout) is coloured
    assert ("\x1b" in result.stdout) is coloured


def test_check_prints_where_the_output_cannot_encode_a_name():
    app = sound_app()
    app.name = "café"
    assert "'café'" in run(app, "check").stdout
    assert "'caf\\xe9'" in run(app, "check", charset="ascii").stdout


# token


def test_token_prints_one_token_alone(app):
    """Ready for a pipe: nothing before it, one line end after it."""
    result = run(app, "token", "--email", "ada@example.com", "--name", "Ada 😀")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == result.stdout.strip() + "\n"
    claims = claims_of(result.stdout.strip())
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada 😀")
    assert claims["exp"] - claims["iat"] == 300


def test_token_follows_the_configured_lifetime():
    app = make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None)
    result = run(app, "token", "--email", "ada@example.com", "--name", "Ada")
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
def test_token_takes_a_claim_as_json_or_else_as_text(app, value, expected):
    """As Flask's from_prefixed_env reads the environment."""
    args = ["--email", "a@example.com", "--name", "Ada", "--claim", f"x={value}"]
    result = run(app, "token", *args)
    assert claims_of(result.stdout.strip())["x"] == expected


def test_token_takes_several_claims(app):
    args = ["--email", "a@example.com", "--name", "Ada"]
    result = run(app, "token", *args, "--claim", "a=1", "--claim", "b=2")
    claims = claims_of(result.stdout.strip())
    assert (claims["a"], claims["b"]) == (1, 2)


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
        (["--claim", "a=1", "--claim", "a=2"], "each NAME once"),
        (["--claim", "jti=1"], "--claim: The extra claim “jti” would replace"),
        (["--claim", "x=1e999"], "--claim: The extra claim 'x' cannot be written"),
    ],
)
def test_token_says_which_option_is_wrong(args, told):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    good = ["--email", "ada@example.com", "--name", "Ada"]
    result = run(app, "token", *good, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {told}") or told in result.stderr


def test_a_token_from_the_command_line_is_no_sign_in(app):
    """Nobody's user is behind it, so no receiver hears of it."""
    heard = []

    def receiver(sender: Any, **values: Any) -> None:
        heard.append(values)

    with token_issued.connected_to(receiver), sign_in_refused.connected_to(receiver):
        assert run(app, "token", "--email", "a@b.example", "--name", "A").exit_code == 0
    assert heard == []


# verify


def signed(secret: str = SECRET, **claims: Any) -> str:
    """A token of somebody else's making."""
    payload = {"email": "ada@example.com", "name": "Ada", "jti": "1"} | claims
    return jwt.encode(payload, secret, "HS256")


def test_verify_prints_the_claims_in_the_order_they_were_signed(app):
    result = run(app, "verify", signed(plan="pro", name="Zoë 😀 עברית"))
    assert result.exit_code == 0
    assert list(json.loads(result.stdout)) == ["email", "name", "jti", "plan"]
    assert '  "name": "Zoë 😀 עברית",\n' in result.stdout


@pytest.mark.parametrize("args", [[], ["-"]])
@pytest.mark.parametrize("around", ["{}", "\ufeff {}\r\n"])
def test_verify_reads_standard_input(app, args, around):
    """White space and a byte order mark around the token are no part of it."""
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
def test_verify_says_why_a_token_does_not_hold(app, token, reason):
    """On standard error, with the reason code, and without repeating the token."""
    result = run(app, "verify", token)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(f"Reason: {reason}\n")
    assert not token or token not in result.stdout + result.stderr


def test_verify_says_of_input_that_is_no_text_that_it_is_no_token(app):
    result = run(app, "verify", input=b"\xff\xfe")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Reason: malformed" in result.stderr


def test_verify_lets_no_name_act_on_the_terminal(app):
    """Control and direction characters, and lone surrogates, come as JSON escapes."""
    name = "Ada \x1b[31m\x9b31m\u202e\u2066"
    token = signed(name=name, odd=["\ud800"])
    stdout = run(app, "verify", token).stdout
    assert re.search("[\x1b\x7f-\x9f\u202e\u2066\ud800]", stdout) is None
    assert json.loads(stdout)["name"] == name
    assert json.loads(stdout)["odd"] == ["\ud800"]


def test_verify_prints_json_where_the_output_cannot_encode_a_name(app):
    stdout = run(app, "verify", signed(name="Zoë 😀"), charset="ascii").stdout
    assert stdout.isascii()
    assert json.loads(stdout)["name"] == "Zoë 😀"


# sandbox


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def keep_sigterm() -> Iterator[None]:
    """What a SIGTERM does, as it was."""
    previous = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, previous)


def wait_for(port: int) -> None:
    """Return once something listens on a port; give up after 200 tries."""
    for _ in range(200):
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def answer_of(port: int, target: str = "/") -> str:
    """What the server on a port answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}") as response:
        return response.read().decode()


def run_sandbox(app: Flask, *args: str) -> tuple[Any, str]:
    """The result of ``sandbox``, ended by a SIGTERM, and its answer before that."""
    port = free_port()
    answers: list[str] = []

    def visit() -> None:
        wait_for(port)
        try:
            answers.append(answer_of(port))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    visitor = Thread(target=visit)
    visitor.start()
    result = run(app, "sandbox", "--port", str(port), *args)
    visitor.join()
    result.port = port
    return result, answers[0]


@pytest.mark.usefixtures("keep_sigterm")
class TestSandbox:
    def test_it_serves_until_it_is_terminated(self, app):
        """A SIGTERM ends it as Ctrl-C does: without a traceback, with status 0."""
        result, answer = run_sandbox(app)
        assert result.exit_code == 0
        assert "<html" in answer

    def test_it_says_which_settings_point_the_app_at_it(self, app):
        result, _ = run_sandbox(app)
        origin = f"http://localhost:{result.port}"
        assert f"\n  FEEDBACKCHIMP_BOARD_URL={origin}\n" in result.stdout
        assert "without FEEDBACKCHIMP_ORGANIZATION" in result.stdout
        assert "FEEDBACKCHIMP_SSO_ENDPOINT" not in result.stdout

    def test_it_names_the_endpoint_where_the_app_has_one(self):
        app = make_app(
            FEEDBACKCHIMP_ORGANIZATION=None,
            FEEDBACKCHIMP_BOARD_URL="https://feedback.example.com",
            FEEDBACKCHIMP_SSO_ENDPOINT=ENDPOINT,
        )
        result, _ = run_sandbox(app)
        endpoint = f"http://localhost:{result.port}/sso"
        assert f"\n  FEEDBACKCHIMP_SSO_ENDPOINT={endpoint}\n" in result.stdout
        assert "FEEDBACKCHIMP_ORGANIZATION" not in result.stdout

    def test_it_sends_people_to_log_in_at_the_app(self):
        """The page parameter is the app's own, the URL that of --app-url."""
        app = make_app(FEEDBACKCHIMP_REDIRECT_PARAM="return_to")
        url = "http://localhost:7000/mount"
        result, answer = run_sandbox(app, "--app-url", url)
        assert f"log in at {url}{PREFIX}\n" in result.stdout
        assert f'href="{url}{PREFIX}?return_to=' in answer


def test_a_port_that_is_taken_is_one_sentence(app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run(app, "sandbox", "--port", str(port))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: Cannot listen on port {port} ({os.strerror(errno.EADDRINUSE)}): "
        "choose another with --port.\n"
    )


@pytest.mark.parametrize(
    "args",
    [["token", "--email", "a@b.example", "--name", "A"], ["verify", "x"], ["sandbox"]],
)
def test_a_command_that_needs_the_secret_says_so_while_switched_off(args):
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    result = run(app, *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "FEEDBACKCHIMP_ENABLED is False: set it to True" in result.stderr


# The group


def test_the_help_lists_the_commands_each_with_its_line(app):
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
        login_manager.user_loader({}.get)
        FeedbackChimp(app)
        return app
"""


@pytest.fixture
def flask(tmp_path: Path) -> Any:
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
        return {
            "args": [sys.executable, "-m", "flask", "--app", app, *args],
            "cwd": tmp_path,
            "env": inherited | settings | env,
        }

    return options


@pytest.mark.parametrize("app", ["module", "factory"])
def test_a_configuration_that_does_not_load_is_a_list_of_problems(flask, app):
    """With an app as with an app factory: no traceback, and status 1."""
    options = flask(
        app,
        "feedbackchimp",
        "check",
        FLASK_FEEDBACKCHIMP_ORGANIZATION="a.b",
        FLASK_FEEDBACKCHIMP_LIFETIME="300",
    )
    done = subprocess.run(**options, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    head, *problems = done.stderr.splitlines()
    assert head.startswith("Error: 2 problems with the FeedbackChimp settings")
    assert [problem.split()[:2] for problem in problems] == [
        ["-", "FEEDBACKCHIMP_LIFETIME"],
        ["-", "FEEDBACKCHIMP_ORGANIZATION"],
    ]


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal's two ends: what a program gets, and where its output is read."""
    reader, writer = pty.openpty()
    try:
        yield writer, reader
    finally:
        os.close(reader)


def printed(options: dict[str, Any]) -> str:
    """What a program prints on a terminal."""
    with terminal() as (writer, reader):
        process = subprocess.Popen(**options, stdout=writer)
        os.close(writer)
        chunks = []
        with suppress(OSError):  # how Linux says that the other end is closed
            while chunk := os.read(reader, 4096):
                chunks.append(chunk)
        assert process.wait() == 0
    return b"".join(chunks).decode()


def test_check_is_coloured_on_a_terminal(flask):
    assert "\x1b[33m" in printed(flask("module", "feedbackchimp", "check"))


def test_no_color_is_honoured_on_a_terminal(flask):
    """See https://no-color.org/."""
    options = flask("module", "feedbackchimp", "check", NO_COLOR="1")
    assert "\x1b" not in printed(options)


def test_check_is_plain_text_in_a_pipe(flask):
    options = flask("module", "feedbackchimp", "check")
    done = subprocess.run(**options, capture_output=True, text=True)
    assert done.returncode == 0
    assert "warning" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_commands_are_not_loaded_with_the_app(flask):
    """Importing the package and setting up an app stay cheap."""
    code = (
        "import sys; sys.path.insert(0, '.'); import module\n"
        "names = ('cli', 'report', 'sandbox')\n"
        "print([n for n in names if f'flask_feedbackchimp.{n}' in sys.modules])"
    )
    options = flask("module")
    options["args"] = [sys.executable, "-c", code]
    done = subprocess.run(**options, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture
def heeded_sigint() -> Iterator[None]:
    """A shell's background jobs, and what they start, ignore it unless told."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_sigint")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_runs_beside_the_app_and_stops_cleanly(flask, number):
    """On Ctrl-C and on a SIGTERM: status 0, no traceback, and no token in its log."""
    port = free_port()
    options = flask("factory", "feedbackchimp", "sandbox", "--port", str(port))
    process = subprocess.Popen(
        **options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(port)
        with suppress(urllib.error.HTTPError):  # who is refused is not the question
            answer_of(port, f"/?ssoToken={signed()}")
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert f"FEEDBACKCHIMP_BOARD_URL=http://localhost:{port}" in stdout
    assert "Traceback" not in stderr
    assert "GET / " in stderr
    assert "eyJ" not in stdout + stderr
