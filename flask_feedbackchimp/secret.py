"""What makes a usable signing secret; knows nothing of settings or tokens.

No message here ever repeats the secret or a part of it.
"""

from __future__ import annotations

import json
import re

#: Fewest bytes of a key for HS256 (RFC 7518 §3.2).
MIN_SECRET_BYTES = 32

#: Values that stand for a secret in articles, templates and examples. Compared
#: without regard to case, hyphens, underscores, spaces, dots and brackets.
PLACEHOLDERS = (
    "JWT_SECRET",
    "JWT_SECRET_KEY",
    "SSO_KEY",
    "SECRET_KEY",
    "FEEDBACKCHIMP_JWT_SECRET",
    "YOUR_JWT_SECRET",
    "YOUR_JWT_SECRET_HERE",
    "YOUR_SECRET",
    "YOUR_SECRET_KEY",
    "YOUR_SECRET_KEY_HERE",
    "your-secret-here",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "my-secret",
    "my-secret-key",
    "super-secret",
    "super-secret-key",
    "secret",
    "secrets",
    "private-key",
    "changeme",
    "change-this",
    "change-it",
    "please-change-me",
    "replace-me",
    "insert-secret-here",
    "paste-secret-here",
    "dev",
    "development",
    "test",
    "testing",
    "example",
    "password",
    "placeholder",
    "todo",
    "none",
    "null",
    "undefined",
    "xxx",
)

# Compiled when a configuration is read, and not when the package is imported.
_NOISE = r"[\s\-_.…<>{}\[\]()$%\"'`]+"
_EDGES = r"\A[\s\ufeff]+|[\s\ufeff]+\Z"
_KEY_TEXT = (
    r"----[- ](BEGIN|END) |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp"
    r"|-cert-v01@openssh\.com"
)


def _plain(text: str) -> str:
    return re.sub(_NOISE, "", text).casefold()


def read_secret(value: str | bytes) -> str:
    """The secret as text, without the white space and BOM around it.

    :raises ValueError: it is bytes that are not UTF-8, or text that has no UTF-8.
    """
    try:
        text = value.decode() if isinstance(value, bytes) else value
        text.encode()
    except UnicodeError:
        raise ValueError(
            "is not readable text: bytes must be UTF-8, and text must not come "
            "from bytes that were not"
        ) from None
    return re.sub(_EDGES, "", text)


def secret_problem(secret: str) -> str | None:
    """Why a secret is refused, or ``None`` if it can sign.

    :param secret: as :func:`read_secret` returns it.
    """
    if not secret:
        return "is blank"
    if _plain(secret) in {"", *map(_plain, PLACEHOLDERS)}:
        return "is still a placeholder"
    if re.search(_KEY_TEXT, secret):
        return "is a PEM or SSH key; the vendor issues a plain text secret"
    if _is_json(secret):
        return "is a JSON document (a JWK?); the vendor issues a plain text secret"
    return None


def _is_json(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True
