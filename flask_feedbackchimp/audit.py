"""What is told of every outcome: one signal, one log line, never a token."""

from __future__ import annotations

import logging
from typing import Any

from blinker import Namespace
from flask import current_app

_signals = Namespace()

#: Sent when a token was issued: with the app as sender, the ``user`` and the ``jti``.
token_issued = _signals.signal("feedbackchimp-token-issued")

#: Sent when a sign-in was refused: with the app as sender, the ``user`` (``None``
#: where the request was refused before anybody was looked for) and the ``reason``.
sign_in_refused = _signals.signal("feedbackchimp-sign-in-refused")

logger = logging.getLogger("flask_feedbackchimp")


def issued(user: Any, jti: str) -> None:
    """Tell that a token was issued."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("token issued: user=%s jti=%s", _user_id(user), jti)
    if token_issued.receivers:
        token_issued.send(_app(), user=user, jti=jti)


def refused(user: Any, reason: str) -> None:
    """Tell that a sign-in was refused."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("sign-in refused: user=%s reason=%s", _user_id(user), reason)
    if sign_in_refused.receivers:
        sign_in_refused.send(_app(), user=user, reason=reason)


def unsignable(user: Any) -> None:
    """Tell the developer, from within the ``except``, what could not be signed."""
    logger.exception("token not signed: user=%s", _user_id(user))
    refused(user, "claims_unusable")


def sent_to_login() -> None:
    """Tell that a visitor was asked to log in first."""
    logger.info("login required: user=- reason=not_signed_in")


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]


def _user_id(user: Any) -> str:
    """The id as a literal in ASCII: a line break in it must not forge a log line."""
    get_id = getattr(user, "get_id", None)
    return "-" if get_id is None else ascii(get_id())
