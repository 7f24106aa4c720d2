"""From a user to a token: prepared, reported, and signed last, when nothing can fail.

The only module of a click that knows ``jwt``. Import it where something is signed:
``jwt`` is most of what this package costs, and most commands of an app sign nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm

from .audit import Attempt
from .board import LOCATION_MAX_BYTES
from .errors import refusal
from .identity import Identity, checked_claims, load_identity
from .settings import AppState, Secret

ALGORITHM = "HS256"

# Of three parts in base64 (RFC 7515 §7.1), two never change their length.
_HEADER_LENGTH = len("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
_SIGNATURE_LENGTH = 43


class SecretHMAC(HMACAlgorithm):
    """HMAC-SHA256 with our own kind of key, which was examined when the app started.

    PyJWT examines an HMAC key again at every use, and newer versions warn at every use
    about a short one; an app is to be warned once.
    """

    def prepare_key(self, key: Any) -> Any:
        return key

    def check_key_length(self, key: Any) -> str | None:
        return None

    def sign(self, msg: bytes, key: Any) -> bytes:
        digest: bytes = key.sign(msg)
        return digest

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        return hmac.compare_digest(key.sign(msg), sig)


jws: PyJWS = PyJWS(algorithms=[])
jws.register_algorithm(ALGORITHM, SecretHMAC(hashlib.sha256))


@dataclass(frozen=True)
class Claims:
    """What a token will say, ready to be signed.

    :param payload: the claims as JSON.
    """

    jti: str
    payload: bytes

    @property
    def token_length(self) -> int:
        """How long the signed token will be, in bytes."""
        payload_length = (len(self.payload) * 4 + 2) // 3
        return _HEADER_LENGTH + payload_length + _SIGNATURE_LENGTH + 2


def issue_token(state: AppState, user: Any, attempt: Attempt) -> str:
    """A fresh token about a user.

    :raises SignInRefused: with status 403.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    attempt.user = user
    secret = state.require_secret()
    claims = _prepared_claims(state, user)
    attempt.token_issued(claims.jti)
    return sign(secret, claims)


def issue_url(
    state: AppState,
    user: Any,
    page_url: str,
    forwarded: Mapping[str, bytes],
    attempt: Attempt,
) -> str:
    """The URL that takes a fresh token about a user to a page on the board.

    :param page_url: encoded.
    :param forwarded: values of incoming parameters for the return URL, decoded.
    :raises SignInRefused: with status 403, or 400 if the URL gets too long.
    :raises TokenError: switched off, or extra claims that cannot be signed.
    """
    attempt.user = user
    secret = state.require_secret()
    claims = _prepared_claims(state, user)
    build_url = state.settings.return_url.build_url
    stand_in = "x" * claims.token_length  # of the token's length, for measuring
    if len(build_url(page_url, forwarded, stand_in)) > LOCATION_MAX_BYTES:
        home = state.require_board().home
        fits = len(build_url(home, {}, stand_in)) <= LOCATION_MAX_BYTES
        raise refusal("page_too_long" if fits else "token_too_long")
    attempt.token_issued(claims.jti)
    # Signed last: nothing can fail from here on, so no error report holds a token.
    return build_url(page_url, forwarded, sign(secret, claims))


def prepare_claims(identity: Identity, lifetime: int | None) -> Claims:
    """The claims of a fresh token about a person.

    :param lifetime: seconds from ``iat`` to ``exp`` (RFC 7519 §4.1.4, §4.1.6), or
        ``None`` for a token with neither.
    :raises TokenError: an extra claim is reserved or is not JSON.
    """
    jti = str(uuid.uuid4())
    claims: dict[str, object] = {
        "email": identity.email,
        "name": identity.name,
        "jti": jti,
    }
    if lifetime is not None:
        now = int(time.time())
        claims |= {"iat": now, "exp": now + lifetime}
    claims |= checked_claims(identity.claims)
    # UTF-8 rather than \u escapes: a third of the length for a name in emoji.
    text = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    return Claims(jti, text.encode())


def sign(secret: Secret, claims: Claims) -> str:
    """The token of claims."""
    key: Any = secret  # the kind that SecretHMAC takes
    return jws.encode(claims.payload, key, ALGORITHM, sort_headers=True)


def _prepared_claims(state: AppState, user: Any) -> Claims:
    settings = state.settings
    identity = load_identity(user, state.extension.loader, settings.admin_emails)
    return prepare_claims(identity, settings.token_lifetime)
