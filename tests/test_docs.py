"""The documentation is held to the code, and the code to the documentation."""

import ast
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from blinker import ANY
from flask import Flask, render_template_string
from flask_babel import Babel
from jinja2 import DictLoader

import flask_feedbackchimp
from flask_feedbackchimp import sandbox, sign_in_refused, token_issued
from flask_feedbackchimp.errors import REFUSALS
from flask_feedbackchimp.sandbox.reasons import REASONS
from flask_feedbackchimp.settings import KEYS, PLACEHOLDERS
from support.apps import (
    BOARD,
    PREFIX,
    REDIRECTS,
    SECRET,
    User,
    has_token,
    logged_in,
    make_app,
)
from support.documents import (
    DOCS,
    PAGES,
    README,
    ROOT,
    Snippet,
    anchors,
    between,
    commands,
    environments,
    links,
    page_id,
    snippets,
    table,
)

SETTINGS = DOCS / "settings.md"
START = DOCS / "start.md"
TESTING = DOCS / "testing.md"
TROUBLESHOOTING = DOCS / "troubleshooting.md"
RETURN_URL = DOCS / "return-url.md"
PACKAGE = Path(flask_feedbackchimp.__file__).parent

# What these pages show is run by tests of its own: with other packages, or beside the
# start page's app.
RUN_ELSEWHERE = {DOCS / "recipes.md", DOCS / "works-with.md", TESTING}
PYTHON_PAGES = [p for p in PAGES if snippets(p, "python") and p not in RUN_ELSEWHERE]

# Names in capitals that a page may mention beside our own settings and placeholders.
OTHER_NAMES = {
    "APPLICATION_ROOT",
    "BENCH_ARGS",
    "CAPTURE_HEADERS",
    "DEBUG_TB_INTERCEPT_REDIRECTS",
    "LOGIN_DISABLED",
    "PREFERRED_URL_SCHEME",
    "SCRIPT_NAME",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SERVER_NAME",
    "SESSION_COOKIE_PATH",
    "SESSION_COOKIE_SAMESITE",
    "TRUSTED_HOSTS",
}


def anybody(*, trusted: bool) -> User:
    """A user with every attribute that a snippet may ask for."""
    return User(
        full_name="Ada Lovelace",
        username="ada",
        company="Analytical Engines",
        email_verified=trusted,
        confirmed_at="2026-01-01" if trusted else None,
        tenant=SimpleNamespace(has_feedback_board=trusted),
    )


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the README says to export; what a page changes goes back."""
    monkeypatch.setenv("FLASK_SECRET_KEY", "a-key-for-the-sessions-of-the-docs-tests")
    apply(monkeypatch, environments(README)[0])
    level = logging.getLogger("flask_feedbackchimp").level
    yield
    logging.getLogger("flask_feedbackchimp").setLevel(level)
    for signal in (token_issued, sign_in_refused):
        for receiver in list(signal.receivers_for(ANY)):
            signal.disconnect(receiver)


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


def place(snippet: Snippet) -> str:
    return f"{page_id(snippet.path)}:{snippet.line}"


def run_page(page: Path) -> dict[str, Any]:
    """Run a page's Python from top to bottom in one namespace."""
    namespace: dict[str, Any] = {"__name__": "docs", "factories": []}
    for snippet in snippets(page, "python"):
        run(snippet, namespace)
        if "def create_app" in snippet.code:
            namespace["factories"].append(namespace["create_app"])
    return namespace


def visit(app: Flask, user: User) -> Any:
    """What the endpoint answers to a user of an app built by a page."""
    app.login_manager.user_loader(lambda id: user)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = user.get_id()
    return client.get(PREFIX)


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=page_id)
def test_python_runs(page, monkeypatch):
    """Copied from top to bottom, Python raises nothing, and an app signs people in."""
    for state in environments(page) or [{}]:
        apply(monkeypatch, state)
        for create_app in run_page(page)["factories"]:
            app = create_app()
            home = app.extensions["feedbackchimp"].settings.board.home
            response = visit(app, anybody(trusted=True))
            assert response.status_code == 302
            assert response.headers["Location"].startswith(f"{home}?ssoToken=")


@pytest.mark.parametrize("page", [p for p in PAGES if environments(p)], ids=page_id)
def test_exported_environment(page, monkeypatch):
    """Each shell block sets nothing but what an app can be set up with."""
    for state in environments(page):
        apply(monkeypatch, state)
        app = run_page(START)["create_app"]()
        assert app.extensions["feedbackchimp"].settings.enabled
        keys = {key.removeprefix("FLASK_") for key in state}
        assert keys <= set(KEYS) | {"SECRET_KEY"}


LOADERS = [
    snippet
    for page in (README, DOCS / "identity.md")
    for snippet in snippets(page, "python")
    if "identity_loader" in snippet.code
]


@pytest.mark.parametrize("loader", LOADERS, ids=place)
def test_identity_loaders(loader):
    """A loader shown lets a trusted user through and refuses the other one."""
    namespace = run_page(loader.path)
    run(loader, namespace)
    app = namespace["create_app"]()
    assert visit(app, anybody(trusted=True)).status_code == 302
    refused = visit(app, anybody(trusted=False))
    assert refused.status_code == 403
    assert not has_token(refused)


def test_login_of_the_whole_app():
    """A crafted ``next`` ends on the app's home page."""
    client = run_page(START)["create_app"]().test_client()
    for to in ("//evil.example", "/\\evil.example", "https://x.example", "/\t/x", ""):
        answer = client.post("/login", query_string={"next": to}, data={"who": "Ada"})
        assert answer.headers["Location"] == "/"


# --- Commands ---


@pytest.fixture
def app_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the start page's whole app, and the environment it asks for."""
    (tmp_path / "app.py").write_text(snippets(START, "python")[-1].code, "utf-8")
    apply(monkeypatch, environments(START)[-1])
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONUTF8", "1")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    return tmp_path


def printed_by(*command: str, folder: Path) -> str:
    """What a command prints, on both of its streams."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, cwd=folder, encoding="utf-8", **streams).stdout


def test_testing_page(app_folder):
    """Copied into a file beside the start page's app, its tests are green."""
    code = "\n\n".join(snippet.code for snippet in snippets(TESTING, "python"))
    (app_folder / "test_feedback.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    output = printed_by(*command, folder=app_folder)
    assert f"\n{code.count('def test_')} passed" in output, output


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=page_id)
def test_commands_print(page, app_folder):
    """Typed as it stands in the start page's app, a command prints what is shown."""
    for command, output in commands(page):
        if output and "feedbackchimp sandbox" not in command:
            printed = printed_by("bash", "-c", command, folder=app_folder)
            assert comparable(printed).strip() == comparable(output).strip()


def comparable(text: str) -> str:
    """The text with every ``jti`` and every time replaced."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "JTI", text)
    return re.sub(r"\b1\d{9}\b", "TIME", text)


def test_sandbox_command(app_folder, monkeypatch):
    """It prints what the page shows, except for the port, which is a free one here."""
    command, output = next(pair for pair in commands(DOCS / "sandbox.md") if pair[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        board = f"http://localhost:{listener.getsockname()[1]}"
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_BOARD_URL", board)
    with subprocess.Popen(
        command.split(),
        cwd=app_folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            printed = "".join(process.stdout.readline() for _ in output.splitlines())
        finally:
            process.terminate()
    assert printed.replace(board, "http://localhost:5001") == output


def test_make_targets():
    """Every ``make`` command of README and CONTRIBUTING is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.M)
    text = README.read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set()
    for command in re.findall(r"`make ([a-z ]+)|^\$ make ([a-z]+)", text, re.M):
        named.update(" ".join(command).split())
    assert {"demo", "test"} <= named <= set(targets)


# --- Code that a page promises something about ---


def test_return_urls():
    """Each example of the page on return URLs sends people where it says."""
    example = r'(?s)URL = \(?\s*"(.*?)".*?comes to\s+`(.*?)`.*?sent to\s+`(.*?)`'
    examples = re.findall(example, between(RETURN_URL, "return URLs"))
    assert len(examples) == 6
    for return_url, request_url, sent in examples:
        client = logged_in(make_app(FEEDBACKCHIMP_RETURN_URL=return_url))
        location = client.get(request_url).headers["Location"]
        assert re.sub(r"eyJ[\w.-]+", "TOKEN", location) == sent


FORWARDING = {"FEEDBACKCHIMP_RETURN_URL": "/login?token={token}&state={state}"}


@pytest.mark.parametrize(
    ("query", "config", "attributes"),
    [
        pytest.param("?return_to=/board/1002", {}, {}, id="other parameter"),
        pytest.param("?redirect=https://evil.example/x", {}, {}, id="foreign page"),
        pytest.param("", {}, {}, id="issued"),
        pytest.param("", FORWARDING, {}, id="nothing to forward"),
        pytest.param("", {}, {"name": None}, id="no name"),
    ],
)
def test_log_lines(query, config, attributes, caplog):
    """The page on return URLs shows the very line that each symptom gives."""
    caplog.set_level(logging.INFO, "flask_feedbackchimp")
    app = make_app(User("7", **attributes), **config)
    logged_in(app, "7").get(f"{PREFIX}{query}")
    [record] = [r for r in caplog.records if r.name == "flask_feedbackchimp"]
    line = f"{record.levelname}:{record.name}:{record.getMessage()}"
    shown = [s.code.strip() for s in snippets(RETURN_URL, "text")]
    assert comparable(line) in [comparable(text) for text in shown]


def test_json_api():
    """The blueprint of the page on clients answers a URL, a refusal, and the login."""
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
    assert app.test_client().post("/api/feedback-url").status_code in REDIRECTS


def test_receivers(capsys):
    """The receivers shown get what the page says they get."""
    receivers = run_page(DOCS / "how-it-works.md")
    assert receivers
    client = logged_in(make_app())
    client.get(PREFIX)
    client.get(f"{PREFIX}?redirect=https://evil.example/")
    printed = capsys.readouterr().out
    assert "signed on ada " in printed
    assert "refused page_foreign" in printed


def test_stand_in_from_python():
    """The code shown makes a board that knows why it refused somebody."""
    namespace = run_page(DOCS / "sandbox.md")
    browser = namespace["board"].test_client()
    assert browser.get("/").status_code == 200
    assert browser.get("/?ssoToken=x").status_code == 400
    assert namespace["refusals"]() == ["malformed"]


JINJA = [s for p in PAGES for s in snippets(p, "jinja", "html+jinja")]


@pytest.mark.parametrize(
    "snippet", [s for s in JINJA if s.path not in RUN_ELSEWHERE], ids=place
)
def test_templates_render(app, snippet):
    """A Jinja snippet renders in an app that is set up, and holds no token."""
    told = {"message": "m", "reason": "r", "status": 403, "_": str}
    urls = {"board_url": f"{BOARD}/", "app_url": "/"}
    with app.test_request_context():
        html = render_template_string(snippet.code, **told, **urls)
    assert html.strip()
    assert "eyJ" not in html


def test_translated_refusals(tmp_path):
    """``message.txt`` as shown, with Flask-Babel: one sentence for page, JSON, text."""
    [snippet] = snippets(DOCS / "templates.md", "jinja")
    english = re.search(r'"identity_refused": _\("(.*?)"\)', snippet.code)[1]
    german = "Bitte bestätigen Sie zuerst Ihre Adresse."
    catalog = Catalog(locale="de")
    catalog.add(english, german)
    (folder := tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app = make_app(BABEL_TRANSLATION_DIRECTORIES=str(tmp_path))
    Babel(app, locale_selector=lambda: "de")
    app.jinja_loader = DictLoader({"feedbackchimp/message.txt": snippet.code})
    app.feedbackchimp.identity_loader(lambda user: None)
    client = logged_in(app)
    assert german in client.get(PREFIX).text
    json = client.get(PREFIX, headers={"Accept": "application/json"})
    assert json.json["message"] == german
    text = client.get(PREFIX, headers={"Sec-Purpose": "prefetch"}).text
    assert text == f"{REFUSALS['prefetch'][1]}\n"


# --- Tables and lists ---


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_named_settings(page):
    """A misspelt key anywhere in the prose, a table or a snippet is found."""
    of_others = page in RUN_ELSEWHERE - {TESTING}
    name = r"FEEDBACKCHIMP_[A-Z_]+" if of_others else r"[A-Z]+(?:_[A-Z\d]+)+"
    named = re.findall(rf"\b{name}\b", page.read_text("utf-8"))
    settings = {name.removeprefix("FLASK_") for name in named}
    assert settings <= OTHER_NAMES | set(KEYS) | set(PLACEHOLDERS)


def test_settings_table():
    """Every setting is in the table with its default, and nothing else is."""
    rows = table(SETTINGS, "key")
    assert sorted(rows) == sorted(KEYS)
    shown = {key.removeprefix("FEEDBACKCHIMP_"): row[0] for key, row in rows.items()}
    told = [shown.pop(key) for key in ("JWT_SECRET", "ORGANIZATION", "BOARD_URL")]
    assert told == ["required", "–", "–"]
    for key, default in shown.items():
        assert ast.literal_eval(default.strip("`")) == KEYS[f"FEEDBACKCHIMP_{key}"][0]


def test_settings_sections():
    """Each setting has a section, in the table's order, with an example that works."""
    sections = re.split(r"^## `(.+)`$", SETTINGS.read_text("utf-8"), flags=re.M)[1:]
    assert sections[::2] == list(table(SETTINGS, "key"))
    examples = {}
    for snippet in snippets(SETTINGS, "python"):
        run(snippet, examples)
    for key, text in zip(sections[::2], sections[1::2], strict=True):
        assert f"\n{key} = " in text
        other = {"FEEDBACKCHIMP_ORGANIZATION": ...} if "BOARD_URL" in key else {}
        make_app(**other | {key: examples[key]})
        default = KEYS[key][0]
        if default is not None:
            [shown] = re.findall(r"Default:\s+`(.+?)`", text)
            assert ast.literal_eval(shown) == default


def test_placeholders():
    """The placeholders listed are those that are refused."""
    shown = re.findall(r"`([^`]+)`", between(SETTINGS, "placeholders"))
    assert shown == list(PLACEHOLDERS)


def statuses(page: Path, part: str) -> dict[str, int]:
    """The HTTP status of each reason in a table."""
    return {code: int(row[0]) for code, row in table(page, "code", part).items()}


def test_refusals_table():
    """Every reason code is documented with its status, and no other is."""
    default = flask_feedbackchimp.SignInRefused("…")
    expected = {code: status for code, (status, _) in REFUSALS.items()}
    expected[default.reason] = default.status
    assert statuses(TROUBLESHOOTING, "refusals") == expected


def test_sandbox_table():
    """Every reason of the sandbox is documented with its status, and no other is."""
    expected = {code: status for code, (status, _) in REASONS.items()}
    assert statuses(DOCS / "sandbox.md", "sandbox") == expected


def test_token_errors_table():
    """Every reason of a ``TokenError`` that an app meets, and no other."""
    code = r'raise TokenError\(.*?reason="(\w+)"'
    sources = [path.read_text("utf-8") for path in PACKAGE.glob("*.py")]
    found = {reason for text in sources for reason in re.findall(code, text, re.S)}
    assert set(table(TROUBLESHOOTING, "code", "token errors")) == found


def test_command_options():
    """Every command has a section with its options, and nothing else has one."""
    text = (DOCS / "cli.md").read_text("utf-8")
    group = make_app().cli.commands["feedbackchimp"]
    sections = re.split(r"^## `flask feedbackchimp (\w+)`$", text, flags=re.M)[1:]
    documented = dict(zip(sections[::2], sections[1::2], strict=True))
    assert sorted(documented) == sorted(group.list_commands(None))
    for name, section in documented.items():
        params = group.get_command(None, name).params
        own = {option for param in params for option in param.opts}
        prose = re.sub(r"^```.*?^```", "", section, flags=re.M | re.S)
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose))
        assert named == {option for option in own if option.startswith("--")}


def test_architecture_modules():
    """The page for contributors names every module."""
    named = re.findall(r"`(\w+)/?`", (DOCS / "architecture.md").read_text("utf-8"))
    modules = {path.stem for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert modules <= set(named)


#: Of each package: what is supported, and what the tests run with.
VERSIONS = {
    name: (supported, tested)
    for name, supported, tested in re.findall(
        r"^\| ([\w-]+) \| (.+) \| (.+) \|$",
        (DOCS / "compatibility.md").read_text("utf-8"),
        re.M,
    )
}


@pytest.mark.parametrize("name", ["Flask", "Werkzeug", "Flask-Login", "PyJWT"])
def test_lowest_versions(name):
    """They are those of the tests and, but for Werkzeug, of the metadata."""
    supported, tested = VERSIONS[name]
    groups = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"{name.lower()}=={tested.split(",")[0]}"' in groups
    if name != "Werkzeug":  # Flask asks for it
        floor = f"{name.lower()}>={supported.split()[0]}"
        assert floor in metadata("flask-feedbackchimp").get_all("Requires-Dist")


def test_python_versions():
    """They are those of the metadata."""
    supported, tested = VERSIONS["Python"]
    told = metadata("flask-feedbackchimp")
    assert told["Requires-Python"] == f">={supported.split()[0]}"
    assert tested.split(", ") == re.findall(r"Python :: (3\.\d+)", str(told))


def test_api_reference():
    """The API page documents ``__all__``, and what it documents is public."""
    text = (DOCS / "api.md").read_text("utf-8")
    core, _, sandbox_part = text.split("## Test kit")[0].partition("## Sandbox")
    entry = r"\.\. (?:py:data|auto(?:class|function|exception)):: (\w+)"
    assert sorted(re.findall(entry, core)) == sorted(flask_feedbackchimp.__all__)
    assert sorted(re.findall(entry, sandbox_part)) == sorted(sandbox.__all__)


# --- Links ---


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=page_id)
def test_links(page):
    """Every link to a part of this project leads somewhere, headings included."""
    for target, path, fragment in links(page):
        if path is not None:
            assert path.exists(), target
            assert not fragment or fragment in anchors(path), target


def test_long_description():
    """On a package index every link and picture of the README has a whole address."""
    renderer = pytest.importorskip("readme_renderer.markdown")
    html = renderer.render(metadata("flask-feedbackchimp")["Description"])
    whole = r"https://|http://localhost:|#"
    assert re.search(r'(?:href|src)="', html)
    assert re.findall(rf'(?:href|src)="(?!{whole})[^"]*"', html) == []
