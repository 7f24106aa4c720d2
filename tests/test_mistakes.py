"""Each mistake a new user makes: what is said, and that the remedy, pasted, works."""

import re
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
    given = {key: value for key, value in config.items() if value is not ...}
    app.config.update({f"FEEDBACKCHIMP_{key}": given[key] for key in given})
    LoginManager(app).user_loader(lambda _: ADA)
    return app


def _app_of_environment(**config: Any) -> Flask:
    """The same, with settings that ``from_prefixed_env`` reads."""
    app = _app()
    with pytest.MonkeyPatch.context() as environment:
        for key, value in config.items():
            if value is not ...:
                environment.setenv(f"FLASK_FEEDBACKCHIMP_{key}", value)
        app.config.from_prefixed_env()
    return app


def _assert_refused(app: Flask, said: str) -> None:
    """For one problem, as its developer reads it; ``.*`` in it is any text."""
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    (problem,) = caught.value.problems
    title = "1 problem with FeedbackChimp in the app 'shop':"
    assert str(caught.value) == f"{title}\n- {problem}"
    assert re.match(re.escape(said).replace(r"\.\*", ".*"), problem), problem


def _signs_in(app: Flask, prefix: str = PREFIX) -> bool:
    app.add_url_rule("/login", view_func=lambda: str(login_user(ADA)))
    FeedbackChimp(app)
    client = app.test_client()
    client.get("/login")
    return has_token(client.get(prefix))


DIGITS = "1234" * 10
ENDPOINT = "/sso?token={token}&redirect={page}"
QUOTED_TWICE = """in a shell twice, as in '"12345"'"""

# (key, what is set by mistake, what the message says, what its reader sets instead)
# With three dots, what is set instead is what the message says.
IN_THE_CONFIGURATION = [
    ("JWT_SECRET", "JWT_SECRET", "Settings → SSO", SECRET),
    ("JWT_SECRET", int(DIGITS), "put it in quotes", DIGITS),
    ("ORGANIZATION", "acme.feedbackchimp.space", "out “.feedbackchimp.space”", "acme"),
    ("ORGANIZATION", 42, "put it in quotes", "42"),
    ("BOARD_URL", "ideas.example.com", "https://feedback.example.com", ...),
    ("BOARD_URL", "https://b.example/board", "only an origin", "https://b.example"),
    ("URL_PREFIX", "sso", "/sso/feedbackchimp", ...),
    ("REDIRECT_PARAM", "return to", "underscores", "return_to"),
    ("RETURN_URL", "/sso?jwt=TOKEN", "{page}?ssoToken={token}", ...),
    ("RETURN_URL", "/sso?t={token}&redirect={redirect}", ENDPOINT, ...),
    ("TOKEN_LIFETIME", "300", "whole seconds such as 300", 300),
    ("TOKEN_LIFETIME", 0, "for tokens without iat and exp", None),
    ("ADMIN_EMAILS", "boss@example.com", '["boss@example.com"]', ["boss@example.com"]),
    ("ENABLED", "yes", "must be True or False", True),
]

# The same as environment variables, which from_prefixed_env reads.
IN_THE_ENVIRONMENT = [
    (
        "JWT_SECRET",
        ...,
        "missing: .*FLASK_FEEDBACKCHIMP_JWT_SECRET (FLASK_ goes",
        SECRET,
    ),
    ("JWT_SECRET", ..., "call app.config.from_prefixed_env() before init_app", SECRET),
    ("JWT_SECRET", f"'{SECRET}'", "is in quotes, .*: leave them out", SECRET),
    ("JWT_SECRET", DIGITS, QUOTED_TWICE, f'"{DIGITS}"'),
    ("ORGANIZATION", ..., "is missing: set it to .*FEEDBACKCHIMP_BOARD_URL to", "acme"),
    ("ORGANIZATION", ..., "in the environment FLASK_ goes in front", "acme"),
    ("ORGANIZATION", "42", QUOTED_TWICE, '"42"'),
    ("BOARD_URL", "localhost:5001", "http://localhost:5001", ...),
    ("RETURN_URL", "{page}?jwt=${ssoToken}", "{page}?ssoToken={token}", ...),
    ("TOKEN_LIFETIME", "None", "None (in the environment null)", "null"),
    ("TOKEN_LIFETIME", "5 min", "whole seconds such as 300", "300"),
    ("TOKEN_LIFETIME", "5", "None (in the environment null)", "null"),
    ("ADMIN_EMAILS", "boss@example.com", '["boss@example.com"]', ...),
    ("ADMIN_EMAILS", "['boss@example.com']", '["boss@example.com"]', ...),
    ("ADMIN_EMAILS", '["The Boss <boss@example.com>"]', '["boss@example.com"]', ...),
    ("ENABLED", "True", "in the environment write true or false", "true"),
    ("ENABLED", "1", "in the environment write true or false", "true"),
]


@pytest.mark.parametrize(
    ("make", "key", "wrong", "said", "right"),
    [
        *((_app, *row) for row in IN_THE_CONFIGURATION),
        *((_app_of_environment, *row) for row in IN_THE_ENVIRONMENT),
    ],
)
def test_setting(make, key, wrong, said, right):
    config = USABLE | ({"ORGANIZATION": ...} if key == "BOARD_URL" else {})
    _assert_refused(make(**config | {key: wrong}), f"FEEDBACKCHIMP_{key} .*{said}")
    right = said if right is ... else right
    prefix = right if key == "URL_PREFIX" else PREFIX
    assert _signs_in(make(**config | {key: right}), prefix)


def test_two_boards():
    config = USABLE | {"BOARD_URL": "https://feedback.example.com"}
    _assert_refused(_app(**config), ".*are both set: keep the one")
    assert _signs_in(_app(**config | {"ORGANIZATION": None}))


MISSPELT = """
    SECRET=JWT_SECRET JWT=JWT_SECRET ORGANISATION=ORGANIZATION ORG=ORGANIZATION
    BOARD=BOARD_URL PREFIX=URL_PREFIX REDIRECT=REDIRECT_PARAM RETURN_TO=RETURN_URL
    TOKEN_LIFETIME_SECONDS=TOKEN_LIFETIME admin_emails=ADMIN_EMAILS ADMIN=ADMIN_EMAILS
    ENABLE=ENABLED
"""


@pytest.mark.parametrize(
    "pair", [*MISSPELT.split(), "=", "ÄÖÜ=", "jwt_secret=", "ENABLED =", "X" * 10_000]
)
def test_unknown_key(pair):
    """The nearest key is named, whatever the given one is."""
    wrong, _, right = pair.partition("=")
    right = f"FEEDBACKCHIMP_{right}?" if right else ""
    said = f"FEEDBACKCHIMP_{wrong} is not a known setting: did you mean {right}"
    _assert_refused(_app(**USABLE, **{wrong: "canary"}), said)


def test_own_blueprint_of_our_name():
    app, mended = _app(**USABLE), _app(**USABLE)
    app.register_blueprint(Blueprint("feedbackchimp", __name__))
    mended.register_blueprint(Blueprint("feedback", __name__))
    said = ".*a blueprint named 'feedbackchimp'.*Blueprint('feedback', …)"
    _assert_refused(app, said)
    assert _signs_in(mended)


def test_own_view_of_our_endpoint():
    app = _app(**USABLE)
    app.add_url_rule("/own", "feedbackchimp.redirect", str)
    _assert_refused(app, ".*'feedbackchimp.redirect'.*give yours another endpoint")
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = None  # each is listed
    with pytest.raises(ConfigError, match=r"^2 problems(.|\n)*_SECRET(.|\n)*endpoint"):
        FeedbackChimp(app)


def test_own_route_at_the_prefix():
    app = _app(**USABLE)
    app.add_url_rule(PREFIX, "own_page", str)
    said = f"FEEDBACKCHIMP_URL_PREFIX is {PREFIX!r}, .* the route 'own_page'"
    _assert_refused(app, f"{said}.*choose another prefix, such as /sso/board")
    app.config["FEEDBACKCHIMP_URL_PREFIX"] = "/sso/board"
    assert _signs_in(app, "/sso/board")


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
    feedbackchimp = FeedbackChimp(app := _app(**USABLE))
    state = app.extensions["feedbackchimp"]
    for again in (feedbackchimp.init_app, FeedbackChimp().init_app, FeedbackChimp):
        with pytest.raises(ConfigError, match=r"'shop' is set up already: .* once"):
            again(app)
    assert app.extensions["feedbackchimp"] is state


@pytest.mark.parametrize("thing", ["app", "", 0, Flask, _app, {}])
def test_not_an_app(thing):
    with pytest.raises(TypeError, match=r"the Flask app itself, not \w+: call Feed"):
        FeedbackChimp(thing)
