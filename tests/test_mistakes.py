"""Each mistake a new user makes: what is said, and that the remedy, pasted, works."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_login import LoginManager, login_user

from flask_feedbackchimp import ConfigError, FeedbackChimp
from support.apps import PREFIX, SECRET, User, has_token

USABLE = {"JWT_SECRET": SECRET, "ORGANIZATION": "acme"}
ADA = User()


def _app(**config: Any) -> Flask:
    """An app before ``init_app``; a setting given as ``...`` is left out."""
    app = Flask("shop")
    app.config["SECRET_KEY"] = "the-app's-own"
    for key, value in config.items():
        if value is not ...:
            app.config[f"FEEDBACKCHIMP_{key}"] = value
    LoginManager(app).user_loader(lambda _: ADA)
    return app


def _problem(app: Flask) -> str:
    """The one problem for which an app is refused, as its developer reads it."""
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    (problem,) = caught.value.problems
    title = "1 problem with FeedbackChimp in the app 'shop':"
    assert str(caught.value) == f"{title}\n- {problem}"
    return problem


def _signs_in(app: Flask, prefix: str = PREFIX) -> bool:
    app.add_url_rule("/login", view_func=lambda: str(login_user(ADA)))
    FeedbackChimp(app)
    client = app.test_client()
    client.get("/login")
    return has_token(client.get(prefix))


# (key, what is set by mistake, what the message says, what its reader sets instead)
# With three dots, what is set instead is what the message says.
IN_THE_CONFIGURATION = [
    ("JWT_SECRET", "JWT_SECRET", "Settings → SSO", SECRET),
    ("JWT_SECRET", f'"{SECRET}"', "is in quotes, .*: leave them out", SECRET),
    ("JWT_SECRET", 31415926535897932384626433832795, "put it in quotes",
     "31415926535897932384626433832795"),
    ("ORGANIZATION", "acme.feedbackchimp.space", "must be only the organization: "
     "leave out “.feedbackchimp.space”", "acme"),
    ("ORGANIZATION", 42, "put it in quotes", "42"),
    ("BOARD_URL", "localhost:5001", "http://localhost:5001", ...),
    ("BOARD_URL", "ideas.example.com", "https://feedback.example.com", ...),
    ("BOARD_URL", "https://ideas.example.com/board", "must be only an origin",
     "https://ideas.example.com"),
    ("URL_PREFIX", "sso", "/sso/feedbackchimp", ...),
    ("REDIRECT_PARAM", "return to", "underscores", "return_to"),
    ("RETURN_URL", "{page}?jwt=${ssoToken}", r"{page}?ssoToken={token}", ...),
    ("RETURN_URL", "/sso?jwt=TOKEN", r"{page}?ssoToken={token}", ...),
    ("RETURN_URL", "/sso?token={token}&redirect={redirect}",
     r"/sso?token={token}&redirect={page}", ...),
    ("TOKEN_LIFETIME", "300", "whole seconds such as 300", 300),
    ("TOKEN_LIFETIME", 0, "for tokens without iat and exp", None),
    ("ADMIN_EMAILS", "boss@example.com", '["boss@example.com"]', ["boss@example.com"]),
    ("ENABLED", "yes", "must be True or False", True),
]  # fmt: skip

# The same as environment variables, which from_prefixed_env reads.
IN_THE_ENVIRONMENT = [
    ("JWT_SECRET", f"'{SECRET}'", "is in quotes, .*: leave them out", SECRET),
    ("JWT_SECRET", "1234" * 10, r"""in a shell twice, as in '"12345"'""",
     f'"{"1234" * 10}"'),
    ("ORGANIZATION", "42", r"""in a shell twice, as in '"12345"'""", '"42"'),
    ("BOARD_URL", "localhost:5001", "http://localhost:5001", ...),
    ("RETURN_URL", "{page}?jwt=${ssoToken}", "{page}?ssoToken={token}", ...),
    ("TOKEN_LIFETIME", "None", "None (in the environment null)", "null"),
    ("TOKEN_LIFETIME", "5 min", "whole seconds such as 300", "300"),
    ("TOKEN_LIFETIME", "5", "None (in the environment null)", "null"),
    ("ADMIN_EMAILS", "boss@example.com", '["boss@example.com"]', ...),
    ("ADMIN_EMAILS", "['boss@example.com']", '["boss@example.com"]', ...),
    ("ADMIN_EMAILS", '["The Boss <boss@example.com>"]', '["boss@example.com"]', ...),
    ("ENABLED", "True", "in the environment write true or false", "true"),
    ("ENABLED", "yes", "in the environment write true or false", "true"),
    ("ENABLED", "1", "in the environment write true or false", "true"),
]  # fmt: skip


def _without_organization(key: str) -> dict[str, Any]:
    return {**USABLE, "ORGANIZATION": ...} if key == "BOARD_URL" else dict(USABLE)


def _check(problem: str, key: str, said: str) -> None:
    assert problem.startswith(f"FEEDBACKCHIMP_{key} ")
    assert all(part in problem for part in said.split(".*"))


@pytest.mark.parametrize(("key", "wrong", "said", "right"), IN_THE_CONFIGURATION)
def test_in_the_configuration(key, wrong, said, right):
    config = _without_organization(key)
    _check(_problem(_app(**{**config, key: wrong})), key, said)
    right = said if right is ... else right
    prefix = right if key == "URL_PREFIX" else PREFIX
    assert _signs_in(_app(**{**config, key: right}), prefix)


@pytest.mark.parametrize(("key", "wrong", "said", "right"), IN_THE_ENVIRONMENT)
def test_in_the_environment(key, wrong, said, right, monkeypatch):
    config = _without_organization(key)

    def app(value: str) -> Flask:
        for name, text in {**config, key: value}.items():
            if text is not ...:
                monkeypatch.setenv(f"FLASK_FEEDBACKCHIMP_{name}", text)
        app = _app()
        app.config.from_prefixed_env()
        return app

    _check(_problem(app(wrong)), key, said)
    assert _signs_in(app(said if right is ... else right))


def test_false_in_the_environment(monkeypatch):
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_ENABLED", "False")
    (app := _app(**USABLE)).config.from_prefixed_env()
    assert "write true or false in lower case" in _problem(app)
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_ENABLED", "false")
    (app := _app(**USABLE)).config.from_prefixed_env()
    assert not _signs_in(app)


def test_flask_in_front_is_missing(monkeypatch):
    """The error names the whole variable, and what reads it."""
    monkeypatch.setenv("FEEDBACKCHIMP_JWT_SECRET", SECRET)
    (app := _app(ORGANIZATION="acme")).config.from_prefixed_env()
    problem = _problem(app)
    assert "FLASK_FEEDBACKCHIMP_JWT_SECRET (FLASK_ goes in front)" in problem
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_JWT_SECRET", SECRET)
    assert "call app.config.from_prefixed_env() before init_app" in _problem(app)
    app.config.from_prefixed_env()
    assert _signs_in(app)


def test_no_board(monkeypatch):
    monkeypatch.setenv("FEEDBACKCHIMP_ORGANIZATION", "acme")
    (app := _app(JWT_SECRET=SECRET)).config.from_prefixed_env()
    problem = _problem(app)
    assert problem.startswith("FEEDBACKCHIMP_ORGANIZATION is missing: set it to ")
    assert "in the environment FLASK_ goes in front" in problem
    assert "or set FEEDBACKCHIMP_BOARD_URL to the origin" in problem
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_ORGANIZATION", "acme")
    app.config.from_prefixed_env()
    assert _signs_in(app)


def test_two_boards():
    config = {**USABLE, "BOARD_URL": "https://feedback.example.com"}
    assert "are both set: keep the one" in _problem(_app(**config))
    assert _signs_in(_app(**config | {"ORGANIZATION": None}))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("SECRET", "JWT_SECRET"),
        ("JWT", "JWT_SECRET"),
        ("admin_emails", "ADMIN_EMAILS"),
        ("ORGANISATION", "ORGANIZATION"),
        ("ORG", "ORGANIZATION"),
        ("BOARD", "BOARD_URL"),
        ("PREFIX", "URL_PREFIX"),
        ("REDIRECT", "REDIRECT_PARAM"),
        ("RETURN_TO", "RETURN_URL"),
        ("TOKEN_LIFETIME_SECONDS", "TOKEN_LIFETIME"),
        ("ADMIN", "ADMIN_EMAILS"),
        ("ENABLE", "ENABLED"),
    ],
)
def test_misspelt_key(wrong, right):
    problem = _problem(_app(**USABLE, **{wrong: "canary"}))
    known = f"is not a known setting: did you mean FEEDBACKCHIMP_{right}?"
    assert problem == f"FEEDBACKCHIMP_{wrong} {known}"


@pytest.mark.parametrize("rest", ["", "ÄÖÜ", "jwt_secret", "ENABLED ", "X" * 10_000])
def test_odd_key(rest):
    problem = _problem(_app(**USABLE, **{rest: 1}))
    assert problem.startswith(f"FEEDBACKCHIMP_{rest} is not a known setting")


def test_own_blueprint_of_our_name():
    def app(name: str) -> Flask:
        app = _app(**USABLE)
        app.register_blueprint(Blueprint(name, __name__))
        return app

    problem = _problem(app("feedbackchimp"))
    assert "a blueprint named 'feedbackchimp'" in problem
    assert "Blueprint('feedback', …)" in problem
    assert _signs_in(app("feedback"))


def test_own_route_at_the_prefix():
    def app(**config: Any) -> Flask:
        app = _app(**USABLE, **config)
        app.add_url_rule(PREFIX, "own_page", str)
        return app

    problem = _problem(app())
    assert f"FEEDBACKCHIMP_URL_PREFIX is {PREFIX!r}" in problem
    assert "the route 'own_page'" in problem
    assert "choose another prefix, such as /sso/board" in problem
    assert _signs_in(app(URL_PREFIX="/sso/board"), "/sso/board")


def test_own_route_that_is_not_in_the_way():
    """Below the prefix, around it, on another host, or for another method."""
    app = _app(**USABLE)
    app.add_url_rule("/<path:page>", "any_page", str)
    app.add_url_rule(f"{PREFIX}/", "more", str)
    app.add_url_rule(PREFIX, "api", str, subdomain="api")
    app.add_url_rule(PREFIX, "own_form", str, methods=["POST"])
    assert _signs_in(app)


@pytest.mark.parametrize("again", ["same object", "another", "at once"])
def test_init_twice(again):
    app = _app(**USABLE)
    feedbackchimp = FeedbackChimp(app)
    state = app.extensions["feedbackchimp"]
    set_up = {
        "same object": feedbackchimp.init_app,
        "another": FeedbackChimp().init_app,
        "at once": FeedbackChimp,
    }
    with pytest.raises(ConfigError, match=r"'shop' is set up already: call .* once"):
        set_up[again](app)
    assert app.extensions["feedbackchimp"] is state


@pytest.mark.parametrize("thing", ["app", "", 0, Flask, _app, {}])
def test_not_an_app(thing):
    says = r"takes the Flask app itself, not \w+: call FeedbackChimp\(app\), or "
    with pytest.raises(TypeError, match=says):
        FeedbackChimp(thing)


def test_app_that_has_answered():
    """Flask refuses it, and nothing of it is touched."""
    app = _app(**USABLE)
    app.test_client().get("/")
    helpers, commands = dict(app.jinja_env.globals), dict(app.cli.commands)
    attributes, rules = dict(vars(app)), list(app.url_map.iter_rules())
    with pytest.raises(AssertionError, match="can no longer be called"):
        FeedbackChimp(app)
    assert (vars(app), list(app.url_map.iter_rules())) == (attributes, rules)
    assert (app.jinja_env.globals, app.cli.commands) == (helpers, commands)
    assert "feedbackchimp" not in app.extensions
