"""Walks through the app, as ``check`` makes them: by its own test client.

Nothing is reasoned about that a walk can show.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from flask import Flask, got_request_exception, has_request_context, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .. import audit
from ..sandbox.tokens import read
from ..settings import AppState

_MOST_REDIRECTS = 10
_REDIRECTS = {301, 302, 303, 307, 308}
_NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
#: A token, wherever it stands in a text.
TOKEN: re.Pattern[str] = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


@dataclass
class Walk:
    """A visit to the endpoint, and on to where its answer leads within the app.

    :param paths: what was asked for, in this order.
    :param answers: what the app answered; one fewer where it raised an error.
    :param answerer: the app's endpoint that the URL map found at first, if any.
    :param error: the error that the walk ended in.
    :param outcome: what the extension logged last; empty if its view was not reached.
    :param left_for: the URL outside the app that the walk led to; empty if none.
    :param is_endless: whether the last answer leads on, as all the others did.
    :param claims: what the board would be told.
    """

    paths: list[str] = field(default_factory=list)
    answers: list[TestResponse] = field(default_factory=list)
    answerer: str | None = None
    error: Exception | None = None
    outcome: str = ""
    left_for: str = ""
    is_endless: bool = False
    claims: dict[str, Any] = field(default_factory=dict)


class Walker:
    """Walks through an app.

    :param address: where the app is: an origin, and the path it is mounted at.
    """

    def __init__(self, app: Flask, state: AppState, address: str) -> None:
        self._app, self._state = app, state
        settings, home = state.settings, state.require_board().home
        query = f"{settings.redirect_param}={quote(home, safe='')}"
        self._url = f"{address}{settings.url_prefix}?{query}"
        # Some apps take the path that they are mounted at off by themselves.
        self._roots = dict.fromkeys([f"{address}/", urljoin(address, "/")])

    def walk(self, user_id: str | None = None) -> Walk:
        """Go to the endpoint, and on from there.

        :param user_id: a user who is logged in, as the app's user loader takes it.
        """
        walks = []
        for root in self._roots:
            walks.append(walk := Walk())
            # Without the app context that a command has, as a server does: its "g"
            # would outlive the visit, and with it Flask-Login's user.
            Context().run(self._walk, walk, root, user_id)
            if walk.outcome or walk.error:
                return walk
        return walks[0]

    def _walk(self, walk: Walk, root: str, user_id: str | None) -> None:
        client, errors = self._app.test_client(), list[Exception]()

        def note(_: object, exception: Exception, **__: Any) -> None:
            errors.append(exception)  # also where the app makes a page of it

        with (
            got_request_exception.connected_to(note, self._app),
            _log_caught() as lines,
        ):
            try:
                with self._app.test_request_context(base_url=root):
                    session.clear()  # without a SECRET_KEY, Flask says what is missing
                with self._logged_in(client, root, user_id), client:
                    self._go(client, walk, root, errors)
                walk.outcome = (lines or [""])[-1]
                if walk.outcome.startswith("token issued"):
                    token = TOKEN.search(walk.left_for)
                    secret = self._state.require_secret()
                    walk.claims = read(secret, token[0]) if token else {}
            except Exception as error:
                errors.append(error)
        walk.error = errors[0] if errors else None

    def _go(
        self, client: FlaskClient, walk: Walk, root: str, errors: list[Exception]
    ) -> None:
        url, root = self._url, root.partition("://")[2]
        for _ in range(_MOST_REDIRECTS):
            scheme, _, place = url.partition("://")  # an app may insist on https
            if not place.startswith(root):
                walk.left_for = url
                return
            path = f"/{place.removeprefix(root)}"
            walk.paths.append(path.partition("?")[0])
            base_url = f"{scheme}://{root}"
            # Buffered, because a page may fail while it is sent.
            answer = client.get(
                path, base_url=base_url, headers=_NAVIGATION, buffered=True
            )
            walk.answers.append(answer)
            if len(walk.answers) == 1 and has_request_context():
                walk.answerer = request.endpoint
            if errors or answer.status_code not in _REDIRECTS:
                return
            url = urljoin(url, answer.location or "")
        walk.is_endless = True

    @contextmanager
    def _logged_in(
        self, client: FlaskClient, root: str, user_id: str | None
    ) -> Iterator[None]:
        """Have a user's id in the session for as long as the walk takes."""
        if user_id is None:
            yield
            return
        config = self._app.config
        protection = config.get("SESSION_PROTECTION", ...)
        # Flask-Login would compare the session with the address it was made for.
        config["SESSION_PROTECTION"] = None
        try:
            with client.session_transaction(base_url=root) as opened:
                opened.update(_user_id=user_id, _fresh=True)
            yield
        finally:
            del config["SESSION_PROTECTION"]
            if protection is not ...:
                config["SESSION_PROTECTION"] = protection
            # One that is kept on the server would outlive the walk.
            with client.session_transaction(base_url=root) as opened:
                opened.clear()


@contextmanager
def _log_caught() -> Iterator[list[str]]:
    """Every line that the extension logs, also where the app's logging drops it."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            lines.append(record.getMessage() + (f": {error}" if error else ""))

    logger, handler = audit.logger, Handler()
    before = logger.level, logger.disabled, logger.propagate, logger.manager.disable
    logger.setLevel(logging.INFO)
    logger.disabled = logger.propagate = False
    logging.disable(logging.NOTSET)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        level, logger.disabled, logger.propagate, disabled = before
        logger.setLevel(level)
        logging.disable(disabled)
