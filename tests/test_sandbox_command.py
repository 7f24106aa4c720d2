"""``flask feedbackchimp sandbox``: what it runs, and what it says."""

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

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from support.apps import PREFIX, make_app
from support.boards import sign
from support.cli import run, words


@pytest.fixture(autouse=True)
def kept_signals() -> Iterator[None]:
    """What signals do, as it was; Ctrl-C is heeded also in a shell's background job."""
    sigint = signal.signal(signal.SIGINT, signal.default_int_handler)
    sigterm = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGINT, sigint)
    signal.signal(signal.SIGTERM, sigterm)


def run_sandbox(app: Flask, *args: str, visit: Callable[[int], None]) -> str:
    """What ``sandbox`` prints, ended by a SIGTERM when the port was visited."""
    reader, writer = os.pipe()

    def visit_and_stop() -> str:
        with open(reader, encoding="utf-8") as lines:
            printed = ""
            while "\nIt sends people to log in at" not in printed:
                printed += next(lines)
            try:
                visit(int(re.search(r"localhost:([0-9]+)/ until", printed)[1]))
            finally:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
            return printed + lines.read()

    with ThreadPoolExecutor(1) as pool:
        visitor = pool.submit(visit_and_stop)
        info = ScriptInfo(create_app=lambda: app)
        with open(writer, "w", 1, "utf-8") as out, redirect_stdout(out):
            command = ["feedbackchimp", "sandbox", *args]
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def with_board_url(url: str, **config: Any) -> Flask:
    return make_app(
        FEEDBACKCHIMP_ORGANIZATION=None, FEEDBACKCHIMP_BOARD_URL=url, **config
    )


def test_organization(app):
    """It says with which settings the app would lead to it."""

    def visit(port: int) -> None:
        text = ask(port).text
        assert f'href="http://localhost:5000{PREFIX}?redirect=' in text
        assert "Public board" in text

    printed = run_sandbox(app, "--port", "0", visit=visit)
    assert f"log in at http://localhost:5000{PREFIX}\n" in printed
    url = "http://localhost:[0-9]+"
    assert re.search(rf"\n  FEEDBACKCHIMP_BOARD_URL={url}\nand, while", printed)
    assert "FLASK_ goes in" in printed


def test_every_setting():
    """The app's own settings, and those of the command line, are the sandbox's."""
    app = with_board_url(
        "https://feedback.example.com",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_RETURN_URL="https://login.example.net/sso/{token}?id={companyID}",
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"],
    )
    sso_url = rf"https://shop\.example/mount{PREFIX}"

    def visit(port: int) -> None:
        sent = ask(port).headers["Location"]
        match = re.fullmatch(rf"{sso_url}\?companyID=(.+)&return_to=.+", sent)
        assert match is not None, sent
        for email, status in {"BOSS@example.com": 403, "ada@example.com": 303}.items():
            answer = ask(port, f"/sso/{sign(email=email)}?id={match[1]}")
            assert answer.status == status

    args = ("--port", "0", "--private", "--app-url", "https://shop.example/mount/")
    printed = run_sandbox(app, *args, visit=visit)
    assert "  FEEDBACKCHIMP_RETURN_URL='/sso/{token}?id={companyID}'\n" in printed
    assert "FEEDBACKCHIMP_ORGANIZATION" not in printed


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_port_is_that_of_the_board_url(host):
    """Where nothing is to be changed, nothing is said about settings."""
    port, visited = free_port(), []
    app = with_board_url(f"http://{host}:{port}")
    printed = run_sandbox(app, visit=visited.append)
    assert visited == [port]
    assert "FEEDBACKCHIMP_" not in printed
    assert "FLASK_" not in printed


def test_default_port():
    """5001, where the board is elsewhere."""
    try:
        listener = socket.create_server(("127.0.0.1", 5001))
    except OSError:
        pytest.skip("another program has the port 5001")
    with listener:
        result = run(with_board_url("https://feedback.example.com"), "sandbox")
    assert "Port 5001 is taken" in result.stderr


def test_arrivals_are_told():
    """A line for each, without its token; what acts on a terminal is escaped."""
    token, odd = sign(), sign(name="Zoë\n\x1b[31m \u202e\u200f😀")

    def visit(port: int) -> None:
        ask(port, "/board/1003-bug-reports")
        ask(port, f"/board/1003-bug-reports?a=1&ssoToken={token}")
        ask(port, f"/?ssoToken={token}")
        ask(port, f"/?ssoToken={odd}")

    printed = run_sandbox(make_app(), "--port", "0", visit=visit)
    said = [line for line in printed.splitlines() if ": " in line[:20]]
    assert said == [
        "signed in: Ada Lovelace <ada@example.com> at /board/1003-bug-reports?a=1",
        "refused: jti_used",
        r"signed in: Zoë\n\u001b[31m \u202e\u200f😀 <ada@example.com> at /",
    ]
    assert not any(part in printed for part in (*token.split("."), *odd.split(".")))


def test_help(app):
    text = words(run(app, "sandbox", "--help").stdout)
    assert "Default: that of FEEDBACKCHIMP_BOARD_URL" in text
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


def test_ctrl_c_stops_it(tmp_path: Path):
    """Status 0, no traceback, and no token on the terminal."""
    code = "from support.apps import make_app\napp = make_app()\n"
    (tmp_path / "shop.py").write_text(code)
    command = [
        "-m",
        "flask",
        "--app",
        "shop",
        "feedbackchimp",
        "sandbox",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            port = int(line.partition("localhost:")[2].partition("/")[0])
            assert ask(port, f"/?ssoToken={sign()}").status == 303
        finally:
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 0
    assert stderr == ""
    assert "signed in: Ada Lovelace <ada@example.com> at /\n" in stdout
    assert "eyJ" not in stdout
