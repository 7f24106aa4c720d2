"""Whether a token signs somebody in, and the memory of who came; knows no Flask."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ..errors import TokenError
from ..tokens import TokenSigner
from .reasons import ArrivalRefused

#: How many sign-ins are remembered; the oldest is forgotten first.
MAX_SIGN_INS = 10_000
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


class Gate:
    """Checks tokens as the vendor says it does; safe to share between threads.

    :param signer: reads the tokens.
    :param admins: case-folded addresses of people who administer FeedbackChimp.
    """

    def __init__(self, signer: TokenSigner, admins: Collection[str]) -> None:
        self._signer = signer
        self._admins = frozenset(admins)
        self._lock = Lock()
        self._sign_ins: dict[str, Arrival] = {}
        self._arrivals: deque[Arrival] = deque(maxlen=MAX_ARRIVALS)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everybody who came with a token, in order; the last 1,000."""
        with self._lock:
            return tuple(self._arrivals)

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
            if len(self._sign_ins) > MAX_SIGN_INS:
                del self._sign_ins[next(iter(self._sign_ins))]
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
            claims = self._signer.read(token)
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


def _key(claims: Mapping[str, Any]) -> str:
    return hashlib.sha256(claims["jti"].encode()).hexdigest()
