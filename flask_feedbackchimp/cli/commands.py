"""The commands of ``flask feedbackchimp``; imported when one is asked for."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from click import BadParameter, ClickException
from flask import Response, current_app, g, request
from flask.cli import AppGroup

from ..board import DEFAULT_PORTS, LOOPBACK_HOSTS
from ..errors import TokenError
from ..identity import (
    EMAIL_MAX_OCTETS,
    NAME_MAX_CHARACTERS,
    Identity,
    is_email,
    is_name,
)
from ..return_url import is_path
from ..settings import configured, get_state
from . import check as checks
from .check import endpoint_url, fit, printable, say

commands: AppGroup = AppGroup("feedbackchimp")

_T = TypeVar("_T")


def _read_address(value: str) -> str:
    """An http or https URL of the app's mount point, which need not be https yet."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadParameter("it must start with https:// or http://, and a host.")
    if parts.username is not None or parts.query or parts.fragment:
        raise BadParameter("it must be only scheme, host, port and path.")
    if not is_path(parts.path):
        raise BadParameter("it has characters that do not belong in a URL.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


@commands.command()
@click.option(
    "--user", "user_id", metavar="ID", help="One of the app's users, to be tried."
)
@click.option("--base-url", metavar="URL", type=_read_address, help="Where the app is.")
def check(user_id: str | None, base_url: str | None) -> None:
    """Show the settings, visit the app, and say what is wrong.

    Goes to the endpoint as a stranger and on to the login page; with --user a second
    time as that user, and shows what the board would be told. ID is what the app's user
    loader takes. The app's address is that of SERVER_NAME and APPLICATION_ROOT, unless
    --base-url says otherwise.

    Exits with 1 if there is a problem, and with 0 if there are only warnings.
    """
    context = click.get_current_context()
    if os.environ.get("NO_COLOR"):  # https://no-color.org/
        context.color = False
    app: Any = current_app
    app = app._get_current_object()
    options = {"base_url": base_url, "user_id": user_id}
    has_problems = checks.print_report(app, get_state(), **options)
    context.exit(1 if has_problems else 0)


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
    from ..tokens import prepare_claims, sign  # imports jwt

    settings = get_state().settings
    secret = _unless_off(settings.secret)
    _check_person(email, name, settings.admin_emails)
    identity = Identity(email, name, _read_claims(pairs))
    try:
        claims = prepare_claims(identity, settings.token_lifetime)
    except TokenError as error:
        raise ClickException(f"--claim: {error}") from None
    click.echo(sign(secret, claims))


@commands.command()
@click.argument("token", default="-")
def verify(token: str) -> None:
    """Print the claims of TOKEN as JSON, or say why it does not hold.

    Without TOKEN, or with -, it is read from standard input, which keeps it out of the
    shell's history. Exits with 1 if it does not hold.
    """
    from ..sandbox.tokens import read  # imports jwt

    secret = _unless_off(get_state().settings.secret)
    if token == "-":  # noqa: S105  stands for standard input
        token = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    try:
        claims = read(secret, token.strip())
    except TokenError as error:
        raise ClickException(f"{error} Reason: {error.reason}") from None
    lines = json.dumps(claims, ensure_ascii=False, indent=2).split("\n")
    text = "\n".join(map(printable, lines))
    # Where the output does not have such a letter, all are escaped: that is JSON, too.
    click.echo(text if fit(text) == text else json.dumps(claims, indent=2))


@commands.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Default: that of FEEDBACKCHIMP_BOARD_URL if it is on this machine, or else "
    "5001. 0 takes a free one.",
)
@click.option(
    "--app-url",
    metavar="URL",
    type=_read_address,
    default="http://localhost:5000",
    show_default=True,
    help="Where the app runs, with the path it is mounted at.",
)
@click.option("--private", is_flag=True, help="Send everybody to log in at once.")
def sandbox(port: int | None, app_url: str, private: bool) -> None:
    """Run the sandbox, a stand-in board, on localhost to try the sign-on with.

    It takes the app's own settings, and prints a line for each visitor who comes with
    a token. Run the app beside it.
    """
    from ..sandbox import create_sandbox
    from ..sandbox.serving import PortTakenError, serving

    state = get_state()
    settings = state.settings
    _unless_off(settings.secret)
    board_origin = state.require_board().origin
    sso_url = endpoint_url(state, app_url)
    return_url = configured(current_app, "FEEDBACKCHIMP_RETURN_URL")
    app = create_sandbox(
        current_app.config["FEEDBACKCHIMP_JWT_SECRET"],
        sso_url=sso_url,
        redirect_param=settings.redirect_param,
        return_url=return_url,
        admins=settings.admin_emails,
        private=private,
    )
    app.after_request(_say_who_came)
    if port is None:
        port = _local_port(board_origin) or 5001
    # A SIGTERM ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), serving(app, port=port) as port:
            say(f"The sandbox is at http://localhost:{port}/ until you press Ctrl-C.")
            _say_what_does_not_match(board_origin, return_url, port)
            say(f"It sends people to log in at {sso_url}")
            threading.Event().wait()
    except PortTakenError as error:
        raise ClickException(f"{error} Choose another with --port.") from None


def _say_who_came(response: Response) -> Response:
    """Print a line for an arrival, and never its token."""
    arrival = g.get("arrival")
    if arrival is not None and arrival.reason is not None:
        say(f"refused: {arrival.reason}")
    elif arrival is not None:
        who = f"{arrival.claims['name']} <{arrival.claims['email']}>"
        page = arrival.page.removeprefix(request.host_url.rstrip("/"))
        say(printable(f"signed in: {who} at {page}"))
    return response


def _local_port(origin: str) -> int | None:
    """The port of an origin on this machine, or ``None``."""
    parts = urlsplit(origin)
    host = parts.netloc.removesuffix(f":{parts.port}")
    if host not in LOOPBACK_HOSTS:
        return None
    return parts.port or DEFAULT_PORTS[parts.scheme]


def _say_what_does_not_match(origin: str, return_url: str, port: int) -> None:
    """Print the settings with which the app would lead to this sandbox."""
    hints = []
    if origin.startswith("https:") or _local_port(origin) != port:
        hints.append(f"FEEDBACKCHIMP_BOARD_URL=http://localhost:{port}")
    base, mark, query = return_url.partition("?")
    if "://" in base:
        path = "/" + base.partition("://")[2].partition("/")[2]
        hints.append(f"FEEDBACKCHIMP_RETURN_URL='{path}{mark}{query}'")
    if not hints:
        return
    say("The app leads elsewhere. Run it with (in its environment, FLASK_ goes in")
    say("front of each name):")
    for hint in hints:
        say(f"  {hint}", bold=True)
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
