"""Visits to the app, as ``check`` makes them: by its own test client.

Nothing is reasoned about that a visit can show.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qs, urljoin, urlsplit

from flask import Flask, got_request_exception, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .. import audit
from ..sandbox.tokens import read
from ..settings import AppState
from ..templating import ENDPOINT
from ..views import LOGIN_COOKIE

_P = ParamSpec("_P")
_T = TypeVar("_T")

_MOST_REDIRECTS = 10
_NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@dataclass
class Visit:
    """What became of a visit to the endpoint.

    :param response: the answer; ``None`` where the app failed.
    :param endpoint: the app's endpoint that the URL map found for it, if any.
    :param outcome: what the extension logged of it; empty where the request did not get
        so far.
    :param error: what was raised.
    :param has_session: whether a session could be opened.
    :param user_id: the id of a user in that session.
    """

    response: TestResponse | None = None
    endpoint: str | None = None
    outcome: str = ""
    error: BaseException | None = None
    has_session: bool = True
    user_id: object = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The status line of the answer."""
        return "an error" if self.response is None else self.response.status


class Walker:
    """Goes to an app and on to where it leads.

    :param address: where the app is: an origin, and the path it is mounted at.
    """

    def __init__(self, app: Flask, state: AppState, address: str) -> None:
        self._app, self._state = app, state
        self._base_url = f"{address.rstrip('/')}/"

    def visit_as_stranger(self) -> Visit:
        """Go to the endpoint as somebody who is not logged in."""
        return _run(self._visit, self._app.test_client())

    def visit_as(self, user_id: str) -> Visit:
        """Go to the endpoint with a user's id in the session.

        :param user_id: what the app's user loader takes.
        """
        app, client = self._app, self._app.test_client()
        protection = app.config.get("SESSION_PROTECTION", ...)
        # Flask-Login would compare the session with the address it was made for.
        app.config["SESSION_PROTECTION"] = None
        try:
            with client.session_transaction(base_url=self._base_url) as opened:
                opened.update(_user_id=user_id, _fresh=True)
            visit = _run(self._visit, client)
        finally:
            if protection is ...:
                del app.config["SESSION_PROTECTION"]
            else:
                app.config["SESSION_PROTECTION"] = protection
        if visit.outcome.startswith("token issued") and visit.response is not None:
            visit.claims = self._claims_in(visit.response.location or "")
        return visit

    def follow_to_login(self, location: str) -> TestResponse | str | None:
        """Go where a stranger is sent, and on from there.

        :param location: of the endpoint's answer.
        :return: the last answer of the app, or what went wrong; ``None`` where the way
            leads to another site.
        """
        client = self._app.test_client()
        url = urljoin(self._base_url, location)
        with _errors_caught() as errors:
            for _ in range(_MOST_REDIRECTS):
                if not url.startswith(self._base_url):
                    return None
                path = url.removeprefix(self._base_url.rstrip("/"))
                if urlsplit(path).path == self._state.settings.url_prefix:
                    return "leads back to the endpoint, so round in circles"
                try:
                    response = _run(self._get, client, path)
                except Exception as error:
                    errors.append(error)
                if errors:
                    return f"fails: {describe_error(errors[0])}"
                if response.location is None:
                    return response
                url = urljoin(url, response.location)
        return "leads round in circles"

    def _visit(self, client: FlaskClient) -> Visit:
        visit = Visit()
        with _errors_caught() as errors, _log_caught() as lines, client:
            try:
                visit.response = self._get(client, self._state.settings.url_prefix)
                visit.endpoint = request.endpoint
                visit.has_session = not self._app.session_interface.is_null_session(
                    session
                )
                visit.user_id = session.get("_user_id")
            except Exception as error:
                visit.error = error
        visit.error = errors[-1] if errors else visit.error
        visit.outcome = lines[-1] if lines else ""
        return visit

    def _get(self, client: FlaskClient, path: str) -> TestResponse:
        return client.get(path, base_url=self._base_url, headers=_NAVIGATION)

    def _claims_in(self, location: str) -> Mapping[str, Any]:
        """The claims of the token that a URL takes to the board, read as there."""
        name, parts = self._state.settings.return_url.token_param, urlsplit(location)
        if name is None:
            [token] = [part for part in parts.path.split("/") if part.count(".") == 2]
        else:
            token = parse_qs(parts.query)[name][-1]
        return read(self._state.require_secret(), token)


def was_reached(visit: Visit) -> bool:
    """Whether the endpoint's own view answered."""
    if visit.outcome:
        return True
    cookies = visit.response.headers.getlist("Set-Cookie") if visit.response else []
    return any(cookie.startswith(f"{LOGIN_COOKIE}=") for cookie in cookies)


def describe_error(error: BaseException) -> str:
    """An error in one line, with the place where it was raised."""
    text = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return text
    place = frames[-1]
    return f"{text} ({place.filename}, line {place.lineno}, in {place.name})"


def describe_answerer(visit: Visit) -> str:
    """Who answered in the endpoint's place."""
    if visit.endpoint is None:
        return "no route of the app"
    if visit.endpoint != ENDPOINT:
        return f"the app's own route {visit.endpoint!r}"
    return "something that runs before every view, such as a CSRF guard on GET"


def _run(visit: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Make a visit without the app context that a command has, as a server does.

    Its ``g`` would outlive the visit, and with it Flask-Login's user.
    """
    return Context().run(visit, *args, **kwargs)


@contextmanager
def _errors_caught() -> Iterator[list[BaseException]]:
    """Every error that a request ends in, also where a page is made of it."""
    errors: list[BaseException] = []

    def note(_: object, exception: BaseException, **__: Any) -> None:
        errors.append(exception)

    with got_request_exception.connected_to(note):
        yield errors


@contextmanager
def _log_caught() -> Iterator[list[str]]:
    """Every line that the extension logs, whatever the app's level."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            lines.append(record.getMessage() + (f": {error}" if error else ""))

    handler, level = Handler(), audit.logger.level
    audit.logger.addHandler(handler)
    audit.logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        audit.logger.setLevel(level)
        audit.logger.removeHandler(handler)
