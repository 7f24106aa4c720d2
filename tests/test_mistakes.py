"""Each mistake a new user makes: what is said, and that the remedy, pasted, works."""

from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager, login_user

from flask_feedbackchimp import ConfigError, FeedbackChimp
from support.apps import PREFIX, SECRET, User, has_token

ADA = User()
USABLE = {
    "FEEDBACKCHIMP_JWT_SECRET": SECRET,
    "FEEDBACKCHIMP_ORGANIZATION": "acme",
}
DIGITS = "1234" * 10


def _app(**config: Any) -> Flask:
    """An app before ``init_app``."""
    app = Flask("shop")
    app.config["SECRET_KEY"] = "the-app's-own"
    app.config.update(config)
    LoginManager(app).user_loader(lambda _: ADA)
    return app


def _problem(app: Flask) -> str:
    """The one problem that an app is refused for."""
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    [problem] = caught.value.problems
    title = "1 problem with FeedbackChimp in the app 'shop':"
    assert str(caught.value) == f"{title}\n- {problem}"
    return problem


def _signs_in(app: Flask, prefix: str = PREFIX) -> bool:
    """Whether Ada, logged in, gets a token."""
    app.add_url_rule("/login", view_func=lambda: str(login_user(ADA)))
    FeedbackChimp(app)
    client = app.test_client()
    client.get("/login")
    return has_token(client.get(prefix))


def _usable_beside(key: str) -> dict[str, Any]:
    """What makes a usable configuration with one key more."""
    if key == "FEEDBACKCHIMP_BOARD_URL":
        return USABLE | {"FEEDBACKCHIMP_ORGANIZATION": None}
    return USABLE


@pytest.mark.parametrize(
    ("key", "mistake", "said", "remedy"),
    [
        ("JWT_SECRET", "JWT_SECRET", "Settings → SSO", SECRET),
        ("JWT_SECRET", int(DIGITS), "Quote it as a JSON string", DIGITS),
        (
            "ORGANIZATION",
            "acme.feedbackchimp.space",
            "leave out “.feedbackchimp.space”",
            "acme",
        ),
        ("ORGANIZATION", 42, "Quote it as a JSON string", "42"),
        (
            "BOARD_URL",
            "ideas.example.com",
            "https://feedback.example.com",
            "https://feedback.example.com",
        ),
        (
            "BOARD_URL",
            "https://b.example/board",
            "only an origin",
            "https://b.example",
        ),
        ("URL_PREFIX", "sso", "such as /sso/feedbackchimp", "/sso/feedbackchimp"),
        ("REDIRECT_PARAM", "return to", "underscores", "return_to"),
        (
            "RETURN_URL",
            "/sso?jwt=TOKEN",
            "write it like {page}?ssoToken={token}",
            "{page}?ssoToken={token}",
        ),
        (
            "RETURN_URL",
            "/sso?t={token}&redirect={redirect}",
            "write {page}, as in /sso?token={token}&redirect={page}",
            "/sso?token={token}&redirect={page}",
        ),
        ("TOKEN_LIFETIME", "300", "whole seconds such as 300", 300),
        ("TOKEN_LIFETIME", 0, "for tokens without iat and exp", None),
        (
            "ADMIN_EMAILS",
            "boss@example.com",
            'write ["boss@example.com"]',
            ["boss@example.com"],
        ),
        ("ENABLED", "yes", "must be True or False", True),
    ],
)
def test_in_the_configuration(key, mistake, said, remedy):
    key = f"FEEDBACKCHIMP_{key}"
    usable = _usable_beside(key)
    problem = _problem(_app(**usable | {key: mistake}))
    assert problem.startswith(f"{key} ")
    assert said in problem
    assert _signs_in(_app(**usable | {key: remedy}))


def _app_of_environment(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str | None]
) -> Flask:
    """The same app, with settings that ``from_prefixed_env`` reads."""
    app = _app()
    with monkeypatch.context() as environment:
        for key, value in config.items():
            if value is not None:
                environment.setenv(f"FLASK_{key}", value)
        app.config.from_prefixed_env()
    return app


@pytest.mark.parametrize(
    ("key", "mistake", "said", "remedy"),
    [
        (
            "JWT_SECRET",
            None,
            "is missing: copy it from Settings → SSO",
            SECRET,
        ),
        (
            "JWT_SECRET",
            None,
            "the environment variable FLASK_FEEDBACKCHIMP_JWT_SECRET (FLASK_ goes in "
            "front) and call app.config.from_prefixed_env() before init_app",
            SECRET,
        ),
        ("JWT_SECRET", f"'{SECRET}'", "is in quotes", SECRET),
        ("JWT_SECRET", f"'{SECRET}'", "leave them out", SECRET),
        ("JWT_SECRET", DIGITS, "Quote it as a JSON string: '\"12345\"'", f'"{DIGITS}"'),
        ("ORGANIZATION", None, "is missing: set it to", "acme"),
        ("ORGANIZATION", None, "or set FEEDBACKCHIMP_BOARD_URL to", "acme"),
        ("ORGANIZATION", None, "in the environment FLASK_ goes in front", "acme"),
        ("ORGANIZATION", "42", "Quote it as a JSON string: '\"12345\"'", '"42"'),
        (
            "BOARD_URL",
            "localhost:5001",
            "http://localhost:5001 for the sandbox",
            "http://localhost:5001",
        ),
        (
            "RETURN_URL",
            "{page}?jwt=${ssoToken}",
            "write it like {page}?ssoToken={token}",
            "{page}?ssoToken={token}",
        ),
        ("TOKEN_LIFETIME", "None", "None (in the environment null)", "null"),
        ("TOKEN_LIFETIME", "5 min", "whole seconds such as 300", "300"),
        ("TOKEN_LIFETIME", "5", "None (in the environment null)", "null"),
        (
            "ADMIN_EMAILS",
            "boss@example.com",
            'write ["boss@example.com"]',
            '["boss@example.com"]',
        ),
        (
            "ADMIN_EMAILS",
            "['boss@example.com']",
            'write ["boss@example.com"]',
            '["boss@example.com"]',
        ),
        (
            "ADMIN_EMAILS",
            '["The Boss <boss@example.com>"]',
            'write ["boss@example.com"]',
            '["boss@example.com"]',
        ),
        ("ENABLED", "True", "in the environment write true or false", "true"),
        ("ENABLED", "1", "in the environment write true or false", "true"),
    ],
)
def test_in_the_environment(monkeypatch, key, mistake, said, remedy):
    key = f"FEEDBACKCHIMP_{key}"
    usable = _usable_beside(key)
    problem = _problem(_app_of_environment(monkeypatch, usable | {key: mistake}))
    assert problem.startswith(f"{key} ")
    assert said in problem
    assert _signs_in(_app_of_environment(monkeypatch, usable | {key: remedy}))


def test_two_boards():
    config = USABLE | {"FEEDBACKCHIMP_BOARD_URL": "https://feedback.example.com"}
    assert "are both set: keep the one" in _problem(_app(**config))
    assert _signs_in(_app(**config | {"FEEDBACKCHIMP_ORGANIZATION": None}))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("SECRET", "JWT_SECRET"),
        ("JWT", "JWT_SECRET"),
        ("ORGANISATION", "ORGANIZATION"),
        ("ORG", "ORGANIZATION"),
        ("BOARD", "BOARD_URL"),
        ("PREFIX", "URL_PREFIX"),
        ("REDIRECT", "REDIRECT_PARAM"),
        ("RETURN_TO", "RETURN_URL"),
        ("TOKEN_LIFETIME_SECONDS", "TOKEN_LIFETIME"),
        ("admin_emails", "ADMIN_EMAILS"),
        ("ADMIN", "ADMIN_EMAILS"),
        ("ENABLE", "ENABLED"),
    ],
)
def test_misspelt_key(wrong, right):
    problem = _problem(_app(**USABLE | {f"FEEDBACKCHIMP_{wrong}": "canary"}))
    assert problem.startswith(
        f"FEEDBACKCHIMP_{wrong} is not a known setting: did you mean "
        f"FEEDBACKCHIMP_{right}?"
    )


@pytest.mark.parametrize("wrong", ["", "ÄÖÜ", "jwt_secret", "ENABLED ", "X" * 10_000])
def test_odd_key(wrong):
    """Some key is named, whatever the given one is."""
    problem = _problem(_app(**USABLE | {f"FEEDBACKCHIMP_{wrong}": "canary"}))
    said = f"FEEDBACKCHIMP_{wrong} is not a known setting: did you mean FEEDBACKCHIMP_"
    assert problem.startswith(said)


def test_every_problem_is_listed():
    """Those of the app beside those of the settings."""
    app = _app(**USABLE)
    FeedbackChimp(app)
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "a.b"
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    organization, twice = caught.value.problems
    assert organization.startswith("FEEDBACKCHIMP_ORGANIZATION must be one DNS label")
    assert "is set up already" in twice


def test_own_route_that_is_not_in_the_way():
    """Below the prefix, around it, on another host, or for another method."""
    app = _app(**USABLE)
    app.add_url_rule("/<path:page>", "any_page", str)
    app.add_url_rule(f"{PREFIX}/", "more", str)
    app.add_url_rule(PREFIX, "api", str, subdomain="api")
    app.add_url_rule(PREFIX, "own_form", str, methods=["POST"])
    assert _signs_in(app)


def test_init_twice():
    """By the same object, by another, or at once."""
    app = _app(**USABLE)
    feedbackchimp = FeedbackChimp(app)
    state = app.extensions["feedbackchimp"]
    for again in (feedbackchimp.init_app, FeedbackChimp().init_app, FeedbackChimp):
        with pytest.raises(ConfigError, match=r"'shop' is set up already: .* once"):
            again(app)
    assert app.extensions["feedbackchimp"] is state


@pytest.mark.parametrize("thing", ["app", "", 0, Flask, _app, {}])
def test_not_an_app(thing):
    with pytest.raises(TypeError, match=r"the Flask app itself, not \w+: call Feed"):
        FeedbackChimp(thing)
