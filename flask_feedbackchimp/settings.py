"""The ``FEEDBACKCHIMP_*`` settings of an app: read and checked once, when it starts.

Every reader takes a configured value and returns it in the form the package uses, or
raises :exc:`ValueError` with what is wrong and the remedy. No message repeats a value:
a secret pasted into the wrong setting must not end up in a log.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from .board import Board, is_dns_label, normalize_param_name, parse_url
from .errors import NotInitializedError, TokenError, refusal
from .identity import is_blank, is_email, is_text
from .return_url import ReturnURL, parse_return_url

if TYPE_CHECKING:  # it imports this module
    from .extension import FeedbackChimp

#: The key in ``app.extensions``.
EXTENSION_KEY = "feedbackchimp"

PREFIX = "FEEDBACKCHIMP_"
#: The board origin of an organization is a host right under this one.
VENDOR_DOMAIN = "feedbackchimp.space"
#: Shortest and longest token lifetime in seconds.
MIN_LIFETIME, MAX_LIFETIME = 30, 3600
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
    "change-me-now",
    "change-me-in-production",
    "change-this-in-production",
    "replace-in-production",
    "dev-secret",
    "dev-secret-key",
    "test-secret",
    "not-a-secret",
    "top-secret",
    "secret123",
    "password123",
)

_WHERE_TO_GET_IT = "copy it from Settings → SSO → “Get JWT Secret” in FeedbackChimp"
_AS_JSON = (
    "from_prefixed_env() read this as JSON. Quote it as a JSON string: '\"12345\"' in "
    'a shell, "12345" in an env file that keeps quotes'
)
_IN_QUOTES = "is in quotes, which “docker run --env-file” keeps: leave them out"
_QUOTES = frozenset({'""', "''", "``", "“”", "„“", "«»"})
_NOISE = r"[\s\-_.…<>{}\[\]()$%!\"'`]+"
_EDGES = r"\A[\s\ufeff]+|[\s\ufeff]+\Z"
_MASK = r"[*•●∙]{4}"
_UNEXPANDED = r"\$[A-Z_][A-Z0-9_]*|\$\{.*\}|\$\(.*\)|%[A-Za-z_]\w*%|\{\{.*\}\}"
_FILE_PATHS = (
    r"(?:~|\.{1,2}|[A-Za-z]:|file:/{0,2})[/\\].+",
    r"(?:/[a-z][a-z0-9._-]*)+",
    # Base64 has slashes, too. A path also has a dot, hyphen, underscore or the word.
    r"(?=.*(?:[._-]|(?i:secret)))(?:/[\w.@ -]+)+",
    r"[\w./-]+\.(?:txt|key|pem|env|json|secret)",
)
_KEY_TEXT = (
    r"----[- ](BEGIN|END) |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp"
    r"|-cert-v01@openssh\.com"
)
_URL_PREFIX = r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+"
_PARAMETER = r"[A-Za-z0-9._~-]{1,64}"


class Secret:
    """Signs with the secret, whose text cannot be recovered.

    :param text: as :func:`read_jwt_secret` leaves it, without white space around it.
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


def read_jwt_secret(value: object) -> Secret:
    """The secret, from now on opaque."""
    if value is None:
        raise ValueError(
            f"is missing: {_WHERE_TO_GET_IT} into app.config; or set the environment "
            "variable FLASK_FEEDBACKCHIMP_JWT_SECRET (FLASK_ goes in front) and call "
            "app.config.from_prefixed_env() before init_app"
        )
    if not is_text(value) and not isinstance(value, bytes):
        raise ValueError(
            f"must be text or bytes, not {type(value).__name__}: {_AS_JSON}"
        )
    secret = _secret_text(value)
    problem = _secret_problem(secret)
    if problem is not None:
        raise ValueError(problem)
    return Secret(secret)


def _secret_text(value: str | bytes) -> str:
    """The secret as text, without the white space and BOM around it."""
    try:
        text = value.decode() if isinstance(value, bytes) else value
        text.encode()
    except UnicodeError:
        raise ValueError(
            "is not readable text: bytes must be UTF-8, and text must not come "
            "from bytes that were not"
        ) from None
    return re.sub(_EDGES, "", text)


def _secret_problem(secret: str) -> str | None:
    """Why a secret is refused, with the remedy; ``None`` if it can sign."""
    if not secret:
        return f"is blank: {_WHERE_TO_GET_IT}"
    if is_blank(secret):
        return f"has only invisible characters: {_WHERE_TO_GET_IT}"
    if re.search(_MASK, secret):
        return f"is masked, as dashboards and logs show secrets: {_WHERE_TO_GET_IT}"
    if _is_quoted(secret):
        return _IN_QUOTES
    if re.fullmatch(_UNEXPANDED, secret):
        return (
            "is the name of a variable, not its value: look at where it is set (single "
            f"quotes keep a shell from replacing it), or {_WHERE_TO_GET_IT}"
        )
    plain = _plain(secret)
    if plain in {"", *map(_plain, PLACEHOLDERS)}:
        return f"is still a placeholder: {_WHERE_TO_GET_IT}"
    if len(set(secret)) == 1 < len(secret):
        return f"is one character repeated: {_WHERE_TO_GET_IT}"
    if any(re.fullmatch(path, secret) for path in _FILE_PATHS):
        return "is the path of a file: read the file's content, and set that"
    if re.search(_KEY_TEXT, secret):
        return f"is a PEM or SSH key, not the vendor's text secret: {_WHERE_TO_GET_IT}"
    if _is_json(secret):
        return f"is JSON (a JWK?), not the vendor's text secret: {_WHERE_TO_GET_IT}"
    return None


def _plain(text: str) -> str:
    return re.sub(_NOISE, "", text).casefold()


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
    try:
        origin, path, query = parse_url(_text(value))
        if path != "/" or query:
            raise ValueError("must be only an origin, without path and query")
    except ValueError as error:
        raise ValueError(
            f"{error}: write it like https://feedback.example.com, or "
            "http://localhost:5001 for the sandbox"
        ) from None
    return origin


def read_url_prefix(value: object) -> str:
    """The path of the redirect endpoint."""
    path = _text(value)
    if re.fullmatch(_URL_PREFIX, path) is None:
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
            f"(in the environment null), without quotes, not {type(value).__name__}"
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


def is_parameter(name: str) -> bool:
    """Whether a text can be the configured name of a query parameter."""
    return re.fullmatch(_PARAMETER, name) is not None


def read_return_url(value: object) -> ReturnURL:
    """The template of the return URL."""
    if not is_text(value):
        raise ValueError(
            f"must be text, not {type(value).__name__}: write it like "
            "{page}?ssoToken={token}"
        )
    return parse_return_url(value)


def read_admin_emails(value: object) -> frozenset[str]:
    """The administrators' addresses, case-folded for comparison."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
        raise ValueError(
            f"must be a list, not {type(value).__name__}: write "
            '["boss@example.com"], even for one (in the environment with double quotes)'
        )
    if any(map(_is_quoted_text, value)):
        raise ValueError(f"has an address that {_IN_QUOTES}")
    emails = [email for email in value if is_email(email)]
    if len(emails) < len(value):
        raise ValueError(
            'must hold only e-mail addresses: write ["boss@example.com"], without '
            "names, brackets or white space"
        )
    return frozenset(email.casefold() for email in emails)


def read_enabled(value: object) -> bool:
    """Whether the sign-on is switched on."""
    if not isinstance(value, bool):
        raise ValueError(
            f"must be True or False, not {type(value).__name__}: in the environment "
            "write true or false in lower case, without quotes"
        )
    return value


def _text(value: object) -> str:
    if not is_text(value):
        remedy = "leave the key out for the default" if value is None else _AS_JSON
        raise ValueError(f"must be text, not {type(value).__name__}: {remedy}")
    return value


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] + text[-1] in _QUOTES


#: Every known key with its default and the reader of its value.
KEYS: dict[str, tuple[Any, Callable[[object], Any]]] = {
    "FEEDBACKCHIMP_JWT_SECRET": (None, read_jwt_secret),
    "FEEDBACKCHIMP_ORGANIZATION": (None, read_organization),
    "FEEDBACKCHIMP_BOARD_URL": (None, read_board_url),
    "FEEDBACKCHIMP_URL_PREFIX": ("/sso/feedbackchimp", read_url_prefix),
    "FEEDBACKCHIMP_REDIRECT_PARAM": ("redirect", read_parameter),
    "FEEDBACKCHIMP_RETURN_URL": ("{page}?ssoToken={token}", read_return_url),
    "FEEDBACKCHIMP_TOKEN_LIFETIME": (300, read_token_lifetime),
    "FEEDBACKCHIMP_ADMIN_EMAILS": ((), read_admin_emails),
    "FEEDBACKCHIMP_ENABLED": (True, read_enabled),
}


@dataclass(frozen=True, repr=False)  # it knows people's addresses
class Settings:
    """The validated settings of one app, one field for each key but the board's."""

    #: ``None`` only while switched off.
    board: Board | None
    return_url: ReturnURL
    url_prefix: str
    redirect_param: str
    token_lifetime: int | None
    admin_emails: frozenset[str]
    enabled: bool
    #: ``None`` while switched off: then nothing is signed.
    secret: Secret | None


@dataclass(frozen=True)
class AppState:
    """What the extension knows of one app; it never changes."""

    settings: Settings
    #: It has the identity loader, which may be registered after ``init_app``.
    extension: FeedbackChimp

    def require_board(self) -> Board:
        """The board.

        :raises SignInRefused: with status 404, where it is not known: switched off.
        """
        if self.settings.board is None:
            raise refusal("disabled")
        return self.settings.board

    def require_secret(self) -> Secret:
        """The signing secret.

        :raises TokenError: switched off.
        """
        if self.settings.secret is None:
            raise TokenError(
                "Nothing is signed while FEEDBACKCHIMP_ENABLED is False: set it to "
                "True, or link to the board itself.",
                reason="disabled",
            )
        return self.settings.secret


def get_state(app: Flask | None = None) -> AppState:
    """The record of an app, the current one unless given.

    :raises NotInitializedError: the app has none.
    """
    app = app or current_app
    state: AppState | None = app.extensions.get(EXTENSION_KEY)
    if state is None:
        raise NotInitializedError(
            f"FeedbackChimp does not know the app {app.name!r}: call "
            "FeedbackChimp(app), or feedbackchimp.init_app(app) in the app factory. If "
            "you did, the current app is a different object."
        )
    return state


def read_settings(app: Flask) -> tuple[Settings | None, list[str]]:
    """Read the settings of an app, whose configuration stays as it is.

    :return: the settings, or ``None`` and every problem, each with its key and remedy.
    """
    # Never bind app.config or a method of it to a local: error reports show locals, and
    # a value or the configuration itself may fail.
    problems = list(_unknown_keys(app))
    is_off = app.config.get("FEEDBACKCHIMP_ENABLED") is False
    values: dict[str, Any] = {}
    for key, (_, read) in KEYS.items():
        if key == "FEEDBACKCHIMP_JWT_SECRET" and is_off:
            values[key] = None
            continue
        try:
            if _is_quoted_text(app.config.get(key)):
                raise ValueError(_IN_QUOTES)
            values[key] = read(configured(app, key))
        except ValueError as error:
            problems.append(f"{key} {error}.")
    problems += _board_problems(app, is_off)
    problems += _contradictions(app, values)
    return (None, problems) if problems else (_settings(values), [])


def _settings(values: Mapping[str, Any]) -> Settings:
    origin = values["FEEDBACKCHIMP_BOARD_URL"] or values["FEEDBACKCHIMP_ORGANIZATION"]
    return_url: ReturnURL = values["FEEDBACKCHIMP_RETURN_URL"]
    dropped_params = frozenset(map(normalize_param_name, return_url.param_names))
    return Settings(
        board=Board(origin, dropped_params) if origin else None,
        return_url=return_url.with_origin(origin) if origin else return_url,
        url_prefix=values["FEEDBACKCHIMP_URL_PREFIX"],
        redirect_param=values["FEEDBACKCHIMP_REDIRECT_PARAM"],
        token_lifetime=values["FEEDBACKCHIMP_TOKEN_LIFETIME"],
        admin_emails=values["FEEDBACKCHIMP_ADMIN_EMAILS"],
        enabled=values["FEEDBACKCHIMP_ENABLED"],
        secret=values["FEEDBACKCHIMP_JWT_SECRET"],
    )


def configured(app: Flask, key: str) -> Any:
    """What a setting is configured as, or else its default."""
    return app.config[key] if _is_set(app, key) else KEYS[key][0]


def _is_set(app: Flask, key: str) -> bool:
    """Whether a key has a value; Compose files leave empty variables."""
    return key in app.config and app.config[key] != ""


def _is_quoted_text(value: object) -> bool:
    return is_text(value) and _is_quoted(value.strip())


def _unknown_keys(app: Flask) -> Iterator[str]:
    for key in app.config:
        if isinstance(key, str) and key.startswith(PREFIX) and key not in KEYS:
            names = [known.removeprefix(PREFIX) for known in KEYS]
            name = key.removeprefix(PREFIX).upper()
            nearest = get_close_matches(name, names, n=1, cutoff=0)[0]
            yield f"{key} is not a known setting: did you mean {PREFIX}{nearest}?"


def _board_problems(app: Flask, is_off: bool) -> Iterator[str]:
    keys = ("FEEDBACKCHIMP_ORGANIZATION", "FEEDBACKCHIMP_BOARD_URL")
    is_set = [_is_set(app, key) and app.config[key] is not None for key in keys]
    if not any(is_set) and not is_off:
        yield (
            "FEEDBACKCHIMP_ORGANIZATION is missing: set it to the part of your board's "
            f"address before “.{VENDOR_DOMAIN}”, or set FEEDBACKCHIMP_BOARD_URL to the "
            "origin of your custom domain (in the environment FLASK_ goes in front, "
            "and app.config.from_prefixed_env() reads it)."
        )
    if all(is_set):
        yield (
            "FEEDBACKCHIMP_ORGANIZATION and FEEDBACKCHIMP_BOARD_URL are both set: keep "
            "the one that names your board and remove the other."
        )


def _contradictions(app: Flask, values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong between settings.

    :param values: those that could be read.
    """
    secret = values.get("FEEDBACKCHIMP_JWT_SECRET")
    if secret is not None and any(map(secret.equals, _app_secrets(app))):
        yield (
            "FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KEY: anybody who has it "
            "could forge the app's sessions. Use the secret from FeedbackChimp, "
            "Settings → SSO."
        )
    return_url = values.get("FEEDBACKCHIMP_RETURN_URL")
    redirect_param = values.get("FEEDBACKCHIMP_REDIRECT_PARAM")
    if return_url is not None and redirect_param in return_url.forwarded_params:
        yield (
            f"FEEDBACKCHIMP_RETURN_URL has {{{redirect_param}}}, the page as it came "
            "in, which nobody has checked: write {page}, as in "
            f"/sso?token={{token}}&{redirect_param}={{page}}."
        )


def _app_secrets(app: Flask) -> Iterator[Secret]:
    """What else the app signs with."""
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS")
    if not isinstance(fallbacks, list | tuple):
        fallbacks = ()
    for key in (app.config.get("SECRET_KEY"), *fallbacks):
        try:
            yield read_jwt_secret(key)
        except ValueError:  # not usable as our secret, so not equal to it
            continue
