"""What is told of every outcome: one signal, one log line, never a token.

Being asked to log in is no outcome yet: it is logged, and sends no signal. Nor is being
sent to the plain board while switched off, of which nothing is told.
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

# Ids and codes are written as literals in ASCII: a line break in one must not forge a
# log line.
_REFUSED = "sign-in refused: user=%s reason=%s"


def issued(user: Any, jti: str) -> None:
    """Tell that a token was issued."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("token issued: user=%s jti=%s", _user_id(user), jti)
    if token_issued.receivers:
        token_issued.send(_app(), user=user, jti=jti)


def refused(user: Any, reason: str) -> None:
    """Tell that a sign-in was refused."""
    if logger.isEnabledFor(logging.INFO):
        logger.info(_REFUSED, _user_id(user), _code(reason))
    sign_in_refused.send(_app(), user=user, reason=reason)


def unsignable(user: Any) -> None:
    """Tell, from within the ``except``, that the claims could not be signed.

    An error, with the traceback: the visitor can do nothing about it, the developer
    can.
    """
    logger.exception(_REFUSED, _user_id(user), "claims_unusable")
    sign_in_refused.send(_app(), user=user, reason="claims_unusable")


def sent_to_login() -> None:
    """Tell that a visitor was asked to log in first."""
    logger.info("login required: user=- reason=not_signed_in")


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]  # LocalProxy's


def _user_id(user: Any) -> str:
    get_id = getattr(user, "get_id", None)
    return "-" if get_id is None else ascii(str(get_id()))


def _code(reason: str) -> str:
    """The app's own codes are free text: quoted, unless they are a plain word."""
    return reason if reason.isidentifier() and reason.isascii() else ascii(reason)
