"""What is left behind: neither the secret nor a token, anywhere but in ``Location``."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import pytest
from flask import Flask, abort, jsonify, redirect, render_template_string
from flask.globals import app_ctx
from itsdangerous import URLSafeTimedSerializer
from werkzeug.serving import make_server

import flask_feedbackchimp
from apps import BOARD, PREFIX, SECRET, InactiveUser, User, logged_in, make_app
from flask_feedbackchimp import (
    ConfigError,
    FeedbackChimpError,
    Identity,
    SignInRefused,
)

# Every token of ours begins with its header, and so would a part of one.
TOKEN_START = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

USERS = [User(id) for id in ("ada", "boss", "banned", "elsewhere", "broken", "wordy")]
USERS += [
    InactiveUser("inactive"),
    User("blank", name=" "),
    User("unreachable", email="nobody"),
    User("unsignable"),
    User("reserved"),
    User("sorry"),
]

GET: dict[str, Any] = {"method": "GET"}
FOREIGN = "https://acme.feedbackchimp.space@evil.example/"
# A page that fits by itself, and not with a token.
LONG_WAY_BACK = BOARD + "/" + "\xe9" * 675
#: Every way to ask: a label and the arguments of the request.
REQUESTS: dict[str, dict[str, Any]] = {
    "home": GET,
    "page": GET | {"query_string": {"redirect": f"{BOARD}/board/1?a=b#c"}},
    "foreign page": GET | {"query_string": {"redirect": FOREIGN}},
    "two pages": GET | {"query_string": f"redirect={BOARD}&redirect={BOARD}"},
    "long page": GET | {"query_string": {"redirect": f"{BOARD}/{'a' * 2500}"}},
    "long way back": GET | {"query_string": {"redirect": LONG_WAY_BACK}},
    "raw bytes": GET | {"environ_overrides": {"QUERY_STRING": "redirect=\xff"}},
    "an old token": GET | {"query_string": {"ssoToken": "old"}},
    "JSON": GET | {"headers": {"Accept": "application/json"}},
    "prefetch": GET | {"headers": {"Sec-Purpose": "prefetch"}},
    "fetch": GET | {"headers": {"Sec-Fetch-Mode": "cors"}},
    "htmx": GET | {"headers": {"HX-Request": "true"}},
    "HEAD": {"method": "HEAD"},
    "OPTIONS": {"method": "OPTIONS"},
    "POST": {"method": "POST", "data": {"email": "mallory@evil.example"}},
    "DELETE": {"method": "DELETE"},
}


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
        "reserved": {"email": "mallory@evil.example"},
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

    @app.get("/bad-page")
    def bad_page() -> str:
        return render_template_string("{{ feedbackchimp_url('//evil.example') }}")

    @app.get("/api")
    def api() -> Any:
        # Made, and then not handed out: what becomes of it must not show either.
        made = app.feedbackchimp.create_token(), app.feedbackchimp.sso_url()
        return jsonify(tokens=len(made))

    @app.get("/api/foreign")
    def foreign() -> Any:
        return app.feedbackchimp.sso_url(FOREIGN)

    return app


def _drive(client: Any) -> Iterator[Any]:
    """Every request there is, as answered."""
    for arguments in REQUESTS.values():
        yield client.open(PREFIX, **arguments)
    for path in ("/page", "/bad-page", "/api", "/api/foreign", "/nowhere"):
        yield client.get(path)


def _responses() -> Iterator[tuple[Flask, Any, Any]]:
    """Every answer to everybody, of apps in every shape, with app and client."""
    endpoint = "https://feedback.example.com/sso"
    for config in (
        {},
        {"FEEDBACKCHIMP_SSO_ENDPOINT": endpoint},
        {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
        {"FEEDBACKCHIMP_ENABLED": False},
    ):
        app = _make_app(**config)
        clients = [app.test_client(), *(logged_in(app, user.id) for user in USERS)]
        for client in clients:
            for response in _drive(client):
                yield app, client, response


class _Record(logging.Handler):
    """Keeps all that any formatter could make of a log record."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))
        self.texts += [repr(vars(record)), repr(record.args), str(record.msg)]
        if record.exc_info and record.exc_info[1]:
            self.texts.append(_everything_said(record.exc_info[1]))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that is logged, with every logger there is at DEBUG."""
    names = ["", "werkzeug", "flask", "flask_feedbackchimp", "shop", "jwt", "asyncio"]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    record = _Record()
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(record)
    yield record.texts
    logging.getLogger().removeHandler(record)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def _everything_said(error: BaseException) -> str:
    """All that an exception says, with those behind it, in every form."""
    said = "".join(traceback.format_exception(error))
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        said += f"\n{link}\n{link!r}\n{link.args!r}\n{_reprs(vars(link))}"
        links += [link.__cause__, link.__context__]
    return said


def _reprs(value: Any, seen: set[int] | None = None) -> str:
    """The ``repr`` of a value and of all that it is made of, plain text apart.

    The settings must hold the secret itself; no object that holds it may show it.
    """
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, str | bytes | type | int | float):
        return ""
    seen.add(id(value))
    inner = list(vars(value).values()) if hasattr(value, "__dict__") else []
    slots = getattr(type(value), "__slots__", ())
    for name in [slots] if isinstance(slots, str) else slots:
        inner.append(getattr(value, name, None))
    if isinstance(value, dict):
        inner += value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner += value
    shown = "" if type(value) in {dict, list, tuple} else f"{value!r}\n{value!s}\n"
    return shown + "".join(_reprs(part, seen) for part in inner)


def _assert_clean(*texts: str) -> None:
    for text in texts:
        assert SECRET not in text
        assert TOKEN_START not in text


def test_no_log_record_has_a_secret_or_a_token(logged):
    """Whatever is asked, by whomever, and whatever goes wrong."""
    responses = [response for _, _, response in _responses()]
    statuses = {response.status_code for response in responses}
    assert statuses >= {200, 302, 400, 403, 404, 405, 500}
    text = "\n".join(logged)
    locations = [response.headers.get("Location", "") for response in responses]
    signatures = [
        re.split("[&#]", location.rpartition(".")[2])[0]
        for location in locations
        if TOKEN_START in location
    ]
    assert signatures
    assert {len(signature) for signature in signatures} == {43}
    assert not any(signature in text for signature in signatures)
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
        assert reason in text
    _assert_clean(*logged)


def test_no_log_record_of_a_real_server_has_a_secret_or_a_token(logged):
    """Werkzeug logs what it is asked for; the token is in its answer alone."""
    server = make_server("127.0.0.1", 0, _make_app())
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    connection = HTTPConnection("127.0.0.1", server.port)
    try:
        connection.request("GET", "/login/ada")
        answer = connection.getresponse()
        answer.read()
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        connection.request("GET", PREFIX, headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert TOKEN_START in answer.headers["Location"]
        assert TOKEN_START.encode() not in answer.read()
    finally:
        connection.close()
        server.shutdown()
        thread.join()
        server.server_close()
    text = "\n".join(logged)
    assert f"GET {PREFIX} HTTP/1.1" in text
    assert "token issued" in text
    _assert_clean(*logged)


def test_a_token_is_in_the_location_of_a_302_and_nowhere_else():
    """Not in a body, another header, a cookie or the session."""
    found = 0
    for app, client, response in _responses():
        headers = dict(response.headers)
        location = headers.pop("Location", "")
        if TOKEN_START in location:
            found += 1
            assert response.status_code == 302
            assert location.count(TOKEN_START) == 1
            assert response.request.path == PREFIX
            assert app.config.get("FEEDBACKCHIMP_ENABLED", True)
            assert client.get_cookie("session") is not None
        _assert_clean(response.get_data(as_text=True), repr(headers), repr(response))
        assert SECRET not in location
        for cookie in client._cookies.values():
            _assert_clean(cookie.value, str(_session(app, cookie.value)))
    asked_well = {"home", "page", "an old token", "JSON"} & set(REQUESTS)
    assert found == 3 * len(asked_well)


def _session(app: Flask, cookie: str) -> Any:
    serializer = app.session_interface.get_signing_serializer(app)
    assert isinstance(serializer, URLSafeTimedSerializer)
    return serializer.loads(cookie)


def test_the_session_is_as_it_was_before():
    """A sign-in writes nothing into it, and nothing of Flask's ``g`` survives."""
    app = _make_app()
    client = logged_in(app)
    before = client.get_cookie("session").value
    session = _session(app, before)
    for response in _drive(client):
        assert "Set-Cookie" not in response.headers
    assert client.get_cookie("session").value == before
    assert set(session) <= {"_user_id", "_fresh", "_id"}
    assert not app_ctx


def test_no_object_that_holds_the_secret_shows_it():
    """Neither the record, nor the settings, nor the signer, nor the extension."""
    app = _make_app()
    assert logged_in(app).get(PREFIX).status_code == 302
    state = app.extensions["feedbackchimp"]
    assert state.settings.jwt_secret == SECRET
    for held in (state, app.feedbackchimp, app.extensions, state.signer):
        text = _reprs(held)
        assert text
        _assert_clean(text)
    assert "Settings" in _reprs(state)
    assert "HMAC" in _reprs(state)
    _assert_clean(f"{state}", f"{state!r}", f"{app.extensions}", f"{[state]}")


def test_what_is_signed_does_not_show_itself():
    """It passes through frames that an error reporter may print."""
    state = _make_app().extensions["feedbackchimp"]
    signed = state.signer.sign("ada@example.com", "Ada")
    assert signed.text.startswith(TOKEN_START)
    assert signed.jti in repr(signed)
    _assert_clean(repr(signed), str(signed), f"{signed}", f"{[signed]}")


def test_no_exception_says_a_secret_or_a_token():
    """Text, ``repr``, arguments, attributes, causes and the formatted traceback."""
    app = _make_app()
    app.testing = True
    errors: list[BaseException] = []
    for user in [None, *USERS]:
        for page in (None, FOREIGN, f"{BOARD}/{'a' * 2500}", LONG_WAY_BACK):
            with app.test_request_context():
                try:
                    app.feedbackchimp.sso_url(page, user=user)
                    app.feedbackchimp.create_token(user)
                except Exception as error:
                    errors.append(error)
    with app.app_context():
        token = app.feedbackchimp.create_token(USERS[0])
    signer = app.extensions["feedbackchimp"].signer
    for changed in (token[:-4], token + "x", token + "\ud800", token[:40], "." + token):
        with pytest.raises(FeedbackChimpError) as caught:
            signer.read(changed)
        errors.append(caught.value)
    assert {type(error).__name__ for error in errors} >= {
        "SignInRefused",
        "TokenError",
        "ValueError",
        "HTTPException",
    }
    signature = token.rpartition(".")[2]
    for error in errors:
        said = _everything_said(error)
        assert signature not in said
        _assert_clean(said)


@pytest.mark.parametrize(
    "config",
    [
        {"FEEDBACKCHIMP_TYPO": SECRET},
        {"FEEDBACKCHIMP_ORGANIZATION": SECRET + "."},
        {"FEEDBACKCHIMP_BOARD_URL": f"https://{SECRET}@evil.example/#{SECRET}"},
        {"FEEDBACKCHIMP_JWT_SECRET": SECRET.encode() + b"\xff"},
        {"FEEDBACKCHIMP_JWT_SECRET": SECRET + "\ud800"},
        {"FEEDBACKCHIMP_JWT_SECRET": json.dumps({"k": SECRET})},
        {"FEEDBACKCHIMP_JWT_SECRET": f'{{"kty":"{SECRET}"}}'.encode("utf-16-le")},
        {"FEEDBACKCHIMP_JWT_SECRET": [SECRET]},
        {"FEEDBACKCHIMP_JWT_SECRET": f"ssh-rsa {SECRET}"},
        {"SECRET_KEY": SECRET},
    ],
)
def test_no_configuration_error_says_a_secret(config, logged):
    try:
        make_app(**config)
    except ConfigError as error:
        _assert_clean(_everything_said(error), *error.problems, *logged)
    else:
        # This PyJWT knows no JSON in UTF-16; then it is a secret like any other.
        assert b"\x00" in config["FEEDBACKCHIMP_JWT_SECRET"]


def test_a_short_secret_is_not_in_the_warning_or_the_error_that_it_becomes():
    secret = "kR7-short-secret"
    with pytest.raises(UserWarning) as caught:
        make_app(FEEDBACKCHIMP_JWT_SECRET=secret)
    assert secret not in _everything_said(caught.value).replace(
        f'secret = "{secret}"', ""
    )


def test_signals_tell_the_jti_and_never_the_token():
    app = _make_app()
    told: list[Any] = []

    def receive(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    signals = flask_feedbackchimp.token_issued, flask_feedbackchimp.sign_in_refused
    with signals[0].connected_to(receive, app), signals[1].connected_to(receive, app):
        for user in USERS:
            for _ in _drive(logged_in(app, user.id)):
                pass
    assert {frozenset(facts) for facts in told} == {
        frozenset({"user", "jti"}),
        frozenset({"user", "reason"}),
    }
    for facts in told:
        _assert_clean(repr(facts), str(facts.get("jti")), str(facts.get("reason")))


# Sockets


_WITHOUT_SOCKETS = """
import sys

events = []
NETWORK = ("socket.", "http.", "urllib.", "smtplib.", "ftplib.")
PROCESSES = ("subprocess.", "os.system", "os.exec", "os.fork", "os.spawn", "os.posix")

def hook(event, arguments):
    if event.startswith(NETWORK + PROCESSES):
        events.append(event)

sys.addaudithook(hook)

import test_left_behind as driven
from flask_feedbackchimp import FeedbackChimp

count = 0
for app, client, response in driven._responses():
    count += 1
with app.app_context():
    try:
        FeedbackChimp().sso_url()
    except Exception:
        count += 1
signer = driven._make_app().extensions["feedbackchimp"].signer
assert signer.read(signer.sign("ada@example.com", "Ada", lifetime=60).text)
assert count > 500, count
print(*events)

import socket
socket.getaddrinfo("127.0.0.1", 80)
socket.socket().close()
print(len(events))
"""


def test_no_socket_is_ever_opened():
    """Python's audit hook sees every one (PEP 578); the control shows that it does."""
    here = __file__.rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_SOCKETS],
        env={"PYTHONPATH": ":".join([here, *filter(None, sys.path)])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    during, control = done.stdout.split("\n")[:2]
    assert during == ""
    assert int(control) >= 2
