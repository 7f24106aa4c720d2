"""What a visit leaves behind: no secret, and a token only in ``Location``."""

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from threading import Thread
from typing import Any, NamedTuple

import pytest
from flask import Flask, abort, redirect, render_template_string
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from flask_feedbackchimp import Identity, SignInRefused
from support.apps import BOARD, PREFIX, SECRET, InactiveUser, User, logged_in, make_app
from support.outside import run_python

# Every token of ours begins with its header, and so would a part of one.
TOKEN_START = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

USERS = [
    User("ada"),
    User("boss"),
    User("banned"),
    User("elsewhere"),
    User("broken"),
    User("wordy"),
    User("unsignable"),
    User("sorry"),
    User("blank", name=" "),
    User("unreachable", email="nobody"),
    InactiveUser("inactive"),
]

FOREIGN = "https://acme.feedbackchimp.space@evil.example/"
#: Every way to ask: a label and the arguments of the request.
REQUESTS: dict[str, dict[str, Any]] = {
    "home": {},
    "page": {"query_string": {"redirect": f"{BOARD}/board/1?a=b#c"}},
    "old token": {"query_string": {"ssoToken": "old"}},
    "JSON": {"headers": {"Accept": "application/json"}},
    "foreign page": {"query_string": {"redirect": FOREIGN}},
    "two pages": {"query_string": f"redirect={BOARD}&redirect={BOARD}"},
    "long page": {"query_string": {"redirect": f"{BOARD}/{'a' * 2500}"}},
    # Fits by itself, and not with a token.
    "long URL": {"query_string": {"redirect": f"{BOARD}/{'é' * 675}"}},
    "raw bytes": {"environ_overrides": {"QUERY_STRING": "redirect=\xff"}},
    "prefetch": {"headers": {"Sec-Purpose": "prefetch"}},
    "fetch": {"headers": {"Sec-Fetch-Mode": "cors"}},
    "htmx": {"headers": {"HX-Request": "true"}},
    "HEAD": {"method": "HEAD"},
    "OPTIONS": {"method": "OPTIONS"},
    "POST": {"method": "POST", "data": {"email": "mallory@evil.example"}},
}
#: Those of them that sign Ada in.
GOOD = ("home", "page", "old token", "JSON")
APPS: list[dict[str, Any]] = [
    {"FEEDBACKCHIMP_RETURN_URL": "{page}?ssoToken={token}"},
    {"FEEDBACKCHIMP_RETURN_URL": "/api/sso?ssoToken={token}&redirect={page}"},
    {"FEEDBACKCHIMP_RETURN_URL": "https://login.example.net/jwt?jwt={token}&to={page}"},
    {"FEEDBACKCHIMP_RETURN_URL": "/sso/{token}?to={page}"},
    {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
    {"FEEDBACKCHIMP_ENABLED": False},
]


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
    claims = {"unsignable": {"logo": b"PNG"}, "wordy": {"story": "word " * 1000}}
    return Identity(user.email, user.name, claims=claims.get(user.id, {}))


def _make_app(**config: Any) -> Flask:
    """An app that uses everything, and answers its own mistakes with a 500."""
    app = make_app(*USERS, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"], **config)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    app.feedbackchimp.identity_loader(_load)
    sso_url = app.feedbackchimp.sso_url

    def api() -> str:
        # Made, and then not handed out: what becomes of it must not show either.
        return f"{len(app.feedbackchimp.create_token() + sso_url())}"

    links = "{{ feedbackchimp_url('/a') }} {{ feedbackchimp_link('Feedback') }}"
    app.add_url_rule("/page", "page", lambda: render_template_string(links))
    app.add_url_rule("/api", "api", api)
    app.add_url_rule("/api/foreign", "foreign", lambda: sso_url(FOREIGN))
    return app


class Visit(NamedTuple):
    """One answer, and the visitor's cookies before and after it."""

    user: str
    name: str
    answer: TestResponse
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


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """All that any formatter could make of what is logged, every logger at DEBUG."""
    texts: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(self.format(record))
            texts.append(repr(vars(record)))

    keeper = Keeper()
    names = ("", "werkzeug", "flask_feedbackchimp", "shop", "jwt")
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(keeper)
    yield texts
    logging.getLogger().removeHandler(keeper)
    for logger, level in levels.items():
        logger.setLevel(level)


@pytest.fixture(scope="module")
def visited(logged: list[str]) -> list[Visit]:
    return list(visits())


def is_clean(text: str) -> bool:
    """Whether neither the secret nor a token is in a text."""
    return SECRET not in text and TOKEN_START not in text


def test_log_is_clean(visited, logged):
    """Whatever is asked, by whomever, and whatever goes wrong."""
    statuses = {visit.answer.status_code for visit in visited}
    assert statuses >= {200, 302, 400, 403, 404, 405, 500}
    log = "\n".join(logged)
    for part in (
        "token issued: user='ada' jti=",
        "a mistake of the app's",
        "Exception on /api",
        "reason=page_foreign",
        "reason=page_too_long",
        "reason=token_too_long",
        "reason=claims_unusable",
        "reason=not_you",
        "reason=inactive",
        "reason=admin",
        "reason=prefetch",
    ):
        assert part in log
    locations = "".join(v.answer.headers.get("Location", "") for v in visited)
    signatures = re.findall(rf"{TOKEN_START}\.[\w-]+\.([\w-]{{43}})", locations)
    assert len(signatures) == locations.count(TOKEN_START) > 0
    assert not [signature for signature in signatures if signature in log]
    assert is_clean(log)


def test_token_is_only_in_location(visited):
    """Of a 302 of the endpoint: not in a body, another header or a cookie."""
    found = []
    for visit in visited:
        headers = dict(visit.answer.headers)
        location = headers.pop("Location", "")
        if TOKEN_START in location:
            assert visit.answer.status_code == 302
            assert location.count(TOKEN_START) == 1
            found.append((visit.user, visit.name))
        assert SECRET not in location
        assert is_clean(f"{headers} {visit.answer!r} {visit.answer.text} {visit.after}")
    assert sorted(found) == sorted(("ada", name) for name in GOOD * (len(APPS) - 1))


def test_session_stays_as_it_was(visited):
    """Flask-Login notes for strangers that they were asked to log in."""
    changed = {visit.user for visit in visited if visit.before != visit.after}
    assert changed <= {""}


def test_server_log_is_clean(logged):
    """Werkzeug logs what it is asked for; the token is only in its answer."""
    app = _make_app()
    cookie = logged_in(app).get_cookie("session").value
    with make_server("127.0.0.1", 0, app) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as browser:
            browser.request("GET", PREFIX, headers={"Cookie": f"session={cookie}"})
            answer = browser.getresponse()
            assert TOKEN_START in answer.headers["Location"]
            assert TOKEN_START.encode() not in answer.read()
        thread.join()
    text = "\n".join(logged)
    assert f"GET {PREFIX} HTTP/1.1" in text
    assert is_clean(text)


_WITHOUT_SOCKETS = """
import socket, sys

LOUD = (
    "socket.",
    "http.",
    "urllib.",
    "smtplib.",
    "ftplib.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.spawn",
    "os.posix",
)
events = []
sys.addaudithook(lambda event, _: event.startswith(LOUD) and events.append(event))
from test_left_behind import visits
assert sum(visit.answer.status_code == 302 for visit in visits()) > 50
print(*events)
socket.getaddrinfo("127.0.0.1", 80)
socket.socket().close()
print(len(events))
"""


def test_no_socket_is_opened():
    """Python's audit hook sees every one (PEP 578); the control shows that it does."""
    during, control = run_python("-c", _WITHOUT_SOCKETS).split("\n")[:2]
    assert during == ""
    assert int(control) >= 2
