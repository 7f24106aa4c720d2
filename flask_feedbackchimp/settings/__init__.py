"""The ``FEEDBACKCHIMP_*`` settings of an app: read once, when the app starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..destination import Board
from . import readers
from .return_url import ReturnURL
from .secret import Secret

PREFIX = "FEEDBACKCHIMP_"

#: Every known key with its default and the reader of its value.
KEYS: dict[str, tuple[Any, Callable[[object], Any]]] = {
    "FEEDBACKCHIMP_JWT_SECRET": (None, readers.read_jwt_secret),
    "FEEDBACKCHIMP_ORGANIZATION": (None, readers.read_organization),
    "FEEDBACKCHIMP_BOARD_URL": (None, readers.read_board_url),
    "FEEDBACKCHIMP_URL_PREFIX": ("/sso/feedbackchimp", readers.read_url_prefix),
    "FEEDBACKCHIMP_REDIRECT_PARAM": ("redirect", readers.read_parameter),
    "FEEDBACKCHIMP_RETURN_URL": ("{page}?ssoToken={token}", readers.read_return_url),
    "FEEDBACKCHIMP_TOKEN_LIFETIME": (300, readers.read_token_lifetime),
    "FEEDBACKCHIMP_ADMIN_EMAILS": ((), readers.read_admin_emails),
    "FEEDBACKCHIMP_ENABLED": (True, readers.read_enabled),
}


BOARD_KEYS = ("FEEDBACKCHIMP_ORGANIZATION", "FEEDBACKCHIMP_BOARD_URL")


@dataclass(frozen=True, slots=True, repr=False)  # it knows people's addresses
class Settings:
    """The validated settings of one app, one field for each key but the board's."""

    board: Board
    return_url: ReturnURL
    url_prefix: str
    redirect_param: str
    token_lifetime: int | None
    admin_emails: frozenset[str]
    enabled: bool
    #: ``None`` while switched off: then nothing is signed.
    secret: Secret | None


class Configured(Protocol):
    """What has a configuration, such as a Flask app."""

    @property
    def config(self) -> Mapping[str, Any]: ...


def read_settings(app: Configured) -> tuple[Settings | None, list[str]]:
    """Read the settings of an app, whose configuration stays as it is.

    :return: the settings, or ``None`` and every problem, each with its key and remedy.
    """
    # No variable here is the configuration, nor a method of it: where a value or the
    # configuration itself fails, an error report would show the secret.
    problems = list(_unknown_keys(app))
    app_secrets = list(_app_secrets(app))
    is_off = app.config.get("FEEDBACKCHIMP_ENABLED") is False
    values: dict[str, Any] = {}
    for key, (default, read) in KEYS.items():
        if key == "FEEDBACKCHIMP_JWT_SECRET" and is_off:
            values[key] = None
            continue
        try:
            values[key] = read(app.config.get(key, default))
        except ValueError as error:
            problems.append(f"{key} {error}.")
    boards = [key for key in BOARD_KEYS if app.config.get(key) is not None]
    problems += _contradictions(values, boards, app_secrets)
    return (None, problems) if problems else (_settings(values), [])


def _settings(values: Mapping[str, Any]) -> Settings:
    origin = values["FEEDBACKCHIMP_BOARD_URL"] or values["FEEDBACKCHIMP_ORGANIZATION"]
    return_url: ReturnURL = values["FEEDBACKCHIMP_RETURN_URL"]
    return Settings(
        board=Board(origin, return_url.token_name),
        return_url=return_url.on(origin),
        url_prefix=values["FEEDBACKCHIMP_URL_PREFIX"],
        redirect_param=values["FEEDBACKCHIMP_REDIRECT_PARAM"],
        token_lifetime=values["FEEDBACKCHIMP_TOKEN_LIFETIME"],
        admin_emails=values["FEEDBACKCHIMP_ADMIN_EMAILS"],
        enabled=values["FEEDBACKCHIMP_ENABLED"],
        secret=values["FEEDBACKCHIMP_JWT_SECRET"],
    )


def _unknown_keys(app: Configured) -> Iterator[str]:
    for key in app.config:
        if isinstance(key, str) and key.startswith(PREFIX) and key not in KEYS:
            # Imported where it is needed: nearly no app ever needs it.
            from difflib import get_close_matches

            names = [known.removeprefix(PREFIX) for known in KEYS]
            name = key.removeprefix(PREFIX).upper()
            nearest = get_close_matches(name, names, n=1, cutoff=0)[0]
            yield f"{key} is not a known setting: did you mean {PREFIX}{nearest}?"


def _contradictions(
    values: Mapping[str, Any], boards: Sequence[str], app_secrets: Sequence[Secret]
) -> Iterator[str]:
    """What is wrong between settings.

    :param values: those that could be read.
    :param boards: the keys that name a board, readable or not.
    :param app_secrets: what else the app signs with.
    """
    if not boards:
        yield (
            "FEEDBACKCHIMP_ORGANIZATION is missing: set it to the part of your board's "
            f"address before “.{readers.VENDOR_DOMAIN}”, or set "
            "FEEDBACKCHIMP_BOARD_URL to the origin of your custom domain (in the "
            "environment FLASK_ goes in front, and app.config.from_prefixed_env() "
            "reads it)."
        )
    if len(boards) == 2:
        yield (
            "FEEDBACKCHIMP_ORGANIZATION and FEEDBACKCHIMP_BOARD_URL are both set: keep "
            "the one that names your board and remove the other."
        )
    secret = values.get("FEEDBACKCHIMP_JWT_SECRET")
    if secret is not None and any(map(secret.equals, app_secrets)):
        yield (
            "FEEDBACKCHIMP_JWT_SECRET is the app's own SECRET_KEY: anybody who has it "
            "could forge the app's sessions. Use the secret from FeedbackChimp, "
            "Settings → SSO."
        )
    return_url = values.get("FEEDBACKCHIMP_RETURN_URL")
    redirect_param = values.get("FEEDBACKCHIMP_REDIRECT_PARAM")
    if return_url is not None and redirect_param in return_url.handed_on:
        yield (
            f"FEEDBACKCHIMP_RETURN_URL has {{{redirect_param}}}, the page as it came "
            "in, which nobody has checked: write {page}, as in "
            f"/sso?token={{token}}&{redirect_param}={{page}}."
        )


def _app_secrets(app: Configured) -> Iterator[Secret]:
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS")
    if not isinstance(fallbacks, list | tuple):
        fallbacks = ()
    for key in (app.config.get("SECRET_KEY"), *fallbacks):
        try:
            yield readers.read_jwt_secret(key)
        except ValueError:  # not usable as our secret, so not equal to it
            continue
