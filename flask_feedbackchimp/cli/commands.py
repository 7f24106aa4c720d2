"""The commands of ``flask feedbackchimp``; imported when one is asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import click
from click import BadParameter, ClickException
from flask import current_app
from flask.cli import AppGroup

from ..claims import EMAIL_MAX_OCTETS, NAME_MAX_CHARACTERS, is_email, is_name
from ..errors import TokenError
from ..settings import KEYS
from ..settings.urls import parse_url
from ..state import get_state
from . import check as checks
from .check import endpoint_url, fit, say

commands: AppGroup = AppGroup("feedbackchimp")

# What would act on the terminal, or cannot be encoded; JSON can escape it.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_T = TypeVar("_T")


def _read_address(value: str) -> str:
    try:
        url = parse_url(value)
    except ValueError as error:
        raise BadParameter(f"it {error}.") from None
    if url.query:
        raise BadParameter("it must not have a query.")
    return url.origin + url.path


@commands.command()
@click.option("--base-url", metavar="URL", type=_read_address, help="Where the app is.")
def check(base_url: str | None) -> None:
    """Show the settings, and what may be wrong with them.

    Exits with 1 if there is a problem, and with 0 if there are only warnings. The app's
    address is that of SERVER_NAME and APPLICATION_ROOT, unless --base-url says
    otherwise.
    """
    context = click.get_current_context()
    if os.environ.get("NO_COLOR"):  # https://no-color.org/
        context.color = False
    context.exit(checks.print_report(current_app, get_state(), base_url=base_url))


@commands.command()
@click.option("--email", required=True, help="Whom it is about; signed as it is.")
@click.option("--name", required=True, help="The name to show; signed as it is.")
@click.option(
    "--claim", "pairs", metavar="NAME=VALUE", multiple=True, help="Any number of them."
)
def token(email: str, name: str, pairs: Sequence[str]) -> None:
    """Print one token, for the validation tool under Settings > SSO.

    A claim's VALUE is JSON if it can be read as that, and text if not: seats=5 is a
    number, plan=pro is text, and zip='"12345"' is text for its quotes.

    Whoever gets hold of the token can sign in with it until it expires.
    """
    from .. import tokens

    settings = get_state().settings
    secret = _unless_off(settings.secret)
    _check_person(email, name, settings.admin_emails)
    claims, lifetime = _read_claims(pairs), settings.token_lifetime
    try:
        signed = tokens.sign(secret, email, name, claims=claims, lifetime=lifetime)
    except TokenError as error:
        raise ClickException(f"--claim: {error}") from None
    click.echo(signed.between())


@commands.command()
@click.argument("token", default="-")
def verify(token: str) -> None:
    """Print the claims of TOKEN as JSON, or say why it does not hold.

    Without TOKEN, or with -, it is read from standard input, which keeps it out of the
    shell's history. Exits with 1 if it does not hold.
    """
    from ..sandbox import tokens

    secret = _unless_off(get_state().settings.secret)
    if token == "-":  # noqa: S105  stands for standard input
        token = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    try:
        claims = tokens.read(secret, token.strip())
    except TokenError as error:
        raise ClickException(f"{error} Reason: {error.reason}") from None
    text = json.dumps(claims, ensure_ascii=False, indent=2)
    text = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    # Where the output does not have such a letter, all are escaped: that is JSON, too.
    click.echo(text if fit(text) == text else json.dumps(claims, indent=2))


@commands.command(context_settings={"show_default": True})
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5001, help="0 takes a free one."
)
@click.option(
    "--app-url",
    metavar="URL",
    type=_read_address,
    default="http://localhost:5000",
    help="Where the app runs, with the path it is mounted at.",
)
@click.option("--private", is_flag=True, help="Send everybody to log in at once.")
def sandbox(port: int, app_url: str, private: bool) -> None:
    """Run a stand-in board on localhost, to try the sign-on with.

    It takes the app's own settings; run the app beside it, with those that it names.
    """
    from ..sandbox import create_sandbox
    from ..sandbox.serving import PortTakenError, serving

    state = get_state()
    settings = state.settings
    _unless_off(settings.secret)
    sso_url = endpoint_url(state, app_url)
    board = create_sandbox(
        current_app.config["FEEDBACKCHIMP_JWT_SECRET"],
        sso_url=sso_url,
        redirect_param=settings.redirect_param,
        return_url=_configured_return_url(),
        admins=settings.admin_emails,
        private=private,
    )
    # A SIGTERM ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), serving(board, port=port) as port:
            _say_how_to_use(f"http://localhost:{port}", sso_url)
            threading.Event().wait()
    except PortTakenError as error:
        raise ClickException(f"{error} Choose another with --port.") from None


def _configured_return_url() -> str:
    key = "FEEDBACKCHIMP_RETURN_URL"
    return str(current_app.config.get(key, KEYS[key][0]))


def _say_how_to_use(origin: str, sso_url: str) -> None:
    say(f"A stand-in board is at {origin}/ until you press Ctrl-C.")
    say(f"It sends people to log in at {sso_url}")
    say("\nRun the app with (in its environment, FLASK_ goes in front):")
    say(f"  FEEDBACKCHIMP_BOARD_URL={origin}", bold=True)
    base, mark, query = _configured_return_url().partition("?")
    if "://" in base:
        path = "/" + base.partition("://")[2].partition("/")[2]
        say(f"  FEEDBACKCHIMP_RETURN_URL='{path}{mark}{query}'", bold=True)
    if current_app.config.get("FEEDBACKCHIMP_ORGANIZATION") is not None:
        say("and, while you do, without FEEDBACKCHIMP_ORGANIZATION.")


def _unless_off(value: _T | None) -> _T:
    """A value that is ``None`` while switched off, and only then."""
    if value is None:
        raise ClickException("FEEDBACKCHIMP_ENABLED is False: set it to True first.")
    return value


def _check_person(email: str, name: str, admins: Collection[str]) -> None:
    if not is_email(email):
        raise ClickException(
            f"--email must look like ada@example.com, up to {EMAIL_MAX_OCTETS} bytes."
        )
    if email.casefold() in admins:
        raise ClickException(
            "--email is one of FEEDBACKCHIMP_ADMIN_EMAILS: those never get a token."
        )
    if not is_name(name):
        raise ClickException(
            f"--name must show something, in at most {NAME_MAX_CHARACTERS} characters."
        )


def _read_claims(pairs: Sequence[str]) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not name or not separator or name in claims:
            raise ClickException("--claim must look like NAME=VALUE, each NAME once.")
        try:
            # Python reads NaN, which is not JSON (RFC 8259 §6); int refuses it.
            claims[name] = json.loads(value, parse_constant=int)
        except (ValueError, RecursionError):
            claims[name] = value
    return claims
