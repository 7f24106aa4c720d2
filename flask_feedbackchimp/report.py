"""What ``flask feedbackchimp check`` says of a setup."""

from __future__ import annotations

import hmac
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import click
from flask import Flask

from .findings import find_problems, find_warnings
from .identity import default_identity
from .links import endpoint_path
from .settings import Settings
from .state import AppState

_UNKNOWN_ADDRESS = "https://your.app"
_EXAMPLE_PAGE = "/board/1002-feature-requests"


def print_report(app: Flask, state: AppState, *, base_url: str | None) -> bool:
    """Print what is set and what may be wrong.

    :param base_url: where the app is, or ``None`` where its configuration may say so.
    :return: whether something keeps people from signing in.
    """
    address = base_url or _configured_address(app)
    url = endpoint_url(state, address)
    problems = list(find_problems(app, state))
    warnings = list(find_warnings(app, state, url))
    say(f"FeedbackChimp sign-on of the app {app.name!r}")
    _say_pairs(_settings_facts(state))
    say("\nTo paste in FeedbackChimp, under Settings > SSO:")
    say(f"  {url}", bold=True)
    if address == _UNKNOWN_ADDRESS:
        say(f"  with the app's own address for {address} (or give it: --base-url)")
    say("\nThe way back to the board, with the token for TOKEN:")
    page = state.board.linked_page(_EXAMPLE_PAGE) or state.board.home
    say(f"  {state.board.way_back(page, 'TOKEN')}", bold=True)
    _say_pairs(_way_back_facts(state.settings))
    say("  Not publicly documented: compare names and shape with Settings > SSO.\n")
    _say_pairs((("problem", text) for text in problems), fg="red")
    _say_pairs((("warning", text) for text in warnings), fg="yellow")
    say(_verdict(state.settings, len(problems), len(warnings)), bold=True)
    return bool(problems)


def endpoint_url(state: AppState, address: str) -> str:
    """The redirect endpoint of the current app, as an absolute URL.

    :param address: an origin, and the path that the app is mounted at; an origin alone
        leaves that to ``APPLICATION_ROOT``.
    """
    address = address.rstrip("/")
    has_path = "/" in address.partition("://")[2]
    return address + (state.settings.url_prefix if has_path else endpoint_path(state))


def say(text: str, **style: Any) -> None:
    """Print a line; its style shows on a terminal alone."""
    click.secho(fit(text), **style)


def fit(text: str) -> str:
    """The text with escapes for what standard output cannot encode."""
    encoding = sys.stdout.encoding
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _say_pairs(pairs: Iterable[tuple[str, str]], **style: Any) -> None:
    for label, text in pairs:
        text = " ".join(text.split())  # written over several lines here
        lines = textwrap.wrap(text, 58, break_long_words=False, break_on_hyphens=False)
        click.secho(f"  {label:<19}", nl=False, **style)
        say(f"\n{'':21}".join(lines))


def _verdict(settings: Settings, problems: int, warnings: int) -> str:
    if not settings.enabled:
        return (
            "Switched off (FEEDBACKCHIMP_ENABLED is False): nothing is signed, and "
            "links\nlead to the board without signing in."
        )
    counts = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
    return f"{'Not ready' if problems else 'Ready'}: {counts}."


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _configured_address(app: Flask) -> str:
    host = app.config["SERVER_NAME"]
    scheme = app.config["PREFERRED_URL_SCHEME"]
    return f"{scheme}://{host}" if host else _UNKNOWN_ADDRESS


def _settings_facts(state: AppState) -> Iterator[tuple[str, str]]:
    settings, loader = state.settings, state.slot.loader
    lifetime, admins = settings.token_lifetime, len(settings.admin_emails)
    yield "Enabled", "yes" if settings.enabled else "no"
    yield "Board", settings.board_origin
    yield "Secret", _secret_in_words(settings)
    yield "Token lifetime", f"{lifetime} seconds" if lifetime else "none: no iat or exp"
    yield "Admin e-mails", f"{admins}; they get no token" if admins else "none"
    if loader is default_identity:
        yield "Identity", "user.email, and user.name or else user.username"
        return
    named = loader if hasattr(loader, "__qualname__") else type(loader)
    yield "Identity", f"{named.__module__}.{named.__qualname__}"


def _secret_in_words(settings: Settings) -> str:
    if settings.jwt_secret is None:
        return "not read while switched off"
    secret = settings.jwt_secret.encode()
    # Keyed and labelled, so that the value appears nowhere else.
    digest = hmac.digest(secret, b"flask-feedbackchimp fingerprint", "sha256")
    return f"{len(secret)} bytes, fingerprint {digest.hex()[:8]}"


def _way_back_facts(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "Page comes in as", settings.redirect_param
    yield "Token goes out as", settings.token_param
    if settings.sso_endpoint is None:
        yield "Shape", "appended to the page"
        return
    yield "Shape", f"one endpoint, with the page as {settings.redirect_param}"
    yield "Handed on", ", ".join(settings.forward_params) or "nothing else"
