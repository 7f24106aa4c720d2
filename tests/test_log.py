"""What is told of every outcome: one log line, one signal, never a token."""

import logging
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote

import pytest
from flask import Flask, abort, redirect
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flask_feedbackchimp import Identity, SignInRefused, TokenError
from flask_feedbackchimp import sign_in_refused as refused
from flask_feedbackchimp import token_issued as issued
from support import apps
from support.apps import BOARD, PREFIX, REDIRECTS, User, logged_in, make_app, plain
from support.url_strategies import any_queries
from support.wire import Browser, page_query

LOGGER = "flask_feedbackchimp"
CALLS = pytest.mark.parametrize("call", ["create_token", "sso_url"])
#: Every way to ask for a token.
WAYS = pytest.mark.parametrize("way", ["endpoint", "create_token", "sso_url"])
VISITORS = pytest.mark.parametrize("visitor", ["ada", None])
LACKING = "the request lacks {}, which FEEDBACKCHIMP_RETURN_URL forwards"


class Trail(NamedTuple):
    """What was told: the signals in order, and the log's records."""

    signals: list[tuple[Any, Any, dict[str, Any]]]
    log: pytest.LogCaptureFixture

    @property
    def line(self) -> tuple[str, str]:
        """The one line, behind its level."""
        [record] = self.log.records
        return record.levelname, record.getMessage()

    @property
    def hint(self) -> tuple[str, str]:
        """What the one line says behind the outcome, behind its level."""
        level, line = self.line
        outcome = r"(?:[a-z -]+: user=\S+ (?:reason=\w+|jti=[\w-]{36}))(?:: (.*))?"
        match = re.fullmatch(outcome, line)
        assert match, line
        return level, match[1] or ""


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Iterator[Trail]:
    """Everything that is told while the test runs."""
    trail = Trail([], caplog)

    def hear_issued(sender: Any, **values: Any) -> None:
        trail.signals.append((issued, sender, values))

    def hear_refused(sender: Any, **values: Any) -> None:
        trail.signals.append((refused, sender, values))

    caplog.set_level(logging.INFO, LOGGER)
    with issued.connected_to(hear_issued), refused.connected_to(hear_refused):
        yield trail
    for _, sender, _ in trail.signals:
        assert type(sender) is Flask  # and not a proxy: receivers can pick an app


def app_with_loader(load: Any) -> Flask:
    app = make_app()
    app.feedbackchimp.identity_loader(load)
    return app


def is_refused(way: str, app: Flask, user: Any, error: Any = SignInRefused) -> None:
    """Ask for a token in a way that is refused."""
    if way == "endpoint":
        assert logged_in(app).get(PREFIX).status_code == 403
    else:
        with app.app_context(), pytest.raises(error):
            getattr(app.feedbackchimp, way)(user=user)


@WAYS
def test_issued(app, trail, way):
    """Both have the ``jti`` of the token that was sent; neither has the token."""
    if way == "endpoint":
        token = apps.sent_token(logged_in(app).get(PREFIX))
    else:
        with app.app_context():
            token = getattr(app.feedbackchimp, way)(user=User()).rpartition("=")[2]
    jti = apps.claims_of(token)["jti"]
    assert trail.line == ("INFO", f"token issued: user='ada' jti={jti}")
    assert trail.signals == [(issued, app, {"user": User(), "jti": jti})]
    assert type(trail.signals[0][2]["user"]) is User
    records = repr([record.__dict__ for record in trail.log.records])
    assert token.rpartition(".")[2] not in records + repr(trail.signals)


@pytest.mark.parametrize(
    ("query", "headers", "status", "reason"),
    [
        ("state=1", {"Sec-Purpose": "prefetch"}, 403, "prefetch"),
        (
            "state=1",
            {"Sec-Fetch-Mode": "cors", "Accept": "application/json"},
            403,
            "not_a_navigation",
        ),
        ("state=1&redirect=board", {}, 400, "page_foreign"),
        ("state=1&redirect=/a&redirect=/b", {}, 400, "page_repeated"),
        (f"state=1&redirect=/{'x' * 2048}", {}, 400, "page_too_long"),
        (f"state=1&redirect=/?{'%26' * 100}", {}, 400, "page_too_long"),
        ("state=1&state=2", {}, 400, "parameter_repeated"),
    ],
)
def test_refused_before_anybody_is_looked_for(trail, query, headers, status, reason):
    """Without a user, though one is logged in."""
    app = make_app(FEEDBACKCHIMP_RETURN_URL="/sso?t={token}&s={state}")
    answer = Browser(app, "ada").get(query, headers=headers)
    assert answer.status_code == status
    assert trail.line == ("INFO", f"sign-in refused: user=- reason={reason}")
    assert trail.signals == [(refused, app, {"user": None, "reason": reason})]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (apps.InactiveUser(), "inactive"),
        (User(email="boss@example.com"), "admin"),
    ],
)
@WAYS
def test_refused_user(trail, user, reason, way):
    app = make_app(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    is_refused(way, app, user)
    assert trail.line == ("INFO", f"sign-in refused: user='ada' reason={reason}")
    assert trail.signals == [(refused, app, {"user": user, "reason": reason})]


@CALLS
def test_nobody(app, trail, call):
    with app.test_request_context(), pytest.raises(SignInRefused):
        getattr(app.feedbackchimp, call)()
    assert trail.line == ("INFO", "sign-in refused: user=- reason=not_signed_in")
    told = {"user": None, "reason": "not_signed_in"}
    assert trail.signals == [(refused, app, told)]


@WAYS
def test_unsignable_claims(trail, way):
    """One error, whose cause tells the developer which claim it is."""
    identity = Identity("ada@example.com", "Ada", {"tags": {"a set"}})
    app = app_with_loader(lambda user: identity)
    is_refused(way, app, User(), TokenError)
    assert trail.line == ("ERROR", "sign-in refused: user='ada' reason=claims_unusable")
    cause = trail.log.records[0].exc_info[1]
    assert isinstance(cause, TokenError)
    assert "tags" in str(cause)
    told = {"user": User(), "reason": "claims_unusable"}
    assert trail.signals == [(refused, app, told)]


def test_sent_to_login(app, trail):
    """It is not decided yet who it is, so no signal is sent."""
    assert app.test_client().get(PREFIX).location.startswith("/login?next=")
    assert trail.line == ("INFO", "login required: user=- reason=not_signed_in")
    assert trail.signals == []


def test_no_outcome(app, trail):
    """HTMX is told to navigate, a wrong method is none, and off there is no sign-in."""
    client = logged_in(app)
    client.get(PREFIX, headers={"HX-Request": "true"})
    client.head(PREFIX)
    client.post(PREFIX)
    client.options(PREFIX)
    off = logged_in(make_app(FEEDBACKCHIMP_ENABLED=False))
    assert off.get(f"{PREFIX}?next=/board/1").status_code == 302
    assert trail.log.records == []
    assert trail.signals == []


def test_own_level_of_the_logger(app, trail):
    """No line below it; the signals are sent."""
    trail.log.set_level(logging.WARNING, LOGGER)
    client = logged_in(app)
    client.get(PREFIX)
    client.get(f"{PREFIX}?redirect=board")
    assert trail.log.records == []
    client.get(f"{PREFIX}?redirect=https://evil.example")
    assert trail.line[0] == "WARNING"
    assert [signal for signal, *_ in trail.signals] == [issued, refused, refused]


@pytest.mark.parametrize(
    ("signal", "query"),
    [
        (issued, ""),
        (refused, "redirect=board"),
    ],
)
def test_error_in_a_receiver(app, signal, query):
    """Where the audit fails, the visitor gets no token."""

    def failing(sender: Any, **values: Any) -> None:
        raise RuntimeError("the audit log is full")

    client = logged_in(app)
    with signal.connected_to(failing), pytest.raises(RuntimeError, match="is full"):
        client.get(f"{PREFIX}?{query}")


def _refuse(reason: str) -> NoReturn:
    raise SignInRefused("No.", reason=reason)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: Identity("a@b", "Ada", {"life": "x" * 5000}), "token_too_long"),
        (lambda: Identity("ada@example.com", ""), "name_unusable"),
        (lambda: abort(redirect("/confirm")), "aborted"),
        (lambda: _refuse("unpaid"), "unpaid"),
        (lambda: _refuse("not-paid"), "not-paid"),
        (lambda: _refuse("unbezahlt_\xfcberf\xe4llig"), "unbezahlt_\xfcberf\xe4llig"),
        (lambda: _refuse("no\nuser='root'"), "no\nuser='root'"),
    ],
)
def test_refusal_by_the_loader(trail, answer, reason):
    """The account is at fault; of an app's reason only a plain word is not quoted."""
    app = app_with_loader(lambda user: answer())
    location = logged_in(app).get(PREFIX).location
    assert location == ("/confirm" if reason == "aborted" else None)
    line = reason if re.fullmatch("[a-z_]+", reason) else ascii(reason)
    assert trail.line == ("INFO", f"sign-in refused: user='ada' reason={line}")
    assert trail.signals == [(refused, app, {"user": User(), "reason": reason})]


@pytest.mark.parametrize(
    ("id", "said"),
    [
        (7, "'7'"),
        (None, "'None'"),
        ("ada\ntoken issued: jti=1", r"'ada\ntoken issued: jti=1'"),
        ("ada\rtoken issued: jti=1", r"'ada\rtoken issued: jti=1'"),
        ("ada\x85token issued: jti=1", r"'ada\x85token issued: jti=1'"),
        ("ada\u2028token issued: jti=1", r"'ada\u2028token issued: jti=1'"),
    ],
)
def test_odd_ids(app, trail, id, said):
    """No id writes its own line."""
    user = plain(email="ada@example.com", name="Ada", get_id=lambda: id)
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert trail.line[1].startswith(f"token issued: user={said} jti=")


def test_user_without_an_id(app, trail):
    user = plain(email="ada@example.com", name="Ada")
    with app.app_context():
        app.feedbackchimp.create_token(user)
    assert trail.line[1].startswith("token issued: user=- jti=")
    assert trail.signals[0][2]["user"] is user


#: Pages that are not on the board: the origin that the log names, if it names one.
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


@VISITORS
@pytest.mark.parametrize(("page", "origin"), FOREIGN.items(), ids=map(ascii, FOREIGN))
def test_foreign_origin_is_a_warning(app, trail, page, origin, visitor):
    """With both origins, and nothing else of the page."""
    assert Browser(app, visitor).go(page).status_code == 400
    if origin is None:
        assert trail.hint == ("INFO", "")
    else:
        assert trail.hint == (
            "WARNING",
            f"the page is on {origin!a}, the board on {BOARD!r}: compare FEEDBACKCHIMP_"
            "ORGANIZATION or FEEDBACKCHIMP_BOARD_URL with the board's address",
        )


@VISITORS
@pytest.mark.parametrize("name", ["return_to", "utmost"])
@pytest.mark.parametrize(
    "query",
    [
        f"NAME={quote(BOARD, safe='')}%2Fx%3Fsecret",
        "NAME=/board/secret",
        "x=1&NAME=/board/1&redirect=",
        f"redirect=+&NAME={BOARD}",
        f"utm_x=/board/1&a%0Ab=/board/2&NAME={BOARD}?secret",
    ],
)
def test_page_under_another_name_is_a_warning(app, trail, query, name, visitor):
    """With the name to set; the visitor goes on to the board's home."""
    answer = Browser(app, visitor).get(query.replace("NAME", name))
    assert answer.status_code in REDIRECTS
    assert trail.hint == (
        "WARNING",
        f"no page came in as 'redirect', but '{name}' holds a page of the board: "
        f"set FEEDBACKCHIMP_REDIRECT_PARAM to '{name}'",
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "return_to=",
        "return_to=/other",
        "return_to=https://evil.example/",
        "utm_source=/board/1",
        f"UTM_campaign={BOARD}/x",
        "redirect=/x&to=/board/1",
        "a%0Ab=/board/1",
        "a+b=/board/1",
        "to%5B%5D=/board/1",
        "%FF=/board/1",
        f"to=https://x{BOARD[8:]}/",
    ],
)
def test_no_page_elsewhere(app, trail, query):
    """Campaigns name where a visitor comes from; other names could not be set."""
    Browser(app, "ada").get(query)
    assert trail.hint == ("INFO", "")


@pytest.mark.parametrize("user", [User(email=None), User(email="x"), User(name="")])
@WAYS
def test_no_loader_is_a_warning(trail, user, way):
    is_refused(way, make_app(user), user)
    assert trail.hint == (
        "WARNING",
        "the user has no usable e-mail or name where this looks without a loader "
        "(user.email, and user.name or user.username): register one with "
        "@feedbackchimp.identity_loader",
    )


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
    return_url = "/sso?c={companyID}&t={token}&s={state}"
    app = make_app(FEEDBACKCHIMP_RETURN_URL=return_url)
    Browser(app, "ada").get(query)
    assert trail.hint == ("INFO", lacking and LACKING.format(lacking))


@pytest.mark.parametrize(
    ("user", "query", "first"),
    [
        (User(), "to=/board/1", "no page"),
        (User(name=""), "redirect=/x", "the user"),
    ],
)
def test_both_at_once(trail, user, query, first):
    app = make_app(user, FEEDBACKCHIMP_RETURN_URL="/sso?t={token}&s={state}")
    Browser(app, "ada").get(query)
    level, hint = trail.hint
    assert level == "WARNING"
    assert re.fullmatch(f"{first} .*; {LACKING.format('state')}", hint)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=any_queries | st.text().map(lambda text: page_query(f"https://{text}")))
@example(query=page_query("https://x/\nlogin required: user=- reason=y"))
def test_any_query_is_one_line(trail, query):
    """In ASCII, whatever comes in."""
    trail.log.clear()
    Browser(make_app()).get(query)
    line = trail.line[1]
    assert line.isascii()
    assert len(line.splitlines()) == 1
