"""Signing and reading tokens; the only module that knows ``jwt``; does not know Flask.

Imported when something is signed or read: ``jwt`` is most of the cost of this package.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import (
    InvalidAlgorithmError,
    InvalidSignatureError,
    InvalidTokenError,
)

from .claims import encode_json, extra_members, is_email, is_name
from .errors import TokenError

if TYPE_CHECKING:
    from .settings.secret import Secret

ALGORITHM = "HS256"

# RFC 7515 §7.1; the signature of an unsecured one is empty.
_COMPACT_FORM = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"


class SignedToken:
    """A token that does not show itself, so that no error report can hold it.

    ``repr`` gives the ``jti``; the text is asked for when nothing can fail any more.
    """

    __slots__ = ("_text", "jti")

    def __init__(self, text: str, jti: str) -> None:
        # In a closure, where no error report looks.
        self._text: Callable[[], str] = lambda: text
        self.jti: str = jti

    def __repr__(self) -> str:
        return f"<SignedToken {self.jti}>"

    def __len__(self) -> int:
        return len(self._text())

    def between(self, before: str = "", after: str = "") -> str:
        """The token as text, with what stands around it."""
        return f"{before}{self._text()}{after}"


class _SecretHMAC(HMACAlgorithm):
    """HMAC-SHA256 with our own kind of key, which was examined when the app started.

    PyJWT examines an HMAC key again at every use, and from 2.14 on warns at every use
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


class _FixedHeader(json.JSONEncoder):
    """Gives every token the same header, which PyJWT would encode each time."""

    def encode(self, o: object) -> str:
        return '{"alg":"HS256","typ":"JWT"}'


_jws = PyJWS(algorithms=[])
_jws.register_algorithm(ALGORITHM, _SecretHMAC(hashlib.sha256))


def sign(
    secret: Secret,
    email: str,
    name: str,
    *,
    claims: Mapping[str, object] | None = None,
    lifetime: int | None = None,
) -> SignedToken:
    """A fresh token about one person.

    :param email: signed as it is, and so is the name.
    :param claims: extra claims, each a JSON value.
    :param lifetime: seconds from ``iat`` to ``exp`` (RFC 7519 §4.1.4, §4.1.6), or
        ``None`` for a token with neither.
    :raises TokenError: an extra claim is reserved or is not JSON.
    """
    jti = str(uuid.uuid4())
    # Put together from texts: an encoder of objects is set up again for each.
    payload = f'"email":{encode_json(email)},"name":{encode_json(name)},"jti":"{jti}"'
    if lifetime is not None:
        now = int(time.time())
        payload += f',"iat":{now},"exp":{now + lifetime}'
    if claims and (members := extra_members(claims)):
        payload += f",{members}"
    key: Any = secret  # the kind that _SecretHMAC takes
    return SignedToken(
        _jws.encode(
            f"{{{payload}}}".encode(), key, ALGORITHM, json_encoder=_FixedHeader
        ),
        jti,
    )


def read(secret: Secret, token: str) -> dict[str, Any]:
    """The claims of a token, if its signature, form and lifetime hold.

    :raises TokenError: says which of them does not.
    """
    claims, problem = _decoded(secret, token)
    del token  # an error report shows this frame, and a used token may still be live
    if problem is not None:
        raise _unreadable(*problem)
    return _checked(claims)


def _decoded(secret: Secret, token: str) -> tuple[object, tuple[str, str] | None]:
    if re.fullmatch(_COMPACT_FORM, token) is None:
        return None, ("malformed", "is not a JSON Web Token")
    key: Any = secret
    try:
        payload = _jws.decode(token, key, algorithms=[ALGORITHM])
        return json.loads(payload, parse_constant=_refuse_constant), None
    except InvalidAlgorithmError:
        return None, ("wrong_algorithm", "is not signed with HS256")
    except InvalidSignatureError:
        return None, ("bad_signature", "is signed with another secret, or was changed")
    except (InvalidTokenError, ValueError, RecursionError):
        return None, ("malformed", "is not a JSON Web Token")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unreadable(reason: str, message: str) -> TokenError:
    return TokenError(f"The token {message}.", reason=reason)


def _checked(claims: object) -> dict[str, Any]:
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
