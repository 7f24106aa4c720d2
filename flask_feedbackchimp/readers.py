"""How each setting's value is read; knows nothing of the other settings.

Every reader takes a configured value and returns it in the form the package uses, or
raises :exc:`ValueError` with what is wrong and the remedy. No message repeats a value:
a secret pasted into the wrong setting must not end up in a log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from .claims import is_email, plain_text
from .origin import ConfiguredURL, is_dns_label, parse_url
from .secret import read_secret, secret_problem

#: The board origin of an organization is a host right under this one.
VENDOR_DOMAIN = "feedbackchimp.space"
#: Shortest and longest token lifetime in seconds.
MIN_LIFETIME, MAX_LIFETIME = 30, 3600

_FROM_ENV = (
    "from_prefixed_env reads what looks like JSON, digits for one, as something other "
    "than text: quote the value twice, as in '\"12345\"'"
)
_GET_SECRET = "copy it from Settings → SSO → “Get JWT Secret” in FeedbackChimp"  # noqa: S105  a sentence, not a secret
_PATH = r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+"
_PARAMETER = r"[A-Za-z0-9._~-]+"


def read_jwt_secret(value: object) -> str:
    """The secret as text, stripped; see :mod:`.secret` for what is refused."""
    if value is None:
        raise ValueError(f"is missing: {_GET_SECRET}")
    text = value if isinstance(value, bytes) else plain_text(value)
    if text is None:
        raise ValueError(
            f"must be text or bytes, not {type(value).__name__}: {_FROM_ENV}"
        )
    secret = read_secret(text)
    problem = secret_problem(secret)
    if problem is not None:
        raise ValueError(f"{problem}: {_GET_SECRET}")
    return secret


def read_organization(value: object) -> str | None:
    """The board origin of an organization."""
    if value is None:
        return None
    label = _text(value)
    if label.lower().endswith(f".{VENDOR_DOMAIN}"):
        raise ValueError(
            f"must be the organization alone: leave out “.{VENDOR_DOMAIN}” and what "
            "stands around it"
        )
    if not is_dns_label(label):
        raise ValueError(
            "must be one DNS label (letters, digits and inner hyphens, at most 63): "
            f"the part of your board's address before “.{VENDOR_DOMAIN}”"
        )
    return f"https://{label.lower()}.{VENDOR_DOMAIN}"


def read_board_url(value: object) -> str | None:
    """The board origin of a custom domain."""
    if value is None:
        return None
    url = _url(value, "https://feedback.example.com")
    if url.path != "/" or url.query:
        raise ValueError(
            "must be an origin alone, such as https://feedback.example.com: leave out "
            "the path and the query"
        )
    return url.origin


def read_url_prefix(value: object) -> str:
    """The path of the redirect endpoint."""
    path = _text(value)
    if re.fullmatch(_PATH, path) is None:
        raise ValueError(
            "must be a path such as /sso/feedbackchimp: start it with a slash, end it "
            "without one, and use letters, digits, hyphens, dots, underscores and "
            "tildes in between"
        )
    return path


def read_token_lifetime(value: object) -> int | None:
    """The token lifetime in whole seconds, or ``None``."""
    if value is None:
        return None
    if isinstance(value, timedelta) and not value.microseconds:
        value = value // timedelta(seconds=1)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(
            "must be whole seconds, a timedelta of whole seconds, or None, not "
            f"{type(value).__name__}"
        )
    if not MIN_LIFETIME <= value <= MAX_LIFETIME:
        raise ValueError(
            f"must be between {MIN_LIFETIME} and {MAX_LIFETIME} seconds; use 300, or "
            "None for tokens without iat and exp"
        )
    return value


def read_parameter(value: object) -> str:
    """The name of a query parameter."""
    name = _text(value)
    if re.fullmatch(_PARAMETER, name) is None:
        raise ValueError(
            "must be the name of a query parameter: use letters, digits, hyphens, "
            "dots, underscores and tildes"
        )
    return name


def read_sso_endpoint(value: object) -> str | None:
    """The fixed endpoint of the way back, as an absolute URL, or ``None``."""
    if value is None:
        return None
    url = _url(value, "https://feedback.example.com/sso")
    query = f"?{url.query}" if url.query else ""
    return f"{url.origin}{url.path}{query}"


def read_forward_params(value: object) -> tuple[str, ...]:
    """The names of the parameters handed on to the endpoint, each once."""
    return tuple(dict.fromkeys(map(read_parameter, _collection(value, "state"))))


def read_admin_emails(value: object) -> frozenset[str]:
    """The administrators' addresses, case-folded for comparison."""
    emails = [plain_text(email) for email in _collection(value, "boss@example.com")]
    if not all(map(is_email, emails)):
        raise ValueError(
            "must hold e-mail addresses alone, such as boss@example.com, without "
            "names, brackets or white space"
        )
    return frozenset(str(email).casefold() for email in emails)


def read_enabled(value: object) -> bool:
    """The switch."""
    if not isinstance(value, bool):
        raise ValueError(
            f"must be True or False, not {type(value).__name__}: in the environment "
            "write true or false in lower case"
        )
    return value


def _text(value: object) -> str:
    text = plain_text(value)
    if text is None:
        raise ValueError(f"must be text, not {type(value).__name__}: {_FROM_ENV}")
    return text


def _url(value: object, example: str) -> ConfiguredURL:
    text = _text(value)
    try:
        return parse_url(text)
    except ValueError as error:
        raise ValueError(f"{error}: write it like {example}") from None


def _collection(value: object, example: str) -> Collection[object]:
    is_one_value = isinstance(value, str | bytes | Mapping)
    if is_one_value or not isinstance(value, Collection):
        raise ValueError(
            f"must be a list, not {type(value).__name__}: write ['{example}'], even "
            "for one"
        )
    return value
