"""The one path from a user to a token, for the endpoint and for the Python API."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from . import signals
from .destination import LOCATION_MAX_BYTES, handed_on_values
from .errors import SignInRefused, TokenError, refuse
from .identity import identify, known_user, signed_in_user
from .signals import NO_NOTE, Note
from .state import AppState

if TYPE_CHECKING:  # see _sign
    from .settings.secret import Secret
    from .tokens import SignedToken


_NO_LOADER = (
    "the user has no usable e-mail or name where this looks without a loader "
    "(user.email, and user.name or user.username): register one with "
    "@feedbackchimp.identity_loader"
)


def require_secret(state: AppState) -> Secret:
    """What signs.

    :raises TokenError: switched off.
    """
    if state.settings.secret is None:
        raise TokenError(
            "Nothing is signed while FEEDBACKCHIMP_ENABLED is False: set it to True, "
            "or link to the board itself.",
            reason="disabled",
        )
    return state.settings.secret


def requested_page(
    state: AppState, values: Sequence[str], query: bytes = b"", note: Note = NO_NOTE
) -> tuple[str, Mapping[str, bytes]]:
    """The page on the board that a request names, and what goes on to the board.

    :param values: every value of the page parameter.
    :param query: the request's query string, for the parameters to hand on.
    :raises SignInRefused: with status 400.
    """
    settings = state.settings
    try:
        page = settings.board.requested_page(values)
        return page, handed_on_values(query, settings.return_url.handed_on)
    except SignInRefused as refusal:
        signals.refused(None, refusal.reason, note)
        raise


def user_or_refuse(user: Any) -> Any:
    """The given user, or the signed-in one for an ellipsis.

    :raises SignInRefused: with status 401, if that is nobody.
    """
    user = signed_in_user() if user is ... else known_user(user)
    if user is None:
        signals.refused(None, "not_signed_in")
        raise refuse("not_signed_in")
    return user


def issue_token(state: AppState, user: Any) -> str:
    """A fresh token about a user.

    :raises SignInRefused: with status 403.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    token = _sign(state, user, NO_NOTE)
    signals.issued(user, token.jti)
    return token.between()


def issue_url(
    state: AppState,
    page: str,
    user: Any,
    handed_on: Mapping[str, bytes],
    note: Note = NO_NOTE,
) -> str:
    """The URL that takes a fresh token about a user to a page on the board.

    :param handed_on: values of incoming parameters for the return URL, decoded.
    :raises SignInRefused: with status 403, or 400 if the URL gets too long.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    token = _sign(state, user, note)
    settings = state.settings
    before, after = settings.return_url.around(page, handed_on)
    if len(before) + len(token) + len(after) > LOCATION_MAX_BYTES:
        around_home = settings.return_url.around(settings.board.home, {})
        fits = len(token) + sum(map(len, around_home)) <= LOCATION_MAX_BYTES
        reason = "page_too_long" if fits else "token_too_long"
        signals.refused(user, reason, note)
        raise refuse(reason)
    signals.issued(user, token.jti, note)
    # Nothing can fail from here on: only now may a variable hold the token as text.
    return token.between(before, after)


def _sign(state: AppState, user: Any, note: Note) -> SignedToken:
    settings, secret = state.settings, require_secret(state)
    # Imported here, because jwt is costly and most commands of an app never sign.
    from .tokens import sign

    try:
        email, name, claims = identify(user, state.slot.loader, settings.admin_emails)
    except HTTPException:  # a loader's abort()
        signals.refused(user, "aborted", note)
        raise
    except SignInRefused as refusal:
        lacks = refusal.reason in ("email_unusable", "name_unusable")
        if lacks and state.slot.is_default:
            texts = filter(None, (_NO_LOADER, note[1]))
            note = (logging.WARNING, "; ".join(texts))
        signals.refused(user, refusal.reason, note)
        raise
    try:
        lifetime = settings.token_lifetime
        return sign(secret, email, name, claims=claims, lifetime=lifetime)
    except TokenError:
        signals.unsignable(user)
        raise
