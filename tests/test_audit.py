"""What is told of every outcome: one log line, one signal, never a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask_login import current_user, login_user

from apps import PREFIX, InactiveUser, User, claims_of, logged_in, make_app, sent_token
from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    SignInRefused,
    TokenError,
    sign_in_refused,
    token_issued,
)


class Trail(NamedTuple):
    """What was told: the signals in order, and the log's records."""

    signals: list[tuple[str, Any, dict[str, Any]]]
    log: pytest.LogCaptureFixture

    @property
    def records(self) -> list[logging.LogRecord]:
        return self.log.records

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Iterator[Trail]:
    """Everything that is told while the test runs."""
    signals: list[tuple[str, Any, dict[str, Any]]] = []

    def issued(sender: Any, **values: Any) -> None:
        signals.append(("issued", sender, values))

    def refused(sender: Any, **values: Any) -> None:
        signals.append(("refused", sender, values))

    caplog.set_level(logging.INFO, "flask_feedbackchimp")
    with token_issued.connected_to(issued), sign_in_refused.connected_to(refused):
        yield Trail(signals, caplog)


def unsignable_app() -> Flask:
    """An app whose loader gives a claim that is no JSON."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.email, user.name, {"tags": {"a set"}})

    return app


def test_an_issued_token_is_told_once_by_the_endpoint(app, trail):
    """One line and one signal, both with the jti of the token that was sent."""
    jti = claims_of(sent_token(logged_in(app).get(PREFIX)))["jti"]
    assert trail.lines == [f"token issued: user='ada' jti={jti}"]
    [(kind, sender, values)] = trail.signals
    assert (kind, sender, values["jti"]) == ("issued", app, jti)


@pytest.mark.parametrize("call", ["create_token", "sso_url"])
def test_an_issued_token_is_told_once_by_the_python_api(app, trail, call):
    user = User()
    with app.app_context():
        result = getattr(app.feedbackchimp, call)(user=user)
    jti = claims_of(result.rpartition("=")[2])["jti"]
    assert trail.lines == [f"token issued: user='ada' jti={jti}"]
    assert trail.signals == [("issued", app, {"user": user, "jti": jti})]


@pytest.mark.parametrize(
    ("query", "headers", "status", "reason"),
    [
        ({}, {"Sec-Purpose": "prefetch"}, 403, "prefetch"),
        ({}, {"Sec-Fetch-Mode": "cors"}, 403, "not_a_navigation"),
        ({"redirect": "https://evil.example/"}, {}, 400, "page_foreign"),
        ({"redirect": ["/a", "/b"]}, {}, 400, "page_repeated"),
        ({"redirect": "x" * 2049}, {}, 400, "page_too_long"),
    ],
)
def test_a_refusal_before_anybody_is_looked_for_names_nobody(
    app, trail, query, headers, status, reason
):
    """One line and one signal, without a user though somebody is logged in."""
    client = logged_in(app)
    response = client.get(PREFIX, query_string=query, headers=headers)
    assert response.status_code == status
    assert trail.lines == [f"sign-in refused: user=- reason={reason}"]
    assert trail.signals == [("refused", app, {"user": None, "reason": reason})]


@pytest.mark.parametrize(
    ("user", "config", "reason"),
    [
        (InactiveUser(), {}, "inactive"),
        (User(email="boss@example.com"), {}, "admin"),
        (User(email="no address"), {}, "email_unusable"),
        (User(name="", username=None), {}, "name_unusable"),
    ],
)
@pytest.mark.parametrize("way", ["endpoint", "create_token", "sso_url"])
def test_a_refused_user_is_told_once_on_every_way(trail, user, config, reason, way):
    """Endpoint and Python API tell the same of the same user."""
    app = make_app(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"], **config)
    if way == "endpoint":
        assert logged_in(app).get(PREFIX).status_code == 403
    else:
        with app.app_context(), pytest.raises(SignInRefused):
            getattr(app.feedbackchimp, way)(user=user)
    assert trail.lines == [f"sign-in refused: user='ada' reason={reason}"]
    [(kind, sender, values)] = trail.signals
    assert (kind, sender) == ("refused", app)
    assert values["user"] is user
    assert values["reason"] == reason


def test_a_loader_s_own_refusal_is_told_with_its_code(app, trail):
    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        raise SignInRefused("Pay first.", reason="unpaid")

    assert logged_in(app).get(PREFIX).status_code == 403
    assert trail.lines == ["sign-in refused: user='ada' reason=unpaid"]
    assert trail.signals[0][2]["reason"] == "unpaid"


def test_a_token_too_long_to_send_is_a_refusal_and_no_token_issued(app, trail):
    """The jti of a token that nobody got is not in the trail."""

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.email, user.name, {"biography": "x" * 5000})

    assert logged_in(app).get(PREFIX).status_code == 403
    assert trail.lines == ["sign-in refused: user='ada' reason=token_too_long"]
    assert [kind for kind, *_ in trail.signals] == ["refused"]


def test_claims_that_cannot_be_signed_are_one_error_with_the_cause(trail):
    """The one record tells the developer which claim, the one signal has the user."""
    app = unsignable_app()
    assert logged_in(app).get(PREFIX).status_code == 403
    [record] = trail.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "sign-in refused: user='ada' reason=claims_unusable"
    assert isinstance(record.exc_info[1], TokenError)
    assert "tags" in str(record.exc_info[1])
    [(kind, sender, values)] = trail.signals
    assert (kind, sender, values["reason"]) == ("refused", app, "claims_unusable")
    assert values["user"].get_id() == "ada"


def test_a_visitor_sent_to_log_in_is_logged_and_no_signal_is_sent(app, trail):
    """It is not decided yet who the visitor is, nor whether there will be a token."""
    assert app.test_client().get(PREFIX).status_code == 302
    assert trail.lines == ["login required: user=- reason=not_signed_in"]
    assert trail.signals == []


@pytest.mark.parametrize("call", ["create_token", "sso_url"])
def test_the_python_api_refuses_nobody_with_a_line_and_a_signal(app, trail, call):
    with app.test_request_context(), pytest.raises(SignInRefused):
        getattr(app.feedbackchimp, call)()
    assert trail.lines == ["sign-in refused: user=- reason=not_signed_in"]
    expected = {"user": None, "reason": "not_signed_in"}
    assert trail.signals == [("refused", app, expected)]


def test_htmx_is_told_to_navigate_and_nothing_is_told_of_it(app, trail):
    """The navigation that follows is the outcome."""
    logged_in(app).get(PREFIX, headers={"HX-Request": "true"})
    assert (trail.lines, trail.signals) == ([], [])


def test_nothing_is_told_while_switched_off(trail):
    """A plain link to the board is no sign-in, and no refusal."""
    app = make_app(FEEDBACKCHIMP_ENABLED=False)
    assert logged_in(app).get(PREFIX).status_code == 302
    assert (trail.lines, trail.signals) == ([], [])


def test_signals_carry_the_user_and_not_the_proxy(app, trail):
    """What a receiver stores must not change with the next request."""
    with app.test_request_context():
        login_user(User())
        app.feedbackchimp.create_token(current_user)
    assert type(trail.signals[0][2]["user"]) is User


def test_the_sender_is_the_app_itself_so_receivers_can_pick_one_app():
    """With one extension object on two apps, each app's receivers hear of their own."""
    extension = FeedbackChimp()
    first, second = (make_app(feedbackchimp=extension) for _ in range(2))
    heard = []

    def receiver(sender: Any, **values: Any) -> None:
        heard.append(sender)

    with token_issued.connected_to(receiver, sender=first):
        for app in (second, first):
            logged_in(app).get(PREFIX)
    assert len(heard) == 1
    assert heard[0] is first
    assert type(heard[0]) is Flask


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\x85", "\u2028"])
def test_a_line_break_in_a_user_s_id_forges_no_line(trail, separator):
    """The id is written as a literal; nobody gets a line of their own making."""
    app = make_app()
    user = User(id=f"ada{separator}token issued: user='root' jti=1")
    user.email = "ada@example.com"
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert len(trail.lines[0].splitlines()) == 1
    assert trail.lines[0].isascii()


def test_a_line_break_in_a_reason_code_forges_no_line(app, trail):
    """A loader may put anything in its code; the signal has it as it is."""
    reason = "blocked\nsign-in refused: user='root' reason=admin"

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        raise SignInRefused("No.", reason=reason)

    logged_in(app).get(PREFIX)
    assert trail.lines == [f"sign-in refused: user='ada' reason={reason!a}"]
    assert trail.signals[0][2]["reason"] == reason


@pytest.mark.parametrize("id", [7, None])
def test_an_id_that_is_no_text_is_logged_as_text(app, trail, id):
    user = User()
    user.get_id = lambda: id
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert re.match(f"token issued: user='{id}' jti=", trail.lines[0])


def test_a_user_that_flask_login_does_not_know_is_logged_without_an_id(app, trail):
    """create_token takes any object of the app's that has an e-mail and a name."""

    class Account:
        email = "ada@example.com"
        name = "Ada"

    account = Account()
    with app.app_context():
        app.feedbackchimp.create_token(account)
    assert trail.lines[0].startswith("token issued: user=- jti=")
    assert trail.signals[0][2]["user"] is account


def test_neither_lines_nor_signals_ever_carry_the_token(app, trail):
    token = sent_token(logged_in(app).get(PREFIX))
    told = repr([record.__dict__ for record in trail.records]) + repr(trail.signals)
    signature = token.rpartition(".")[2]
    assert token not in told
    assert signature not in told


def test_an_error_in_a_receiver_of_an_issued_token_is_not_swallowed(app, trail):
    """Where the audit fails, the visitor gets no token."""

    def failing(sender: Any, **values: Any) -> None:
        raise RuntimeError("the audit log is full")

    client = logged_in(app)
    with (
        token_issued.connected_to(failing),
        pytest.raises(RuntimeError, match="the audit log is full"),
    ):
        client.get(PREFIX)


def test_an_error_in_a_receiver_of_a_refusal_is_not_swallowed(app, trail):
    def failing(sender: Any, **values: Any) -> None:
        raise RuntimeError("the audit log is full")

    with (
        sign_in_refused.connected_to(failing),
        pytest.raises(RuntimeError, match="the audit log is full"),
    ):
        app.test_client().get(PREFIX, query_string={"redirect": "https://evil.example"})


def test_no_line_is_written_where_the_logger_is_set_higher(app, trail, caplog):
    """The signals are sent all the same."""
    caplog.set_level(logging.WARNING, "flask_feedbackchimp")
    client = logged_in(app)
    client.get(PREFIX)
    client.get(PREFIX, query_string={"redirect": "https://evil.example"})
    assert trail.lines == []
    assert [kind for kind, *_ in trail.signals] == ["issued", "refused"]


@pytest.mark.parametrize("call", ["create_token", "sso_url"])
def test_the_python_api_tells_once_of_claims_that_cannot_be_signed(trail, call):
    """The error goes on to the caller; the trail has it as well."""
    app = unsignable_app()
    user = User()
    with app.app_context(), pytest.raises(TokenError, match="tags"):
        getattr(app.feedbackchimp, call)(user=user)
    assert trail.lines == ["sign-in refused: user='ada' reason=claims_unusable"]
    expected = {"user": user, "reason": "claims_unusable"}
    assert trail.signals == [("refused", app, expected)]
