"""The extension object: how an app is set up, and the Python API."""

from __future__ import annotations

import inspect
import linecache
import subprocess
import sys
import warnings
from typing import Any

import pytest
from flask import Flask, jsonify
from flask_login import LoginManager, current_user, login_user
from werkzeug.local import LocalProxy

import flask_feedbackchimp
from apps import (
    BOARD,
    PREFIX,
    SECRET,
    InactiveUser,
    User,
    claims_of,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from flask_feedbackchimp import (
    ConfigError,
    FeedbackChimp,
    FeedbackChimpError,
    Identity,
    NotInitializedError,
    SignInRefused,
    TokenError,
    feedbackchimp_link,
    feedbackchimp_url,
)
from flask_feedbackchimp.state import KEY, get_state

ADA = User()


def _bare_app(name: str = "shop", **config: Any) -> Flask:
    """An app that has the settings and nothing else."""
    app = Flask(name)
    app.config.update(
        FEEDBACKCHIMP_JWT_SECRET=SECRET, FEEDBACKCHIMP_ORGANIZATION="acme", **config
    )
    return app


# The package


def test_the_public_names_are_these_and_all_are_there():
    assert sorted(flask_feedbackchimp.__all__) == flask_feedbackchimp.__all__
    assert set(flask_feedbackchimp.__all__) == {
        "ConfigError",
        "FeedbackChimp",
        "FeedbackChimpError",
        "Identity",
        "NotInitializedError",
        "SignInRefused",
        "TokenError",
        "feedbackchimp_link",
        "feedbackchimp_url",
        "sign_in_refused",
        "token_issued",
    }
    for name in flask_feedbackchimp.__all__:
        assert inspect.getdoc(getattr(flask_feedbackchimp, name))


def test_every_error_is_under_one_base():
    """And that base is nothing which other code would catch by mistake."""
    for error in (ConfigError, NotInitializedError, TokenError, SignInRefused):
        assert issubclass(error, FeedbackChimpError)
        assert not issubclass(error, ValueError | KeyError | RuntimeError)
    assert FeedbackChimpError.__bases__ == (Exception,)


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        (FeedbackChimp, "(app=None)"),
        (FeedbackChimp.init_app, "(self, app)"),
        (FeedbackChimp.identity_loader, "(self, loader)"),
        (FeedbackChimp.create_token, "(self, user=None)"),
        (FeedbackChimp.sso_url, "(self, redirect=None, user=None)"),
        (feedbackchimp_url, "(page=None)"),
        (feedbackchimp_link, "(text, page=None, **attributes)"),
    ],
)
def test_the_signatures_are_the_documented_ones(signature, expected):
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(signature).parameters.values()
    ]
    assert str(inspect.Signature(parameters)) == expected


# Setting up


def test_an_app_can_be_given_at_once_or_later():
    at_once, later = _bare_app(), _bare_app()
    FeedbackChimp(at_once)
    FeedbackChimp().init_app(later)
    for app in (at_once, later):
        assert get_state(app).settings.board_origin == BOARD
        assert app.blueprints["feedbackchimp"].name == "feedbackchimp"
        assert "feedbackchimp" in app.cli.commands
        assert app.jinja_env.globals["feedbackchimp_url"] is feedbackchimp_url
        assert app.jinja_env.globals["feedbackchimp_link"] is feedbackchimp_link
        (rule,) = (r for r in app.url_map.iter_rules() if r.rule == PREFIX)
        assert rule.endpoint == "feedbackchimp.redirect"
        assert rule.methods == {"GET", "HEAD", "OPTIONS"}


def test_the_state_is_one_immutable_record_in_app_extensions():
    app = _bare_app()
    before = set(app.extensions)
    attributes = set(vars(app))
    FeedbackChimp(app)
    assert set(app.extensions) - before == {"feedbackchimp"} == {KEY}
    assert set(vars(app)) - attributes <= {"jinja_env"}
    state = app.extensions["feedbackchimp"]
    assert state is get_state(app)
    for name in (*state._fields, "anything"):
        with pytest.raises(AttributeError):
            setattr(state, name, None)
    with pytest.raises(TypeError):
        state[0] = None


def test_the_extension_object_keeps_nothing_of_an_app():
    feedbackchimp = FeedbackChimp(_bare_app())
    assert vars(feedbackchimp).keys() == vars(FeedbackChimp()).keys() == {"_slot"}


@pytest.mark.parametrize("again", ["the same object", "another object", "at once"])
def test_a_second_init_is_refused_with_a_sentence(again):
    app = _bare_app("shop two")
    feedbackchimp = FeedbackChimp(app)
    state = get_state(app)
    with pytest.raises(ConfigError, match="once for each app") as caught:
        if again == "at once":
            FeedbackChimp(app)
        elif again == "the same object":
            feedbackchimp.init_app(app)
        else:
            FeedbackChimp().init_app(app)
    assert str(caught.value).startswith("The app 'shop two' is set up already: ")
    assert caught.value.problems == (str(caught.value),)
    assert get_state(app) is state


def test_one_object_serves_several_apps_each_with_its_own_settings():
    feedbackchimp = FeedbackChimp()
    one = make_app(feedbackchimp=feedbackchimp)
    two = make_app(
        feedbackchimp=feedbackchimp,
        FEEDBACKCHIMP_ORGANIZATION="umbrella",
        FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1],
        FEEDBACKCHIMP_URL_PREFIX="/feedback",
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
    )
    first = logged_in(one).get(PREFIX)
    second = logged_in(two).get("/feedback")
    assert first.headers["Location"].startswith(f"{BOARD}/?ssoToken=")
    assert second.headers["Location"].startswith(
        "https://umbrella.feedbackchimp.space/?jwt="
    )
    assert claims_of(sent_token(first))
    assert claims_of(sent_token(second, "jwt"), SECRET[::-1])
    assert logged_in(two).get(PREFIX).status_code == 404

    with one.app_context():
        assert feedbackchimp.sso_url(user=ADA).startswith(BOARD)
        with two.app_context():
            assert feedbackchimp.sso_url(user=ADA).startswith("https://umbrella.")
        assert claims_of(feedbackchimp.create_token(ADA))


def test_an_app_that_has_answered_a_request_cannot_be_set_up_and_says_so():
    app = _bare_app()
    app.test_client().get("/")
    before = set(app.extensions), list(app.url_map.iter_rules()), dict(app.blueprints)
    with pytest.raises(AssertionError, match="can no longer be called"):
        FeedbackChimp(app)
    after = set(app.extensions), list(app.url_map.iter_rules()), dict(app.blueprints)
    assert after == before
    assert "feedbackchimp_url" not in app.jinja_env.globals
    assert "feedbackchimp" not in app.cli.commands


def test_login_manager_may_come_before_or_after():
    app = _bare_app(SECRET_KEY="a-key-of-the-app")
    FeedbackChimp(app)
    LoginManager(app).user_loader(lambda _: ADA)

    @app.get("/login")
    def log_in() -> str:
        login_user(ADA)
        return ""

    client = app.test_client()
    client.get("/login")
    assert client.get(PREFIX).status_code == 302


# A short secret


def _warnings_of(action: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return caught


def _set_up_at_once(app: Flask) -> None:
    FeedbackChimp(app)  # the caller's line


def _set_up_later(app: Flask) -> None:
    feedbackchimp = FeedbackChimp()
    feedbackchimp.init_app(app)  # the caller's line


@pytest.mark.parametrize("set_up", [_set_up_at_once, _set_up_later])
def test_a_short_secret_is_warned_of_once_at_the_callers_line(set_up):
    """The line that set the app up is the one to look at, not one of ours."""
    app = _bare_app("bookshop")
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = "x7" * 15
    (warning,) = _warnings_of(lambda: set_up(app))
    assert warning.category is UserWarning
    assert "FEEDBACKCHIMP_JWT_SECRET of the app 'bookshop'" in str(warning.message)
    assert "RFC 7518 §3.2" in str(warning.message)
    assert "x7x7" not in str(warning.message)
    assert warning.filename == __file__
    line = linecache.getline(__file__, warning.lineno)
    assert "# the caller's line" in line


def test_each_app_is_warned_of_and_no_request_is():
    feedbackchimp = FeedbackChimp()
    apps = []

    def set_up() -> None:
        for _ in range(2):
            apps.append(
                make_app(
                    feedbackchimp=feedbackchimp, FEEDBACKCHIMP_JWT_SECRET="x7" * 15
                )
            )

    assert len(_warnings_of(set_up)) == 2

    def use() -> None:
        for app in apps:
            client = logged_in(app)
            assert client.get(PREFIX).status_code == 302
            assert client.get(f"{PREFIX}?redirect=https://evil.example").status_code
            with app.app_context():
                token = feedbackchimp.create_token(ADA)
                assert get_state().signer.read(token)["name"] == ADA.name

    assert _warnings_of(use) == []


def test_a_long_secret_is_not_warned_of():
    assert _warnings_of(lambda: FeedbackChimp(_bare_app())) == []


def test_switched_off_no_secret_is_warned_of():
    app = _bare_app(FEEDBACKCHIMP_ENABLED=False)
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = "short"
    assert _warnings_of(lambda: FeedbackChimp(app)) == []


def test_with_warnings_as_errors_a_short_secret_leaves_the_app_untouched():
    app = _bare_app()
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = "x7" * 15
    with pytest.raises(UserWarning, match="fewer than 32 bytes"):
        FeedbackChimp(app)
    assert KEY not in app.extensions
    assert not app.blueprints
    assert "feedbackchimp_url" not in app.jinja_env.globals
    assert "feedbackchimp" not in app.cli.commands
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = SECRET
    FeedbackChimp(app)
    assert KEY in app.extensions


_UNDER_W_ERROR = f"""
import warnings
from types import SimpleNamespace
from flask import Flask
from flask_feedbackchimp import FeedbackChimp
from apps import logged_in, make_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    app = make_app(FEEDBACKCHIMP_JWT_SECRET="x7" * 15)
client = logged_in(app)
assert client.get("{PREFIX}").status_code == 302
assert client.get("{PREFIX}?redirect=//evil.example").status_code == 400
assert client.get("{PREFIX}", headers={{"Purpose": "prefetch"}}).status_code == 403
assert client.post("{PREFIX}").status_code == 405
client.get("/logout")
assert client.get("{PREFIX}").status_code == 302
try:
    make_app(FEEDBACKCHIMP_JWT_SECRET="x7" * 15)
except UserWarning:
    print("refused")
"""


def test_under_python_w_error_requests_of_an_app_made_before_still_work():
    """A process of its own, so that nothing else has set a filter."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _UNDER_W_ERROR],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")


# Not set up


def test_without_init_app_the_error_names_the_app_and_the_likely_causes():
    feedbackchimp = FeedbackChimp()
    app = Flask("bookshop")
    with app.test_request_context():
        for use in (
            feedbackchimp.create_token,
            feedbackchimp.sso_url,
            feedbackchimp_url,
            lambda: feedbackchimp_link("Feedback"),
        ):
            with pytest.raises(NotInitializedError) as caught:
                use()
            said = str(caught.value)
            assert "'bookshop'" in said
            assert "feedbackchimp.init_app(app) in the app factory" in said
            assert "another app object" in said
            assert caught.value.__cause__ is None


def test_without_a_login_manager_the_error_says_what_to_call():
    app = _bare_app("bookshop")
    app.testing = True
    feedbackchimp = FeedbackChimp(app)
    says = r"'bookshop' has no LoginManager.* LoginManager\(\)\.init_app\(app\)"
    with app.test_request_context(), pytest.raises(NotInitializedError, match=says):
        feedbackchimp.create_token()
    with pytest.raises(NotInitializedError, match=says):
        app.test_client().get(PREFIX)


def test_a_named_user_needs_no_login_manager():
    app = _bare_app()
    feedbackchimp = FeedbackChimp(app)
    with app.app_context():
        token = feedbackchimp.create_token(plain(email="a@b", name="Ada"))
    assert claims_of(token)["email"] == "a@b"


def test_outside_of_an_app_flask_says_so():
    feedbackchimp = FeedbackChimp(_bare_app())
    with pytest.raises(RuntimeError, match="application context"):
        feedbackchimp.create_token(ADA)


# create_token and sso_url


def test_create_token_is_about_the_signed_in_user(app):
    @app.get("/token")
    def token() -> Any:
        return jsonify(token=app.feedbackchimp.create_token())

    claims = claims_of(logged_in(app).get("/token").json["token"])
    assert claims["email"] == "ada@example.com"
    assert claims["name"] == "Ada Lovelace"


def test_a_named_user_takes_precedence_over_the_signed_in_one():
    app = make_app(User("ada"), grace := User("grace"))

    @app.get("/token")
    def token() -> Any:
        return jsonify(
            token=app.feedbackchimp.create_token(grace),
            url=app.feedbackchimp.sso_url(user=grace),
        )

    said = logged_in(app, "ada").get("/token").json
    assert claims_of(said["token"])["email"] == "grace@example.com"
    assert claims_of(said["url"].partition("ssoToken=")[2])["email"] == (
        "grace@example.com"
    )


def test_current_user_itself_and_any_proxy_may_be_given():
    """It stands for its user; a signal's receiver gets the user, not the proxy."""
    app = make_app()
    users: list[Any] = []

    def receive(sender: Flask, user: Any, jti: str) -> None:
        users.append(user)

    @app.get("/token")
    def token() -> Any:
        return jsonify(token=app.feedbackchimp.create_token(current_user))

    client = logged_in(app)
    with flask_feedbackchimp.token_issued.connected_to(receive, app):
        assert claims_of(client.get("/token").json["token"])["name"] == ADA.name
        with app.app_context():
            proxy = LocalProxy(lambda: ADA)
            assert claims_of(app.feedbackchimp.create_token(proxy))["name"] == ADA.name
    assert [type(user) for user in users] == [User, User]

    client.get("/logout")
    with pytest.raises(SignInRefused) as caught:
        client.get("/token")
    assert caught.value.reason == "not_signed_in"


def test_a_token_can_be_made_without_a_request():
    """For a mail or a background job, for a user that the code names."""
    app = make_app()
    with app.app_context():
        assert claims_of(app.feedbackchimp.create_token(ADA))["name"] == ADA.name
        url = app.feedbackchimp.sso_url(f"{BOARD}/board/1?a=b#c", user=ADA)
        assert url.startswith(f"{BOARD}/board/1?a=b&ssoToken=")
        assert url.endswith("#c")
        for use in (app.feedbackchimp.create_token, app.feedbackchimp.sso_url):
            with pytest.raises(SignInRefused) as caught:
                use()
            assert (caught.value.reason, caught.value.status) == ("not_signed_in", 401)


def test_every_call_makes_another_token(app):
    with app.app_context():
        tokens = {app.feedbackchimp.create_token(ADA) for _ in range(20)}
        urls = {app.feedbackchimp.sso_url(user=ADA) for _ in range(20)}
    assert len(tokens) == len(urls) == 20


def test_sso_url_without_a_page_leads_to_the_boards_home(app):
    with app.app_context():
        for page in (None, "", "  "):
            url = app.feedbackchimp.sso_url(page, user=ADA)
            assert url.startswith(f"{BOARD}/?ssoToken=ey")


def test_sso_url_uses_the_fixed_endpoint_where_there_is_one():
    app = make_app(FEEDBACKCHIMP_SSO_ENDPOINT="https://feedback.example.com/sso?v=1")
    with app.app_context():
        url = app.feedbackchimp.sso_url(f"{BOARD}/board/1", user=ADA)
    assert url.startswith(
        "https://feedback.example.com/sso?v=1&redirect="
        "https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1&ssoToken=ey"
    )


_NOBODY = [
    None,
    LocalProxy(lambda: None),
    plain(is_anonymous=True, email="a@b", name="A"),
    plain(is_authenticated=False, email="a@b", name="A"),
]


@pytest.mark.parametrize("user", _NOBODY)
def test_nobody_gets_no_token(app, user):
    with app.app_context():
        for use in (app.feedbackchimp.create_token, app.feedbackchimp.sso_url):
            with pytest.raises(SignInRefused) as caught:
                use(user=user)
            assert (caught.value.reason, caught.value.status) == ("not_signed_in", 401)
            assert caught.value.message == str(caught.value)


@pytest.mark.parametrize(
    ("reason", "user"),
    [
        ("inactive", InactiveUser()),
        ("inactive", plain(is_active=False, email="a@b", name="A")),
        ("email_unusable", plain(name="Ada")),
        ("name_unusable", plain(email="ada@example.com")),
        ("admin", User("boss")),
        ("token_too_long", User(id="wordy")),
    ],
)
def test_who_is_refused_at_the_endpoint_is_refused_here_for_the_same_reason(
    reason, user
):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    default = get_state(app).slot.loader

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Any:
        if getattr(user, "id", None) == "wordy":
            return Identity(user.email, user.name, claims={"story": "word " * 1000})
        return default(user)

    with app.app_context():
        with pytest.raises(SignInRefused) as caught:
            app.feedbackchimp.sso_url(user=user)
        assert (caught.value.reason, caught.value.status) == (reason, 403)
        if reason != "token_too_long":
            with pytest.raises(SignInRefused) as caught:
                app.feedbackchimp.create_token(user)
            assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("reason", "page"),
    [
        ("page_foreign", "https://evil.example/"),
        ("page_foreign", "/board/1"),
        ("page_foreign", b"https://acme.feedbackchimp.space/"),
        ("page_foreign", 5),
        ("page_foreign", ["https://acme.feedbackchimp.space/"]),
        ("page_too_long", f"{BOARD}/{'a' * 3000}"),
    ],
)
def test_a_page_that_is_not_on_the_board_is_refused_before_the_user_is_asked_for(
    app, reason, page
):
    with app.app_context():
        for user in (ADA, None, InactiveUser()):
            with pytest.raises(SignInRefused) as caught:
                app.feedbackchimp.sso_url(page, user=user)
            assert (caught.value.reason, caught.value.status) == (reason, 400)


def test_claims_that_cannot_be_signed_are_a_token_error(app):
    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.email, user.name, claims={"logo": b"PNG"})

    with app.app_context():
        for use in (app.feedbackchimp.create_token, app.feedbackchimp.sso_url):
            with pytest.raises(TokenError, match="'logo'") as caught:
                use(user=ADA)
            assert caught.value.reason == "claim_not_json"


@pytest.mark.parametrize("user", [ADA, InactiveUser(), plain()])
def test_switched_off_nothing_is_signed(user):
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    assert get_state(app).signer is None
    with app.app_context():
        for use in (app.feedbackchimp.create_token, app.feedbackchimp.sso_url):
            with pytest.raises(TokenError, match="FEEDBACKCHIMP_ENABLED") as caught:
                use(user=user)
            assert caught.value.reason == "disabled"


def test_identity_loader_is_a_decorator_that_returns_its_function():
    feedbackchimp = FeedbackChimp()

    def load(user: Any) -> None:
        return None

    assert feedbackchimp.identity_loader(load) is load
