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


class _Told:
    """Tells of a refusal that passes through the block, and lets it pass."""

    __slots__ = ("_note", "_state", "_user")

    def __init__(self, state: AppState, user: Any, note: Note) -> None:
        self._state = state
        self._user = user
        self._note = note

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        note = self._note
        if isinstance(error, HTTPException):  # a loader's abort()
            signals.refused(self._user, "aborted", note)
        if isinstance(error, SignInRefused):
            lacks = error.reason in ("email_unusable", "name_unusable")
            if lacks and self._state.slot.is_default:
                texts = filter(None, (_NO_LOADER, note[1]))
                note = (logging.WARNING, "; ".join(texts))
            signals.refused(self._user, error.reason, note)


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
    with _Told(state, None, note):
        page = state.settings.board.requested_page(values)
        names = state.settings.return_url.handed_on
        return page, handed_on_values(query, names) if query else {}


def user_or_refuse(state: AppState, user: Any) -> Any:
    """The given user, or the signed-in one for an ellipsis.

    :raises SignInRefused: with status 401, if that is nobody.
    """
    user = signed_in_user() if user is ... else known_user(user)
    if user is not None:
        return user
    with _Told(state, None, NO_NOTE):
        raise refuse("not_signed_in")


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
    with _Told(state, user, note):
        if len(before) + len(token) + len(after) > LOCATION_MAX_BYTES:
            around_home = settings.return_url.around(settings.board.home, {})
            shortest = sum(map(len, around_home))
            fits = shortest + len(token) <= LOCATION_MAX_BYTES
            raise refuse("page_too_long" if fits else "token_too_long")
    signals.issued(user, token.jti, note)
    # Nothing can fail from here on: only now may a variable hold the token as text.
    return token.between(before, after)


def _sign(state: AppState, user: Any, note: Note) -> SignedToken:
    settings, secret = state.settings, require_secret(state)
    # Imported here, because jwt is costly and most commands of an app never sign.
    from .tokens import sign

    with _Told(state, user, note):
        email, name, claims = identify(user, state.slot.loader, settings.admin_emails)
    try:
        return sign(
            secret,
            email,
            name,
            claims=claims,
            lifetime=settings.token_lifetime,
        )
    except TokenError:
        signals.unsignable(user)
        raise
