"""What the settings accept, what they refuse, and that they are read once."""

import copy
import logging
import re
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from operator import attrgetter
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_feedbackchimp import ConfigError, FeedbackChimp, feedbackchimp_url
from flask_feedbackchimp.settings import (
    KEYS,
    Secret,
    Settings,
    get_state,
    read_settings,
)
from support.apps import BOARD, PREFIX, SECRET, claims_of, logged_in, make_app

CONFIG = {"FEEDBACKCHIMP_JWT_SECRET": SECRET, "FEEDBACKCHIMP_ORGANIZATION": "acme"}


def _config(**config: Any) -> dict[str, Any]:
    """A usable configuration with changes; a key given as ``...`` is left out."""
    if config.get("BOARD_URL") is not None:
        config.setdefault("ORGANIZATION", ...)
    changes = {f"FEEDBACKCHIMP_{key}": value for key, value in config.items()}
    return {key: value for key, value in (CONFIG | changes).items() if value is not ...}


def _read(config: Mapping[str, Any]) -> tuple[Settings | None, list[str]]:
    return read_settings(SimpleNamespace(config=config))


def _settings(**config: Any) -> Settings:
    settings, problems = _read(_config(**config))
    assert problems == []
    return settings


def test_defaults():
    settings = _settings()
    assert settings.board.origin == BOARD
    assert settings.return_url.base is None
    assert settings.return_url.pairs == (("ssoToken=", "token"),)
    assert settings.secret.equals(Secret(SECRET))
    assert (settings.url_prefix, settings.redirect_param) == (PREFIX, "redirect")
    assert (settings.token_lifetime, settings.enabled) == (300, True)
    assert settings.admin_emails == frozenset()


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("ORGANIZATION", "Acme", "board.origin", BOARD),
        ("ORGANIZATION", "4-2", "board.origin", "https://4-2.feedbackchimp.space"),
        ("ORGANIZATION", "a" * 63, "board.origin", BOARD.replace("acme", "a" * 63)),
        ("BOARD_URL", "https://B.example/", "board.origin", "https://b.example"),
        ("BOARD_URL", None, "board.origin", BOARD),
        ("RETURN_URL", Markup("/{token}"), "return_url.pairs", ()),
        ("URL_PREFIX", "/a/b.c/~d_e-F/1", "url_prefix", "/a/b.c/~d_e-F/1"),
        ("URL_PREFIX", "/.well-known/...", "url_prefix", "/.well-known/..."),
        ("TOKEN_LIFETIME", 30, "token_lifetime", 30),
        ("TOKEN_LIFETIME", 3600, "token_lifetime", 3600),
        ("TOKEN_LIFETIME", timedelta(hours=1), "token_lifetime", 3600),
        ("REDIRECT_PARAM", "r.2~-_" + "a" * 58, "redirect_param", "r.2~-_" + "a" * 58),
        ("ADMIN_EMAILS", [], "admin_emails", frozenset()),
        ("ADMIN_EMAILS", ("Boss@B", "a@b", "A@B"), "admin_emails", {"boss@b", "a@b"}),
        ("ADMIN_EMAILS", {"Stra\xdfe@b"}, "admin_emails", {"strasse@b"}),
    ],
)
def test_usable_values(key, value, field, read):
    assert attrgetter(field)(_settings(**{key: value})) == read


#: What is said of a value. The mistakes of test_mistakes.py are not repeated here.
NOT_A_LABEL = "must be one DNS label .*: the part of your board's address before “"
NOT_ONLY_THE_NAME = "must be only the organization"
NOT_AN_ORIGIN = "must be only an origin, without path and query: write it like https://"
NOT_A_PATH = "must be a path such as /sso/feedbackchimp: start it with a slash, end it "
NOT_A_NAME = "must be the name of a query parameter"
NOT_IN_RANGE = "must be between 30 and 3600 seconds: use 300, or None"
NOT_SECONDS = "must be whole seconds such as 300, a timedelta of whole seconds, or None"
NOT_A_LIST = 'must be a list, not .*: write \\["boss@example.com"\\], even for one'
NOT_EMAILS = "must hold only e-mail addresses"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ORGANIZATION", " acme", NOT_A_LABEL),
        ("ORGANIZATION", "acme ", NOT_A_LABEL),
        ("ORGANIZATION", "acme\n", NOT_A_LABEL),
        ("ORGANIZATION", "ac me", NOT_A_LABEL),
        ("ORGANIZATION", "ac\xe9", NOT_A_LABEL),
        ("ORGANIZATION", "\u212aacme", NOT_A_LABEL),
        ("ORGANIZATION", "a" * 64, NOT_A_LABEL),
        ("ORGANIZATION", "ac_me", NOT_A_LABEL),
        ("ORGANIZATION", "-acme", NOT_A_LABEL),
        ("ORGANIZATION", "acme-", NOT_A_LABEL),
        ("ORGANIZATION", "acme.", NOT_A_LABEL),
        ("ORGANIZATION", "acme/", NOT_A_LABEL),
        ("ORGANIZATION", "evil.example#", NOT_A_LABEL),
        ("ORGANIZATION", "acme@evil", NOT_A_LABEL),
        ("ORGANIZATION", "https://acme.example", NOT_A_LABEL),
        ("ORGANIZATION", "feedbackchimp.space", NOT_A_LABEL),
        ("ORGANIZATION", "https://Acme.FeedbackChimp.space", NOT_ONLY_THE_NAME),
        ("ORGANIZATION", b"acme", "must be text, not "),
        ("BOARD_URL", "https://a.example/board", NOT_AN_ORIGIN),
        ("BOARD_URL", "https://a/?a", NOT_AN_ORIGIN),
        ("BOARD_URL", "https://a?b=c", NOT_AN_ORIGIN),
        ("URL_PREFIX", "/s\xf6", NOT_A_PATH),
        ("URL_PREFIX", "/sso\n", NOT_A_PATH),
        ("URL_PREFIX", "/", NOT_A_PATH),
        ("URL_PREFIX", "sso", NOT_A_PATH),
        ("URL_PREFIX", "/sso/", NOT_A_PATH),
        ("URL_PREFIX", "//evil.example", NOT_A_PATH),
        ("URL_PREFIX", "/sso//x", NOT_A_PATH),
        ("URL_PREFIX", "/sso/../x", NOT_A_PATH),
        ("URL_PREFIX", "/./sso", NOT_A_PATH),
        ("URL_PREFIX", "/..", NOT_A_PATH),
        ("URL_PREFIX", "/sso/.", NOT_A_PATH),
        ("URL_PREFIX", "/<path:p>", NOT_A_PATH),
        ("URL_PREFIX", "/sso?a", NOT_A_PATH),
        ("URL_PREFIX", "https://your.app/sso", NOT_A_PATH),
        ("URL_PREFIX", None, "must be text, not NoneType: leave the key out"),
        ("REDIRECT_PARAM", "a b", NOT_A_NAME),
        ("REDIRECT_PARAM", "a=b", NOT_A_NAME),
        ("REDIRECT_PARAM", "a&b", NOT_A_NAME),
        ("REDIRECT_PARAM", "a[]", NOT_A_NAME),
        ("REDIRECT_PARAM", "a%b", NOT_A_NAME),
        ("REDIRECT_PARAM", "a\n", NOT_A_NAME),
        ("REDIRECT_PARAM", "\xf6", NOT_A_NAME),
        ("REDIRECT_PARAM", "a" * 65, NOT_A_NAME),
        ("RETURN_URL", None, "must be text, not"),
        ("RETURN_URL", 5, "must be text, not"),
        ("TOKEN_LIFETIME", 29, NOT_IN_RANGE),
        ("TOKEN_LIFETIME", 3601, NOT_IN_RANGE),
        ("TOKEN_LIFETIME", -300, NOT_IN_RANGE),
        ("TOKEN_LIFETIME", 10**400, NOT_IN_RANGE),
        ("TOKEN_LIFETIME", timedelta(seconds=29), NOT_IN_RANGE),
        ("TOKEN_LIFETIME", timedelta(1), NOT_IN_RANGE),
        ("TOKEN_LIFETIME", timedelta(seconds=30.5), NOT_SECONDS),
        ("TOKEN_LIFETIME", timedelta.max, NOT_SECONDS),
        ("TOKEN_LIFETIME", True, NOT_SECONDS),
        ("TOKEN_LIFETIME", 300.0, NOT_SECONDS),
        ("ADMIN_EMAILS", b"a@b", NOT_A_LIST),
        ("ADMIN_EMAILS", None, NOT_A_LIST),
        ("ADMIN_EMAILS", False, NOT_A_LIST),
        ("ADMIN_EMAILS", {"a@b": 1}, NOT_A_LIST),
        ("ADMIN_EMAILS", iter(["a@b"]), NOT_A_LIST),
        ("ADMIN_EMAILS", ["boss"], NOT_EMAILS),
        ("ADMIN_EMAILS", ["'a@b'"], "has an address that is in quotes, which “docker"),
        ("ADMIN_EMAILS", ["a@b", ""], NOT_EMAILS),
        ("ADMIN_EMAILS", ["a@b, c@d"], NOT_EMAILS),
        ("ADMIN_EMAILS", [" a@b"], NOT_EMAILS),
        ("ADMIN_EMAILS", ["The Boss <a@b>"], NOT_EMAILS),
        ("ADMIN_EMAILS", [b"a@b"], NOT_EMAILS),
        ("ENABLED", None, "must be True or False, not "),
        ("ENABLED", 1, "must be True or False, not "),
        ("ENABLED", 0, "must be True or False, not "),
        ("ENABLED", "False", "must be True or False, not "),
    ],
)
def test_refused_value(key, value, said):
    """One problem: the key, what is wrong and the remedy, in one sentence."""
    _, (problem,) = _read(_config(**{key: value}))
    assert re.fullmatch(f"FEEDBACKCHIMP_{key} {said}.*\\.", problem), problem


@pytest.mark.parametrize("key", KEYS)
def test_empty_text_is_not_set(key):
    """Compose files leave empty variables."""
    expected, problems = _read({k: v for k, v in CONFIG.items() if k != key})
    settings, problems_if_empty = _read({**CONFIG, key: ""})
    assert problems_if_empty == problems
    assert (settings is None) == (expected is None)


@pytest.mark.parametrize("value", ['"acme"', "'acme'", ' "acme" ', "“acme”"])
@pytest.mark.parametrize("key", KEYS)
def test_text_in_quotes(key, value):
    """``docker run --env-file`` keeps them."""
    _, problems = _read({**CONFIG, key: value})
    assert f"{key} is in quotes" in problems[0]


@pytest.mark.parametrize(
    "own",
    [
        {"SECRET_KEY": SECRET},
        {"SECRET_KEY": f"\ufeff{SECRET} \n".encode()},
        {"SECRET_KEY_FALLBACKS": ("old", f"{SECRET}\r\n".encode())},
        {"SECRET_KEY": b"\xff", "SECRET_KEY_FALLBACKS": [b"\xff", 5, SECRET]},
    ],
)
def test_own_secret_key(own):
    """Refused in any form: whoever has it could forge the app's sessions."""
    for form in (SECRET, SECRET.encode(), f"{SECRET}\n"):
        _, (problem,) = _read(_config(JWT_SECRET=form) | own)
        assert "FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KEY" in problem
        assert "Settings → SSO" in problem
        assert SECRET not in problem


@pytest.mark.parametrize(
    "own",
    [
        {"SECRET_KEY": None, "SECRET_KEY_FALLBACKS": None},
        {"SECRET_KEY": "other", "SECRET_KEY_FALLBACKS": [b"\xff", "\ud800"]},
        {"SECRET_KEY": 5, "SECRET_KEY_FALLBACKS": 12345},
        {"SECRET_KEY": f"{SECRET}2"},
        {"FEEDBACKCHIMP": 1, "FEEDBACK_JWT_SECRET": 2, 5: 3, None: 4},
    ],
)
def test_what_is_not_ours(own):
    """Flask's own settings are Flask's to judge, and other keys are other people's."""
    _, problems = _read(MappingProxyType(OrderedDict(_config()) | own))
    assert problems == []


def test_every_problem_at_once():
    app = Flask("bookshop")
    app.config.update(dict.fromkeys(["FEEDBACKCHIMP_TYPO", *KEYS], b""))
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    title, *lines = str(caught.value).splitlines()
    assert title == "11 problems with FeedbackChimp in the app 'bookshop':"
    assert lines == [f"- {problem}" for problem in caught.value.problems]
    named = [problem.split()[0] for problem in caught.value.problems]
    # The last: both boards are set.
    assert named == ["FEEDBACKCHIMP_TYPO", *KEYS, "FEEDBACKCHIMP_ORGANIZATION"]


CANARY = SimpleNamespace(canary="canary")  # shows itself wherever it is printed


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        [CANARY, "canary"],
        {"canary": "canary"},
        b"canary \xff",
        "canary \x00 \\ \xe9\ud800",
        "'canary'",
        '{"k":"canary"}',
        "-----BEGIN PRIVATE KEY-----\ncanary",
        "http://canary.example/canary",
        "https://canary.feedbackchimp.space",
        "https://canary:canary@canary/canary#canary",
        "https://a.example/canary\ncanary",
        "{page}?{canary}={token}",
        "/{page}?canary={token",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_no_value_is_repeated(value, caplog):
    """The secret may have been pasted into any setting: neither text nor traceback."""
    caplog.set_level(logging.DEBUG)
    app = Flask("shop")
    app.config.update(dict.fromkeys([*KEYS, "FEEDBACKCHIMP_TYPO"], value))
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    error = caught.value
    said = [str(error), repr(error), repr(error.args), repr(vars(error)), caplog.text]
    said += traceback.format_exception(error)
    assert not any("canary" in text for text in said)
    assert error.__cause__ is error.__context__ is None


@given(st.text() | st.binary() | st.integers() | st.lists(st.text()) | st.none())
def test_any_value_is_read_or_refused(value):
    for key in KEYS:
        settings, problems = _read({**CONFIG, key: value})
        assert (settings is None) is bool(problems)


def _everything_of(app: Flask) -> list[Any]:
    """What of an app an extension could touch."""
    hooks = (app.before_request_funcs, app.after_request_funcs, app.error_handler_spec)
    kept = [dict(app.config), dict(app.blueprints), dict(app.extensions)]
    kept += [dict(app.jinja_env.globals), dict(app.cli.commands), vars(app).copy()]
    return [*kept, list(app.url_map.iter_rules()), copy.deepcopy(hooks)]


def test_a_refused_app_is_untouched():
    """And can be set up afterwards."""
    for wrong in ({"JWT_SECRET": "changeme"}, {"ORGANIZATION": "a.b"}, {"TYPO": 1}):
        app = Flask("shop")
        app.config.update(_config(**wrong))
        before = _everything_of(app)
        feedbackchimp = FeedbackChimp()
        with pytest.raises(ConfigError):
            feedbackchimp.init_app(app)
        assert _everything_of(app) == before

        app.config.pop("FEEDBACKCHIMP_TYPO", None)
        app.config.update(CONFIG)
        config = dict(app.config)
        feedbackchimp.init_app(app)
        assert get_state(app).settings.board.origin == BOARD
        assert dict(app.config) == config  # nor written to when all is well


def test_answered_app_is_untouched():
    """Flask refuses to change it."""
    app = Flask("shop")
    app.config.update(CONFIG)
    app.test_client().get("/")
    before = _everything_of(app)
    with pytest.raises(AssertionError, match="can no longer be called"):
        FeedbackChimp(app)
    assert _everything_of(app) == before


def test_the_configuration_is_read_once():
    """What is changed in ``app.config`` after ``init_app`` changes nothing."""
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=(admins := ["boss@example.com"]))
    client = logged_in(app)
    admins[:] = ["ada@example.com"]
    app.config.update(_config(BOARD_URL="https://evil.example", URL_PREFIX="/else"))
    app.config.update(_config(RETURN_URL="/?jwt={token}", REDIRECT_PARAM="to", TYPO=1))
    app.config.update(_config(TOKEN_LIFETIME=None, ADMIN_EMAILS=admins, ENABLED=False))
    app.config.update(_config(JWT_SECRET="x" * 40, ORGANIZATION="evil"))
    assert set(app.config) >= set(KEYS)
    location = client.get(f"{PREFIX}?redirect={BOARD}/board/1&to=x").location
    assert location.startswith(f"{BOARD}/board/1?ssoToken=")
    assert "exp" in claims_of(location.partition("ssoToken=")[2])
    with app.app_context():
        assert feedbackchimp_url("/a").startswith(f"{PREFIX}?redirect=")


@pytest.mark.parametrize("secret", [..., "changeme", 5, b"\xff", SECRET])
def test_switched_off_no_secret_is_read(secret):
    settings = _settings(ENABLED=False, JWT_SECRET=secret)
    assert (settings.enabled, settings.secret) == (False, None)


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({"ENABLED": False, "TOKEN_LIFETIME": 5}, ["TOKEN_LIFETIME"]),
        ({"ENABLED": False, "ORGANIZATION": ...}, []),
        ({"ENABLED": 0}, ["JWT_SECRET", "ENABLED"]),
        ({"ENABLED": None}, ["JWT_SECRET", "ENABLED"]),
        ({"ENABLED": "false"}, ["JWT_SECRET", "ENABLED"]),
    ],
)
def test_only_false_itself_switches_off(config, wrong):
    """And only the secret: the other rules hold."""
    _, problems = _read(_config(JWT_SECRET=..., **config))
    assert [problem.split()[0][14:] for problem in problems] == wrong


def test_the_record_is_frozen_and_names_nobody():
    settings = _settings(ADMIN_EMAILS=["boss@example.com"])
    assert "boss" not in f"{settings!r}{settings}"
    for field in fields(settings):
        assert SECRET not in repr(getattr(settings, field.name))
        with pytest.raises(FrozenInstanceError):
            setattr(settings, field.name, None)
