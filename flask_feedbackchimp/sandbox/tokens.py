"""Reading tokens, as a board does."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from jwt.exceptions import (
    InvalidAlgorithmError,
    InvalidSignatureError,
    InvalidTokenError,
)

from ..errors import TokenError
from ..identity import is_email, is_name
from ..settings import Secret
from ..tokens import ALGORITHM, jws

# RFC 7515 §7.1; the signature of an unsecured one is empty.
_COMPACT_FORM = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"


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
        payload = jws.decode(token, key, algorithms=[ALGORITHM])
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
