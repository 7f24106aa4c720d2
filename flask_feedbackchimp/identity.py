"""Who the visitor is: from Flask-Login's user to the claims of a token.

Nothing here reads the request: Flask-Login says who the user is, and the app says what
the board is told about the user.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from inspect import getattr_static
from typing import Any, ClassVar

from flask import current_app
from flask_login import current_user
from werkzeug.local import LocalProxy

from .claims import NAME_MAX_CHARACTERS, is_blank, is_email, is_name, plain_text
from .errors import NotInitializedError, refuse


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

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # as claims have none


#: What :meth:`FeedbackChimp.identity_loader` registers: from the signed-in user to an
#: :class:`Identity`, or ``None`` for somebody who may not be signed in to the board.
IdentityLoader = Callable[[Any], Identity | None]


class LoaderSlot:
    """Where an extension object keeps its identity loader, for all of its apps."""

    __slots__ = ("loader",)

    def __init__(self) -> None:
        self.loader: IdentityLoader = default_identity

    @property
    def is_default(self) -> bool:
        """Whether the app has registered none."""
        return self.loader is default_identity


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
    return known_user(current_user, vouched=False)


def known_user(user: Any, *, vouched: bool = True) -> Any:
    """The user behind a proxy, or ``None`` for nobody.

    :param vouched: whether a user without ``is_authenticated`` is signed in: yes where
        the app's own code names the user, no where the visitor's cookie does.
    :raises TypeError: one of the user's flags is a method.
    """
    if isinstance(user, LocalProxy):
        # Signals and loaders get the user, not something that changes with the request.
        user = user._get_current_object()
    if user is None:
        return None
    is_anonymous = _flag(user, "is_anonymous", False)
    is_active = _flag(user, "is_active", True)
    is_authenticated = _flag(user, "is_authenticated", vouched)
    # With flask_login.UserMixin is_authenticated follows is_active: an inactive user
    # sent to the login page would come back from it for ever.
    return None if is_anonymous or (is_active and not is_authenticated) else user


def identify(
    user: Any, loader: IdentityLoader, admins: Collection[str]
) -> tuple[str, str, Mapping[str, object]]:
    """What the board may be told about a user: e-mail, name and extra claims.

    :param admins: case-folded addresses of people who administer FeedbackChimp.
    :raises SignInRefused: the account, the loader, the address or the name stands
        against it.
    :raises TypeError: the loader returned something else.
    """
    if not _flag(user, "is_active", True):
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
    if not is_email(email):
        raise refuse("email_unusable")
    if email.casefold() in admins:
        raise refuse("admin")
    if not is_name(name):
        raise refuse("name_unusable")
    return email, name, identity.claims


def _is_for_display(name: object, email: object) -> bool:
    """Whether a user's attribute is meant as a name; :func:`identify` judges it."""
    text, address = plain_text(name), plain_text(email)
    if text is None or len(text) > NAME_MAX_CHARACTERS:
        return name is not None  # refused later; the username does not replace it
    return not is_blank(text) and text.strip().casefold() != (address or "").casefold()


def _flag(user: Any, name: str, default: bool) -> bool:
    """One of Flask-Login's flags, or the default where the user has none.

    Stricter than :func:`_attribute`: a flag that failed never counts as not set.
    """
    try:
        value = getattr(user, name)
    except AttributeError:
        # Not a user without the flag, but a flag that failed: in a property, or behind
        # a wrapper's __getattr__, where the two look the same.
        if _has_static(user, name) or _has_static(type(user), "__getattr__"):
            raise
        return default
    if callable(value):  # true whatever it would return
        raise TypeError(
            f"{type(user).__name__}.{name} is a method, and Flask-Login's users have a "
            f"property: add @property to it, or set {name} to True or False."
        )
    return bool(value)


def _attribute(user: Any, name: str) -> Any:
    """An attribute, or ``None`` where the user has none of that name.

    An ``AttributeError`` from inside a property is the app's own and goes on.
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
