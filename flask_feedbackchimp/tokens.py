"""Signing and reading tokens; the only module that knows ``jwt``, and no Flask.

Not imported before an app has a secret to sign with: ``jwt`` is most of the cost of
importing this package.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import (
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
)

from .claims import encode_json, extra_members, is_email, is_name
from .errors import TokenError

ALGORITHM = "HS256"


# RFC 7515 §7.1; the signature of an unsecured one is empty.
_COMPACT_FORM = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"


class SignedToken(NamedTuple):
    """A token and its ``jti``; only the latter is shown."""

    text: str
    jti: str

    def __repr__(self) -> str:
        return f"<SignedToken {self.jti}>"


class _PreparedHMAC(HMACAlgorithm):
    """HMAC-SHA256 with a key that was examined once.

    PyJWT examines an HMAC key anew at every use, and from 2.14 on warns at every use
    about a short one; an app is to be warned once, when it starts.
    """

    def __init__(self, secret: str) -> None:
        super().__init__(hashlib.sha256)
        key = super().prepare_key(secret)
        self._mac = hmac.new(key, digestmod=hashlib.sha256)

    def prepare_key(self, key: str | bytes) -> bytes:
        return b""

    def check_key_length(self, key: bytes) -> str | None:
        return None

    def sign(self, msg: bytes, key: bytes) -> bytes:
        mac = self._mac.copy()
        mac.update(msg)
        return mac.digest()

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        return hmac.compare_digest(self.sign(msg, key), sig)


class _FixedHeader(json.JSONEncoder):
    """Gives every token the same header, which PyJWT would otherwise write anew."""

    def encode(self, o: object) -> str:
        return '{"alg":"HS256","typ":"JWT"}'


class TokenSigner:
    """Signs and reads the tokens of one secret; safe to share between threads.

    :param secret: text, as the settings hold it.
    :raises TokenError: PyJWT refuses the secret as a key.
    """

    __slots__ = ("_jws",)

    def __init__(self, secret: str) -> None:
        self._jws = PyJWS(algorithms=[])
        try:
            self._jws.register_algorithm(ALGORITHM, _PreparedHMAC(secret))
        except InvalidKeyError as error:
            raise TokenError(
                "is refused by PyJWT as an HMAC key", reason="secret_unusable"
            ) from error

    def sign(
        self,
        email: str,
        name: str,
        *,
        claims: Mapping[str, Any] | None = None,
        lifetime: int | None = None,
    ) -> SignedToken:
        """Sign a fresh token about one person.

        :param email: signed as it is, and so is the name.
        :param claims: extra claims, each a JSON value.
        :param lifetime: seconds from ``iat`` to ``exp`` (RFC 7519 §4.1.4, §4.1.6), or
            ``None`` for a token with neither.
        :raises TokenError: an extra claim is reserved or is not JSON.
        """
        jti = str(uuid.uuid4())
        # Put together from texts: an encoder of objects is set up anew for each.
        payload = (
            f'"email":{encode_json(email)},"name":{encode_json(name)},"jti":"{jti}"'
        )
        if lifetime is not None:
            now = int(time.time())
            payload += f',"iat":{now},"exp":{now + lifetime}'
        if claims is not None and (members := extra_members(claims)):
            payload += f",{members}"
        text = self._jws.encode(
            f"{{{payload}}}".encode(), b"", ALGORITHM, json_encoder=_FixedHeader
        )
        return SignedToken(text, jti)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token, if its signature, form and lifetime hold.

        :raises TokenError: says which of them does not.
        """
        if re.fullmatch(_COMPACT_FORM, token) is None:
            raise _unreadable("malformed", "is not a JSON Web Token")
        try:
            payload = self._jws.decode(token, b"", algorithms=[ALGORITHM])
            claims = json.loads(payload, parse_constant=_refuse_constant)
        except InvalidAlgorithmError as error:
            raise _unreadable("wrong_algorithm", "is not signed with HS256") from error
        except InvalidSignatureError as error:
            raise _unreadable(
                "bad_signature", "is signed with another secret, or was changed"
            ) from error
        except (InvalidTokenError, ValueError, RecursionError) as error:
            raise _unreadable("malformed", "is not a JSON Web Token") from error
        return _checked_claims(claims)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unreadable(reason: str, message: str) -> TokenError:
    return TokenError(f"The token {message}.", reason=reason)


def _checked_claims(claims: object) -> dict[str, Any]:
    if not isinstance(claims, dict):
        raise _unreadable("malformed", "does not hold a JSON object")
    forms = {"email": is_email, "name": is_name, "jti": is_name}
    for claim, has_form in forms.items():
        if claim not in claims:
            raise _unreadable("claim_missing", f"has no claim “{claim}”")
        if not has_form(claims[claim]):
            raise _unreadable("claim_invalid", f"has an unusable claim “{claim}”")
    now = time.time()
    for claim in ("iat", "exp", "nbf"):
        if type(claims.get(claim, now)) not in (int, float):
            raise _unreadable("claim_invalid", f"has a claim “{claim}” not in seconds")
    if claims.get("exp", now + 1) <= now:  # RFC 7519 §4.1.4: on or after
        raise _unreadable("expired", "has expired")
    if claims.get("nbf", now) > now:
        raise _unreadable("not_yet_valid", "is not valid yet")
    return claims
