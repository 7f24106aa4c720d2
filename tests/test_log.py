"""What is told of every outcome: one log line, one signal, never a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask, abort, redirect
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    SignInRefused,
    TokenError,
    sign_in_refused,
    token_issued,
)
from support.apps import (
    BOARD,
    PREFIX,
    InactiveUser,
    User,
    claims_of,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from support.url_strategies import any_queries
from support.wire import Browser, page_query

LOGGER = "flask_feedbackchimp"
CALLS = pytest.mark.parametrize("call", ["create_token", "sso_url"])


class Trail(NamedTuple):
    """What was told: the signals in order, and the log's records."""

    signals: list[tuple[str, Any, dict[str, Any]]]
    log: pytest.LogCaptureFixture

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.log.records]

    @property
    def level(self) -> int:
        """The level of the one line."""
        [record] = self.log.records
        return record.levelno


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Iterator[Trail]:
    """Everything that is told while the test runs."""
    signals: list[tuple[str, Any, dict[str, Any]]] = []

    def issued(sender: Any, **values: Any) -> None:
        signals.append(("issued", sender, values))

    def refused(sender: Any, **values: Any) -> None:
        signals.append(("refused", sender, values))

    caplog.set_level(logging.INFO, LOGGER)
    with token_issued.connected_to(issued), sign_in_refused.connected_to(refused):
        yield Trail(signals, caplog)


def app_with_loader(identity: Any) -> Flask:
    """An app whose loader returns an identity, or raises it."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        if isinstance(identity, Exception):
            raise identity
        return identity

    return app


UNSIGNABLE = Identity("ada@example.com", "Ada", {"tags": {"a set"}})


# One line and one signal for each outcome


def test_issued_by_the_endpoint(app, trail):
    """Both have the ``jti`` of the token that was sent; neither has the token."""
    token = sent_token(logged_in(app).get(PREFIX))
    jti = claims_of(token)["jti"]
    assert trail.lines == [f"token issued: user='ada' jti={jti}"]
    assert trail.level == logging.INFO
    [(kind, sender, values)] = trail.signals
    assert (kind, sender, values["jti"]) == ("issued", app, jti)
    assert type(values["user"]) is User
    records = repr([record.__dict__ for record in trail.log.records])
    assert token.rpartition(".")[2] not in records + repr(trail.signals)


@CALLS
def test_issued_by_the_python_api(app, trail, call):
    user = User()
    with app.app_context():
        result = getattr(app.feedbackchimp, call)(user=user)
    jti = claims_of(result.rpartition("=")[2])["jti"]
    assert trail.lines == [f"token issued: user='ada' jti={jti}"]
    assert trail.signals == [("issued", app, {"user": user, "jti": jti})]


@pytest.mark.parametrize(
    ("query", "headers", "status", "reason"),
    [
        ("", {"Sec-Purpose": "prefetch"}, 403, "prefetch"),
        ("", {"Sec-Fetch-Mode": "cors"}, 403, "not_a_navigation"),
        ("redirect=board", {}, 400, "page_foreign"),
        ("redirect=/a&redirect=/b", {}, 400, "page_repeated"),
        (f"redirect=/{'x' * 2048}", {}, 400, "page_too_long"),
        (f"redirect=/?{'%26' * 100}", {}, 400, "page_too_long"),
        ("state=1&state=2", {}, 400, "parameter_repeated"),
    ],
)
def test_refused_before_anybody_is_looked_for(trail, query, headers, status, reason):
    """Without a user, though somebody is logged in."""
    app = make_app(FEEDBACKCHIMP_RETURN_URL="/sso?t={token}&s={state}")
    query = query if "state" in query else f"{query}&state"
    answer = Browser(app, "ada").get(query, headers=headers)
    assert answer.status_code == status
    assert trail.lines == [f"sign-in refused: user=- reason={reason}"]
    assert trail.level == logging.INFO
    assert trail.signals == [("refused", app, {"user": None, "reason": reason})]


@pytest.mark.parametrize(
    ("user", "reason"),
    [(InactiveUser(), "inactive"), (User(email="boss@example.com"), "admin")],
)
@pytest.mark.parametrize("way", ["endpoint", "create_token", "sso_url"])
def test_refused_user(trail, user, reason, way):
    app = make_app(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    if way == "endpoint":
        assert logged_in(app).get(PREFIX).status_code == 403
    else:
        with app.app_context(), pytest.raises(SignInRefused):
            getattr(app.feedbackchimp, way)(user=user)
    assert trail.lines == [f"sign-in refused: user='ada' reason={reason}"]
    assert trail.level == logging.INFO
    [(kind, sender, values)] = trail.signals
    assert (kind, sender) == ("refused", app)
    assert values == {"user": user, "reason": reason}


@CALLS
def test_nobody(app, trail, call):
    with app.test_request_context(), pytest.raises(SignInRefused):
        getattr(app.feedbackchimp, call)()
    assert trail.lines == ["sign-in refused: user=- reason=not_signed_in"]
    told = {"user": None, "reason": "not_signed_in"}
    assert trail.signals == [("refused", app, told)]


def test_token_too_long(trail):
    """The ``jti`` of a token that nobody got is not told."""
    app = app_with_loader(Identity("a@b", "Ada", {"biography": "x" * 5000}))
    assert logged_in(app).get(PREFIX).status_code == 403
    assert trail.lines == ["sign-in refused: user='ada' reason=token_too_long"]
    assert [kind for kind, *_ in trail.signals] == ["refused"]


@pytest.mark.parametrize("way", ["endpoint", "create_token", "sso_url"])
def test_unsignable_claims(trail, way):
    """One error, whose cause tells the developer which claim it is."""
    app, user = app_with_loader(UNSIGNABLE), User()
    if way == "endpoint":
        assert logged_in(app).get(PREFIX).status_code == 403
    else:
        with app.app_context(), pytest.raises(TokenError, match="tags"):
            getattr(app.feedbackchimp, way)(user=user)
    assert trail.lines == ["sign-in refused: user='ada' reason=claims_unusable"]
    assert trail.level == logging.ERROR
    [record] = trail.log.records
    assert isinstance(record.exc_info[1], TokenError)
    assert "tags" in str(record.exc_info[1])
    [(kind, sender, values)] = trail.signals
    assert (kind, sender, values["reason"]) == ("refused", app, "claims_unusable")
    assert values["user"].get_id() == "ada"


def test_sent_to_login(app, trail):
    """It is not decided yet who it is, so no signal is sent."""
    assert app.test_client().get(PREFIX).status_code == 302
    assert trail.lines == ["login required: user=- reason=not_signed_in"]
    assert (trail.level, trail.signals) == (logging.INFO, [])


def test_no_outcome(app, trail):
    """HTMX is told to navigate, a wrong method is none, and off there is no sign-in."""
    client = logged_in(app)
    client.get(PREFIX, headers={"HX-Request": "true"})
    for method in ("HEAD", "POST", "OPTIONS"):
        client.open(PREFIX, method=method)
    off = logged_in(make_app(FEEDBACKCHIMP_ENABLED=False))
    assert off.get(f"{PREFIX}?next=/board/1").status_code == 302
    assert (trail.lines, trail.signals) == ([], [])


def test_own_level_of_the_logger(app, trail, caplog):
    """No line below it; the signals are sent."""
    caplog.set_level(logging.WARNING, LOGGER)
    client = logged_in(app)
    client.get(PREFIX)
    client.get(f"{PREFIX}?redirect=board")
    assert trail.lines == []
    client.get(f"{PREFIX}?redirect=https://evil.example")
    assert trail.level == logging.WARNING
    assert [kind for kind, *_ in trail.signals] == ["issued", "refused", "refused"]


def test_receivers_can_pick_an_app():
    """The sender is the app itself, and not a proxy."""
    extension = FeedbackChimp()
    first, second = (make_app(feedbackchimp=extension) for _ in range(2))
    heard = []

    def receiver(sender: Any, **values: Any) -> None:
        heard.append(sender)

    with token_issued.connected_to(receiver, sender=first):
        for app in (second, first):
            logged_in(app).get(PREFIX)
    assert [type(sender) for sender in heard] == [Flask]
    assert heard[0] is first


@pytest.mark.parametrize(
    ("signal", "query"), [(token_issued, ""), (sign_in_refused, "redirect=board")]
)
def test_error_in_a_receiver_comes_out(app, signal, query):
    """Where the audit fails, the visitor gets no token."""

    def failing(sender: Any, **values: Any) -> None:
        raise RuntimeError("the audit log is full")

    client = logged_in(app)
    with signal.connected_to(failing), pytest.raises(RuntimeError, match="is full"):
        client.get(f"{PREFIX}?{query}")


# Nobody writes a line of their own


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\x85", "\u2028"])
def test_line_break_in_a_user_id(trail, separator):
    user = User(email="ada@example.com")
    user.id = f"ada{separator}token issued: user='root' jti=1"
    app = make_app()
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert trail.lines[0].startswith(f"token issued: user={user.id!a} jti=")


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("unpaid", "unpaid"),
        ("not-paid", "'not-paid'"),
        ("unbezahlt_\xfcberf\xe4llig", r"'unbezahlt_\xfcberf\xe4llig'"),
        ("no\nsign-in refused: user='root'", r'"no\nsign-in refused: user=\'root\'"'),
    ],
)
def test_reason_codes_of_an_app(trail, reason, line):
    """A plain word in ASCII as it is, other text quoted; the signal has it as it is."""
    if "root" in reason:
        line = ascii(reason)
    logged_in(app_with_loader(SignInRefused("No.", reason=reason))).get(PREFIX)
    assert trail.lines == [f"sign-in refused: user='ada' reason={line}"]
    assert trail.signals[0][2]["reason"] == reason


@pytest.mark.parametrize(
    ("user", "id"),
    [
        (plain(get_id=lambda: 7), "'7'"),
        (plain(get_id=lambda: None), "'None'"),
        (plain(), "-"),
    ],
)
def test_odd_users(app, trail, user, id):
    """``create_token`` takes any object of the app's that has an e-mail and a name."""
    user.email, user.name = "ada@example.com", "Ada"
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert trail.lines[0].startswith(f"token issued: user={id} jti=")
    assert trail.signals[0][2]["user"] is user


# What tells the operator


def note(trail: Trail) -> str:
    """What the one line says behind the outcome."""
    [line] = trail.lines
    outcome = r"(?:[a-z -]+: user=\S+ (?:reason=\w+|jti=[\w-]{36}))(?:: (.*))?"
    match = re.fullmatch(outcome, line)
    assert match, line
    return match[1] or ""


FOREIGN = {
    "https://acme.feedbackchimp.com/x?secret=1#s": "https://acme.feedbackchimp.com",
    "http://acme.feedbackchimp.space/": "http://acme.feedbackchimp.space",
    "https://acme.feedbackchimp.space:8443/x": "https://acme.feedbackchimp.space:8443",
    "https://user:hunter2@acme.feedbackchimp.space/x": None,
    "https://user:hunter2@evil.example/x": "https://evil.example",
    "//evil.example/x": "//evil.example",
    "https://evil.example\\@acme.feedbackchimp.space": "https://evil.example",
    "https://a\nlogin: user='root'/x": "https://a\nlogin: user='root'",
    f"https://{'x' * 200}.example/": f"https://{'x' * 92}",
    "javascript:alert(1)": None,
    "board/1": None,
    f"{BOARD}//evil.example/": None,
}


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize(("page", "origin"), FOREIGN.items(), ids=map(ascii, FOREIGN))
def test_foreign_origin_is_a_warning(app, trail, page, origin, user_id):
    """With both origins, and nothing else of the page."""
    browser = Browser(app, user_id)
    assert browser.go(page).status_code == 400
    assert trail.level == (logging.INFO if origin is None else logging.WARNING)
    expected = (
        f"the page is on {origin!a}, the board on {BOARD!r}: compare "
        "FEEDBACKCHIMP_ORGANIZATION or FEEDBACKCHIMP_BOARD_URL with the board's address"
    )
    assert note(trail) == ("" if origin is None else expected)


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize(
    "query",
    [
        f"return_to={quote(BOARD, safe='')}%2Fx%3Fsecret",
        "return_to=/board/secret",
        "x=1&return_to=/board/1&redirect=",
        f"redirect=+&return_to={BOARD}",
        f"utm_x=/board/1&a%0Ab=/board/2&return_to={BOARD}?secret",
    ],
)
def test_page_under_another_name_is_a_warning(app, trail, query, user_id):
    """With the name to set; the visitor goes on to the board's home."""
    assert Browser(app, user_id).get(query).status_code == 302
    assert trail.level == logging.WARNING
    assert note(trail) == (
        "no page came in as 'redirect', but 'return_to' holds a page of the board: "
        "set FEEDBACKCHIMP_REDIRECT_PARAM to 'return_to'"
    )


@pytest.mark.parametrize(
    "query",
    [
        *("", "return_to=", "return_to=/other", "return_to=https://evil.example/"),
        *("utm_source=/board/1", f"UTM_campaign={BOARD}/x", "redirect=/x&to=/board/1"),
        *("a%0Ab=/board/1", "a+b=/board/1", "to%5B%5D=/board/1", "%FF=/board/1"),
        f"to=https://x{BOARD[8:]}/",
    ],
)
def test_no_page_elsewhere(app, trail, query):
    """Campaigns name where somebody comes from; other names could not be set."""
    Browser(app, "ada").get(query)
    assert (trail.level, note(trail)) == (logging.INFO, "")


def test_only_campaigns_begin_with_utm(app, trail):
    Browser(app, "ada").get("utmost=/board/1")
    assert note(trail).endswith("set FEEDBACKCHIMP_REDIRECT_PARAM to 'utmost'")


@pytest.mark.parametrize("user", [User(email=None), User(email="x"), User(name="")])
@pytest.mark.parametrize("way", ["endpoint", "create_token", "sso_url"])
def test_no_loader_is_a_warning(trail, user, way):
    app = make_app(user)
    if way == "endpoint":
        logged_in(app).get(PREFIX)
    else:
        with app.app_context(), pytest.raises(SignInRefused):
            getattr(app.feedbackchimp, way)(user=user)
    assert trail.level == logging.WARNING
    assert note(trail) == (
        "the user has no usable e-mail or name where this looks without a loader "
        "(user.email, and user.name or user.username): register one with "
        "@feedbackchimp.identity_loader"
    )


def test_loader_that_gives_no_name(trail):
    """It is registered, so the account is at fault."""
    logged_in(app_with_loader(Identity("ada@example.com", ""))).get(PREFIX)
    assert trail.level == logging.INFO
    assert trail.lines == ["sign-in refused: user='ada' reason=name_unusable"]


@pytest.mark.parametrize(
    ("query", "lacking"),
    [
        ("companyID=4&state=", ""),
        ("companyID=4", "state"),
        ("x=/x", "companyID, state"),
        ("companyID=4&state%20=1&State=2", "state"),
    ],
)
def test_parameters_that_are_lacking(trail, query, lacking):
    """Named, and no warning: the app's own links never carry them."""
    template = "/sso?c={companyID}&t={token}&s={state}"
    app = make_app(FEEDBACKCHIMP_RETURN_URL=template)
    Browser(app, "ada").get(query)
    said = f"the request lacks {lacking}, which FEEDBACKCHIMP_RETURN_URL hands on"
    assert (trail.level, note(trail)) == (logging.INFO, lacking and said)


@pytest.mark.parametrize(
    ("user", "query", "first"),
    [(User(), "to=/board/1", "no page"), (User(name=""), "redirect=/x", "the user")],
)
def test_both_at_once(trail, user, query, first):
    template = "/sso?t={token}&s={state}"
    Browser(make_app(user, FEEDBACKCHIMP_RETURN_URL=template), "ada").get(query)
    assert trail.level == logging.WARNING
    assert re.fullmatch(f"{first} .*; the request lacks state, which .*", note(trail))


def test_loader_that_aborts(app, trail):
    """Whatever the loader answered, it is a refusal."""
    app.feedbackchimp.identity_loader(lambda user: abort(redirect("/confirm")))
    assert logged_in(app).get(PREFIX).location == "/confirm"
    assert trail.lines == ["sign-in refused: user='ada' reason=aborted"]
    assert [values["reason"] for *_, values in trail.signals] == ["aborted"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=any_queries | st.text().map(lambda text: page_query(f"https://{text}")))
@example(query=page_query("https://x/\nlogin required: user=- reason=y"))
def test_any_query_is_one_line(trail, query):
    """In ASCII, whatever comes in."""
    trail.log.clear()
    Browser(make_app()).get(query)
    [line] = trail.lines
    assert line.isascii()
    assert len(line.splitlines()) == 1
