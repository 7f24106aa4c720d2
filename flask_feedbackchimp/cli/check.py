"""What ``flask feedbackchimp check`` says about a setup."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask

from ..identity import RESERVED_CLAIMS, default_identity
from ..settings import MIN_SECRET_BYTES, AppState, Settings
from ..templating import endpoint_path
from .walk import Visit, Walker, describe_answerer, describe_error, was_reached

_UNKNOWN_ADDRESS = "https://your.app"
_EXAMPLE_PAGE = "/board/1002-feature-requests"


def print_report(
    app: Flask, state: AppState, *, base_url: str | None, user_id: str | None
) -> bool:
    """Print what is set, what a visit shows, and what may be wrong.

    :param base_url: where the app is, or ``None`` where its configuration may say so.
    :param user_id: the user to try, as the app's user loader takes it.
    :return: whether something keeps people from signing in.
    """
    address = _mount_of(state, base_url or _configured_address(app))
    url = address + state.settings.url_prefix
    say(f"FeedbackChimp sign-on of the app {app.name!r}")
    _say_pairs(_facts(state))
    say("\nTo paste in FeedbackChimp, under Settings > SSO:")
    say(f"  {url}", bold=True)
    if address.startswith(_UNKNOWN_ADDRESS):
        say(f"  with the app's address for {_UNKNOWN_ADDRESS} (or give it: --base-url)")
    if not state.settings.enabled:
        say("\nSwitched off (FEEDBACKCHIMP_ENABLED is False): nothing is signed.")
        return False
    say("\nThe return URL, with the token for TOKEN:")
    say(f"  {_example(state)}", bold=True)
    _say_pairs(_parts(state.settings))
    say("  It is not publicly documented: compare it with FeedbackChimp's example.\n")
    report = Report(list(_warnings(app, state, url)))
    walker = Walker(app, state, address)
    report.try_stranger(app, walker)
    if user_id is not None and not report.problems:
        report.try_user(walker, user_id)
    _say_pairs(report.told)
    _say_pairs((("problem", text) for text in report.problems), fg="red")
    _say_pairs((("warning", text) for text in report.warnings), fg="yellow")
    say(report.verdict(user_id), bold=True)
    return bool(report.problems)


class Report:
    """What was found; each problem and each warning has its remedy."""

    def __init__(self, warnings: list[str]) -> None:
        self.warnings = warnings
        self.problems: list[str] = []
        #: What the board would be told about the user who was tried.
        self.told: list[tuple[str, str]] = []

    def try_stranger(self, app: Flask, walker: Walker) -> None:
        """Visit as a stranger, and go on to the login page."""
        if not hasattr(app, "login_manager"):
            self.problems.append(
                "The app has no LoginManager, so nobody can be signed in: call "
                "LoginManager().init_app(app)."
            )
            return
        visit = walker.visit_as_stranger()
        if not visit.has_session:
            self.problems.append(
                'SECRET_KEY is not set, so nobody can log in: set app.config["SECRET_'
                'KEY"] to a random text that stays the same.'
            )
        elif visit.error is not None:
            error = describe_error(visit.error)
            self.problems.append(f"A stranger's visit ends in an error. {error}.")
        elif not was_reached(visit):
            self.problems.append(_not_reached(app, visit))
        elif visit.outcome.startswith("token issued"):
            self.problems.append(
                "A stranger's visit gets a token: somebody is signed in who did not "
                "log in. Look at the app's request_loader and its anonymous_user."
            )
        elif visit.response is not None:
            self._follow(walker, visit.response.status_code, visit.response.location)

    def _follow(self, walker: Walker, status: int, location: str | None) -> None:
        if location is None and status in (401, 403):
            self.warnings.append(
                f"Visitors who are not logged in get a bare {status}: set "
                "login_manager.login_view to the app's login page."
            )
        elif location is None and status >= 400:
            self.problems.append(
                f"Visitors who are not logged in are answered with {status}: look at "
                "the app's unauthorized_handler."
            )
        elif location is not None:
            last = walker.follow_to_login(location)
            if isinstance(last, str):
                self.problems.append(
                    f"The way to the login page {last}. Visitors are sent to "
                    f"{location.partition('?')[0]}: look at login_manager.login_view."
                )
            elif last is not None and last.status_code in (401, 403):
                self.warnings.append(
                    f"The login page, {last.request.path}, answers {last.status}: let "
                    "login_manager.login_view lead to one that everybody may see."
                )
            elif last is not None and last.status_code >= 400:
                self.problems.append(
                    f"The login page, {last.request.path}, answers {last.status}: look "
                    "at login_manager.login_view."
                )

    def try_user(self, walker: Walker, user_id: str) -> None:
        """Visit as one of the app's users."""
        visit = walker.visit_as(user_id)
        if visit.error is not None:
            error = describe_error(visit.error)
            self.problems.append(f"A visit as {user_id!a} ends in an error. {error}.")
        elif visit.claims:
            self.told = [("The board is told", "")]
            self.told += [(f"  {name}", _shown(visit.claims[name])) for name in _SHOWN]
            extra = [name for name in visit.claims if name not in RESERVED_CLAIMS]
            self.told += [(f"  {_shown(n)}", _shown(visit.claims[n])) for n in extra]
        elif visit.outcome.startswith("sign-in refused"):
            self.problems.append(f"A visit as {user_id!a} ends so: {visit.outcome}")
        elif visit.user_id is None:
            self.problems.append(
                "The session does not reach the endpoint: compare SESSION_COOKIE_PATH, "
                "SESSION_COOKIE_DOMAIN and SESSION_COOKIE_SECURE with --base-url."
            )
        else:
            self.problems.append(
                f"Nobody is signed in with the id {user_id!a}: give --user an id that "
                "the user loader takes."
            )

    def verdict(self, user_id: str | None) -> str:
        """The last line. Only a user who was tried makes a setup ready."""
        problems, warnings = len(self.problems), len(self.warnings)
        counts = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
        if problems:
            return f"Not ready: {counts}."
        if user_id is not None:
            return f"Ready: {counts}."
        return (
            f"{counts[0].upper()}{counts[1:]}, but no user was tried. Give the id of "
            "one, as the\nuser loader takes it: flask feedbackchimp check --user ID"
        )


_SHOWN = ("email", "name")


def _not_reached(app: Flask, visit: Visit) -> str:
    problem = f"The endpoint was not reached: {visit.status} came instead"
    if visit.response is not None and visit.response.location:
        problem += f", which leads to {visit.response.location.partition('?')[0]}"
    problem += f", from {describe_answerer(visit)}."
    if app.url_map.host_matching:
        problem += (
            " The URL map matches hosts: give the endpoint a rule with the app's host, "
            "and that host in --base-url."
        )
    return problem


def _warnings(app: Flask, state: AppState, url: str) -> Iterator[str]:
    """What works, but should not stay so, each with its remedy.

    :param url: the redirect endpoint, as the dashboard is told.
    """
    settings = state.settings
    if settings.secret is not None and settings.secret.is_short:
        yield (
            f"The secret has fewer than {MIN_SECRET_BYTES} bytes, the least for HS256 "
            "(RFC 7518, section 3.2): ask FeedbackChimp for a longer one."
        )
    if settings.token_lifetime is None:
        yield (
            "Tokens have no exp, so one that leaks unused stays good: set "
            "FEEDBACKCHIMP_TOKEN_LIFETIME to 300, unless FeedbackChimp refuses exp."
        )
    if state.extension.loader is default_identity:
        yield (
            "No identity_loader is registered. E-mail addresses are signed as they "
            "are, and unverified ones let people impersonate each other. Register one."
        )
    if str(app.config["SESSION_COOKIE_SAMESITE"]).lower() == "strict":
        yield (
            'SESSION_COOKIE_SAMESITE is "Strict": visitors come from the board without '
            'their session, and must log in each time. Set it to "Lax".'
        )
    if url.startswith("http:"):
        yield (
            "The URL to paste is plain http: serve the app over https, and set "
            'PREFERRED_URL_SCHEME to "https", or give --base-url.'
        )
    origin = state.require_board().origin
    if origin.startswith("http:"):
        yield (
            "FEEDBACKCHIMP_BOARD_URL is plain http, only for the sandbox: change it to "
            "go live."
        )
    return_url = settings.return_url
    base = return_url.base or origin
    if urlsplit(base)[:2] != urlsplit(origin)[:2]:
        yield (
            f"FEEDBACKCHIMP_RETURN_URL sends tokens to {urlsplit(base).netloc}, which "
            "is not the board's host: keep that only if FeedbackChimp's example has it."
        )
    if return_url.base is not None and "page" not in dict(return_url.pairs).values():
        yield (
            "FEEDBACKCHIMP_RETURN_URL has no {page}, so a link to a page of the board "
            "may end elsewhere: keep that only if FeedbackChimp's example has no page."
        )


def _configured_address(app: Flask) -> str:
    host = app.config["SERVER_NAME"]
    scheme = app.config["PREFERRED_URL_SCHEME"]
    trusted = [name.lstrip(".") for name in app.config.get("TRUSTED_HOSTS") or ()]
    if host:
        return f"{scheme}://{host}"
    return f"https://{trusted[0]}" if trusted else _UNKNOWN_ADDRESS


def _mount_of(state: AppState, address: str) -> str:
    """Where the app is mounted: an origin and a path, without a slash at its end.

    :param address: an origin, and the path that the app is mounted at, also with the
        endpoint's own path behind it; where it is only an origin, ``APPLICATION_ROOT``
        says the path.
    """
    prefix = state.settings.url_prefix
    address = address.rstrip("/").removesuffix(prefix)
    if "/" in address.partition("://")[2]:
        return address
    return address + endpoint_path(state).removesuffix(prefix)


def endpoint_url(state: AppState, address: str) -> str:
    """The redirect endpoint of the current app, as an absolute URL.

    :param address: as ``--base-url`` takes it.
    """
    return _mount_of(state, address) + state.settings.url_prefix


def say(text: str, **style: Any) -> None:
    """Print a line; its style shows only on a terminal."""
    click.secho(fit(text), **style)


def fit(text: str) -> str:
    """The text with escapes for what standard output cannot encode."""
    encoding = sys.stdout.encoding
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _shown(value: object) -> str:
    """A claim for a terminal: text as it is, except for what does not print."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _say_pairs(pairs: Iterable[tuple[str, str]], **style: Any) -> None:
    for label, text in pairs:
        lines = textwrap.wrap(text, 58, break_long_words=False, break_on_hyphens=False)
        click.secho(fit(f"  {label:<19}"), nl=False, **style)
        say(f"\n{'':21}".join(lines))


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _facts(state: AppState) -> Iterator[tuple[str, str]]:
    settings, loader = state.settings, state.extension.loader
    lifetime, admins = settings.token_lifetime, len(settings.admin_emails)
    secret = settings.secret
    yield "Enabled", "yes" if settings.enabled else "no"
    yield "Board", settings.board.origin if settings.board else "not set"
    yield (
        "Secret",
        "not read while switched off"
        if secret is None
        else f"{secret.length} bytes, fingerprint {secret.fingerprint}",
    )
    yield "Token lifetime", f"{lifetime} seconds" if lifetime else "none: no iat or exp"
    yield "Admin e-mails", f"{admins}; they get no token" if admins else "none"
    if loader is default_identity:
        yield "Identity", "user.email, and user.name or else user.username"
        return
    named: Any = loader if hasattr(loader, "__qualname__") else type(loader)
    yield "Identity", f"{named.__module__}.{named.__qualname__}"


def _example(state: AppState) -> str:
    page, return_url = (
        state.require_board().page(_EXAMPLE_PAGE),
        state.settings.return_url,
    )
    forwarded = dict.fromkeys(return_url.forwarded_params, b"...")
    return return_url.build_url(page, forwarded, "TOKEN")


def _parts(settings: Settings) -> Iterator[tuple[str, str]]:
    """The return URL's parts, explained."""
    return_url = settings.return_url
    yield "Page comes in as", settings.redirect_param
    if return_url.base is None:
        yield "Leads to", "the page itself, with what follows added to its query"
    else:
        yield "Leads to", return_url.base
    for text, name in return_url.pairs:
        said = {None: "as it is", "token": "the token", "page": "the page"}
        yield f"  {text}", said.get(name, f"what comes in as {name}")
