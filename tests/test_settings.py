"""What the settings accept, what they refuse, and that they are read once."""

from __future__ import annotations

import copy
import logging
import re
import traceback
from collections import OrderedDict
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.local import LocalProxy

from flask_feedbackchimp import ConfigError, FeedbackChimp, feedbackchimp_url
from flask_feedbackchimp.settings import KEYS, Settings, read_settings
from flask_feedbackchimp.settings.secret import Secret
from flask_feedbackchimp.state import get_state
from support.apps import (
    BOARD,
    PREFIX,
    SECRET,
    claims_of,
    logged_in,
    make_app,
    sent_token,
)
from support.people import Shouting

CONFIG = {"FEEDBACKCHIMP_JWT_SECRET": SECRET, "FEEDBACKCHIMP_ORGANIZATION": "acme"}


def _config(**config: Any) -> dict[str, Any]:
    """A usable configuration with changes; a key given as ``...`` is left out."""
    changes = {f"FEEDBACKCHIMP_{key}": value for key, value in config.items()}
    return {key: value for key, value in (CONFIG | changes).items() if value is not ...}


def _settings(**config: Any) -> Settings:
    settings, problems = read_settings(_config(**config))
    assert problems == []
    assert settings is not None
    return settings


def _problems(**config: Any) -> list[str]:
    settings, problems = read_settings(_config(**config))
    assert settings is None
    return problems


def test_defaults():
    settings = _settings()
    assert settings.board.origin == BOARD
    assert settings.board.return_url.base is None
    assert settings.board.return_url.pairs == (("ssoToken=", "token"),)
    assert settings.secret is not None
    assert settings.secret.equals(Secret(SECRET))
    assert (settings.url_prefix, settings.redirect_param) == (PREFIX, "redirect")
    assert (settings.token_lifetime, settings.enabled) == (300, True)
    assert settings.admin_emails == frozenset()


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("URL_PREFIX", "/sso", "url_prefix", "/sso"),
        ("URL_PREFIX", "/a/b.c/~d_e-F/1", "url_prefix", "/a/b.c/~d_e-F/1"),
        ("URL_PREFIX", "/.well-known/...", "url_prefix", "/.well-known/..."),
        ("TOKEN_LIFETIME", 30, "token_lifetime", 30),
        ("TOKEN_LIFETIME", 3600, "token_lifetime", 3600),
        ("TOKEN_LIFETIME", None, "token_lifetime", None),
        ("TOKEN_LIFETIME", timedelta(hours=1), "token_lifetime", 3600),
        ("REDIRECT_PARAM", "r.2~-_" + "a" * 58, "redirect_param", "r.2~-_" + "a" * 58),
        ("REDIRECT_PARAM", Markup("to"), "redirect_param", "to"),
        ("ADMIN_EMAILS", [], "admin_emails", frozenset()),
        ("ADMIN_EMAILS", ("Boss@B", "a@b", "A@B"), "admin_emails", {"boss@b", "a@b"}),
        ("ADMIN_EMAILS", {"Stra\xdfe@b"}, "admin_emails", {"strasse@b"}),
        ("ADMIN_EMAILS", [Shouting("Boss@b")], "admin_emails", {"boss@b"}),
        ("ENABLED", False, "enabled", False),
    ],
)
def test_usable_values(key, value, field, read):
    """Whatever class it is of, what is kept is plain data."""
    kept = getattr(_settings(**{key: value}), field)
    assert kept == read
    assert type(kept) in {str, int, bool, frozenset, type(None)}


@pytest.mark.parametrize(
    ("config", "origin"),
    [
        ({"ORGANIZATION": "Acme"}, BOARD),
        ({"ORGANIZATION": "4-2"}, "https://4-2.feedbackchimp.space"),
        ({"ORGANIZATION": "a" * 63}, f"https://{'a' * 63}.feedbackchimp.space"),
        ({"BOARD_URL": "https://Ideas.example.com/"}, "https://ideas.example.com"),
        ({"BOARD_URL": "http://localhost:5001"}, "http://localhost:5001"),
        ({"ORGANIZATION": "acme", "BOARD_URL": None}, BOARD),
    ],
)
def test_board_origin(config, origin):
    assert _settings(**{"ORGANIZATION": ..., **config}).board.origin == origin


def test_return_url():
    board = _settings(RETURN_URL=Markup("/sso?v=1&jwt={token}")).board
    assert board.return_url.base == f"{BOARD}/sso"
    assert board.return_url.pairs == (("v=1", None), ("jwt=", "token"))


# What the mistakes of test_mistakes.py leave open: the boundaries of each rule.
REFUSED = [
    ("JWT_SECRET", [LocalProxy(lambda: "a" * 40)], "must be text or bytes, not Local"),
    ("ORGANIZATION",
     ["", " acme", "acme ", "acme\n", "ac me", "ac_me", "-acme", "acme-", "acme.",
      "acme/", "evil.example#", "acme@evil", "ac\xe9", "\u212aacme", "a" * 64,
      "https://acme.example", "feedbackchimp.space"],
     "must be one DNS label .*: the part of your board's address before “.feedbackch"),
    ("ORGANIZATION",
     ["acme.feedbackchimp.space", "https://Acme.FeedbackChimp.space"],
     "must be only the organization: leave out “.feedbackchimp.space”"),
    ("ORGANIZATION", [b"acme", LocalProxy(lambda: "acme")], "must be text, not "),
    ("BOARD_URL", ["", "feedback.example.com"], "must start with https://"),
    ("BOARD_URL", ["http://feedback.example.com"], "must start with .* .http is only"),
    ("BOARD_URL",
     ["https://a.example/board", "https://a.example/?a", "https://a.example?b=c"],
     "must be only an origin, without path and query: write it like https://feedback"),
    ("BOARD_URL", ["https://a.example/#top"], "must not have a fragment"),
    ("BOARD_URL", ["https://ada@a.example"], "must not carry a user name or password"),
    ("URL_PREFIX",
     ["", "/", "sso", "/sso/", "//evil.example", "/sso//x", "/sso/../x", "/./sso",
      "/..", "/sso/.", "/<path:p>", "/sso?a", "/s\xf6", "/sso\n", "https://your.app/sso"],
     "must be a path such as /sso/feedbackchimp: start it with a slash, end it "),
    ("URL_PREFIX", [None], "must be text, not None: leave the key out"),
    ("REDIRECT_PARAM",
     ["", "a b", "a=b", "a&b", "a[]", "a%b", "a\n", "t\xf6", "a" * 65],
     "must be the name of a query parameter"),
    ("RETURN_URL", ["", "/sso", "{page}?{token}"], ".*token"),
    ("RETURN_URL", [None, 5], "must be text, not"),
    ("TOKEN_LIFETIME",
     [0, 29, 3601, -300, 10**400, timedelta(seconds=29), timedelta(days=1)],
     "must be between 30 and 3600 seconds: use 300, or None"),
    ("TOKEN_LIFETIME", [timedelta(seconds=30.5), timedelta.max, True, 300.0, "300"],
     "must be whole seconds such as 300, a timedelta of whole seconds, or None"),
    ("ADMIN_EMAILS",
     ["boss@example.com", b"a@b", None, False, {"a@b": 1}, iter(["a@b"])],
     'must be a list, not .*: write \\["boss@example.com"\\], even for one'),
    ("ADMIN_EMAILS",
     [["boss"], ["a@b", ""], ["a@b, c@d"], [" a@b"], ["The Boss <a@b>"], [b"a@b"]],
     "must hold only e-mail addresses"),
    ("ENABLED", [None, 1, 0, "", "False"], "must be True or False, not "),
]  # fmt: skip


@pytest.mark.parametrize(("key", "values", "said"), REFUSED)
def test_refused_values(key, values, said):
    """Each is one problem: the key, what is wrong and the remedy, in one sentence."""
    other = {"ORGANIZATION": ...} if key == "BOARD_URL" else {}
    for value in values:
        (problem,) = _problems(**{**other, key: value})
        assert re.fullmatch(f"FEEDBACKCHIMP_{key} {said}.*\\.", problem), problem


def test_every_setting_is_among_the_refused():
    """No rule is left out by mistake when a setting is added."""
    assert {f"FEEDBACKCHIMP_{key}" for key, _, _ in REFUSED} == set(KEYS)


@pytest.mark.parametrize(
    "own",
    [
        {"SECRET_KEY": SECRET},
        {"SECRET_KEY": SECRET.encode()},
        {"SECRET_KEY": f"\ufeff{SECRET} \n".encode()},
        {"SECRET_KEY_FALLBACKS": ("old", f"{SECRET}\r\n".encode())},
        {"SECRET_KEY": b"\xff", "SECRET_KEY_FALLBACKS": [b"\xff", 5, SECRET]},
    ],
)
def test_own_secret_key(own):
    """Refused in any form: whoever has it could forge the app's sessions."""
    for form in (SECRET, SECRET.encode(), f"{SECRET}\n"):
        settings, (problem,) = read_settings(_config(JWT_SECRET=form) | own)
        assert settings is None
        assert problem.startswith("FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KE")
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
    settings, problems = read_settings(MappingProxyType(OrderedDict(_config()) | own))
    assert settings is not None
    assert problems == []


def test_every_problem_at_once():
    wrong = {
        "TYPO": 1,
        "JWT_SECRET": ...,
        "ORGANIZATION": "acme.feedbackchimp.space",
        "BOARD_URL": "ftp://a.example",
        "URL_PREFIX": "sso",
        "REDIRECT_PARAM": "",
        "RETURN_URL": "ftp://a.example",
        "TOKEN_LIFETIME": 5,
        "ADMIN_EMAILS": "boss@example.com",
        "ENABLED": "no",
    }
    app = Flask("bookshop")
    app.config.update(_config(**wrong))
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    title, *lines = str(caught.value).splitlines()
    assert title == "11 problems with FeedbackChimp in the app 'bookshop':"
    assert lines == [f"- {problem}" for problem in caught.value.problems]
    named = [problem.split()[0] for problem in caught.value.problems]
    # The last: both boards are set.
    assert named == [f"FEEDBACKCHIMP_{key}" for key in (*wrong, "ORGANIZATION")]


class _Canary:
    """A value that shows itself wherever it is printed."""

    def __repr__(self) -> str:
        return "canary-5b1e"

    __str__ = __repr__


@pytest.mark.parametrize(
    "value",
    [
        _Canary(),
        [_Canary(), "canary-5b1e"],
        {"canary-5b1e": "canary-5b1e"},
        "canary-5b1e \x00 \\ \xe9\ud800",
        b"canary-5b1e \xff",
        '{"k": "canary-5b1e"}',
        "'canary-5b1e'",
        "-----BEGIN PRIVATE KEY-----\ncanary-5b1e",
        "https://canary-5b1e:canary-5b1e@canary-5b1e/canary-5b1e#canary-5b1e",
        "https://a.example/canary-5b1e\ncanary-5b1e",
        "{page}?{canary-5b1e}={token}",
        "/{page}?canary-5b1e={token",
        "http://canary-5b1e.example/canary-5b1e",
        "https://canary-5b1e.feedbackchimp.space",
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
        settings, problems = read_settings({**CONFIG, key: value})
        assert (settings is None) is bool(problems)


# The app


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


def test_the_configuration_is_read_once():
    """What is changed in ``app.config`` after ``init_app`` changes nothing."""
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=(admins := ["boss@example.com"]))
    client = logged_in(app)
    admins[:] = ["ada@example.com"]
    app.config.update(
        FEEDBACKCHIMP_JWT_SECRET="another-secret-of-more-than-32-bytes",
        FEEDBACKCHIMP_ORGANIZATION="evil",
        FEEDBACKCHIMP_BOARD_URL="https://evil.example",
        FEEDBACKCHIMP_URL_PREFIX="/elsewhere",
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
        FEEDBACKCHIMP_REDIRECT_PARAM="to",
        FEEDBACKCHIMP_RETURN_URL="https://evil.example/?jwt={token}",
        FEEDBACKCHIMP_ADMIN_EMAILS=["ada@example.com"],
        FEEDBACKCHIMP_ENABLED=False,
        FEEDBACKCHIMP_TYPO=1,
    )
    assert set(app.config) >= set(KEYS)
    response = client.get(f"{PREFIX}?redirect={BOARD}/board/1&to=x")
    assert response.headers["Location"].startswith(f"{BOARD}/board/1?ssoToken=")
    assert "exp" in claims_of(sent_token(response))
    with app.app_context():
        assert feedbackchimp_url("/a").startswith(f"{PREFIX}?redirect=")


# Switched off


@pytest.mark.parametrize("secret", [..., "changeme", 5, b"\xff", SECRET])
def test_switched_off_no_secret_is_read(secret):
    settings = _settings(ENABLED=False, JWT_SECRET=secret)
    assert settings.enabled is False
    assert settings.secret is None


def test_switched_off_the_other_rules_hold():
    problems = _problems(
        ENABLED=False, JWT_SECRET=..., ORGANIZATION=..., TOKEN_LIFETIME=5
    )
    assert [problem.split()[0] for problem in problems] == [
        "FEEDBACKCHIMP_TOKEN_LIFETIME",
        "FEEDBACKCHIMP_ORGANIZATION",
    ]


@pytest.mark.parametrize("value", [0, "", None, "false"])
def test_only_false_itself_switches_off(value):
    problems = _problems(ENABLED=value, JWT_SECRET=...)
    assert [problem.split()[0] for problem in problems] == [
        "FEEDBACKCHIMP_JWT_SECRET",
        "FEEDBACKCHIMP_ENABLED",
    ]


# The record


def test_the_record_is_frozen_and_names_nobody():
    settings = _settings(ADMIN_EMAILS=["boss@example.com"])
    assert "boss" not in f"{settings!r}{settings}"
    for field in fields(settings):
        assert SECRET not in repr(getattr(settings, field.name))
        with pytest.raises(FrozenInstanceError):
            setattr(settings, field.name, None)
