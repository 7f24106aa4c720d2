"""Reading tokens, for the sandbox and for ``flask feedbackchimp verify``."""

from __future__ import annotations

import json
import math
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

#: What may be a token in a text. A pattern for its dots, too, would search a long word
#: again from each “eyJ”; this one is done with it at the first.
TOKEN_IN_TEXT: re.Pattern[str] = re.compile(r"eyJ[\w.-]{20,}")

# RFC 7515 §7.1; the signature of an unsecured one is empty.
_COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_NO_JWT = "is not a JSON Web Token"


def read(secret: Secret, token: str) -> dict[str, Any]:
    """The claims of a token, if its signature, form and lifetime hold.

    :raises TokenError: says which of them does not.
    """
    claims, problem = _decode(secret, token)
    del token  # an error report shows this frame, and a used token may still be live
    if problem is not None:
        raise _unreadable(*problem)
    if not isinstance(claims, dict):
        raise _unreadable("malformed", "does not hold a JSON object")
    _check_form(claims)
    _check_lifetime(claims, now=time.time())
    return claims


def _decode(secret: Secret, token: str) -> tuple[object, tuple[str, str] | None]:
    if _COMPACT_FORM.fullmatch(token) is None:
        return None, ("malformed", _NO_JWT)
    key: Any = secret  # the kind that SecretHMAC takes
    try:
        payload = jws.decode(token, key, algorithms=[ALGORITHM])
        claims = json.loads(payload, parse_float=_finite, parse_constant=_finite)
    except InvalidAlgorithmError:
        return None, ("wrong_algorithm", "is not signed with HS256")
    except InvalidSignatureError:
        return None, ("bad_signature", "is signed with another secret, or was changed")
    except (InvalidTokenError, ValueError, RecursionError):
        return None, ("malformed", _NO_JWT)
    return claims, None


def _finite(text: str) -> float:
    """A JSON number; Python would read ``NaN``, and ``1e999`` as infinite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite")
    return number


def _check_form(claims: dict[str, Any]) -> None:
    forms = {"email": is_email, "name": is_name, "jti": is_name}
    for claim, has_form in forms.items():
        if claim not in claims:
            raise _unreadable("claim_missing", f"has no claim “{claim}”")
        if not has_form(claims[claim]):
            raise _unreadable("claim_invalid", f"has an unusable claim “{claim}”")


def _check_lifetime(claims: dict[str, Any], *, now: float) -> None:
    for claim in ("iat", "exp", "nbf"):
        if type(claims.get(claim, now)) not in (int, float):
            raise _unreadable("claim_invalid", f"has a claim “{claim}” not in seconds")
    if claims.get("exp", now + 1) <= now:  # RFC 7519 §4.1.4: on or after
        raise _unreadable("expired", "has expired")
    if claims.get("nbf", now) > now:
        raise _unreadable("not_yet_valid", "is not valid yet")


def _unreadable(reason: str, message: str) -> TokenError:
    return TokenError(f"The token {message}.", reason=reason)
