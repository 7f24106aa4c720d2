"""The documentation is held to the code, and the code to the documentation."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string

import flask_feedbackchimp
from apps import BOARD, PREFIX, SECRET, User, has_token, logged_in, make_app
from documents import (
    PAGES,
    README,
    ROOT,
    Snippet,
    anchors,
    between,
    commands,
    environments,
    page_id,
    snippets,
    table,
)
from flask_feedbackchimp import sandbox
from flask_feedbackchimp.refusals import REFUSALS
from flask_feedbackchimp.secret import PLACEHOLDERS
from flask_feedbackchimp.settings import KEYS

DOCS = ROOT / "docs"
START = DOCS / "start.md"
TESTING = DOCS / "testing.md"
PACKAGE = Path(flask_feedbackchimp.__file__).parent
# The tests that docs/testing.md shows import the start page's app: they are run below.
PYTHON_PAGES = [page for page in PAGES if snippets(page, "python") and page != TESTING]
JINJA = [snippet for page in PAGES for snippet in snippets(page, "jinja")]
SETTINGS = [(page, state) for page in PAGES for state in environments(page)]

# Names in capitals that a page may mention beside our own settings and placeholders.
OTHER_NAMES = {
    "APPLICATION_ROOT",
    "BENCH_ARGS",
    "PREFERRED_URL_SCHEME",
    "SCRIPT_NAME",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SERVER_NAME",
    "SESSION_COOKIE_SAMESITE",
}


class Anybody(User):
    """A user with every attribute that a snippet may ask for."""

    def __init__(self, *, trusted: bool) -> None:
        super().__init__(
            full_name="Ada Lovelace",
            username="ada",
            company="Analytical Engines",
            email_verified=trusted,
            confirmed_at="2026-01-01" if trusted else None,
            tenant=SimpleNamespace(has_feedback_board=trusted),
        )


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the README says to export."""
    monkeypatch.setenv("FLASK_SECRET_KEY", "a-key-for-the-sessions-of-the-docs-tests")
    apply(monkeypatch, environments(README)[0])


def apply(monkeypatch: pytest.MonkeyPatch, state: dict[str, str | None]) -> None:
    """Set what a page says to, with a secret where the reader is to paste one."""
    for name, value in state.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, SECRET if value == "paste-secret-here" else value)


def run(snippet: Snippet, namespace: dict[str, Any]) -> None:
    """Run a snippet so that a traceback names the page and the line."""
    code = "\n" * snippet.line + snippet.code
    exec(compile(code, str(snippet.path), "exec"), namespace)


def run_page(page: Path) -> dict[str, Any]:
    """Run a page's Python from top to bottom in one namespace."""
    namespace: dict[str, Any] = {"__name__": "docs"}
    for snippet in snippets(page, "python"):
        run(snippet, namespace)
    return namespace


def factories(page: Path) -> list[Any]:
    """Every ``create_app`` of a page, after what stands above it."""
    namespace: dict[str, Any] = {"__name__": "docs"}
    found = []
    for snippet in snippets(page, "python"):
        run(snippet, namespace)
        if "def create_app" in snippet.code:
            found.append(namespace["create_app"])
    return found


def visit(app: Flask, user: User) -> Any:
    """What the endpoint answers to a user of an app built by a page."""
    app.login_manager.user_loader(lambda id: user)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = user.get_id()
    return client.get(PREFIX)


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=page_id)
def test_the_python_of_every_page_runs(page):
    """Copied from top to bottom, a page's Python raises nothing."""
    assert run_page(page)


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=page_id)
def test_an_app_built_as_a_page_says_signs_a_visitor_in(page, monkeypatch):
    """Wherever a page has a ``create_app``, its app does what the package is for."""
    for state in environments(page) or [{}]:
        apply(monkeypatch, state)
        for create_app in factories(page):
            app = create_app()
            home = app.extensions["feedbackchimp"].board.home.url
            response = visit(app, Anybody(trusted=True))
            assert response.status_code == 302
            assert response.headers["Location"].startswith(f"{home}?ssoToken=")


@pytest.mark.parametrize(
    ("page", "state"), SETTINGS, ids=[page_id(page) for page, _ in SETTINGS]
)
def test_an_environment_that_a_page_exports_configures_an_app(page, state, monkeypatch):
    """Each shell block sets nothing but what an app can be set up with."""
    apply(monkeypatch, state)
    assert factories(START)[-1]().extensions["feedbackchimp"].settings.enabled
    told = {name.removeprefix("FLASK_") for name in state}
    assert told <= {*KEYS, "SECRET_KEY"}


LOADERS = [
    snippet
    for snippet in snippets(DOCS / "identity.md", "python")
    if "identity_loader" in snippet.code
]


@pytest.mark.parametrize("loader", LOADERS, ids=lambda s: f"{page_id(s.path)}:{s.line}")
def test_every_identity_loader_of_the_page_admits_and_turns_away(loader):
    """A loader shown lets a trusted user through and refuses the other one."""
    namespace: dict[str, Any] = {"__name__": "docs"}
    for snippet in snippets(DOCS / "identity.md", "python")[:2]:
        run(snippet, namespace)
    run(loader, namespace)
    app = namespace["create_app"]()
    assert visit(app, Anybody(trusted=True)).status_code == 302
    refused = visit(app, Anybody(trusted=False))
    assert refused.status_code == 403
    assert not has_token(refused)


def test_the_identity_loader_of_the_readme_admits_and_turns_away():
    """The README's loader belongs to its app."""
    app = run_page(README)["create_app"]()
    assert visit(app, Anybody(trusted=True)).status_code == 302
    assert visit(app, Anybody(trusted=False)).status_code == 403


@pytest.fixture
def app_file(tmp_path: Path) -> Path:
    """The whole app of the start page, saved as the page says."""
    path = tmp_path / "app.py"
    path.write_text(snippets(START, "python")[-1].code, "utf-8")
    return path


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/x", ""]
)
def test_the_login_of_the_whole_app_stays_on_its_own_host(wanted):
    """A crafted ``next`` ends on the app's home page."""
    client = factories(START)[-1]().test_client()
    answer = client.post("/login", query_string={"next": wanted}, data={"who": "Ada"})
    assert answer.headers["Location"] == "/"


def test_the_tests_of_the_page_on_testing_pass_as_they_stand(app_file):
    """Copied into a file beside the start page's app, they are green."""
    code = "\n\n".join(snippet.code for snippet in snippets(TESTING, "python"))
    (app_file.parent / "test_feedback.py").write_text(code, "utf-8")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=app_file.parent,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert f"{code.count('def test_')} passed" in done.stdout


PRINTED = [
    pytest.param(command, output, id=f"{page_id(page)}: {command[:60]}")
    for page in PAGES
    for command, output in commands(page)
    if output and "feedbackchimp sandbox" not in command
]


@pytest.mark.parametrize(("command", "output"), PRINTED)
def test_a_command_prints_what_the_page_shows(command, output, app_file, monkeypatch):
    """In the start page's app, typed as it stands."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=app_file.parent,
        env=_start_environment(monkeypatch),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert _comparable(done.stdout) == _comparable(output)


def test_the_sandbox_says_what_the_page_shows(app_file, monkeypatch):
    """But for the port, which is a free one here."""
    command, output = next(pair for pair in commands(DOCS / "sandbox.md") if pair[1])
    process = subprocess.Popen(
        [*command.split(), "--port", "0"],
        cwd=app_file.parent,
        env=_start_environment(monkeypatch),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        printed = "".join(process.stdout.readline() for _ in output.splitlines())
        process.terminate()
        port = re.search(r"http://localhost:(\d+)/ until", printed)
        assert printed.replace(port[1], "5001") == output


def _start_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    apply(monkeypatch, environments(START)[-1])
    programs = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _comparable(text: str) -> str:
    """The text with every ``jti`` and every time replaced."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "JTI", text)
    return re.sub(r"\b1\d{9}\b", "TIME", text).strip()


def test_the_json_api_of_the_page_on_clients_works():
    """The blueprint shown answers a URL, a refusal, and the login."""
    namespace = run_page(DOCS / "clients.md")
    app = make_app(feedbackchimp=namespace["feedbackchimp"])
    app.register_blueprint(namespace["api"])
    client = logged_in(app)
    answer = client.post("/api/feedback-url")
    assert answer.json["url"].startswith(f"{BOARD}/?ssoToken=")
    assert "no-store" in answer.headers["Cache-Control"]
    refused = client.post("/api/feedback-url?page=https://evil.example/")
    assert refused.status_code == 400
    assert refused.json["reason"] == "page_foreign"
    assert app.test_client().post("/api/feedback-url").status_code == 302


def test_the_receivers_of_the_page_on_signals_are_called(capsys):
    """The receivers shown get what the page says they get."""
    receivers = run_page(DOCS / "how-it-works.md")
    assert receivers
    client = logged_in(make_app())
    client.get(PREFIX)
    client.get(f"{PREFIX}?redirect=https://evil.example/")
    printed = capsys.readouterr().out
    assert "signed on ada " in printed
    assert "refused page_foreign" in printed


def test_the_stand_in_of_the_page_on_the_sandbox_keeps_a_record():
    """The code shown makes a board that knows why it refused somebody."""
    namespace = run_page(DOCS / "sandbox.md")
    browser = namespace["board"].test_client()
    assert browser.get("/").status_code == 200
    assert browser.get("/?ssoToken=x").status_code == 400
    assert namespace["refusals"]() == ["malformed"]


@pytest.mark.parametrize("snippet", JINJA, ids=lambda s: f"{page_id(s.path)}:{s.line}")
def test_every_template_snippet_renders(snippet):
    """A Jinja snippet renders in an app that is set up, and holds no token."""
    app = make_app()
    told = {"message": "m", "reason": "r", "status": 403, "board_url": f"{BOARD}/"}
    with app.test_request_context():
        html = render_template_string(snippet.code, **told)
    assert html.strip()
    assert "eyJ" not in html


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_setting_named_on_a_page_is_a_setting(page):
    """A misspelt key anywhere in the prose, a table or a snippet is found."""
    named = re.findall(r"\b[A-Z]+(?:_[A-Z\d]+)+\b", page.read_text("utf-8"))
    settings = {name.removeprefix("FLASK_") for name in named}
    assert settings <= {*KEYS, *OTHER_NAMES, *PLACEHOLDERS}


@pytest.mark.parametrize("page", [README, DOCS / "settings.md"], ids=page_id)
def test_the_settings_table_is_the_code_s(page):
    """Every setting is in the table with its default, and nothing else is."""
    rows = table(page, "key")
    assert list(rows) == list(KEYS)
    for key, (default, _) in KEYS.items():
        shown = rows[key][0].strip("`")
        if key == "FEEDBACKCHIMP_JWT_SECRET":
            assert shown == "required"
        elif key in {"FEEDBACKCHIMP_ORGANIZATION", "FEEDBACKCHIMP_BOARD_URL"}:
            assert shown == "–"
        else:
            assert ast.literal_eval(shown) == default


def test_every_setting_has_a_section_of_its_own():
    """``docs/settings.md`` explains each setting under a heading."""
    text = (DOCS / "settings.md").read_text("utf-8")
    assert re.findall(r"^## `(.+)`$", text, re.M) == list(KEYS)


def test_the_placeholders_are_the_code_s():
    """The placeholders listed are those that are refused."""
    part = between(DOCS / "settings.md", _PLACEHOLDERS)
    assert re.findall(r"`([^`]+)`", part) == list(PLACEHOLDERS)


_PLACEHOLDERS = "<!-- placeholders: compared with the code by a test -->"


def test_the_refusals_table_is_the_code_s():
    """Every reason code is documented with its status, and no other is."""
    rows = _codes(DOCS / "troubleshooting.md", "<!-- refusals:")
    default = flask_feedbackchimp.SignInRefused("…")
    expected = {code: str(refusal.status) for code, refusal in REFUSALS.items()}
    expected[default.reason] = str(default.status)
    assert {code: cells[0] for code, cells in rows.items()} == expected


def test_the_token_errors_table_is_the_code_s():
    """Every reason of a ``TokenError`` in the source is documented, and no other."""
    rows = _codes(DOCS / "troubleshooting.md", "<!-- token errors:")
    modules = PACKAGE.rglob("*.py")
    assert set(rows) == set().union(*map(_token_error_reasons, modules))


def test_the_refusals_of_the_sandbox_are_the_code_s():
    """Every reason of the stand-in is documented with its status, and no other is."""
    rows = _codes(DOCS / "sandbox.md", "<!-- sandbox:")
    expected = {code: str(why.status) for code, why in sandbox.REASONS.items()}
    assert {code: cells[0] for code, cells in rows.items()} == expected


def _codes(page: Path, start: str) -> dict[str, list[str]]:
    text = page.read_text("utf-8").split(start)[1].split("<!-- end -->")[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def _token_error_reasons(source: Path) -> set[str]:
    reasons = set()
    for call in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id == "_unreadable":
            assert isinstance(call.args[0], ast.Constant)
            reasons.add(call.args[0].value)
        if call.func.id == "TokenError":
            values = [k.value for k in call.keywords if k.arg == "reason"]
            reasons |= {v.value for v in values if isinstance(v, ast.Constant)}
    return reasons


def test_the_commands_and_their_options_are_the_code_s():
    """Every command has a section with its options, and nothing else has one."""
    text = (DOCS / "cli.md").read_text("utf-8")
    group = make_app().cli.commands["feedbackchimp"]
    sections = re.split(r"^## `flask feedbackchimp (\w+)`$", text, flags=re.M)[1:]
    documented = dict(zip(sections[::2], sections[1::2], strict=True))
    assert sorted(documented) == sorted(group.list_commands(None))
    for name, section in documented.items():
        command = group.get_command(None, name)
        own = {option for param in command.params for option in param.opts}
        prose = re.sub(r"^```.*?^```", "", section, flags=re.M | re.S)
        named = set(re.findall(r"(?<![\w-])--[a-z-]+", prose))
        assert named == {option for option in own if option.startswith("--")}


def test_the_modules_of_the_page_on_architecture_are_the_package_s():
    """Every module and package has a row, and those of a package are named in it."""
    rows = table(DOCS / "architecture.md", "module")
    parts = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    names = {part.with_suffix("").parts for part in parts}
    assert set(rows) == {name[0] for name in names} - {"__init__"}
    for name in names:
        if len(name) == 2 and name[1] != "__init__":
            assert f"`{name[1]}`" in rows[name[0]][0]


def test_all_public_names_are_in_the_api_reference():
    """The API page documents ``__all__``, and what it documents is public."""
    text = (DOCS / "api.md").read_text("utf-8")
    core, _, stand_in = text.split("## Test kit")[0].partition("## Stand-in board")
    entry = r"\.\. (?:py:data|auto(?:class|function|exception)):: (\w+)"
    assert sorted(re.findall(entry, core)) == sorted(flask_feedbackchimp.__all__)
    assert sorted(re.findall(entry, stand_in)) == sorted(sandbox.__all__)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_the_links_of_a_page_lead_somewhere(page):
    """Every relative link and picture is there, and so is the heading it leads to."""
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, fragment = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if fragment:
            assert fragment in anchors(path), target
