"""The ``FEEDBACKCHIMP_*`` settings of an app as one record; knows no Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from . import readers
from .errors import ConfigError
from .secret import MIN_SECRET_BYTES, read_secret

PREFIX = "FEEDBACKCHIMP_"

#: Every known key with its default and the reader of its value.
KEYS: dict[str, tuple[Any, Callable[[object], Any]]] = {
    "FEEDBACKCHIMP_JWT_SECRET": (None, readers.read_jwt_secret),
    "FEEDBACKCHIMP_ORGANIZATION": (None, readers.read_organization),
    "FEEDBACKCHIMP_BOARD_URL": (None, readers.read_board_url),
    "FEEDBACKCHIMP_URL_PREFIX": ("/sso/feedbackchimp", readers.read_url_prefix),
    "FEEDBACKCHIMP_TOKEN_LIFETIME": (300, readers.read_token_lifetime),
    "FEEDBACKCHIMP_REDIRECT_PARAM": ("redirect", readers.read_parameter),
    "FEEDBACKCHIMP_TOKEN_PARAM": ("ssoToken", readers.read_parameter),
    "FEEDBACKCHIMP_SSO_ENDPOINT": (None, readers.read_sso_endpoint),
    "FEEDBACKCHIMP_FORWARD_PARAMS": ((), readers.read_forward_params),
    "FEEDBACKCHIMP_ADMIN_EMAILS": ((), readers.read_admin_emails),
    "FEEDBACKCHIMP_ENABLED": (True, readers.read_enabled),
}


class Settings(NamedTuple):
    """The validated settings of one app: plain, immutable data.

    A field is named like its key, without the prefix and in lower case; the board,
    which two keys configure, is one ``board_origin``.
    """

    board_origin: str
    url_prefix: str
    token_lifetime: int | None
    redirect_param: str
    token_param: str
    sso_endpoint: str | None
    forward_params: tuple[str, ...]
    admin_emails: frozenset[str]
    enabled: bool
    #: ``None`` while switched off: then nothing is signed.
    jwt_secret: str | None

    @property
    def has_short_secret(self) -> bool:
        """Whether the secret has fewer bytes than HS256 asks for (RFC 7518 §3.2)."""
        secret = self.jwt_secret
        return secret is not None and len(secret.encode()) < MIN_SECRET_BYTES

    def __repr__(self) -> str:
        return f"<Settings of {self.board_origin}>"  # neither secret nor people


def load_settings(config: Mapping[str, Any], *, app_name: str) -> Settings:
    """Read the settings out of an app's configuration, which stays as it is.

    :param app_name: names the app in the error.
    :raises ConfigError: lists every problem, each with its key and the remedy.
    """
    problems = list(_unknown_keys(config))
    values: dict[str, Any] = {}
    for key, (default, read) in KEYS.items():
        if key == "FEEDBACKCHIMP_JWT_SECRET" and _is_off(config):
            values[key] = None
            continue
        try:
            values[key] = read(config.get(key, default))
        except ValueError as error:
            problems.append(f"{key} {error}.")
    problems += _contradictions(config, values)
    if problems:
        raise config_error(problems, app_name=app_name)
    organization = values.pop("FEEDBACKCHIMP_ORGANIZATION")
    board_origin = values.pop("FEEDBACKCHIMP_BOARD_URL") or organization
    fields = {key.removeprefix(PREFIX).lower(): value for key, value in values.items()}
    return Settings(board_origin=board_origin, **fields)


def config_error(problems: list[str], *, app_name: str) -> ConfigError:
    """One error for all problems of an app's configuration."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "".join(f"\n- {problem}" for problem in problems)
    return ConfigError(
        f"{count} with the FeedbackChimp settings of the app {app_name!r}:{lines}",
        problems=problems,
    )


def _is_off(config: Mapping[str, Any]) -> bool:
    return config.get("FEEDBACKCHIMP_ENABLED") is False


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[str]:
    for key in config:
        if isinstance(key, str) and key.startswith(PREFIX) and key not in KEYS:
            # Imported where it is needed: nearly no app ever needs it.
            from difflib import get_close_matches

            names = [known.removeprefix(PREFIX) for known in KEYS]
            name = key.removeprefix(PREFIX)
            nearest = get_close_matches(name, names, n=1, cutoff=0)[0]
            yield f"{key} is not a known setting: did you mean {PREFIX}{nearest}?"


def _contradictions(
    config: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[str]:
    """What is wrong between settings; ``values`` holds those that could be read."""
    boards = [
        key
        for key in ("FEEDBACKCHIMP_ORGANIZATION", "FEEDBACKCHIMP_BOARD_URL")
        if config.get(key) is not None
    ]
    if not boards:
        yield (
            "FEEDBACKCHIMP_ORGANIZATION is missing: set it to the part of your board's "
            f"address before “.{readers.VENDOR_DOMAIN}”, or set "
            "FEEDBACKCHIMP_BOARD_URL to the origin of your custom domain."
        )
    if len(boards) == 2:
        yield (
            "FEEDBACKCHIMP_ORGANIZATION and FEEDBACKCHIMP_BOARD_URL are both set: keep "
            "the one that names your board and remove the other."
        )
    secret = values.get("FEEDBACKCHIMP_JWT_SECRET")
    if secret is not None and secret in _app_secrets(config):
        yield (
            "FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KEY: whoever holds it "
            "could forge the app's sessions. Use the secret from FeedbackChimp, "
            "Settings → SSO."
        )
    yield from _parameter_clashes(values)


def _app_secrets(config: Mapping[str, Any]) -> Iterator[str]:
    fallbacks = config.get("SECRET_KEY_FALLBACKS")
    if not isinstance(fallbacks, list | tuple):
        fallbacks = ()
    for key in (config.get("SECRET_KEY"), *fallbacks):
        if isinstance(key, str | bytes):
            try:
                yield read_secret(key)
            except ValueError:  # random bytes, which our secret cannot equal
                continue


def _parameter_clashes(values: Mapping[str, Any]) -> Iterator[str]:
    endpoint = values.get("FEEDBACKCHIMP_SSO_ENDPOINT")
    forwarded = values.get("FEEDBACKCHIMP_FORWARD_PARAMS", ())
    taken = {"FEEDBACKCHIMP_REDIRECT_PARAM", "FEEDBACKCHIMP_TOKEN_PARAM"} & set(values)
    names = [values[key] for key in sorted(taken)]
    if len(names) == 2 and names[0] == names[1]:
        yield (
            "FEEDBACKCHIMP_TOKEN_PARAM and FEEDBACKCHIMP_REDIRECT_PARAM are the same: "
            "give each its own name."
        )
    if forwarded and "FEEDBACKCHIMP_SSO_ENDPOINT" in values and endpoint is None:
        yield (
            "FEEDBACKCHIMP_FORWARD_PARAMS needs FEEDBACKCHIMP_SSO_ENDPOINT: set the "
            "endpoint, or remove the parameters."
        )
    if set(forwarded) & set(names):
        yield (
            "FEEDBACKCHIMP_FORWARD_PARAMS names the page's or the token's parameter: "
            "leave it out, both are handed on anyway."
        )
    own = {name for name, _ in parse_qsl(urlsplit(endpoint or "").query, True)}
    if own & {*names, *forwarded}:
        yield (
            "FEEDBACKCHIMP_SSO_ENDPOINT has a query parameter that is also the page's, "
            "the token's or a forwarded one: remove it from the endpoint."
        )
