"""What a sandbox was made with, whom it signs in, and who came."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, cast

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeSerializer

from ..errors import TokenError
from ..return_url import ReturnURL
from ..settings import Secret
from . import tokens

#: The key in ``app.extensions``.
KEY = "feedbackchimp-sandbox"
#: Longest URL that is answered, in bytes: with the two limits below, what bounds the
#: memory. The extension sends at most half of it.
MAX_URL_BYTES = 8192
#: How many sign-ins are remembered; the oldest is forgotten first.
MAX_SIGN_INS = 4_000
#: How many arrivals are on record; the oldest is forgotten first.
MAX_ARRIVALS = 1_000

# Longest page that a value leads back to, in characters: the value stands in URLs.
_MAX_TARGET = 500


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visitor who came with a token: signed in, or refused.

    :param page: the URL to land on, absolute and without the token; empty where the
        visitor was refused.
    :param claims: what the token said; empty where the visitor was refused.
    :param reason: ``None`` for a visitor who was signed in.
    """

    page: str
    claims: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(eq=False)
class SandboxState:
    """Checks tokens as the vendor says it does; safe to share between threads.

    :param secret: the app's.
    :param sso_url: where *Log in* leads, an absolute URL.
    :param redirect_param: the parameter that names the page there.
    :param return_url: how visitors come back.
    :param admins: case-folded addresses of people who administer FeedbackChimp.
    :param private: whether anonymous visitors are sent away.
    :param origin: the board's, where a request does not say it: the test kit's
        visitors ask ``localhost`` for pages of the real board.
    """

    secret: Secret
    sso_url: str
    redirect_param: str
    return_url: ReturnURL
    admins: Collection[str] = ()
    private: bool = False
    origin: str | None = None
    _lock: Lock = field(default_factory=Lock, init=False)
    _sign_ins: dict[str, Arrival] = field(default_factory=dict, init=False)
    _arrivals: deque[Arrival] = field(
        default_factory=lambda: deque(maxlen=MAX_ARRIVALS), init=False
    )
    _values: URLSafeSerializer = field(
        default_factory=lambda: URLSafeSerializer(secrets.token_bytes(32)), init=False
    )

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Every visitor who came with a token, in order; the last 1,000."""
        with self._lock:
            return tuple(self._arrivals)

    def issue(self, target: str) -> dict[str, str]:
        """A fresh value for each parameter that the app is to hand back.

        Signed instead of remembered: no number of visitors fills the memory, or
        pushes out the value of another.

        :param target: path and query of the page to come back to.
        """
        target = target if len(target) <= _MAX_TARGET else "/"
        return {
            name: self._values.dumps([secrets.token_urlsafe(12), name, target])
            for name in self.return_url.forwarded_params
        }

    def issued_for(self, name: str, value: str) -> str | None:
        """The page that a value of :meth:`issue` leads to, or ``None`` for another.

        :param name: the parameter that it was issued for.
        """
        try:
            _, issued_name, target = self._values.loads(value)
        except BadData:
            return None
        return str(target) if issued_name == name else None

    def check(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that would sign its bearer in; nothing is used up.

        :raises TokenError: says why it would not.
        """
        claims = tokens.read(self.secret, token)
        if claims["email"].casefold() in self.admins:
            raise TokenError(
                "The token is about somebody who administers FeedbackChimp.",
                reason="admin",
            )
        if self.visitor(claims["jti"]) is not None:
            raise TokenError(
                "The token's “jti” was used before; every token signs in once.",
                reason="jti_used",
            )
        return claims

    def admit(self, token: str, page: str) -> Arrival:
        """Sign a visitor in, and use the token's ``jti`` up.

        :param page: the URL to land on, without the token.
        :raises TokenError: says why not.
        """
        with self._lock:  # look and note at once: the second of two must be refused
            arrival = Arrival(page, self.check(token))
            self._sign_ins[arrival.claims["jti"]] = arrival
            if len(self._sign_ins) > MAX_SIGN_INS:
                del self._sign_ins[next(iter(self._sign_ins))]
            self._arrivals.append(arrival)
        return arrival

    def refuse(self, reason: str) -> Arrival:
        """Put a visitor who was refused on record."""
        arrival = Arrival("", reason=reason)
        with self._lock:
            self._arrivals.append(arrival)
        return arrival

    def visitor(self, jti: str) -> Mapping[str, Any] | None:
        """The claims that a visitor was signed in with, or ``None`` if forgotten."""
        arrival = self._sign_ins.get(jti)
        return None if arrival is None else arrival.claims


def sandbox_state(sandbox: Flask | None = None) -> SandboxState:
    """The state of a sandbox, the current one unless given."""
    app = current_app if sandbox is None else sandbox
    return cast(SandboxState, app.extensions[KEY])
