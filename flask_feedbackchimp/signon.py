"""The one path from a user to a token, for the endpoint and for the Python API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import audit
from .destination import LOCATION_MAX_BYTES, Page
from .errors import SignInRefused, TokenError
from .identity import identify, known_user, signed_in_user
from .refusals import refuse
from .state import AppState

if TYPE_CHECKING:  # see state
    from .tokens import SignedToken


def requested_page(state: AppState, values: list[str]) -> Page:
    """The page on the board that a request names.

    :param values: every value of the page parameter.
    :raises SignInRefused: with status 400.
    """
    try:
        return state.board.requested_page(values)
    except SignInRefused as refusal:
        audit.refused(None, refusal.reason)
        raise


def user_or_refuse(user: Any = None) -> Any:
    """The given user, or else the signed-in one.

    :raises SignInRefused: with status 401, if that is nobody.
    """
    user = signed_in_user() if user is None else known_user(user)
    if user is None:
        audit.refused(None, "not_signed_in")
        raise refuse("not_signed_in")
    return user


def issue_token(state: AppState, user: Any) -> str:
    """A fresh token about a user.

    :raises SignInRefused: with status 403.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    token = _sign(state, user)
    audit.issued(user, token.jti)
    return token.text


def issue_url(state: AppState, page: Page, user: Any, *, forwarded: str = "") -> str:
    """The URL that takes a fresh token about a user to a page on the board.

    :param forwarded: query pairs for the fixed endpoint, already encoded.
    :raises SignInRefused: with status 403, or 400 if the URL gets too long.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    token = _sign(state, user)
    board = state.board
    url = board.way_back(page, token.text, forwarded)
    if len(url) > LOCATION_MAX_BYTES:
        shortest = board.way_back(board.home, token.text)
        fits = len(shortest) <= LOCATION_MAX_BYTES
        reason = "page_too_long" if fits else "token_too_long"
        audit.refused(user, reason)
        raise refuse(reason)
    audit.issued(user, token.jti)
    return url


def _sign(state: AppState, user: Any) -> SignedToken:
    settings = state.settings
    if state.signer is None:
        raise TokenError(
            "Nothing is signed while FEEDBACKCHIMP_ENABLED is False: set it to True, "
            "or link to the board itself.",
            reason="disabled",
        )
    try:
        email, name, claims = identify(user, state.slot.loader, settings.admin_emails)
    except SignInRefused as refusal:
        audit.refused(user, refusal.reason)
        raise
    try:
        return state.signer.sign(
            email, name, claims=claims, lifetime=settings.token_lifetime
        )
    except TokenError:
        audit.unsignable(user)
        raise
