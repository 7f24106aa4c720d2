"""The signing secret: which ones are usable, and how it is kept.

No message here ever repeats the secret or a part of it.
"""

from __future__ import annotations

import hmac
import json
import re

#: Fewest bytes of a key for HS256 (RFC 7518 §3.2).
MIN_SECRET_BYTES = 32

#: The remedy: where the right one is.
GET_SECRET = "copy it from Settings → SSO → “Get JWT Secret” in FeedbackChimp"  # noqa: S105  a sentence, not a secret

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
    "YOUR_JWT_SECRET_KEY",
    "YOUR_JWT_SECRET_KEY_HERE",
    "MY_JWT_SECRET",
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
_NOISE = r"[\s\-_.…<>{}\[\]()$%!\"'`]+"
_EDGES = r"\A[\s\ufeff]+|[\s\ufeff]+\Z"
_QUOTES = frozenset({'""', "''", "``", "“”", "„“", "«»"})
_KEY_TEXT = (
    r"----[- ](BEGIN|END) |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp"
    r"|-cert-v01@openssh\.com"
)


def _plain(text: str) -> str:
    return re.sub(_NOISE, "", text).casefold()


class Secret:
    """A secret that signs and shows nothing: what is kept cannot be turned back.

    :param text: as :func:`secret_text` returns it.
    """

    __slots__ = ("_hmac", "fingerprint", "length")

    def __init__(self, text: str) -> None:
        key = text.encode()
        #: In bytes.
        self.length: int = len(key)
        self._hmac = hmac.new(key, digestmod="sha256")
        # Labelled, so that the value appears nowhere else.
        label = b"flask-feedbackchimp fingerprint"
        #: The same on two machines that have the same secret.
        self.fingerprint: str = self.sign(label).hex()[:8]

    @property
    def is_short(self) -> bool:
        """Whether it has fewer bytes than HS256 asks for (RFC 7518 §3.2)."""
        return self.length < MIN_SECRET_BYTES

    def sign(self, message: bytes) -> bytes:
        """The HMAC-SHA256 of a message."""
        mac = self._hmac.copy()
        mac.update(message)
        return mac.digest()

    def equals(self, other: Secret) -> bool:
        """Whether both sign alike."""
        return hmac.compare_digest(self.sign(b""), other.sign(b""))


def secret_text(value: str | bytes) -> str:
    """The secret as text, without the white space and BOM around it.

    :raises ValueError: it is bytes that are not UTF-8, or text that cannot be encoded.
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
    """Why a secret is refused, with the remedy; ``None`` if it can sign.

    :param secret: as :func:`secret_text` returns it.
    """
    if not secret:
        return f"is blank: {GET_SECRET}"
    plain = _plain(secret)
    if plain in {"", *map(_plain, PLACEHOLDERS)}:
        return f"is still a placeholder: {GET_SECRET}"
    if len(secret) > 1 and secret[0] + secret[-1] in _QUOTES:
        return (
            "is in quotes, which Docker and systemd env files keep: leave them out (a "
            "secret of only digits keeps one pair)"
        )
    if re.search(_KEY_TEXT, secret):
        return f"is a PEM or SSH key, not the vendor's text secret: {GET_SECRET}"
    if _is_json(secret):
        return f"is JSON (a JWK?), not the vendor's text secret: {GET_SECRET}"
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
