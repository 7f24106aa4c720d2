"""What is told about every outcome: one signal, one log line, never a token.

Being asked to log in is not an outcome yet: it is logged, and sends no signal. While
switched off, only refusals are told.
"""

from __future__ import annotations

import logging
from typing import Any

from blinker import NamedSignal, Namespace
from flask import current_app

_signals = Namespace()

#: Sent when a token was issued: with the app as sender, the ``user`` and the ``jti``.
token_issued: NamedSignal = _signals.signal("feedbackchimp-token-issued")

#: Sent when a sign-in was refused: with the app as sender, the ``user`` (``None``
#: where the request was refused before anybody was looked for) and the ``reason``.
sign_in_refused: NamedSignal = _signals.signal("feedbackchimp-sign-in-refused")

logger: logging.Logger = logging.getLogger("flask_feedbackchimp")


#: The level of a log line (a warning where the configuration is the likely fault), and
#: what it adds for the operator; no value of a parameter is in it.
Note = tuple[int, str]
NO_NOTE: Note = (logging.INFO, "")

# Ids and codes are written as literals in ASCII: a line break in one must not forge a
# log line.


def issued(user: Any, jti: str, note: Note = NO_NOTE) -> None:
    """Tell that a token was issued."""
    _log(note, "token issued: user=%s jti=%s", user, jti)
    if token_issued.receivers:
        token_issued.send(_app(), user=user, jti=jti)


def refused(user: Any, reason: str, note: Note = NO_NOTE) -> None:
    """Tell that a sign-in was refused."""
    _log(note, "sign-in refused: user=%s reason=%s", user, _code(reason))
    sign_in_refused.send(_app(), user=user, reason=reason)


def unsignable(user: Any) -> None:
    """Tell, from within the ``except``, that the claims could not be signed.

    An error, with the traceback: the visitor can do nothing about it, the developer
    can.
    """
    reason = "claims_unusable"
    logger.exception("sign-in refused: user=%s reason=%s", _user_id(user), reason)
    sign_in_refused.send(_app(), user=user, reason=reason)


def sent_to_login(note: Note = NO_NOTE) -> None:
    """Tell that a visitor was asked to log in first."""
    _log(note, "login required: user=%s reason=%s", None, "not_signed_in")


def _log(note: Note, message: str, user: Any, code: str) -> None:
    level, text = note
    if logger.isEnabledFor(level):
        text = f": {text}" if text else ""
        logger.log(level, message + "%s", _user_id(user), code, text)


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]  # LocalProxy's


def _user_id(user: Any) -> str:
    get_id = getattr(user, "get_id", None)
    return "-" if get_id is None else ascii(str(get_id()))


def _code(reason: str) -> str:
    """The app's own codes are free text: quoted, unless they are a plain word."""
    return reason if reason.isidentifier() and reason.isascii() else ascii(reason)
