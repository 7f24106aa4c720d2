"""``flask feedbackchimp check``: what it calls ready works, and its remedies help."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager

from flask_feedbackchimp import FeedbackChimp, Identity
from flask_feedbackchimp.settings.secret import Secret
from support.apps import BOARD, PREFIX, SECRET, User, make_app
from support.cli import run, run_factory, words

HOST = "your.app"


def sound_app(**config: Any) -> Flask:
    """An app that check finds nothing wrong with."""
    app = make_app(**config)

    @app.feedbackchimp.identity_loader
    def verified(user: Any) -> Identity:
        return Identity(user.email, user.name)

    return app


def bare_app(**options: Any) -> Flask:
    """An app with the settings, and nothing else yet."""
    app = Flask("shop", **options)
    app.config["SECRET_KEY"] = "the-app's-own-key-which-is-not-the-jwt-secret"
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = SECRET
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    return app


def everybody_is_ada(app: Flask) -> None:
    """Log everybody in, at any host."""
    manager = getattr(app, "login_manager", None) or LoginManager(app)
    manager.request_loader(lambda request: User())


def facts(result: Any) -> dict[str, str]:
    """The labelled facts of a report."""
    return dict(re.findall(r"(?m)^  (\S.*?)  +(\S.*)$", result.stdout))


def urls(result: Any) -> list[str]:
    """The URLs that stand on lines of their own: to paste, and the return URL."""
    return re.findall(r"(?m)^  (https?://\S+)$", result.stdout)


# What cannot work: each makes an app with one mistake, or with its remedy.

MISTAKES: dict[str, tuple[Callable[[bool], Flask], str]] = {}


def mistake(said: str) -> Callable[[Callable[[bool], Flask]], object]:
    """Register a mistake with what check says about it."""

    def register(make: Callable[[bool], Flask]) -> None:
        MISTAKES[make.__name__] = make, said

    return register


def _register(key: str, wrong: Any, right: Any, said: str, **config: Any) -> None:
    def make(mended: bool) -> Flask:
        return sound_app(**config, **{key: right if mended else wrong})

    MISTAKES[f"{key} {wrong!r:.20}"] = make, said


ROOMY = "{page}?ssoToken={token}&x="
# A setting, the mistake, its remedy, and what is said.
for row in [
    (
        "SECRET_KEY",
        None,
        "a-random-text",
        "SECRET_KEY is not set, so nobody can log in",
    ),
    # What from_prefixed_env makes of digits, quoted once or twice.
    ("SECRET_KEY", 12345, "12345", "SECRET_KEY is not text but int"),
    ("FEEDBACKCHIMP_JWT_SECRET", f"'{SECRET}'", SECRET, "is in quotes, which Docker"),
    ("FEEDBACKCHIMP_RETURN_URL", ROOMY + "x" * 4000, ROOMY, "longer than 4096 bytes"),
    (
        "SESSION_COOKIE_PATH",
        "/app",
        "/",
        "cookie is only for /app, so visitors are not",
    ),
]:
    _register(*row)
_register(
    "SESSION_COOKIE_DOMAIN", "other.example", "shop.example",
    "cookie is for other.example, and the app is at shop.example",
    SERVER_NAME="shop.example:8443",
)  # fmt: skip
_register(
    "SESSION_COOKIE_SECURE", False, True,
    'SESSION_COOKIE_SAMESITE is "None" without SESSION_COOKIE_SECURE',
    SESSION_COOKIE_SAMESITE="None",
)  # fmt: skip


def _register_view(wrong: str, said: str) -> None:
    def make(mended: bool) -> Flask:
        app = sound_app(APPLICATION_ROOT="/shop")
        app.add_url_rule("/go", endpoint="feedbackchimp.redirect")
        app.add_url_rule("/post", "post_only", str, methods=["POST"])
        app.login_manager.login_view = "login_page" if mended else wrong
        return app

    MISTAKES[f"login_view {wrong}"] = make, f"The login_view {wrong!r} {said}"


for row in [
    ("auth.login", "is not an endpoint of the app"),
    ("login", "is not an endpoint of the app"),  # the slash is missing
    ("log_in", "is not an endpoint of the app without arguments"),
    ("/shop/nowhere", "leads to /shop/nowhere, which the app answers with “404"),
    ("post_only", "leads to /shop/post, which the app answers with “405"),
    ("feedbackchimp.redirect", "is the sign-on endpoint itself"),
    ("/shop/go", "is the sign-on endpoint itself"),
    (f"/shop{PREFIX}?a=1", "is the sign-on endpoint itself"),
]:
    _register_view(*row)


@mistake("The login_view 'late_login' is the sign-on endpoint itself")
def login_page_at_the_prefix(mended: bool) -> Flask:
    """A route that was added later, and never answers."""
    app = sound_app(FEEDBACKCHIMP_URL_PREFIX="/sso/board" if mended else "/in")
    app.add_url_rule("/in", "late_login", lambda: "Log in")
    app.login_manager.login_view = "late_login"
    return app


@mistake("no LoginManager, so nobody can be signed in: call LoginManager().init_app")
def no_login_manager(mended: bool) -> Flask:
    app = bare_app()
    FeedbackChimp(app)
    if mended:
        LoginManager().init_app(app)
        everybody_is_ada(app)
    return app


@mistake("has no user_loader, so every visit ends in an error: register one")
def no_user_loader(mended: bool) -> Flask:
    app = sound_app()
    app.login_manager.user_loader({"ada": User()}.get if mended else None)
    return app


def app_of_a_host(path: str = "", own_path: str = "") -> Flask:
    """An app that matches hosts, with the endpoint and a route of its own at one."""
    app = bare_app(host_matching=True, static_host="static.example")
    everybody_is_ada(app)
    if own_path:
        app.add_url_rule(own_path, "own", lambda: "Mine", host=HOST)
    FeedbackChimp(app)
    if path:
        app.add_url_rule(path, endpoint="feedbackchimp.redirect", host=HOST)
    return app


@mistake("the endpoint has no host, so every sign-in is a 404: add one with")
def host_matching(mended: bool) -> Flask:
    return app_of_a_host(PREFIX if mended else "")


@mistake(f"The app answers {PREFIX} with “404 Not Found”: look at the rules")
def host_without_the_path(mended: bool) -> Flask:
    return app_of_a_host(PREFIX if mended else f"{PREFIX}/board")


@mistake(f"The app's own route 'own' answers at {PREFIX}: remove it, or set")
def route_of_a_host(mended: bool) -> Flask:
    return app_of_a_host(PREFIX, "/mine" if mended else PREFIX)


class Torn(Secret):
    """Signs otherwise at each use."""

    def sign(self, message: bytes) -> bytes:
        return os.urandom(32)


@mistake("not read back. The token is signed with another secret")
def unreadable_probe(mended: bool) -> Flask:
    app = sound_app()
    state = app.extensions["feedbackchimp"]
    if not mended:
        torn = replace(state.settings, secret=Torn(SECRET))
        app.extensions["feedbackchimp"] = replace(state, settings=torn)
    return app


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_found(name):
    """One mistake is one problem, or an app that is not even made."""
    make, said = MISTAKES[name]
    result = run_factory(lambda: make(False), "check")
    assert result.exit_code == 1
    text = result.stdout + result.stderr
    assert said in words(text)
    assert "Ready:" not in text
    assert re.search(r"Not ready: 1 problem,|Error: 1 problem", text)


@pytest.mark.parametrize("name", MISTAKES)
def test_remedy_works(name):
    """Then it is ready, and signs people in."""
    make, _ = MISTAKES[name]
    result = run_factory(lambda: make(True), "check")
    assert result.exit_code == 0, result.stdout
    assert "\nReady: no problems, " in result.stdout
    app = make(True)
    prefix = app.extensions["feedbackchimp"].settings.url_prefix
    asked = {"base_url": f"https://{app.config['SERVER_NAME'] or HOST}"}
    stranger = app.test_client().get(prefix, **asked)
    if not app.login_manager._request_callback:
        assert stranger.status_code == 302
        assert app.test_client().get(stranger.location).status_code == 200
        everybody_is_ada(app)
    assert app.test_client().get(prefix, **asked).location.startswith(f"{BOARD}/?sso")


# Ready, with or without warnings.

LOCAL = {
    "FEEDBACKCHIMP_ORGANIZATION": None,
    "FEEDBACKCHIMP_BOARD_URL": "http://localhost:5001",
}
HTTP_RETURN_URL = "http://localhost:5001/sso?token={token}"


@pytest.mark.parametrize(
    ("config", "warning"),
    [
        ({}, None),
        ({"SESSION_COOKIE_SAMESITE": "Lax"}, None),
        ({"SESSION_COOKIE_SAMESITE": "strict"}, 'Set it to "Lax"'),
        ({"FEEDBACKCHIMP_TOKEN_LIFETIME": None}, "FEEDBACKCHIMP_TOKEN_LIFETIME to 300"),
        ({"SERVER_NAME": "a.example"}, "set PREFERRED_URL_SCHEME to"),
        (LOCAL, "FEEDBACKCHIMP_BOARD_URL is plain http"),
        (LOCAL | {"FEEDBACKCHIMP_RETURN_URL": "/sso?t={token}"}, "_BOARD_URL is plain"),
        ({"FEEDBACKCHIMP_RETURN_URL": HTTP_RETURN_URL}, "_RETURN_URL is plain http"),
    ],
)
def test_ready(config, warning):
    """A warning is not a problem."""
    result = run(sound_app(**config), "check")
    assert result.exit_code == 0
    assert result.stdout.count("\n  warning ") == bool(warning)
    assert not warning or warning in words(result.stdout)
    count = "1 warning" if warning else "no warnings"
    assert result.stdout.endswith(f"\nReady: no problems, {count}.\n")


def test_short_secret_is_a_warning():
    with pytest.warns(UserWarning, match="fewer than 32 bytes"):
        app = sound_app(FEEDBACKCHIMP_JWT_SECRET="too-short-a-key")
    stdout = words(run(app, "check").stdout)
    assert "ask FeedbackChimp for a longer one" in stdout
    assert stdout.endswith("Ready: no problems, 1 warning.")


def test_no_login_view():
    """A bare 401 is a warning, unless the app handles strangers itself."""
    app = sound_app()
    app.login_manager.login_view = None
    stdout = words(run(app, "check").stdout)
    assert "Set login_manager.login_view" in stdout
    assert stdout.endswith("Ready: no problems, 1 warning.")
    app.login_manager.unauthorized_handler(lambda: "Who are you?")
    assert "no problems, no warnings" in run(app, "check").stdout
    app.login_manager.login_view = "not.looked_at"
    assert "no problems, no warnings" in run(app, "check").stdout


@pytest.mark.parametrize("view", ["/login", "https://id.example/log-in", "login_page"])
def test_login_view_of_the_blueprint(view):
    """Flask-Login accepts an endpoint, a path or a URL, also per blueprint."""
    app = sound_app()
    app.login_manager.login_view = None
    app.login_manager.blueprint_login_views = {"feedbackchimp": view}
    assert "no problems, no warnings" in run(app, "check").stdout


def test_login_view_in_a_folder():
    """Flask redirects to the page with the slash at its end."""
    app = sound_app()
    app.add_url_rule("/folder/", "folder", str)
    app.login_manager.login_view = "/folder"
    assert "no problems, no warnings" in run(app, "check").stdout


def test_trusted_hosts():
    """The app answers no other host, and check does not ask as one."""
    app = sound_app(TRUSTED_HOSTS=["shop.example"])
    assert "no problems, no warnings" in run(app, "check").stdout


def test_switched_off():
    """No secret and no login are needed then: neither is missed."""
    app = bare_app()
    app.config["FEEDBACKCHIMP_ENABLED"] = False
    del app.config["FEEDBACKCHIMP_JWT_SECRET"]
    FeedbackChimp(app)
    result = run(app, "check")
    assert result.exit_code == 0
    assert facts(result)["Enabled"] == "no"
    assert facts(result)["Secret"] == "not read while switched off"
    assert "problem" not in result.stdout
    assert "warning" not in result.stdout
    assert "nothing is signed" in result.stdout
    assert "Ready" not in result.stdout


# What it shows.


def test_settings_are_shown():
    app = sound_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=60,
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com", "chief@example.com"],
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
    )
    told = facts(run(app, "check"))
    assert told["Enabled"] == "yes"
    assert told["Board"] == BOARD
    assert told["Token lifetime"] == "60 seconds"
    assert told["Admin e-mails"].startswith("2;")
    assert told["Identity"].endswith("sound_app.<locals>.verified")
    assert told["Page comes in as"] == "return_to"


def test_defaults_are_shown():
    """With a warning: somebody must have verified the addresses."""
    result = run(make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None), "check")
    assert "unverified ones let people impersonate each other" in words(result.stdout)
    assert result.stdout.endswith("Ready: no problems, 2 warnings.\n")
    told = facts(result)
    assert told["Identity"] == "user.email, and user.name or else user.username"
    assert told["Token lifetime"] == "none: no iat or exp"
    assert told["Admin e-mails"] == "none"


def test_loader_object_is_shown_by_its_class():
    class Loader:
        def __call__(self, user: Any) -> None:
            return None

    app = make_app()
    app.feedbackchimp.identity_loader(Loader())
    assert facts(run(app, "check"))["Identity"].endswith("<locals>.Loader")


def test_secret_is_not_shown():
    """Only its length in bytes and a fingerprint; no piece of it, and no token."""
    secret = f"zwölf-{SECRET}"
    result = run(sound_app(FEEDBACKCHIMP_JWT_SECRET=secret), "check")
    length = len(secret.encode())
    pattern = rf"{length} bytes, fingerprint [0-9a-f]{{8}}"
    assert re.fullmatch(pattern, facts(result)["Secret"])
    pieces = {secret[i : i + 6] for i in range(len(secret) - 5)}
    assert not [piece for piece in pieces if piece in result.stdout + result.stderr]
    assert "eyJ" not in result.stdout + result.stderr


def test_fingerprint_compares_secrets():
    secrets = (SECRET, f" {SECRET}\n", SECRET[::-1])
    apps = [sound_app(FEEDBACKCHIMP_JWT_SECRET=secret) for secret in secrets]
    first, same, other = (facts(run(app, "check"))["Secret"] for app in apps)
    assert first == same != other


AT_A = {"SERVER_NAME": "a.example"}
AT_SHOP = {"APPLICATION_ROOT": "/shop"}


@pytest.mark.parametrize(
    ("config", "base_url", "url"),
    [
        ({}, "", f"https://your.app{PREFIX}"),
        ({"APPLICATION_ROOT": "/shop/"}, "", f"https://your.app/shop{PREFIX}"),
        ({"FEEDBACKCHIMP_URL_PREFIX": "/in"}, "", "https://your.app/in"),
        (AT_A, "", f"http://a.example{PREFIX}"),
        (AT_A | {"PREFERRED_URL_SCHEME": "https"}, "", f"https://a.example{PREFIX}"),
        (AT_A, "https://b.example", f"https://b.example{PREFIX}"),
        (AT_SHOP, "https://b.example/", f"https://b.example/shop{PREFIX}"),
        (AT_SHOP, "https://b.example/mount/", f"https://b.example/mount{PREFIX}"),
    ],
)
def test_url_to_paste(config, base_url, url):
    """What is given goes before what is configured; a mount point is kept."""
    args = ["--base-url", base_url] if base_url else []
    result = run(sound_app(**config), "check", *args)
    assert urls(result)[0] == url
    is_unknown = not base_url and "SERVER_NAME" not in config
    assert ("give it: --base-url" in result.stdout) is is_unknown


@pytest.mark.parametrize(
    "url",
    ["a.example", "ftp://a.example", "http://a.example", "https://a.example/?x=1"],
)
def test_bad_base_url(url):
    result = run(sound_app(), "check", "--base-url", url)
    assert result.exit_code == 2
    assert "--base-url" in result.stderr


@pytest.mark.parametrize(
    ("template", "url", "parts"),
    [
        (
            "{page}?jwt={token}&v=2",
            f"{BOARD}/board/1002-feature-requests?jwt=TOKEN&v=2",
            {
                "Leads to": "the page itself, with what follows added to its query",
                "  jwt=": "the token",
                "  v=2": "as it is",
            },
        ),
        (
            "/sso?companyID={companyID}&token={token}&to={page}",
            f"{BOARD}/sso?companyID=...&token=TOKEN"
            "&to=https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1002-feature-requests",
            {
                "Leads to": f"{BOARD}/sso",
                "  companyID=": "what comes in as companyID",
                "  to=": "the page",
            },
        ),
        ("/sso/{token}", f"{BOARD}/sso/TOKEN", {"Leads to": f"{BOARD}/sso/{{token}}"}),
    ],
)
def test_return_url_is_explained(template, url, parts):
    """With a word for the token, and a note that it is to be compared."""
    result = run(sound_app(FEEDBACKCHIMP_RETURN_URL=template), "check")
    assert urls(result)[1] == url
    told = dict(re.findall(r"(?m)^  ((?:  )?\S.*?)  +(\S.*)$", result.stdout))
    assert parts.items() <= told.items()
    assert "It is not publicly documented: compare it" in words(result.stdout)


def test_80_columns_of_ascii():
    """With every warning at once; only the URLs may be longer."""
    app = make_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
        FEEDBACKCHIMP_RETURN_URL="http://localhost:5001/sso?companyID={c}&jwt={token}",
        SESSION_COOKIE_SAMESITE="Strict",
        SERVER_NAME="a.example",
    )
    app.login_manager.login_view = None
    lines = run(app, "check").stdout.splitlines()
    assert lines[-1].startswith("Ready: no problems, 6 warnings")
    assert all(line.isascii() for line in lines)
    assert [line for line in lines if "  " in line[21:]] == []
    assert [line for line in lines if len(line) > 79 and "://" not in line] == []


@pytest.mark.parametrize(("value", "colour"), [("1", False), ("", True)])
def test_no_color(value, colour):
    """Where there would be colour, as on a terminal; see https://no-color.org/."""
    app = make_app()
    app.login_manager.login_view = "misspelt"
    result = run(app, "check", color=True, env={"NO_COLOR": value})
    assert ("\x1b[33m  warning" in result.stdout) is colour
    assert ("\x1b[31m  problem" in result.stdout) is colour
    assert ("\x1b[1mNot ready" in result.stdout) is colour
    assert ("\x1b" in result.stdout) is colour


def test_name_that_the_output_cannot_encode():
    app = sound_app()
    app.name = "café"
    assert "'café'" in run(app, "check").stdout
    assert r"'caf\xe9'" in run(app, "check", charset="ascii").stdout
