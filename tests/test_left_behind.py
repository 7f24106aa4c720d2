"""What a visit leaves behind: no secret, and a token only in ``Location``."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest
from flask import Flask, abort, jsonify, redirect, render_template_string
from werkzeug.serving import WSGIRequestHandler

from flask_feedbackchimp import (
    Identity,
    SignInRefused,
    sign_in_refused,
    token_issued,
)
from flask_feedbackchimp.sandbox.serving import serving
from support.apps import BOARD, PREFIX, SECRET, InactiveUser, User, logged_in, make_app
from support.failures import FORMS
from support.processes import run_python

# Every token of ours begins with its header, and so would a part of one.
TOKEN_START = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

USERS = [User(id) for id in ("ada", "boss", "banned", "elsewhere", "broken", "wordy")]
USERS += [User("unsignable"), User("sorry"), User("blank", name=" ")]
USERS += [InactiveUser("inactive"), User("unreachable", email="nobody")]

GET: dict[str, Any] = {"method": "GET"}
FOREIGN = "https://acme.feedbackchimp.space@evil.example/"
#: Every way to ask: a label and the arguments of the request.
REQUESTS: dict[str, dict[str, Any]] = {
    "home": GET,
    "page": GET | {"query_string": {"redirect": f"{BOARD}/board/1?a=b#c"}},
    "old token": GET | {"query_string": {"ssoToken": "old"}},
    "JSON": GET | {"headers": {"Accept": "application/json"}},
    "foreign page": GET | {"query_string": {"redirect": FOREIGN}},
    "two pages": GET | {"query_string": f"redirect={BOARD}&redirect={BOARD}"},
    "long page": GET | {"query_string": {"redirect": f"{BOARD}/{'a' * 2500}"}},
    # Fits by itself, and not with a token.
    "long URL": GET | {"query_string": {"redirect": BOARD + "/" + "\xe9" * 675}},
    "raw bytes": GET | {"environ_overrides": {"QUERY_STRING": "redirect=\xff"}},
    "prefetch": GET | {"headers": {"Sec-Purpose": "prefetch"}},
    "fetch": GET | {"headers": {"Sec-Fetch-Mode": "cors"}},
    "htmx": GET | {"headers": {"HX-Request": "true"}},
    "HEAD": {"method": "HEAD"},
    "OPTIONS": {"method": "OPTIONS"},
    "POST": {"method": "POST", "data": {"email": "mallory@evil.example"}},
}
#: Those of them that sign Ada in.
GOOD = ("home", "page", "old token", "JSON")
APPS: list[dict[str, Any]] = [
    {"FEEDBACKCHIMP_RETURN_URL": form} for form in FORMS.values()
]
APPS += [{"FEEDBACKCHIMP_TOKEN_LIFETIME": None}, {"FEEDBACKCHIMP_ENABLED": False}]


def _load(user: Any) -> Any:
    """Says yes to Ada, and every kind of no to the others."""
    if user.id == "banned":
        return None
    if user.id == "sorry":
        raise SignInRefused("Not you.", reason="not_you")
    if user.id == "elsewhere":
        abort(redirect("/profile"))
    if user.id == "broken":
        raise ValueError("a mistake of the app's")
    claims: dict[str, Any] = {
        "unsignable": {"logo": b"PNG"},
        "wordy": {"story": "word " * 1000},
    }.get(user.id, {})
    return Identity(user.email, user.name, claims=claims)


def _make_app(**config: Any) -> Flask:
    """An app that uses everything, and answers its own mistakes with a 500."""
    app = make_app(*USERS, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"], **config)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    app.feedbackchimp.identity_loader(_load)

    @app.get("/page")
    def page() -> str:
        return render_template_string(
            "{{ feedbackchimp_url('/a') }} {{ feedbackchimp_link('Feedback') }}"
        )

    @app.get("/api")
    def api() -> Any:
        # Made, and then not handed out: what becomes of it must not show either.
        made = app.feedbackchimp.create_token(), app.feedbackchimp.sso_url()
        return jsonify(tokens=len(made))

    @app.get("/api/foreign")
    def foreign() -> Any:
        return app.feedbackchimp.sso_url(FOREIGN)

    return app


class Visit(NamedTuple):
    """One answer, and the visitor's cookies before and after it."""

    user: str
    name: str
    answer: Any
    before: str
    after: str


def visits() -> Iterator[Visit]:
    """Everybody asks every app for everything."""
    for config in APPS:
        app = _make_app(**config)
        clients = {user.id: logged_in(app, user.id) for user in USERS}
        clients[""] = app.test_client()
        asked = {name: (PREFIX, options) for name, options in REQUESTS.items()}
        asked |= {path: (path, {}) for path in ("/page", "/api", "/api/foreign", "/no")}
        for user, client in clients.items():
            for name, (path, options) in asked.items():
                before = _cookies(client)
                answer = client.open(path, **options)
                yield Visit(user, name, answer, before, _cookies(client))


def _cookies(client: Any) -> str:
    return str([cookie.value for cookie in client._cookies.values()])


class Kept(logging.Handler):
    """Keeps all that any formatter could make of a log record."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts += [self.format(record), repr(vars(record)), repr(record.args)]


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """All that is logged, with every logger there is at DEBUG."""
    names = ["", "werkzeug", "flask_feedbackchimp", "shop", "jwt"]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    kept = Kept()
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(kept)
    yield kept.texts
    loggers[0].removeHandler(kept)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


class Left(NamedTuple):
    """All that was left behind."""

    visits: list[Visit]
    told: list[dict[str, Any]]
    log: str


@pytest.fixture(scope="module")
def left(logged: list[str]) -> Left:
    """What every visit leaves behind."""
    told: list[dict[str, Any]] = []

    def receive(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with token_issued.connected_to(receive), sign_in_refused.connected_to(receive):
        return Left(list(visits()), told, "\n".join(logged))


def is_clean(text: str) -> bool:
    """Whether neither the secret nor a token is in a text."""
    return SECRET not in text and TOKEN_START not in text


def test_log_is_clean(left):
    """Whatever is asked, by whomever, and whatever goes wrong."""
    answers = [visit.answer for visit in left.visits]
    statuses = {answer.status_code for answer in answers}
    assert statuses >= {200, 302, 400, 403, 404, 405, 500}
    for reason in (
        "token issued: user='ada' jti=",
        "reason=page_foreign",
        "reason=page_too_long",
        "reason=token_too_long",
        "reason=claims_unusable",
        "reason=not_you",
        "reason=inactive",
        "reason=admin",
        "reason=prefetch",
        "a mistake of the app's",
        "Exception on /api",
    ):
        assert reason in left.log
    locations = "".join(
        visit.answer.headers.get("Location", "") for visit in left.visits
    )
    signatures = re.findall(rf"{TOKEN_START}\.[\w-]+\.([\w-]{{43}})", locations)
    assert len(signatures) == locations.count(TOKEN_START) > 0
    assert not [signature for signature in signatures if signature in left.log]
    assert is_clean(left.log)


def test_token_is_only_in_location(left):
    """Of a 302 of the endpoint: not in a body, another header or a cookie."""
    found = []
    for visit in left.visits:
        headers = dict(visit.answer.headers)
        location = headers.pop("Location", "")
        if TOKEN_START in location:
            assert visit.answer.status_code == 302
            assert location.count(TOKEN_START) == 1
            found.append((visit.user, visit.name))
        assert SECRET not in location
        assert is_clean(visit.answer.get_data(as_text=True))
        assert is_clean(f"{headers} {visit.answer!r} {visit.after}")
    assert sorted(found) == sorted(("ada", name) for name in GOOD * (len(APPS) - 1))


def test_session_stays_as_it_was(left):
    """Flask-Login notes for strangers that they were asked to log in."""
    for visit in left.visits:
        assert visit.before == visit.after or not visit.user, visit.name


def test_signals_tell_the_jti(left):
    names = {frozenset(facts) for facts in left.told}
    assert names == {frozenset({"user", "jti"}), frozenset({"user", "reason"})}
    assert is_clean(str(left.told))


def test_server_log_is_clean(logged):
    """Werkzeug logs what it is asked for; the token is only in its answer."""
    with (
        serving(_make_app(), port=0, request_handler=WSGIRequestHandler) as port,
        closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection,
    ):
        connection.request("GET", "/login/ada")
        answer = connection.getresponse()
        answer.read()
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        connection.request("GET", PREFIX, headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert TOKEN_START in answer.headers["Location"]
        assert TOKEN_START.encode() not in answer.read()
    text = "\n".join(logged)
    assert f"GET {PREFIX} HTTP/1.1" in text
    assert is_clean(text)


_WITHOUT_SOCKETS = """
import sys

events = []
NETWORK = ("socket.", "http.", "urllib.", "smtplib.", "ftplib.")
PROCESSES = ("subprocess.", "os.system", "os.exec", "os.fork", "os.spawn", "os.posix")

def hook(event, arguments):
    if event.startswith(NETWORK + PROCESSES):
        events.append(event)

sys.addaudithook(hook)

from test_left_behind import visits

assert sum(visit.answer.status_code == 302 for visit in visits()) > 50
print(*events)

import socket
socket.getaddrinfo("127.0.0.1", 80)
socket.socket().close()
print(len(events))
"""


def test_no_socket_is_opened():
    """Python's audit hook sees every one (PEP 578); the control shows that it does."""
    done = run_python("-c", _WITHOUT_SOCKETS)
    assert done.returncode == 0, done.stderr
    during, control = done.stdout.split("\n")[:2]
    assert during == ""
    assert int(control) >= 2
