"""Who may enter the stand-in, and the memory of who came."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple, cast

from flask import Flask, current_app

from . import tokens
from ..errors import TokenError
from ..return_url import ReturnURL
from ..settings import Secret
from .reasons import ArrivalRefused

#: The key in ``app.extensions``.
KEY = "feedbackchimp-sandbox"
#: How much is remembered of each kind; the oldest is forgotten first.
MAX_REMEMBERED = 10_000
#: How many arrivals are on record; the oldest is forgotten first.
MAX_ARRIVALS = 1_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came with a token: let in, or refused.

    :param page: the URL to land on, absolute and without the token; empty where it was
        refused.
    :param claims: what the token said; empty where it was refused.
    :param reason: ``None`` for somebody who was signed in.
    """

    page: str
    claims: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None

    @property
    def key(self) -> str:
        """A name for a sign-in that fits into a cookie, however long the ``jti``."""
        return _key(self.claims)


class Issued(NamedTuple):
    """A random value that went to the app: under which name, and from which page."""

    name: str
    page: str


class Gate:
    """Checks tokens as the vendor says it does; safe to share between threads.

    :param secret: the app's.
    :param sso_url: where *Log in* leads, an absolute URL.
    :param redirect_param: the parameter that names the page there.
    :param return_url: how people come back.
    :param admins: case-folded addresses of people who administer FeedbackChimp.
    :param private: whether anonymous visitors are sent away.
    """

    def __init__(
        self,
        secret: Secret,
        sso_url: str,
        redirect_param: str,
        return_url: ReturnURL,
        admins: Collection[str],
        private: bool,
    ) -> None:
        self._secret = secret
        self.sso_url = sso_url
        self.redirect_param = redirect_param
        self.return_url = return_url
        self._admins = frozenset(admins)
        self.private = private
        self._lock = Lock()
        self._issued: dict[str, Issued] = {}
        self._sign_ins: dict[str, Arrival] = {}
        self._arrivals: deque[Arrival] = deque(maxlen=MAX_ARRIVALS)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everybody who came with a token, in order; the last 1,000."""
        with self._lock:
            return tuple(self._arrivals)

    def issue(self, page: str) -> dict[str, str]:
        """A fresh random value for each parameter that the app is to hand back."""
        values = {
            name: secrets.token_urlsafe(12) for name in self.return_url.forwarded_params
        }
        with self._lock:
            for name, value in values.items():
                self._issued[value] = Issued(name, page)
            _forget_oldest(self._issued)
        return values

    def issued(self, value: str) -> Issued | None:
        """What is remembered of a value that came back; ``None`` for another's."""
        with self._lock:
            return self._issued.get(value)

    def check(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that would sign somebody in now; nothing is used up.

        :raises ArrivalRefused: says why it would not.
        """
        claims = self._read(token)
        with self._lock:
            self._refuse_used(claims)
        return claims

    def admit(self, token: str, page: str) -> Arrival:
        """Sign somebody in, and use the token's ``jti`` up.

        :param page: the URL to land on, without the token.
        :raises ArrivalRefused: says why not.
        """
        arrival = Arrival(page, self._read(token))
        with self._lock:  # look and note at once: the second of two must be refused
            self._refuse_used(arrival.claims)
            self._sign_ins[arrival.key] = arrival
            _forget_oldest(self._sign_ins)
            self._arrivals.append(arrival)
        return arrival

    def refuse(self, reason: str) -> Arrival:
        """Put somebody who was refused on record."""
        arrival = Arrival("", reason=reason)
        with self._lock:
            self._arrivals.append(arrival)
        return arrival

    def visitor(self, key: str) -> Mapping[str, Any] | None:
        """The claims that somebody was signed in with, or ``None`` if forgotten.

        :param key: the :attr:`Arrival.key`.
        """
        with self._lock:
            arrival = self._sign_ins.get(key)
        return None if arrival is None else arrival.claims

    def _read(self, token: str) -> Mapping[str, Any]:
        try:
            claims = tokens.read(self._secret, token)
        except TokenError as error:
            raise ArrivalRefused(str(error), reason=error.reason) from None
        if claims["email"].casefold() in self._admins:
            raise ArrivalRefused(
                "The token is about somebody who administers FeedbackChimp.",
                reason="admin",
            )
        return claims

    def _refuse_used(self, claims: Mapping[str, Any]) -> None:
        if _key(claims) in self._sign_ins:
            raise ArrivalRefused(
                "The token's “jti” was used before; every token signs in once.",
                reason="jti_used",
            )


def get_gate(sandbox: Flask | None = None) -> Gate:
    """The gate of a stand-in, the current one unless given."""
    app = current_app if sandbox is None else sandbox
    return cast(Gate, app.extensions[KEY])


def _key(claims: Mapping[str, Any]) -> str:
    return hashlib.sha256(claims["jti"].encode()).hexdigest()


def _forget_oldest(memory: dict[str, Any]) -> None:
    while len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]
