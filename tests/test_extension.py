"""The extension object: how an app is set up, and the Python API."""

from __future__ import annotations

import inspect
import linecache
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from importlib.metadata import version
from typing import Any

import pytest
from flask import Flask, jsonify
from flask_login import LoginManager, current_user
from werkzeug.local import LocalProxy

import flask_feedbackchimp
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
    token_issued,
)
from flask_feedbackchimp.state import get_state
from support.apps import (
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

ADA = User()
SHORT = {"FEEDBACKCHIMP_JWT_SECRET": "x7" * 15}


def _bare_app(**config: Any) -> Flask:
    """An app that has the settings and nothing else."""
    app = Flask("bookshop")
    app.config.update(
        FEEDBACKCHIMP_JWT_SECRET=SECRET, FEEDBACKCHIMP_ORGANIZATION="acme"
    )
    app.config.update(config)
    return app


def _refusal(
    call: Callable[..., str], *arguments: Any, **named: Any
) -> tuple[str, int]:
    with pytest.raises(SignInRefused) as caught:
        call(*arguments, **named)
    assert caught.value.message == str(caught.value)
    return caught.value.reason, caught.value.status


# The package


def test_public_names():
    assert (
        sorted(flask_feedbackchimp.__all__)
        == flask_feedbackchimp.__all__
        == [
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
        ]
    )
    for name in flask_feedbackchimp.__all__:
        assert inspect.getdoc(getattr(flask_feedbackchimp, name))


def test_errors():
    """One base, which is nothing that other code would catch by mistake."""
    for error in (ConfigError, NotInitializedError, TokenError, SignInRefused):
        assert issubclass(error, FeedbackChimpError)
        assert not issubclass(error, ValueError | KeyError | RuntimeError)
        assert str(error("Why.")) == "Why."
    assert FeedbackChimpError.__bases__ == (Exception,)
    assert ConfigError("Why.").problems == ()
    assert TokenError("Why.").reason == "malformed"


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        (FeedbackChimp, "(app=None)"),
        (FeedbackChimp.init_app, "(self, app)"),
        (FeedbackChimp.identity_loader, "(self, loader)"),
        (FeedbackChimp.create_token, "(self, user=Ellipsis)"),
        (FeedbackChimp.sso_url, "(self, redirect=None, user=Ellipsis)"),
        (feedbackchimp_url, "(page=None, *, external=False)"),
        (feedbackchimp_link, "(text, page=None, **attributes)"),
    ],
)
def test_signatures(signature, expected):
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(signature).parameters.values()
    ]
    assert str(inspect.Signature(parameters)) == expected


# Setting up


@pytest.mark.parametrize(
    "set_up", [FeedbackChimp, lambda app: FeedbackChimp().init_app(app)]
)
def test_set_up(set_up):
    """At once or later, an app gets these and nothing else."""
    app = _bare_app()
    extensions, attributes = set(app.extensions), set(vars(app))
    set_up(app)
    assert set(app.extensions) - extensions == {"feedbackchimp"}
    state = app.extensions["feedbackchimp"]
    assert state is get_state(app)
    for field in fields(state):
        with pytest.raises(FrozenInstanceError):
            setattr(state, field.name, None)
    assert set(vars(app)) - attributes == {"jinja_env", "url_rule_class"}
    assert set(app.blueprints) == {"feedbackchimp"}
    assert set(app.cli.commands) == {"feedbackchimp"}
    assert app.jinja_env.globals["feedbackchimp_url"] is feedbackchimp_url
    assert app.jinja_env.globals["feedbackchimp_link"] is feedbackchimp_link
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule == PREFIX]
    assert {rule.endpoint for rule in rules} == {"feedbackchimp.redirect"}


def test_subclass_overrides_init_app():
    """Which is called with the app, whichever way it is given."""

    class Ours(FeedbackChimp):
        def init_app(self, app: Flask) -> None:
            app.config.setdefault("FEEDBACKCHIMP_ORGANIZATION", "ours")
            super().init_app(app)

    app = _bare_app()
    del app.config["FEEDBACKCHIMP_ORGANIZATION"]
    Ours(app)
    assert get_state(app).settings.board.origin == "https://ours.feedbackchimp.space"


def test_one_object_serves_several_apps():
    """Each with its own settings, and the object keeps nothing of them."""
    feedbackchimp = FeedbackChimp()
    one = make_app(feedbackchimp=feedbackchimp)
    two = make_app(
        feedbackchimp=feedbackchimp,
        FEEDBACKCHIMP_ORGANIZATION="umbrella",
        FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1],
        FEEDBACKCHIMP_URL_PREFIX="/feedback",
        FEEDBACKCHIMP_RETURN_URL="{page}?jwt={token}",
    )
    assert vars(feedbackchimp).keys() == vars(FeedbackChimp()).keys()
    first, second = logged_in(one).get(PREFIX), logged_in(two).get("/feedback")
    umbrella = "https://umbrella.feedbackchimp.space"
    assert first.headers["Location"].startswith(f"{BOARD}/?ssoToken=")
    assert second.headers["Location"].startswith(f"{umbrella}/?jwt=")
    assert claims_of(sent_token(second, "jwt"), SECRET[::-1])
    assert logged_in(two).get(PREFIX).status_code == 404
    with one.app_context():
        with two.app_context():
            assert feedbackchimp.sso_url(user=ADA).startswith(umbrella)
        assert claims_of(feedbackchimp.create_token(ADA))


# A short secret


def _warnings_of(action: Callable[[], Any]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return caught


def test_short_secret_is_warned_of_once():
    """For each app, at the line that sets it up, and by no request."""
    feedbackchimp = FeedbackChimp()
    app = _bare_app(**SHORT)
    (warning,) = _warnings_of(lambda: feedbackchimp.init_app(app))  # this line
    (other,) = _warnings_of(lambda: FeedbackChimp(_bare_app(**SHORT)))  # this line
    assert warning.category is UserWarning
    assert str(warning.message) == (
        "FEEDBACKCHIMP_JWT_SECRET of the app 'bookshop' has fewer than 32 bytes, the "
        "least for HS256 (RFC 7518 §3.2): ask FeedbackChimp for a longer one."
    )
    for told in (warning, other):
        assert told.filename == __file__
        assert "# this line" in linecache.getline(__file__, told.lineno)
    with app.app_context():
        assert _warnings_of(lambda: feedbackchimp.create_token(ADA)) == []
    long, off = _bare_app(), _bare_app(FEEDBACKCHIMP_ENABLED=False, **SHORT)
    assert _warnings_of(lambda: [FeedbackChimp(long), FeedbackChimp(off)]) == []


UNDER_W_ERROR = f"""
import warnings
from support.apps import logged_in, make_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    app = make_app(FEEDBACKCHIMP_JWT_SECRET="x7" * 15)
client = logged_in(app)
assert client.get("{PREFIX}").status_code == 302
assert client.get("{PREFIX}?redirect=board/1").status_code == 400
assert client.post("{PREFIX}").status_code == 405
from flask import Flask
from flask_feedbackchimp import FeedbackChimp
other = Flask("other")
other.config.update(app.config)
try:
    FeedbackChimp(other)
except UserWarning:
    assert not other.extensions and not other.blueprints and not other.cli.commands
    print("refused")
"""


def test_short_secret_under_w_error():
    """Init raises and leaves the app untouched; an app made before still works."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNDER_W_ERROR],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")


# Not set up


def test_without_init_app():
    feedbackchimp = FeedbackChimp()
    with Flask("bookshop").test_request_context():
        for use in (
            feedbackchimp.create_token,
            feedbackchimp.sso_url,
            feedbackchimp_url,
            lambda: feedbackchimp_link("Feedback"),
        ):
            with pytest.raises(NotInitializedError) as caught:
                use()
            assert str(caught.value) == (
                "FeedbackChimp does not know the app 'bookshop': call "
                "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app "
                "factory. If you did, this may be another app object than that one."
            )


def test_without_a_login_manager():
    """It may come later, and a user that the code names needs none."""
    app = _bare_app(TESTING=True, SECRET_KEY="the-app's-own")
    feedbackchimp = FeedbackChimp(app)
    says = (
        r"\AThe app 'bookshop' has no LoginManager, so nobody can be signed in: call "
        r"LoginManager\(\)\.init_app\(app\) before the first request\.\Z"
    )
    with app.test_request_context():
        with pytest.raises(NotInitializedError, match=says):
            feedbackchimp.create_token()
        assert claims_of(feedbackchimp.create_token(plain(email="a@b", name="Ada")))
    LoginManager(app).user_loader(lambda _: ADA)
    assert app.test_client().get(PREFIX).status_code == 401


# create_token and sso_url


def _calls(feedbackchimp: FeedbackChimp) -> tuple[Callable[..., str], ...]:
    return feedbackchimp.create_token, feedbackchimp.sso_url


def test_about_whom():
    """The signed-in user, unless another is named; a proxy stands for its user."""
    app = make_app(User("ada"), grace := User("grace"))
    users: list[Any] = []

    def receive(sender: Flask, user: Any, jti: str) -> None:
        users.append(user)

    @app.get("/names")
    def names() -> Any:
        create, url = _calls(app.feedbackchimp)
        tokens = [create(), create(grace), create(current_user)]
        tokens += [create(LocalProxy(lambda: grace)), create(user=grace)]
        tokens += [u.partition("ssoToken=")[2] for u in (url(), url(user=grace))]
        return jsonify([claims_of(token)["email"][:-12] for token in tokens])

    with token_issued.connected_to(receive, app):
        said = logged_in(app, "ada").get("/names").json
    assert said == ["ada", "grace", "ada", "grace", "grace", "ada", "grace"]
    assert {type(user) for user in users} == {User}


@pytest.mark.parametrize(
    "user",
    [
        None,
        LocalProxy(lambda: None),
        plain(is_anonymous=True, email="a@b", name="A"),
        plain(is_authenticated=False, email="a@b", name="A"),
    ],
)
def test_nobody_is_never_the_caller(user):
    """A look-up that found nobody must not hand out the caller's own key."""
    app = make_app()

    @app.get("/refusals")
    def refusals() -> Any:
        return jsonify([_refusal(call, user=user) for call in calls])

    calls = _calls(app.feedbackchimp)
    assert logged_in(app).get("/refusals").json == [["not_signed_in", 401]] * 2


def test_without_a_request():
    """For a mail or a background job; then nobody is signed in."""
    app = make_app()
    with app.app_context():
        create, url = _calls(app.feedbackchimp)
        assert claims_of(create(ADA))["name"] == ADA.name
        assert url(f"{BOARD}/board/1?a=b#c", ADA).endswith("#c")
        assert _refusal(create) == _refusal(url) == ("not_signed_in", 401)
        assert len({create(ADA) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("page", "start"),
    [
        (None, "/?ssoToken=ey"),
        ("", "/?ssoToken=ey"),
        ("  ", "/?ssoToken=ey"),
        ("/board/1", "/board/1?ssoToken=ey"),
        (f"{BOARD}/board/1?a=b#c", "/board/1?a=b&ssoToken=ey"),
    ],
)
def test_sso_url(app, page, start):
    with app.app_context():
        assert app.feedbackchimp.sso_url(page, user=ADA).startswith(BOARD + start)


def test_sso_url_by_a_return_url():
    """Parameters that only a request could hand on are left out."""
    template = "https://login.example.com/sso?v=1&s={state}&to={page}&t={token}"
    app = make_app(FEEDBACKCHIMP_RETURN_URL=template)
    with app.app_context():
        url = app.feedbackchimp.sso_url("/board/1", user=ADA)
    page = "https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1"
    assert url.startswith(f"https://login.example.com/sso?v=1&to={page}&t=ey")


@pytest.mark.parametrize(
    ("reason", "user"),
    [
        ("inactive", InactiveUser()),
        ("inactive", plain(is_active=False, email="a@b", name="A")),
        ("email_unusable", plain(name="Ada")),
        ("name_unusable", plain(email="ada@example.com")),
        ("admin", User("boss")),
    ],
)
def test_refused_as_at_the_endpoint(reason, user):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    with app.app_context():
        for call in _calls(app.feedbackchimp):
            assert _refusal(call, user=user) == (reason, 403)


@pytest.mark.parametrize(
    ("reason", "page"),
    [
        ("page_foreign", "https://evil.example/"),
        ("page_foreign", "board/1"),
        ("page_foreign", b"https://acme.feedbackchimp.space/"),
        ("page_foreign", ["https://acme.feedbackchimp.space/"]),
        ("page_too_long", f"{BOARD}/{'a' * 3000}"),
    ],
)
def test_page_comes_before_the_user(app, reason, page):
    """A bad one is 400, whoever asks."""
    with app.app_context():
        for user in (ADA, None, InactiveUser()):
            call = app.feedbackchimp.sso_url
            assert _refusal(call, page, user=user) == (reason, 400)


@pytest.mark.parametrize(
    ("reason", "claims"),
    [("token_too_long", {"story": "word " * 1000}), ("claim_not_json", {"logo": b""})],
)
def test_claims_that_do_not_fit(app, reason, claims):
    """Too many are refused where a URL is made, unsignable ones are a TokenError."""
    app.feedbackchimp.identity_loader(lambda user: Identity("a@b", "A", claims))
    create, url = _calls(app.feedbackchimp)
    with app.app_context():
        if reason == "token_too_long":
            assert create(ADA)
            assert _refusal(url, user=ADA) == (reason, 403)
            return
        for call in (create, url):
            with pytest.raises(TokenError, match="'logo'") as caught:
                call(user=ADA)
            assert caught.value.reason == reason


@pytest.mark.parametrize("user", [ADA, InactiveUser(), plain()])
def test_switched_off(user):
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    with app.app_context():
        for call in _calls(app.feedbackchimp):
            with pytest.raises(TokenError, match="FEEDBACKCHIMP_ENABLED") as caught:
                call(user=user)
            assert caught.value.reason == "disabled"


@pytest.mark.parametrize("user", [..., ADA, None])
def test_switched_off_comes_first(user):
    app = make_app(FEEDBACKCHIMP_ENABLED=False)
    with app.test_request_context():
        for ask in (
            lambda: app.feedbackchimp.create_token(user),
            lambda: app.feedbackchimp.sso_url("https://evil.example/", user),
        ):
            with pytest.raises(TokenError) as caught:
                ask()
            assert caught.value.reason == "disabled"


@pytest.mark.parametrize("status", [200, 302, 399, 500])
def test_refusal_is_4xx(status):
    with pytest.raises(ValueError, match=rf"must be 4xx, not {status}: 403 unless"):
        SignInRefused("No.", status=status)


def test_version():
    assert flask_feedbackchimp.__version__ == version("flask-feedbackchimp")
    with pytest.raises(AttributeError, match="no attribute 'version'"):
        flask_feedbackchimp.version  # noqa: B018
