"""Who the visitor is, and what the board may be told: the claims about a person.

Nothing here reads the request: Flask-Login says who the user is, and the app says what
the board is told about the user. The rules judge the form of a claim and not its
content: an accepted value is signed code point for code point, without case folding or
normalising.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from inspect import getattr_static
from typing import Any, TypeGuard

from flask import current_app
from flask_login import current_user
from werkzeug.local import LocalProxy

from .errors import NotInitializedError, TokenError, refusal

#: Longest e-mail address in octets of UTF-8 (RFC 5321 §4.5.3.1.3, erratum 1690).
EMAIL_MAX_OCTETS = 254
#: Longest name in characters (code points).
NAME_MAX_CHARACTERS = 255

#: Claims that a loader's extra claims cannot replace, in any spelling of upper and
#: lower case: some decoders ignore it.
RESERVED_CLAIMS = frozenset({"email", "name", "jti", "iat", "exp"})

# One "@", something on both sides, no white space, no control characters, no lone
# surrogates, no angle brackets ("Ada <ada@example.com>" is not an address).
_PART = r"[^\s\x00-\x1f\x7f-\x9f<>@\ud800-\udfff]+"
_EMAIL = re.compile(f"{_PART}@{_PART}")

# What a page shows as nothing: white space, controls, the blank Braille pattern, and
# Unicode's Default_Ignorable_Code_Point.
_BLANK = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u2800\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


@dataclass(frozen=True)
class Identity:
    """What the board is told about a person.

    :param email: text, signed code point for code point. A token names people by
        it, so let it be an address that the app has verified.
    :param name: text, shown to everybody on a public board.
    :param claims: extra claims: JSON values under other names than the token's own.
    """

    email: str
    name: str
    claims: Mapping[str, object] = field(default_factory=dict)


#: What :meth:`FeedbackChimp.identity_loader` registers: from the signed-in user to an
#: :class:`Identity`, or ``None`` for somebody who may not be signed in to the board.
IdentityLoader = Callable[[Any], Awaitable[Identity | None] | Identity | None]


def default_identity(user: Any) -> Identity:
    """``user.email``, and ``user.name`` or else ``user.username``.

    An e-mail address is never taken for a name: boards are public.
    """
    email = _attribute(user, "email")
    for attribute in ("name", "username"):
        name = _attribute(user, attribute)
        if _is_for_display(name, email):
            return Identity(email=email, name=name)
    return Identity(email=email, name="")


def signed_in_user() -> Any:
    """The user whom Flask-Login knows, or ``None``; an inactive one is somebody.

    :raises NotInitializedError: the app has no ``LoginManager``.
    """
    if not hasattr(current_app, "login_manager"):
        raise NotInitializedError(
            f"The app {current_app.name!r} has no LoginManager, so nobody can be "
            "signed in: call LoginManager().init_app(app) before the first request."
        )
    return authenticated_user(current_user)


def authenticated_user(user: Any) -> Any:
    """The user behind a proxy, also an inactive one; ``None`` for nobody.

    The flags are read as Flask-Login reads them. LOGIN_DISABLED does not authenticate
    anonymous users.
    """
    if isinstance(user, LocalProxy):
        # Signals and loaders get the user, not something that changes with the request.
        user = user._get_current_object()
    # Flask-Login itself does not read is_anonymous: some apps' users have none.
    if user is None or _flag(_attribute(user, "is_anonymous")):
        return None
    if _flag(user.is_authenticated):
        return user
    # With flask_login.UserMixin is_authenticated follows is_active: an inactive user
    # sent to the login page would come back from it for ever.
    return None if _flag(user.is_active) else user


def load_identity(
    user: Any, loader: IdentityLoader, admin_emails: Collection[str]
) -> Identity:
    """What the board may be told about a user.

    :param loader: may be ``async def``, as Flask's own views.
    :param admin_emails: case-folded addresses of people who administer FeedbackChimp.
    :raises SignInRefused: the account, the loader, the address or the name stands
        against it.
    :raises TypeError: the loader returned something else.
    """
    if not _flag(user.is_active):
        raise refusal("inactive")
    identity = current_app.ensure_sync(loader)(user)
    if identity is None:
        raise refusal("identity_refused")
    if not isinstance(identity, Identity):
        raise TypeError(
            "The identity loader must return an Identity or None, not "
            f"{type(identity).__name__}."
        )
    if not is_email(identity.email):
        raise refusal("email_unusable", log_hint=_no_loader_hint(user, loader))
    if identity.email.casefold() in admin_emails:
        raise refusal("admin")
    if not is_name(identity.name):
        raise refusal("name_unusable", log_hint=_no_loader_hint(user, loader))
    return identity


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is text; ``isinstance`` takes a proxy of one for it, too."""
    return issubclass(type(value), str)


def is_email(value: object) -> TypeGuard[str]:
    """Whether a value can stand in the claim ``email``."""
    if not is_text(value) or _EMAIL.fullmatch(value) is None:
        return False
    return len(value.encode()) <= EMAIL_MAX_OCTETS


def is_name(value: object) -> TypeGuard[str]:
    """Whether a value can stand in the claim ``name``."""
    return (
        is_text(value)
        and len(value) <= NAME_MAX_CHARACTERS
        and not is_blank(value)
        and is_encodable(value)
    )


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only white space and invisible characters."""
    return _BLANK.fullmatch(text) is not None


def is_encodable(text: str) -> bool:
    """Whether a text can be encoded; lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_claims(claims: object) -> dict[str, object]:
    """A copy of an identity's extra claims, which can be signed.

    :raises TokenError: it is not a mapping, or a claim is reserved or is not JSON.
    """
    if not isinstance(claims, Mapping):
        raise TokenError(
            "The claims of an Identity must be a mapping, such as a dict, not "
            f"{type(claims).__name__}.",
            reason="claim_not_json",
        )
    checked = dict(claims)
    for name, value in checked.items():
        if not isinstance(name, str):
            raise TokenError(
                "The name of an extra claim must be text, not "
                f"{type(name).__name__}: write claims={{'company': …}}.",
                reason="claim_not_json",
            )
        if name.casefold() in RESERVED_CLAIMS:
            raise TokenError(
                f"The extra claim “{name}” would replace one of the token's own: give "
                "it another name.",
                reason="claim_reserved",
            )
        if not _is_json({name: value}):
            raise TokenError(
                f"The extra claim {name!r} cannot be written as JSON: use text, finite "
                "numbers, true, false, null, and lists and objects of them, with text "
                "as keys.",
                reason="claim_not_json",
            )
    return checked


def _is_json(value: object) -> bool:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return is_encodable(text) and _has_text_keys(value)
    except (TypeError, ValueError, RecursionError):
        return False


def _has_text_keys(value: object) -> bool:
    """JSON would turn the key ``1`` into ``"1"`` without a word."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_text_keys(value[key]) for key in value)
    if isinstance(value, list | tuple):
        return all(map(_has_text_keys, value))
    return True


def _flag(value: Any) -> bool:
    """Reads a flag of Flask-Login's, calling it if it is a method."""
    return bool(value() if callable(value) else value)


def _is_for_display(name: object, email: object) -> bool:
    """Whether a user's attribute is meant as a name; :func:`load_identity` judges it.

    What is not text is refused later: the username does not replace it.
    """
    if not is_text(name):
        return name is not None
    return not is_blank(name) and not _is_same_address(name, email)


def _is_same_address(name: object, email: object) -> bool:
    return (
        is_text(name) and is_text(email) and name.strip().casefold() == email.casefold()
    )


def _no_loader_hint(user: Any, loader: IdentityLoader) -> str:
    if loader is not default_identity:
        return ""
    hint = (
        "the user has no usable e-mail or name where this looks without a loader "
        "(user.email, and user.name or user.username): register one with "
        "@feedbackchimp.identity_loader"
    )
    email, names = _attribute(user, "email"), ("name", "username")
    if any(_is_same_address(_attribute(user, name), email) for name in names):
        hint += "; the user name is the e-mail address, which is never shown as a name"
    return hint


def _attribute(user: Any, name: str) -> Any:
    """An attribute, or ``None`` where the user has none of that name.

    An ``AttributeError`` from inside a property is the app's own and propagates.
    """
    try:
        return getattr(user, name)
    except AttributeError as error:
        # Behind a wrapper's __getattr__ the property is another object's.
        is_inside = _has_static(user, name) or _has_static(error.obj, name)
        if is_inside or error.name != name:
            raise
        return None


def _has_static(thing: Any, name: str) -> bool:
    return getattr_static(thing, name, None) is not None
