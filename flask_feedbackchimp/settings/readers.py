"""How each setting's value is read; knows nothing of the other settings.

Every reader takes a configured value and returns it in the form the package uses, or
raises :exc:`ValueError` with what is wrong and the remedy. No message repeats a value:
a secret pasted into the wrong setting must not end up in a log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from ..claims import is_email, plain_text
from ..destination import is_parameter
from .return_url import ReturnURL, parse_return_url
from .secret import GET_SECRET, Secret, secret_problem, secret_text
from .urls import is_dns_label, parse_url

#: The board origin of an organization is a host right under this one.
VENDOR_DOMAIN = "feedbackchimp.space"
#: Shortest and longest token lifetime in seconds.
MIN_LIFETIME, MAX_LIFETIME = 30, 3600

_PUT_IN_QUOTES = (
    "put it in quotes; in a shell twice, as in '\"12345\"', and in an env file that "
    "keeps quotes once, because from_prefixed_env reads digits, and all else that "
    "looks like JSON, as something other than text"
)
_PATH = r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+"


def read_jwt_secret(value: object) -> Secret:
    """The secret, from now on opaque; see :mod:`.secret` for what is refused."""
    if value is None:
        raise ValueError(
            f"is missing: {GET_SECRET} into app.config; or set the environment "
            "variable FLASK_FEEDBACKCHIMP_JWT_SECRET (FLASK_ goes in front) and call "
            "app.config.from_prefixed_env() before init_app"
        )
    text = value if isinstance(value, bytes) else plain_text(value)
    if text is None:
        raise ValueError(
            f"must be text or bytes, not {type(value).__name__}: {_PUT_IN_QUOTES}"
        )
    secret = secret_text(text)
    problem = secret_problem(secret)
    if problem is not None:
        raise ValueError(problem)
    return Secret(secret)


def read_organization(value: object) -> str | None:
    """The board origin of an organization."""
    if value is None:
        return None
    label = _text(value)
    if label.lower().endswith(f".{VENDOR_DOMAIN}"):
        raise ValueError(
            f"must be only the organization: leave out “.{VENDOR_DOMAIN}” and what "
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
    text = _text(value)
    try:
        url = parse_url(text)
        if url.path != "/" or url.query:
            raise ValueError("must be only an origin, without path and query")
    except ValueError as error:
        raise ValueError(
            f"{error}: write it like https://feedback.example.com, or "
            "http://localhost:5001 for the sandbox"
        ) from None
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
            "must be whole seconds such as 300, a timedelta of whole seconds, or None "
            f"(in the environment null), not {type(value).__name__}"
        )
    if not MIN_LIFETIME <= value <= MAX_LIFETIME:
        raise ValueError(
            f"must be between {MIN_LIFETIME} and {MAX_LIFETIME} seconds: use 300, or "
            "None (in the environment null) for tokens without iat and exp"
        )
    return value


def read_parameter(value: object) -> str:
    """The name of a query parameter."""
    name = _text(value)
    if not is_parameter(name):
        raise ValueError(
            "must be the name of a query parameter: use letters, digits, hyphens, "
            "dots, underscores and tildes, at most 64 of them"
        )
    return name


def read_return_url(value: object) -> ReturnURL:
    """The template of the return URL; see :mod:`.return_url`."""
    text = plain_text(value)
    if text is None:
        raise ValueError(
            f"must be text, not {type(value).__name__}: write it like "
            "{page}?ssoToken={token}"
        )
    return parse_return_url(text)


def read_admin_emails(value: object) -> frozenset[str]:
    """The administrators' addresses, case-folded for comparison."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
        raise ValueError(
            f"must be a list, not {type(value).__name__}: write "
            '["boss@example.com"], even for one'
        )
    emails = [plain_text(email) for email in value]
    if not all(map(is_email, emails)):
        raise ValueError(
            'must hold only e-mail addresses: write ["boss@example.com"], without '
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
    if value is None:
        raise ValueError("must be text, not None: leave the key out for the default")
    if text is None:
        raise ValueError(f"must be text, not {type(value).__name__}: {_PUT_IN_QUOTES}")
    return text
