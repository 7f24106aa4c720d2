"""Signing tokens; does not know Flask. Reading them is the sandbox's.

Imported when something is signed: ``jwt`` is most of the cost of this package.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm

from .claims import encode_json, extra_members

if TYPE_CHECKING:
    from .settings.secret import Secret

ALGORITHM = "HS256"


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
