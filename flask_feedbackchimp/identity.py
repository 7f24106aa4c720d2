"""Who the visitor is: from Flask-Login's user to the claims of a token.

Nothing here reads the request; the user is Flask-Login's, and what is said of the user
is the app's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import getattr_static
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import current_app
from flask_login import current_user
from werkzeug.local import LocalProxy

from .claims import NAME_MAX_CHARACTERS, is_blank, is_email, is_name, plain_text
from .errors import NotInitializedError
from .refusals import refuse


class Identity(NamedTuple):
    """What the board is told about a person.

    :param email: text, signed code point for code point. A token names people by
        it, so let it be an address that the app has verified.
    :param name: text, shown to everybody on a public board.
    :param claims: extra claims, JSON values under names of their own.
    """

    email: str
    name: str
    claims: Mapping[str, object] = MappingProxyType({})


#: What :meth:`FeedbackChimp.identity_loader` registers: from the signed-in user to an
#: :class:`Identity`, or ``None`` for somebody who may not be signed in on the board.
IdentityLoader = Callable[[Any], Identity | None]


class LoaderSlot:
    """Where an extension object keeps its identity loader, for all of its apps."""

    __slots__ = ("loader",)

    def __init__(self) -> None:
        self.loader: IdentityLoader = default_identity


def default_identity(user: Any) -> Identity:
    """``user.email``, and ``user.name`` or else ``user.username``.

    An e-mail address is never taken for a name: boards are public.
    """
    email = _attribute(user, "email")
    for attribute in ("name", "username"):
        name = _attribute(user, attribute)
        if not _is_unset(name) and not _is_same(name, email):
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
    return known_user(current_user, vouched=False)


def known_user(user: Any, *, vouched: bool = True) -> Any:
    """The user behind a proxy, or ``None`` for nobody.

    :param vouched: whether a user without ``is_authenticated`` is signed in: yes where
        the app's own code names the user, no where the visitor's cookie does.
    """
    if isinstance(user, LocalProxy):
        # Signals and loaders get the user, not something that changes with the request.
        user = user._get_current_object()
    if user is None or _attribute(user, "is_anonymous", False):
        return None
    # With flask_login.UserMixin is_authenticated follows is_active: an inactive user
    # sent to the login page would come back from it for ever.
    if _is_active(user) and not _attribute(user, "is_authenticated", vouched):
        return None
    return user


def identify(
    user: Any, loader: IdentityLoader, admins: Collection[str]
) -> tuple[str, str, Mapping[str, object]]:
    """What the board may be told about a user: e-mail, name and extra claims.

    :param admins: case-folded addresses of people who administer FeedbackChimp.
    :raises SignInRefused: the account, the loader, the address or the name stands
        against it.
    :raises TypeError: the loader returned something else.
    """
    if not _is_active(user):
        raise refuse("inactive")
    identity = loader(user)
    if identity is None:
        raise refuse("identity_refused")
    if not isinstance(identity, Identity):
        raise TypeError(
            "The identity loader must return an Identity or None, not "
            f"{type(identity).__name__}."
        )
    email, name = plain_text(identity.email), plain_text(identity.name)
    if email is None or not is_email(email):
        raise refuse("email_unusable")
    if email.casefold() in admins:
        raise refuse("admin")
    if name is None or not is_name(name):
        raise refuse("name_unusable")
    return email, name, identity.claims


def _is_unset(name: object) -> bool:
    if name is None:
        return True
    text = plain_text(name)
    # A longer one is refused unread, however much of it is blank.
    return text is not None and len(text) <= NAME_MAX_CHARACTERS and is_blank(text)


def _is_same(name: object, email: object) -> bool:
    text, address = plain_text(name), plain_text(email)
    if text is None or address is None:
        return False
    return text.strip().casefold() == address.casefold()


def _is_active(user: Any) -> bool:
    return bool(_attribute(user, "is_active", True))


def _attribute(user: Any, name: str, default: Any = None) -> Any:
    """An attribute, or the default where the user has none of that name.

    An ``AttributeError`` from inside a property is the app's own and goes on.
    """
    try:
        return getattr(user, name)
    except AttributeError:
        if getattr_static(user, name, None) is not None:
            raise
        return default
