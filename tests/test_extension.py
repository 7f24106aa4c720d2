"""The extension object: how an app is set up, and the Python API."""

import inspect
import linecache
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Blueprint, Flask
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
from flask_feedbackchimp.settings import get_state
from support.apps import (
    BOARD,
    PREFIX,
    SECRET,
    InactiveUser,
    User,
    claims_of,
    logged_in,
    plain,
    sent_token,
)

ADA = User()
SHORT_SECRET = "x7" * 15


def _bare_app(**config: Any) -> Flask:
    """An app that has the settings and nothing else."""
    app = Flask("bookshop")
    app.config["SECRET_KEY"] = "the-key-of-the-bookshop"
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = SECRET
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    app.config.update(config)
    return app


def _refusal(call: Callable[..., str], *args: Any, **named: Any) -> tuple[str, int]:
    """Reason and status of a call that is refused."""
    with pytest.raises(SignInRefused) as caught:
        call(*args, **named)
    assert caught.value.message == str(caught.value)
    return caught.value.reason, caught.value.status


def _calls(feedbackchimp: FeedbackChimp) -> list[Callable[..., str]]:
    """What hands out tokens."""
    return [feedbackchimp.create_token, feedbackchimp.sso_url]


def test_public_names_are_documented():
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


@pytest.mark.parametrize("status", [200, 302, 399, 500])
def test_status_that_is_not_a_refusal(status):
    with pytest.raises(ValueError, match=rf"4xx, not {status}: 403 unless"):
        SignInRefused("No.", status=status)


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (FeedbackChimp, "(app=None)"),
        (FeedbackChimp.init_app, "(self, app)"),
        (FeedbackChimp.identity_loader, "(self, loader)"),
        (FeedbackChimp.create_token, "(self, user=Ellipsis)"),
        (FeedbackChimp.sso_url, "(self, page=None, user=Ellipsis)"),
        (feedbackchimp_url, "(page=None, *, external=False)"),
        (feedbackchimp_link, "(text, page=None, **attributes)"),
    ],
)
def test_signatures(function, signature):
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    assert str(inspect.Signature(parameters)) == signature


@pytest.mark.parametrize("set_up", [FeedbackChimp, FeedbackChimp().init_app])
def test_set_up(set_up):
    """At once or later, an app gets these and nothing else."""
    app = _bare_app()
    extensions, attributes = set(app.extensions), set(vars(app))
    set_up(app)
    assert set(app.extensions) - extensions == {"feedbackchimp"}
    assert set(vars(app)) - attributes == {"jinja_env"}
    assert set(app.blueprints) == {"feedbackchimp"}
    assert set(app.cli.commands) == {"feedbackchimp"}
    assert app.jinja_env.globals["feedbackchimp_url"] is feedbackchimp_url
    assert app.jinja_env.globals["feedbackchimp_link"] is feedbackchimp_link
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule == PREFIX]
    assert {rule.endpoint for rule in rules} == {"feedbackchimp.redirect"}


def test_record_of_an_app_never_changes(app):
    state = get_state(app)
    for name in ("settings", "more"):
        with pytest.raises(AttributeError, match=name):
            setattr(state, name, None)
    with pytest.raises(AttributeError, match="settings"):
        del state.settings


def test_subclass_overrides_init_app():
    class Ours(FeedbackChimp):
        def init_app(self, app: Flask) -> None:
            app.config["FEEDBACKCHIMP_ORGANIZATION"] = "ours"
            super().init_app(app)

    Ours(app := _bare_app())
    assert get_state(app).settings.board.origin == "https://ours.feedbackchimp.space"


def test_short_secret():
    """One warning for each app, at the line that calls ``init_app``; none per visit."""
    app = _bare_app(FEEDBACKCHIMP_JWT_SECRET=SHORT_SECRET)
    with pytest.warns(UserWarning) as warned:
        FeedbackChimp().init_app(app)  # this line
    [warning] = warned
    assert str(warning.message) == (
        "FEEDBACKCHIMP_JWT_SECRET of the app 'bookshop' has fewer than 32 bytes, "
        "the minimum for HS256 (RFC 7518 §3.2): ask FeedbackChimp for a longer one."
    )
    assert warning.filename == __file__
    assert "# this line" in linecache.getline(__file__, warning.lineno)
    # From here on a warning is an error, as everywhere in these tests.
    LoginManager(app).request_loader(lambda request: ADA)
    client = app.test_client()
    assert client.get(PREFIX).status_code == 302
    assert client.get(f"{PREFIX}?redirect=board/1").status_code == 400
    assert client.post(PREFIX).status_code == 405


def test_short_secret_of_an_app_that_is_switched_off():
    """Nobody reads it, so nobody warns of it."""
    config = {"FEEDBACKCHIMP_ENABLED": False, "FEEDBACKCHIMP_JWT_SECRET": SHORT_SECRET}
    FeedbackChimp(_bare_app(**config))


def test_warning_that_is_an_error_leaves_the_app_untouched():
    app = _bare_app(FEEDBACKCHIMP_JWT_SECRET=SHORT_SECRET)
    with pytest.raises(UserWarning):
        FeedbackChimp(app)
    assert not app.extensions
    assert not app.blueprints
    assert not app.cli.commands


def test_without_init_app():
    link = partial(feedbackchimp_link, "Feedback")
    with Flask("bookshop").test_request_context():
        for call in [*_calls(FeedbackChimp()), feedbackchimp_url, link]:
            with pytest.raises(NotInitializedError) as caught:
                call()
            assert str(caught.value) == (
                "FeedbackChimp does not know the app 'bookshop': call "
                "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app "
                "factory. If you did, the current app is a different object."
            )


def test_without_a_login_manager():
    """It may come later; a user whom the code names needs none."""
    app = _bare_app(TESTING=True)
    feedbackchimp = FeedbackChimp(app)
    says = (
        r"\AThe app 'bookshop' has no LoginManager, so nobody can be signed in: call "
        r"LoginManager\(\)\.init_app\(app\) before the first request\.\Z"
    )
    with app.test_request_context():
        with pytest.raises(NotInitializedError, match=says):
            feedbackchimp.create_token()
        assert claims_of(feedbackchimp.create_token(plain(email="a@b", name="Ada")))
    app.register_blueprint(Blueprint("shop", __name__), url_prefix="/sso")
    LoginManager(app).request_loader(lambda request: ADA)
    assert sent_token(app.test_client().get(PREFIX))


@pytest.mark.parametrize("method", ["create_token", "sso_url"])
def test_about_whom(make_app, method):
    """The signed-in user, unless another is named; a proxy stands for its user."""
    app = make_app(User("ada"), grace := User("grace"))
    signed_in: list[User] = []

    @app.get("/emails")
    def emails() -> list[str]:
        call = getattr(app.feedbackchimp, method)
        answers = [
            call(),
            call(user=grace),
            call(user=current_user),
            call(user=LocalProxy(lambda: grace)),
        ]
        tokens = [answer.rpartition("ssoToken=")[2] for answer in answers]
        return [claims_of(token)["email"] for token in tokens]

    def receive(sender: Flask, user: Any, jti: str) -> None:
        signed_in.append(user)

    with token_issued.connected_to(receive, app):
        answer = logged_in(app, "ada").get("/emails")
    assert answer.json == [
        "ada@example.com",
        "grace@example.com",
        "ada@example.com",
        "grace@example.com",
    ]
    assert [type(user) for user in signed_in] == [User] * 4


@pytest.mark.parametrize(
    "user",
    [
        None,
        LocalProxy(lambda: None),
        plain(is_anonymous=True, email="a@b", name="A"),
        plain(is_authenticated=False, email="a@b", name="A"),
    ],
)
def test_nobody_is_never_the_caller(app, user):
    """A look-up that found nobody must not hand out the caller's own key."""

    @app.get("/refusals")
    def refusals() -> Any:
        return [_refusal(call, user=user) for call in _calls(app.feedbackchimp)]

    assert logged_in(app).get("/refusals").json == [["not_signed_in", 401]] * 2
    with app.app_context():  # nor is there a caller without a request
        for call in _calls(app.feedbackchimp):
            assert _refusal(call) == ("not_signed_in", 401)


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


def test_sso_url_by_a_return_url(make_app):
    """Parameters that only a request could hand on are left out."""
    return_url = "https://login.example.com/sso?v=1&s={state}&to={page}&t={token}"
    app = make_app(FEEDBACKCHIMP_RETURN_URL=return_url)
    with app.app_context():
        url = app.feedbackchimp.sso_url("/board/1", user=ADA)
    page = "https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1"
    assert url.startswith(f"https://login.example.com/sso?v=1&to={page}&t=ey")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("https://evil.example/", "page_foreign"),
        ("board/1", "page_foreign"),
        (5, "page_foreign"),
        (0, "page_foreign"),
        (True, "page_foreign"),
        (1.5, "page_foreign"),
        (b"/", "page_foreign"),
        (["/"], "page_foreign"),
        ({"a": 1}, "page_foreign"),
        (f"{BOARD}/{'a' * 3000}", "page_too_long"),
    ],
)
def test_page_comes_before_the_user(app, page, reason):
    """A bad one is 400, whoever asks."""
    with app.app_context():
        for user in (ADA, None, InactiveUser()):
            call = app.feedbackchimp.sso_url
            assert _refusal(call, page, user=user) == (reason, 400)


def test_token_too_long(app):
    """For a URL; create_token() does not know where it goes."""
    claims = {"story": "word " * 1000}
    app.feedbackchimp.identity_loader(lambda user: Identity("a@b", "A", claims))
    with app.app_context():
        assert app.feedbackchimp.create_token(ADA)
        refusal = _refusal(app.feedbackchimp.sso_url, user=ADA)
    assert refusal == ("token_too_long", 403)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"user": ADA},
        {"user": None},
        {"user": InactiveUser()},
        {"user": plain()},
    ],
)
def test_switched_off(make_app, arguments):
    """Neither the user nor the page is looked at."""
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=None)
    foreign = partial(app.feedbackchimp.sso_url, "https://evil.example/")
    with app.test_request_context():
        for call in (app.feedbackchimp.create_token, foreign):
            with pytest.raises(TokenError, match="FEEDBACKCHIMP_ENABLED") as caught:
                call(**arguments)
            assert caught.value.reason == "disabled"


def test_a_name_that_is_not_there():
    """Nothing answers for it, so a typing error is found by people and by tools."""
    with pytest.raises(ImportError, match="FeedbackChmp"):
        from flask_feedbackchimp import FeedbackChmp  # noqa: F401  it is misspelt
