"""What the settings accept, what they refuse, and in which words."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import subprocess
import sys
import traceback
from collections import OrderedDict
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.local import LocalProxy

from apps import BOARD, PREFIX, SECRET, claims_of, logged_in, make_app, sent_token
from flask_feedbackchimp import ConfigError, FeedbackChimp, feedbackchimp_url
from flask_feedbackchimp.settings import KEYS, Settings, load_settings
from flask_feedbackchimp.state import get_state

CONFIG = {
    "FEEDBACKCHIMP_JWT_SECRET": SECRET,
    "FEEDBACKCHIMP_ORGANIZATION": "acme",
}
ENDPOINT = {"FEEDBACKCHIMP_SSO_ENDPOINT": "https://feedback.example.com/sso"}


def _config(**config: Any) -> dict[str, Any]:
    """A usable configuration with changes; a key given as ``...`` is left out."""
    changed = dict(CONFIG)
    for key, value in config.items():
        changed[f"FEEDBACKCHIMP_{key.removeprefix('FEEDBACKCHIMP_')}"] = value
    return {key: value for key, value in changed.items() if value is not ...}


def _settings(**config: Any) -> Settings:
    return load_settings(_config(**config), app_name="shop")


def _problems(**config: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        _settings(**config)
    return caught.value.problems


def test_the_defaults():
    assert _settings()._asdict() == {
        "board_origin": BOARD,
        "url_prefix": "/sso/feedbackchimp",
        "token_lifetime": 300,
        "redirect_param": "redirect",
        "token_param": "ssoToken",
        "sso_endpoint": None,
        "forward_params": (),
        "admin_emails": frozenset(),
        "enabled": True,
        "jwt_secret": SECRET,
    }


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("JWT_SECRET", f"\ufeff {SECRET}\r\n", "jwt_secret", SECRET),
        ("JWT_SECRET", SECRET.encode(), "jwt_secret", SECRET),
        ("JWT_SECRET", f"{SECRET}\n".encode(), "jwt_secret", SECRET),
        ("JWT_SECRET", Markup(SECRET), "jwt_secret", SECRET),
        ("ORGANIZATION", "Acme", "board_origin", BOARD),
        ("ORGANIZATION", "a", "board_origin", "https://a.feedbackchimp.space"),
        ("ORGANIZATION", "4-2", "board_origin", "https://4-2.feedbackchimp.space"),
        ("BOARD_URL", "https://Ideas.example.com/", "board_origin",
         "https://ideas.example.com"),
        ("BOARD_URL", "http://localhost:5001", "board_origin", "http://localhost:5001"),
        ("URL_PREFIX", "/sso", "url_prefix", "/sso"),
        ("URL_PREFIX", "/a/b.c/~d_e-F/1", "url_prefix", "/a/b.c/~d_e-F/1"),
        ("URL_PREFIX", "/.well-known/sso", "url_prefix", "/.well-known/sso"),
        ("URL_PREFIX", "/...", "url_prefix", "/..."),
        ("TOKEN_LIFETIME", 30, "token_lifetime", 30),
        ("TOKEN_LIFETIME", 3600, "token_lifetime", 3600),
        ("TOKEN_LIFETIME", None, "token_lifetime", None),
        ("TOKEN_LIFETIME", timedelta(minutes=5), "token_lifetime", 300),
        ("TOKEN_LIFETIME", timedelta(hours=1), "token_lifetime", 3600),
        ("REDIRECT_PARAM", "return_to", "redirect_param", "return_to"),
        ("REDIRECT_PARAM", "r.2~-", "redirect_param", "r.2~-"),
        ("TOKEN_PARAM", "jwt", "token_param", "jwt"),
        ("SSO_ENDPOINT", None, "sso_endpoint", None),
        ("SSO_ENDPOINT", "https://A.example/sso?v=1", "sso_endpoint",
         "https://a.example/sso?v=1"),
        ("SSO_ENDPOINT", "http://127.0.0.1:5001/sso", "sso_endpoint",
         "http://127.0.0.1:5001/sso"),
        ("SSO_ENDPOINT", "https://a.example", "sso_endpoint", "https://a.example/"),
        ("FORWARD_PARAMS", [], "forward_params", ()),
        ("ADMIN_EMAILS", [], "admin_emails", frozenset()),
        ("ADMIN_EMAILS", ["Boss@Example.com"], "admin_emails", {"boss@example.com"}),
        ("ADMIN_EMAILS", ("a@b", "A@B"), "admin_emails", {"a@b"}),
        ("ADMIN_EMAILS", {"Stra\xdfe@b"}, "admin_emails", {"strasse@b"}),
        ("ADMIN_EMAILS", [Markup("a@b")], "admin_emails", {"a@b"}),
        ("ENABLED", True, "enabled", True),
        ("ENABLED", False, "enabled", False),
    ],
)  # fmt: skip
def test_a_usable_value_is_read_in_one_form(key, value, field, read):
    """Whatever class it is of, what is kept is plain data."""
    extra = {"ORGANIZATION": ...} if key == "BOARD_URL" else {}
    kept = getattr(_settings(**{**extra, key: value}), field)
    assert kept == read
    assert type(kept) in {str, int, bool, tuple, frozenset, type(None)}


def test_forwarded_parameters_are_kept_in_order_and_once():
    settings = _settings(FORWARD_PARAMS=["state", "lang", "state"], **ENDPOINT)
    assert settings.forward_params == ("state", "lang")
    settings = _settings(FORWARD_PARAMS=("lang",), **ENDPOINT)
    assert settings.forward_params == ("lang",)


REFUSED = [
    ("JWT_SECRET", ..., "is missing: copy it from Settings → SSO"),
    ("JWT_SECRET", None, "is missing"),
    ("JWT_SECRET", "", "is blank: copy it from"),
    ("JWT_SECRET", b" \n", "is blank"),
    ("JWT_SECRET", "\ufeff", "is blank"),
    ("JWT_SECRET", 1234567890, "not int: from_prefixed_env reads .* quote the value"),
    ("JWT_SECRET", True, "not bool: from_prefixed_env"),
    ("JWT_SECRET", 1.5, "not float: from_prefixed_env"),
    ("JWT_SECRET", ["a" * 40], "not list: from_prefixed_env"),
    ("JWT_SECRET", {"kty": "oct"}, "not dict: from_prefixed_env"),
    ("JWT_SECRET", bytearray(b"a" * 40), "not bytearray"),
    ("JWT_SECRET", LocalProxy(lambda: "a" * 40), "not LocalProxy"),
    ("JWT_SECRET", "JWT_SECRET", "still a placeholder: copy it from"),
    ("JWT_SECRET", "changeme", "still a placeholder"),
    ("JWT_SECRET", "your-secret-here", "still a placeholder"),
    ("JWT_SECRET", b"secret\n", "still a placeholder"),
    ("JWT_SECRET", b"\xff" * 40, "must be UTF-8"),
    ("JWT_SECRET", "\ud800" * 40, "must be UTF-8"),
    ("JWT_SECRET", "-----BEGIN PRIVATE KEY-----", "PEM"),
    ("ORGANIZATION", ..., "is missing: set it to .* or set FEEDBACKCHIMP_BOARD_URL"),
    ("ORGANIZATION", "", "one DNS label .* before “.feedbackchimp.space”"),
    ("ORGANIZATION", " acme", "one DNS label"),
    ("ORGANIZATION", "acme ", "one DNS label"),
    ("ORGANIZATION", "acme\n", "one DNS label"),
    ("ORGANIZATION", "ac me", "one DNS label"),
    ("ORGANIZATION", "ac_me", "one DNS label"),
    ("ORGANIZATION", "-acme", "one DNS label"),
    ("ORGANIZATION", "acme-", "one DNS label"),
    ("ORGANIZATION", "acme.", "one DNS label"),
    ("ORGANIZATION", "acme/", "one DNS label"),
    ("ORGANIZATION", "acme/../evil", "one DNS label"),
    ("ORGANIZATION", "evil.example#", "one DNS label"),
    ("ORGANIZATION", "acme@evil", "one DNS label"),
    ("ORGANIZATION", "ac\xe9", "one DNS label"),
    ("ORGANIZATION", "\u212aacme", "one DNS label"),
    ("ORGANIZATION", "a" * 64, "one DNS label"),
    ("ORGANIZATION", "https://acme.example", "one DNS label"),
    ("ORGANIZATION", "acme.feedbackchimp.space", "the organization alone: leave out"),
    ("ORGANIZATION", "https://Acme.FeedbackChimp.space", "the organization alone"),
    ("ORGANIZATION", 42, "must be text, not int: from_prefixed_env"),
    ("ORGANIZATION", b"acme", "must be text, not bytes"),
    ("ORGANIZATION", LocalProxy(lambda: "acme"), "must be text, not LocalProxy"),
    ("BOARD_URL", "", "must start with https://: write it like https://feedback"),
    ("BOARD_URL", "feedback.example.com", "must start with https://"),
    ("BOARD_URL", "http://feedback.example.com", "http is for this machine only"),
    ("BOARD_URL", "https://feedback.example.com/board", "leave out the path"),
    ("BOARD_URL", "https://feedback.example.com/?a=b", "leave out the path"),
    ("BOARD_URL", "https://feedback.example.com/#top", "fragment"),
    ("BOARD_URL", "https://ada@feedback.example.com", "user name"),
    ("BOARD_URL", "https://b\xfccher.example", "xn--"),
    ("BOARD_URL", "https://127.1", "plain DNS"),
    ("BOARD_URL", 5, "must be text, not int"),
    ("URL_PREFIX", "", "must be a path such as /sso/feedbackchimp"),
    ("URL_PREFIX", "/", "must be a path"),
    ("URL_PREFIX", "sso", "start it with a slash"),
    ("URL_PREFIX", "/sso/", "end it without one"),
    ("URL_PREFIX", "//evil.example", "must be a path"),
    ("URL_PREFIX", "/sso//x", "must be a path"),
    ("URL_PREFIX", "/sso/../x", "must be a path"),
    ("URL_PREFIX", "/./sso", "must be a path"),
    ("URL_PREFIX", "/..", "must be a path"),
    ("URL_PREFIX", "/<path:p>", "must be a path"),
    ("URL_PREFIX", "/sso?a", "must be a path"),
    ("URL_PREFIX", "/s\xf6", "must be a path"),
    ("URL_PREFIX", "/sso\n", "must be a path"),
    ("URL_PREFIX", "https://your.app/sso", "must be a path"),
    ("URL_PREFIX", None, "must be text, not NoneType"),
    ("TOKEN_LIFETIME", 0, "between 30 and 3600 seconds; use 300, or None"),
    ("TOKEN_LIFETIME", 29, "between 30 and 3600"),
    ("TOKEN_LIFETIME", 3601, "between 30 and 3600"),
    ("TOKEN_LIFETIME", -300, "between 30 and 3600"),
    ("TOKEN_LIFETIME", 10**400, "between 30 and 3600"),
    ("TOKEN_LIFETIME", timedelta(0), "between 30 and 3600"),
    ("TOKEN_LIFETIME", timedelta(days=1), "between 30 and 3600"),
    ("TOKEN_LIFETIME", timedelta.max, "whole seconds"),
    ("TOKEN_LIFETIME", timedelta(seconds=30.5), "whole seconds"),
    ("TOKEN_LIFETIME", True, "whole seconds.* not bool"),
    ("TOKEN_LIFETIME", 300.0, "whole seconds.* not float"),
    ("TOKEN_LIFETIME", "300", "whole seconds.* not str"),
    ("REDIRECT_PARAM", "", "the name of a query parameter"),
    ("REDIRECT_PARAM", "a b", "the name of a query parameter"),
    ("REDIRECT_PARAM", "a=b", "the name of a query parameter"),
    ("REDIRECT_PARAM", "a&b", "the name of a query parameter"),
    ("REDIRECT_PARAM", "a\n", "the name of a query parameter"),
    ("REDIRECT_PARAM", None, "must be text, not NoneType"),
    ("TOKEN_PARAM", "", "the name of a query parameter"),
    ("TOKEN_PARAM", "t#k", "the name of a query parameter"),
    ("TOKEN_PARAM", "t\xf6", "the name of a query parameter"),
    ("TOKEN_PARAM", 5, "must be text, not int"),
    ("TOKEN_PARAM", "redirect", "are the same: give each its own name"),
    ("SSO_ENDPOINT", "", "must start with https://: write it like"),
    ("SSO_ENDPOINT", "/sso", "must start with https://"),
    ("SSO_ENDPOINT", "http://a.example/sso", "this machine only"),
    ("SSO_ENDPOINT", "https://a.example/sso#x", "fragment"),
    ("SSO_ENDPOINT", "https://a.example/s so", "characters"),
    ("SSO_ENDPOINT", "https://a.example/?redirect=x", "has a query parameter that is"),
    ("SSO_ENDPOINT", "https://a.example/?x&ssoToken", "has a query parameter that is"),
    ("SSO_ENDPOINT", "https://a.example/?%73soToken=", "has a query parameter that is"),
    ("SSO_ENDPOINT", False, "must be text, not bool"),
    ("FORWARD_PARAMS", ["state"], "needs FEEDBACKCHIMP_SSO_ENDPOINT"),
    ("FORWARD_PARAMS", "state", r"must be a list, not str: write \['state'\]"),
    ("FORWARD_PARAMS", b"state", "must be a list, not bytes"),
    ("FORWARD_PARAMS", None, "must be a list, not NoneType"),
    ("FORWARD_PARAMS", 5, "must be a list, not int"),
    ("FORWARD_PARAMS", iter(["state"]), "must be a list, not list_iterator"),
    ("FORWARD_PARAMS", {"state": 1}, "must be a list, not dict"),
    ("FORWARD_PARAMS", ["state", 5], "must be text, not int"),
    ("FORWARD_PARAMS", ["st ate"], "the name of a query parameter"),
    ("ADMIN_EMAILS", "boss@example.com", r"write \['boss@example.com'\], even for one"),
    ("ADMIN_EMAILS", None, "must be a list, not NoneType"),
    ("ADMIN_EMAILS", False, "must be a list, not bool"),
    ("ADMIN_EMAILS", {"boss@example.com": 1}, "must be a list, not dict"),
    ("ADMIN_EMAILS", ["boss"], "e-mail addresses alone"),
    ("ADMIN_EMAILS", ["a@b", ""], "e-mail addresses alone"),
    ("ADMIN_EMAILS", ["a@b, c@d"], "e-mail addresses alone"),
    ("ADMIN_EMAILS", [" a@b"], "e-mail addresses alone"),
    ("ADMIN_EMAILS", ["The Boss <a@b>"], "e-mail addresses alone"),
    ("ADMIN_EMAILS", [b"a@b"], "e-mail addresses alone"),
    ("ADMIN_EMAILS", [None], "e-mail addresses alone"),
    ("ENABLED", None, "must be True or False, not NoneType"),
    ("ENABLED", 1, "must be True or False, not int"),
    ("ENABLED", 0, "must be True or False, not int"),
    ("ENABLED", "", "must be True or False, not str"),
    ("ENABLED", "False", "write true or false in lower case"),
]


@pytest.mark.parametrize(("key", "value", "said"), REFUSED)
def test_an_unusable_value_is_one_problem_with_key_and_remedy(key, value, said):
    """One problem, which begins with the key and is a sentence."""
    extra = {"ORGANIZATION": ...} if key == "BOARD_URL" else {}
    with pytest.raises(ConfigError, match=said) as caught:
        _settings(**{**extra, key: value})
    (problem,) = caught.value.problems
    assert f"FEEDBACKCHIMP_{key} " in problem
    assert problem.endswith(".")
    assert str(caught.value) == (
        f"1 problem with the FeedbackChimp settings of the app 'shop':\n- {problem}"
    )


def test_every_setting_is_among_the_refused_and_the_accepted():
    """No rule is left out by mistake when a setting is added."""
    assert {f"FEEDBACKCHIMP_{key}" for key, _, _ in REFUSED} == set(KEYS)


def test_the_organization_and_a_custom_domain_exclude_each_other():
    (problem,) = _problems(BOARD_URL="https://feedback.example.com")
    assert "are both set" in problem
    assert "remove the other" in problem
    assert _settings(BOARD_URL=None).board_origin == BOARD


def test_a_forwarded_parameter_must_not_be_the_page_or_the_token():
    for name in ("redirect", "ssoToken"):
        (problem,) = _problems(FORWARD_PARAMS=["state", name], **ENDPOINT)
        assert "names the page's or the token's parameter" in problem


def test_an_endpoints_own_query_must_not_have_a_forwarded_parameter():
    endpoint = "https://feedback.example.com/sso?state=1"
    (problem,) = _problems(FORWARD_PARAMS=["state"], SSO_ENDPOINT=endpoint)
    assert problem.startswith("FEEDBACKCHIMP_SSO_ENDPOINT has a query parameter")
    assert _settings(FORWARD_PARAMS=["lang"], SSO_ENDPOINT=endpoint)


def test_parameters_in_a_setting_that_cannot_be_read_are_not_compared():
    """What is wrong with it is said once."""
    assert len(_problems(TOKEN_PARAM="", FORWARD_PARAMS=["redirect"], **ENDPOINT)) == 2
    (problem,) = _problems(SSO_ENDPOINT="ftp://a", FORWARD_PARAMS=["state"])
    assert problem.startswith("FEEDBACKCHIMP_SSO_ENDPOINT ")


@pytest.mark.parametrize(
    "own",
    [
        {"SECRET_KEY": SECRET},
        {"SECRET_KEY": SECRET.encode()},
        {"SECRET_KEY": f"{SECRET}\n"},
        {"SECRET_KEY": f"\ufeff{SECRET} ".encode()},
        {"SECRET_KEY_FALLBACKS": ["old", SECRET]},
        {"SECRET_KEY_FALLBACKS": ("old", f"{SECRET}\r\n".encode())},
        {"SECRET_KEY": b"\xff", "SECRET_KEY_FALLBACKS": [b"\xff", 5, SECRET]},
    ],
)
@pytest.mark.parametrize("form", [str, str.encode, "{}\n".format])
def test_the_apps_own_key_is_refused_in_any_form(own, form):
    """Whoever has it could forge the app's sessions."""
    with pytest.raises(ConfigError) as caught:
        load_settings({**_config(JWT_SECRET=form(SECRET)), **own}, app_name="shop")
    (problem,) = caught.value.problems
    assert problem.startswith("FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KEY")
    assert "Settings → SSO" in problem
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"SECRET_KEY": None, "SECRET_KEY_FALLBACKS": None},
        {"SECRET_KEY": "other", "SECRET_KEY_FALLBACKS": []},
        {"SECRET_KEY": b"\xff\xfe", "SECRET_KEY_FALLBACKS": [b"\xff", "\ud800"]},
        {"SECRET_KEY": 5, "SECRET_KEY_FALLBACKS": 12345},
        {"SECRET_KEY": f"{SECRET}2"},
    ],
)
def test_an_app_with_another_key_or_none_is_left_alone(own):
    """Flask's own settings are Flask's to judge."""
    assert load_settings({**_config(), **own}, app_name="shop").jwt_secret == SECRET


def test_unknown_keys_are_refused_with_the_nearest_known_name():
    nearest = {
        "FEEDBACKCHIMP_SECRET": "FEEDBACKCHIMP_JWT_SECRET",
        "FEEDBACKCHIMP_JWT_SECRETS": "FEEDBACKCHIMP_JWT_SECRET",
        "FEEDBACKCHIMP_ORGANISATION": "FEEDBACKCHIMP_ORGANIZATION",
        "FEEDBACKCHIMP_BOARDURL": "FEEDBACKCHIMP_BOARD_URL",
        "FEEDBACKCHIMP_PREFIX": "FEEDBACKCHIMP_URL_PREFIX",
        "FEEDBACKCHIMP_TOKEN_LIFETIME_SECONDS": "FEEDBACKCHIMP_TOKEN_LIFETIME",
        "FEEDBACKCHIMP_REDIRECT_PARAMETER": "FEEDBACKCHIMP_REDIRECT_PARAM",
        "FEEDBACKCHIMP_TOKENPARAM": "FEEDBACKCHIMP_TOKEN_PARAM",
        "FEEDBACKCHIMP_ENDPOINT": "FEEDBACKCHIMP_SSO_ENDPOINT",
        "FEEDBACKCHIMP_FORWARD": "FEEDBACKCHIMP_FORWARD_PARAMS",
        "FEEDBACKCHIMP_ADMINS": "FEEDBACKCHIMP_ADMIN_EMAILS",
        "FEEDBACKCHIMP_ENABLE": "FEEDBACKCHIMP_ENABLED",
        "FEEDBACKCHIMP_ENABLED ": "FEEDBACKCHIMP_ENABLED",
    }
    assert set(nearest.values()) == set(KEYS)
    for unknown, known in nearest.items():
        (problem,) = _problems(**{unknown: "canary"})
        assert problem == f"{unknown} is not a known setting: did you mean {known}?"


@pytest.mark.parametrize("rest", ["", "X", "ÄÖÜ", "_", "jwt_secret", "X" * 10_000])
def test_any_key_under_the_prefix_is_judged(rest):
    (problem,) = _problems(**{f"FEEDBACKCHIMP_{rest}": 1})
    assert problem.startswith(f"FEEDBACKCHIMP_{rest} is not a known setting")


def test_keys_that_are_not_ours_are_left_alone():
    config = {**_config(), "FEEDBACKCHIMP": 1, "FEEDBACK_JWT_SECRET": 2, 5: 3, None: 4}
    assert load_settings(config, app_name="shop").board_origin == BOARD


def test_every_problem_is_in_one_error():
    """A missing secret and a wrong organization together, and all else as well."""
    wrong = {
        "JWT_SECRET": ...,
        "ORGANIZATION": "acme.feedbackchimp.space",
        "URL_PREFIX": "sso",
        "TOKEN_LIFETIME": 5,
        "REDIRECT_PARAM": "",
        "TOKEN_PARAM": "",
        "SSO_ENDPOINT": "ftp://a.example",
        "FORWARD_PARAMS": "state",
        "ADMIN_EMAILS": "boss@example.com",
        "ENABLED": "no",
    }
    problems = _problems(**wrong, BOARD_URL="ftp://a.example", TYPO=1)
    keys = [f"FEEDBACKCHIMP_{key}" for key in ("TYPO", "BOARD_URL", *wrong)]
    assert {problem.split()[0] for problem in problems} == set(keys)
    assert len(problems) == len(keys) + 1  # both boards are set as well

    with pytest.raises(ConfigError, match=r"\A13 problems .* of the app 'shop':") as e:
        _settings(**wrong, BOARD_URL="ftp://a.example", TYPO=1)
    assert str(e.value).splitlines()[1:] == [f"- {problem}" for problem in problems]


class _Canary:
    """A value that shows itself wherever it is printed."""

    def __repr__(self) -> str:
        return "canary-5b1e"

    __str__ = __repr__


CANARIES = {
    "object": _Canary(),
    "in a list": [_Canary(), "canary-5b1e"],
    "in a mapping": {"canary-5b1e": "canary-5b1e"},
    "in text": "canary-5b1e \x00 \\ \xe9\ud800",
    "in bytes": b"canary-5b1e \xff",
    "in JSON": '{"k": "canary-5b1e"}',
    "in a key": "-----BEGIN PRIVATE KEY-----\ncanary-5b1e",
    "in a URL": "https://canary-5b1e:canary-5b1e@canary-5b1e/canary-5b1e#canary-5b1e",
    "in a fragment": "https://a.example/x#canary-5b1e",
    "in a path": "https://a.example/canary-5b1e\ncanary-5b1e",
    "in plain http": "http://canary-5b1e.example/canary-5b1e",
    "in a vendor host": "https://canary-5b1e.feedbackchimp.space",
}


@pytest.mark.parametrize("value", CANARIES.values(), ids=CANARIES)
@pytest.mark.parametrize("key", [*KEYS, "FEEDBACKCHIMP_TYPO"])
def test_no_value_is_ever_repeated(key, value, caplog):
    """The secret may have been pasted into any setting: neither text nor traceback."""
    caplog.set_level(logging.DEBUG)
    app = Flask("shop")
    app.config.update(_config(MISTAKE=1), **{key: value})
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    error = caught.value
    said = [str(error), repr(error), repr(error.args), repr(vars(error)), caplog.text]
    said += error.problems
    said += traceback.format_exception(error)
    assert not any("canary" in text for text in said)
    assert error.__cause__ is None


@given(st.text() | st.binary() | st.integers() | st.lists(st.text()) | st.none())
def test_any_value_of_any_setting_is_read_or_refused_with_a_config_error(value):
    for key in KEYS:
        try:
            settings = load_settings({**CONFIG, key: value}, app_name="shop")
        except ConfigError as error:
            assert error.problems
        else:
            assert isinstance(settings, Settings)


# The app


def _everything_of(app: Flask) -> dict[str, Any]:
    """What of an app an extension could touch."""
    return copy.copy(
        {
            "config": dict(app.config),
            "urls": sorted(map(repr, app.url_map.iter_rules())),
            "views": dict(app.view_functions),
            "blueprints": dict(app.blueprints),
            "extensions": dict(app.extensions),
            "globals": set(app.jinja_env.globals),
            "filters": set(app.jinja_env.filters),
            "commands": dict(app.cli.commands),
            "before": copy.deepcopy(dict(app.before_request_funcs)),
            "after": copy.deepcopy(dict(app.after_request_funcs)),
            "teardown": copy.deepcopy(dict(app.teardown_request_funcs)),
            "contexts": copy.deepcopy(dict(app.template_context_processors)),
            "errors": repr(dict(app.error_handler_spec)),
            "attributes": set(vars(app)),
        }
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"FEEDBACKCHIMP_JWT_SECRET": "changeme"},
        {"FEEDBACKCHIMP_ORGANIZATION": "a.b"},
        {"FEEDBACKCHIMP_TYPO": 1},
        {"FEEDBACKCHIMP_JWT_SECRET": '{"kty":"oct"}'},
    ],
)
def test_a_refused_app_is_left_untouched_and_can_be_set_up_afterwards(wrong):
    app = Flask("shop")
    app.config.update(_config(), **wrong)
    before = _everything_of(app)
    feedbackchimp = FeedbackChimp()
    with pytest.raises(ConfigError):
        feedbackchimp.init_app(app)
    assert _everything_of(app) == before

    app.config.pop("FEEDBACKCHIMP_TYPO", None)
    app.config.update(CONFIG)
    feedbackchimp.init_app(app)
    assert _everything_of(app) != before
    assert get_state(app).settings.board_origin == BOARD


def test_neither_defaults_nor_readings_are_written_into_the_configuration():
    app = Flask("shop")
    app.config.update(_config(JWT_SECRET=f" {SECRET}\n", ORGANIZATION="ACME"))
    before = dict(app.config)
    FeedbackChimp(app)
    assert dict(app.config) == before


def test_the_configuration_is_read_once_and_never_again():
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
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
        FEEDBACKCHIMP_SSO_ENDPOINT="https://evil.example/sso",
        FEEDBACKCHIMP_FORWARD_PARAMS=["state"],
        FEEDBACKCHIMP_ADMIN_EMAILS=["ada@example.com"],
        FEEDBACKCHIMP_ENABLED=False,
        FEEDBACKCHIMP_TYPO=1,
    )
    assert {key for key in app.config if key.startswith("FEEDBACKCHIMP_")} >= set(KEYS)
    response = client.get(f"{PREFIX}?redirect={BOARD}/board/1&to=x&state=y")
    assert response.headers["Location"].startswith(f"{BOARD}/board/1?ssoToken=")
    assert "exp" in claims_of(sent_token(response))
    with app.app_context():
        assert feedbackchimp_url("/a").startswith(f"{PREFIX}?redirect=")


def test_the_configuration_may_be_any_mapping():
    config = MappingProxyType(OrderedDict(_config()))
    assert load_settings(config, app_name="shop").jwt_secret == SECRET


# Switched off


@pytest.mark.parametrize("secret", [..., None, "", "changeme", 5, b"\xff", SECRET])
def test_switched_off_no_secret_is_needed_or_kept(secret):
    settings = _settings(ENABLED=False, JWT_SECRET=secret)
    assert settings.enabled is False
    assert settings.jwt_secret is None
    assert not settings.has_short_secret


def test_switched_off_the_other_rules_still_hold():
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


# The environment


_FROM_ENVIRONMENT = """
import json, sys
from flask import Flask
from flask_feedbackchimp import ConfigError, FeedbackChimp
from flask_feedbackchimp.state import get_state

app = Flask("shop")
app.config.from_prefixed_env()
try:
    FeedbackChimp(app)
except ConfigError as error:
    print(json.dumps({"problems": error.problems}))
else:
    settings = get_state(app).settings
    print(json.dumps({**settings._asdict(), "admin_emails": [*settings.admin_emails]}))
"""


def _from_environment(**environment: str) -> dict[str, Any]:
    """What a process makes of its environment variables."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _FROM_ENVIRONMENT],
        env={"PYTHONPATH": ":".join(filter(None, sys.path)), **{
            f"FLASK_FEEDBACKCHIMP_{key}": value for key, value in environment.items()
        }},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_environment_variables_are_read_end_to_end():
    settings = _from_environment(
        JWT_SECRET=SECRET,
        ORGANIZATION="acme",
        TOKEN_LIFETIME="60",
        ADMIN_EMAILS='["boss@example.com"]',
        ENABLED="true",
        SSO_ENDPOINT="https://feedback.example.com/sso",
        FORWARD_PARAMS='["state"]',
    )
    assert settings == {
        "board_origin": BOARD,
        "url_prefix": "/sso/feedbackchimp",
        "token_lifetime": 60,
        "redirect_param": "redirect",
        "token_param": "ssoToken",
        "sso_endpoint": "https://feedback.example.com/sso",
        "forward_params": ["state"],
        "admin_emails": ["boss@example.com"],
        "enabled": True,
        "jwt_secret": SECRET,
    }


def test_digits_in_the_environment_become_an_int_and_the_message_says_why():
    """And the remedy it names works."""
    said = _from_environment(JWT_SECRET="1234567890" * 4, ORGANIZATION="42")
    assert [problem.split()[0] for problem in said["problems"]] == [
        "FEEDBACKCHIMP_JWT_SECRET",
        "FEEDBACKCHIMP_ORGANIZATION",
    ]
    for problem in said["problems"]:
        assert "not int: from_prefixed_env reads what looks like JSON" in problem
        assert "1234567890" not in problem

    quoted = f'"{"1234567890" * 4}"'
    settings = _from_environment(JWT_SECRET=quoted, ORGANIZATION='"42"')
    assert settings["jwt_secret"] == "1234567890" * 4
    assert settings["board_origin"] == "https://42.feedbackchimp.space"


def test_false_in_the_environment_must_be_lower_case():
    said = _from_environment(ORGANIZATION="acme", JWT_SECRET=SECRET, ENABLED="False")
    assert "in lower case" in said["problems"][0]
    assert _from_environment(ORGANIZATION="acme", ENABLED="false")["enabled"] is False


# The record


def test_settings_are_immutable_and_their_repr_shows_no_secret_and_nobody():
    settings = _settings(ADMIN_EMAILS=["boss@example.com"])
    assert repr(settings) == str(settings) == f"<Settings of {BOARD}>"
    assert SECRET not in f"{settings}{settings!s}{[settings]}"
    with pytest.raises(AttributeError):
        settings.jwt_secret = "x"
    with pytest.raises(AttributeError):
        settings.other = "x"
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("secret", "is_short"),
    [
        ("x" * 31, True),
        ("x" * 32, False),
        ("\xe9" * 15 + "x", True),
        ("\xe9" * 16, False),
        (b"x" * 31, True),
        ("x" * 31 + "\n" * 9, True),
    ],
)
def test_a_secret_is_short_under_32_bytes(secret, is_short):
    """RFC 7518 §3.2 counts bytes, not characters, and not the stripped ones."""
    assert _settings(JWT_SECRET=secret).has_short_secret is is_short
