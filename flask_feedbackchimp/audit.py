"""The one place that reports: what becomes of each attempt to sign somebody in.

Every token, refusal and request to log in is one line in the log; the first two also
send a signal. Neither ever holds a token or a value of the request.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blinker import NamedSignal, Namespace
from flask import current_app
from werkzeug.exceptions import HTTPException

from .errors import SignInRefused, TokenError

_signals = Namespace()

#: Sent just before a token is signed: with the app as sender, the ``user`` and the
#: ``jti``.
token_issued: NamedSignal = _signals.signal("feedbackchimp-token-issued")

#: Sent when a sign-in was refused: with the app as sender, the ``user`` (``None``
#: where the request was refused before anybody was looked for) and the ``reason``.
sign_in_refused: NamedSignal = _signals.signal("feedbackchimp-sign-in-refused")

logger: logging.Logger = logging.getLogger("flask_feedbackchimp")

#: How the log's lines begin.
LOGIN_REQUIRED, TOKEN_ISSUED, REFUSED = (
    "login required",
    "token issued",
    "sign-in refused",
)


class Attempt:
    """An attempt to sign somebody in, as far as it has come.

    The log gets a line at INFO with every hint. WARNING means that the configuration
    is probably wrong.
    """

    def __init__(self) -> None:
        #: The user whom it is about, once that is known.
        self.user: Any = None
        self._level = logging.INFO
        self._hints: list[str] = []
        self._is_reported = False

    def mention(self, hint: str) -> None:
        """Add a hint for the operator. It holds no value of the request."""
        self._hints.append(hint)

    def warn(self, hint: str) -> None:
        """Add a hint for the operator, if there is one, and make the line a warning."""
        if hint:
            self._hints.insert(0, hint)  # before what is only mentioned
            self._level = logging.WARNING

    def login_required(self) -> None:
        """Report that the visitor was asked to log in first."""
        self._log(LOGIN_REQUIRED, "reason", "not_signed_in")

    def token_issued(self, jti: str) -> None:
        """Report that everything is ready, and that the token will be signed now."""
        self._log(TOKEN_ISSUED, "jti", jti)
        self._send(token_issued, jti=jti)

    def refused(self, reason: str) -> None:
        """Report that the sign-in was refused."""
        if not self._is_reported:  # a login may answer with abort(401)
            self._log(REFUSED, "reason", _one_line(reason))
            self._send(sign_in_refused, reason=reason)

    def failed(self, error: TokenError) -> None:
        """Report that the claims cannot be signed.

        An error, with the traceback: the visitor can do nothing about it, the developer
        can.
        """
        self._level = logging.ERROR
        self._log(REFUSED, "reason", "claims_unusable", error)
        self._send(sign_in_refused, reason="claims_unusable")

    def _log(
        self, outcome: str, label: str, code: str, error: Exception | None = None
    ) -> None:
        self._is_reported = True
        if not logger.isEnabledFor(self._level):
            return
        hints = "; ".join(self._hints)
        message = f"{outcome}: user=%s {label}=%s%s"
        values = (_user_id(self.user), code, f": {hints}" if hints else "")
        logger.log(self._level, message, *values, exc_info=error)

    def _send(self, signal: NamedSignal, **facts: str) -> None:
        app: Any = current_app
        signal.send(
            app._get_current_object(),
            _async_wrapper=app.ensure_sync,
            user=self.user,
            **facts,
        )


@contextmanager
def attempt() -> Iterator[Attempt]:
    """Report the refusal, ``TokenError`` or ``abort()`` that ends an attempt."""
    attempt = Attempt()
    try:
        yield attempt
    except SignInRefused as error:
        attempt.warn(error.log_hint)
        attempt.refused(error.reason)
        raise
    except TokenError as error:
        attempt.failed(error)
        raise
    except HTTPException:  # a loader's abort()
        attempt.refused("aborted")
        raise


def _user_id(user: Any) -> str:
    get_id = getattr(user, "get_id", None)
    return "-" if get_id is None else ascii(str(get_id()))


def _one_line(code: str) -> str:
    """A code, quoted unless it is a plain word: an app's own are free text.

    A line break in one must not forge a log line.
    """
    return code if code.isidentifier() and code.isascii() else ascii(code)
