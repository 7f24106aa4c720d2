"""``flask feedbackchimp check``: what it calls ready works, and its remedies help."""

import os
import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager

from flask_feedbackchimp import FeedbackChimp, Identity
from flask_feedbackchimp.settings import AppState, Secret
from support.apps import BOARD, PREFIX, SECRET, User, make_app
from support.cli import run, run_factory, words

HOST = "your.app"
ENDPOINT = "feedbackchimp.redirect"


def sound_app(**config: Any) -> Flask:
    """An app that check finds nothing wrong with."""
    app = make_app(**config)

    @app.feedbackchimp.identity_loader
    def verified(user: Any) -> Identity:
        return Identity(user.email, user.name)

    return app


def report(app: Flask, *args: str, **options: Any) -> str:
    """What is said, in one line."""
    result = run(app, "check", *args, **options)
    return words(result.stdout + result.stderr)


def assert_found(make: Any, wrong: Any, right: Any, said: str) -> None:
    """One mistake is one problem, or an app that is not even made.

    Mended, the app is ready, and signs people in.
    """
    result = run_factory(lambda: make(wrong), "check")
    text = result.stdout + result.stderr
    assert said in words(text)
    assert re.search(r"Not ready: 1 problem,|Error: 1 problem", text)
    assert (result.exit_code, "Ready:" in text) == (1, False)

    app = make(right)
    result = run(app, "check")
    assert (result.exit_code, "\nReady: no problems, " in result.stdout) == (0, True)
    prefix = app.extensions["feedbackchimp"].settings.url_prefix
    host = app.config["SERVER_NAME"] or HOST

    def visit() -> Any:
        return app.test_client().get(prefix, base_url=f"https://{host}")

    if not app.login_manager._request_callback:
        assert visit().status_code == 302
        assert app.test_client().get(visit().location).status_code == 200
        app.login_manager.request_loader(lambda request: User())
    assert visit().location.startswith(f"{BOARD}/?ssoToken=")


HERE = {"SERVER_NAME": "shop.example:8443"}
ANY_SITE = {"SESSION_COOKIE_SAMESITE": "None"}


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ({"SECRET_KEY": None}, {}, "SECRET_KEY is not set, so nobody can log in"),
        # What from_prefixed_env makes of digits, quoted once or twice.
        ({"SECRET_KEY": 5}, {"SECRET_KEY": "5"}, "SECRET_KEY is not text but int"),
        ({"FEEDBACKCHIMP_JWT_SECRET": f"'{SECRET}'"}, {}, "is in quotes, which Docker"),
        ({"FEEDBACKCHIMP_RETURN_URL": f"/{{token}}?x={'x' * 4000}"}, {}, "4096 bytes"),
        ({"SESSION_COOKIE_PATH": "/app"}, {}, "session's cookie is only for /app, so"),
        (
            HERE | {"SESSION_COOKIE_DOMAIN": "other.example"},
            HERE | {"SESSION_COOKIE_DOMAIN": "shop.example"},
            "cookie is for other.example, and the app is at shop.example",
        ),
        (
            ANY_SITE,
            ANY_SITE | {"SESSION_COOKIE_SECURE": True},
            'SESSION_COOKIE_SAMESITE is "None" without SESSION_COOKIE_SECURE',
        ),
    ],
)
def test_setting(wrong, right, said):
    assert_found(lambda config: sound_app(**config), wrong, right, said)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("auth.login", "is not an endpoint of the app"),
        ("login", "is not an endpoint of the app"),  # the slash is missing
        ("log_in", "is not an endpoint of the app without arguments"),
        ("/shop/nowhere", "leads to /shop/nowhere, which the app answers with “404"),
        ("post_only", "leads to /shop/post, which the app answers with “405"),
        (ENDPOINT, "is the sign-on endpoint itself"),
        ("/shop/go", "is the sign-on endpoint itself"),
        (f"/shop{PREFIX}?a=1", "is the sign-on endpoint itself"),
        ("late_login", "is the sign-on endpoint itself"),  # so it never answers
    ],
)
def test_login_view(view, said):
    def make(view: str) -> Flask:
        app = sound_app(APPLICATION_ROOT="/shop")
        app.add_url_rule("/go", ENDPOINT)
        app.add_url_rule("/post", "post_only", str, methods=["POST"])
        app.add_url_rule(PREFIX, "late_login", str)
        app.login_manager.login_view = view
        return app

    assert_found(make, view, "login_page", f"The login_view {view!r} {said}")


@pytest.mark.parametrize(
    ("loader", "said"),
    [
        (None, "has no user_loader, so every visit ends in an error: register one"),
        (..., "no LoginManager, so nobody can be signed in: call LoginManager().init_"),
    ],
)
def test_nobody_can_log_in(loader, said):
    def make(loader: Any) -> Flask:
        app = sound_app()
        app.login_manager.user_loader(loader)
        if loader is ...:
            del app.login_manager
        return app

    assert_found(make, loader, {"ada": User()}.get, said)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({}, "the endpoint has no host, so every sign-in is a 404: add one with"),
        ({ENDPOINT: "/sso"}, f"The app answers {PREFIX} with “404 Not Found”: look at"),
        ({"own": PREFIX, ENDPOINT: PREFIX}, f"own route 'own' answers at {PREFIX}:"),
    ],
)
def test_host_matching(rules, said):
    def make(rules: dict[str, str]) -> Flask:
        app = Flask("shop", host_matching=True, static_host="static.example")
        app.config.update(make_app().config)
        LoginManager(app).request_loader(lambda request: User())
        FeedbackChimp(app)
        for endpoint, path in rules.items():
            app.add_url_rule(path, endpoint, host=HOST)
        return app

    assert_found(make, rules, {"own": "/mine", ENDPOINT: PREFIX}, said)


def test_unreadable_probe():
    class Torn(Secret):
        def sign(self, message: bytes) -> bytes:
            return os.urandom(32)

    def make(secret: Secret) -> Flask:
        app = sound_app()
        state = app.extensions["feedbackchimp"]
        settings = replace(state.settings, secret=secret)
        app.extensions["feedbackchimp"] = AppState(settings, state.slot)
        return app

    said = "not read back. The token is signed with another secret"
    assert_found(make, Torn(SECRET), Secret(SECRET), said)


LOCAL = {"FEEDBACKCHIMP_ORGANIZATION": None, "FEEDBACKCHIMP_BOARD_URL": "http://[::1]"}


@pytest.mark.filterwarnings("ignore:FEEDBACKCHIMP_JWT_SECRET")
@pytest.mark.parametrize(
    ("config", "warning"),
    [
        ({}, None),
        ({"SESSION_COOKIE_SAMESITE": "Lax"}, None),
        ({"SESSION_COOKIE_SAMESITE": "strict"}, 'Set it to "Lax"'),
        ({"FEEDBACKCHIMP_TOKEN_LIFETIME": None}, "FEEDBACKCHIMP_TOKEN_LIFETIME to 300"),
        ({"SERVER_NAME": "a.example"}, "set PREFERRED_URL_SCHEME to"),
        ({"TRUSTED_HOSTS": ["shop.example"]}, None),
        (
            {"FEEDBACKCHIMP_JWT_SECRET": "short-secret"},
            "ask FeedbackChimp for a longer",
        ),
        (LOCAL, "FEEDBACKCHIMP_BOARD_URL is plain http"),
        (LOCAL | {"FEEDBACKCHIMP_RETURN_URL": "/sso?t={token}"}, "_BOARD_URL is plain"),
        ({"FEEDBACKCHIMP_RETURN_URL": "http://[::1]/{token}"}, "_RETURN_URL is plain"),
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


def test_no_login_view():
    """A bare 401 is a warning, unless the app handles strangers itself."""
    app = sound_app()
    app.login_manager.login_view = None
    text = report(app)
    assert "Set login_manager.login_view" in text
    assert text.endswith("Ready: no problems, 1 warning.")
    app.login_manager.unauthorized_handler(lambda: "Who are you?")
    for view in (None, "not.looked_at"):
        app.login_manager.login_view = view
        assert "no problems, no warnings" in report(app)


@pytest.mark.parametrize("view", ["/login", "/folder", "https://a.b/in", "login_page"])
def test_login_view_of_the_blueprint(view):
    """Flask-Login accepts an endpoint, a path or a URL, also per blueprint."""
    app = sound_app()
    app.add_url_rule("/folder/", "folder", str)  # which Flask redirects to
    app.login_manager.login_view = None
    app.login_manager.blueprint_login_views = {"feedbackchimp": view}
    assert "no problems, no warnings" in report(app)


def test_switched_off():
    """No secret and no login are needed then: neither is missed."""
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    del app.login_manager
    text = report(app)
    assert f"Enabled no Board {BOARD} Secret not read while switched off" in text
    assert not re.search("problem|warning|Ready", text)
    assert "nothing is signed" in text
    assert run(app, "check").exit_code == 0


def test_settings_are_shown():
    app = sound_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=60,
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com", "chief@example.com"],
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
    )
    text = report(app)
    assert f"Enabled yes Board {BOARD} Secret {len(SECRET)} bytes, fingerprint " in text
    assert re.search(r"fingerprint [0-9a-f]{8} Token lifetime 60 seconds", text)
    assert (
        f"Admin e-mails 2; they get no token Identity {__name__}.sound_app.<lo" in text
    )
    assert "<locals>.verified " in text
    assert "Page comes in as return_to Leads to the page itself, with what" in text


def test_defaults_are_shown():
    """With a warning: somebody must have verified the addresses."""
    text = report(make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None))
    assert "unverified ones let people impersonate each other" in text
    assert text.endswith("Ready: no problems, 2 warnings.")
    assert "lifetime none: no iat or exp Admin e-mails none Identity user.em" in text
    assert "Identity user.email, and user.name or else user.username " in text


def test_loader_object_is_shown_by_its_class():
    app = make_app()
    app.feedbackchimp.identity_loader(partial(Identity))
    assert "Identity functools.partial " in report(app)


def test_secret_is_not_shown():
    """Only its length in bytes and a fingerprint; no piece of it, and no token."""
    secret = f"zwölf-{SECRET}"
    text = report(sound_app(FEEDBACKCHIMP_JWT_SECRET=secret))
    assert f"Secret {len(secret.encode())} bytes, fingerprint " in text
    pieces = {"eyJ", *(secret[i : i + 6] for i in range(len(secret) - 5))}
    assert not [piece for piece in pieces if piece in text]


def test_fingerprint_compares_secrets():
    secrets = (SECRET, f" {SECRET}\n", SECRET[::-1])
    apps = [sound_app(FEEDBACKCHIMP_JWT_SECRET=secret) for secret in secrets]
    first, same, other = map(report, apps)
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
    text = report(sound_app(**config), *args)
    assert f"under Settings > SSO: {url} " in text
    is_unknown = not base_url and "SERVER_NAME" not in config
    assert ("give it: --base-url" in text) is is_unknown


PAGE_QUOTED = "https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1002-feature-requests"


@pytest.mark.parametrize(
    ("template", "url", "told"),
    [
        (
            "{page}?jwt={token}&v=2",
            "/board/1002-feature-requests?jwt=TOKEN&v=2",
            "the page itself, with what follows added to its query jwt= the token v=2 "
            "as it is",
        ),
        (
            "/sso?id={id}&token={token}&to={page}",
            f"/sso?id=...&token=TOKEN&to={PAGE_QUOTED}",
            f"{BOARD}/sso id= what comes in as id token= the token to= the page",
        ),
        ("/sso/{token}", "/sso/TOKEN", f"{BOARD}/sso/{{token}}"),
    ],
)
def test_return_url_is_explained(template, url, told):
    """With a word for the token, and a note that it is to be compared."""
    text = report(sound_app(FEEDBACKCHIMP_RETURN_URL=template))
    assert f"with the token for TOKEN: {BOARD}{url} Page comes in as redirect " in text
    assert f"Leads to {told} It is not publicly documented: compare it" in text


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


def test_no_color():
    """Where there would be colour, as on a terminal; see https://no-color.org/."""
    app = make_app()
    app.login_manager.login_view = "misspelt"
    text = report(app, color=True, env={"NO_COLOR": ""})
    for coloured in ("[33m warning", "[31m problem", "[1mNot ready"):
        assert f"\x1b{coloured}" in text
    assert "\x1b" not in report(app, color=True, env={"NO_COLOR": "1"})


def test_name_that_the_output_cannot_encode():
    app = sound_app()
    app.name = "café"
    assert "'café'" in report(app)
    assert r"'caf\xe9'" in report(app, charset="ascii")
