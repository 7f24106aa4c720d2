"""What ``flask feedbackchimp check`` says about a setup."""

from __future__ import annotations

import json
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask

from ..identity import default_identity
from ..settings import MIN_SECRET_BYTES, AppState, Settings
from ..templating import ENDPOINT, endpoint_path
from .walk import TOKEN, Walk, Walker

_UNKNOWN_ADDRESS = "https://your.app"
_EXAMPLE_PAGE = "/board/1002-feature-requests"
_FORBIDDEN = (401, 403)
_COLORS = {"problem": "red", "warning": "yellow"}

#: A label and a text, such as “problem” and what is wrong, with its remedy.
_Pair = tuple[str, str]


def _problem(text: str) -> _Pair:
    return "problem", text


def _warning(text: str) -> _Pair:
    return "warning", text


def print_report(
    app: Flask, state: AppState, *, base_url: str | None, user_id: str | None
) -> bool:
    """Print what is set, what a visit shows, and what may be wrong.

    :param base_url: where the app is, or ``None`` where its configuration may say so.
    :param user_id: the user to try, as the app's user loader takes it.
    :return: whether something keeps people from signing in.
    """
    known_address = base_url or _configured_address(app)
    address = _mount_of(state, known_address or _UNKNOWN_ADDRESS)
    # First, so that what the app itself logs does not cut the report in two.
    found = _judge(app, state, address, user_id) if state.settings.enabled else []
    say(f"FeedbackChimp sign-on of the app {app.name!r}")
    _say_pairs(_facts(state))
    say("\nTo paste in FeedbackChimp, under Settings > SSO:")
    say(f"  {address}{state.settings.url_prefix}", bold=True)
    if known_address is None:
        say(f"  with the app's address for {_UNKNOWN_ADDRESS} (or give it: --base-url)")
    if not state.settings.enabled:
        board = state.settings.board
        say("\nSwitched off (FEEDBACKCHIMP_ENABLED is False): nothing is signed.")
        say(f"Links lead to {board.home}." if board else "Links end in a 404.")
        return False
    say("\nThe return URL, with the token for TOKEN:")
    say(f"  {_example(state)}", bold=True)
    _say_pairs(_parts(state.settings))
    say("  It is not publicly documented: compare it with FeedbackChimp's example.\n")
    for label, text in found:
        _say_pairs([(_shown(app, label), _shown(app, text))], fg=_COLORS.get(label))
    labels = [label for label, _ in found]
    problems, warnings = labels.count("problem"), labels.count("warning")
    say(_verdict(problems, warnings, is_tried=user_id is not None), bold=True)
    return problems > 0


def _judge(
    app: Flask, state: AppState, address: str, user_id: str | None
) -> list[_Pair]:
    """Try the app, and look at its settings."""
    walker = Walker(app, state, address)
    found = list(_judge_stranger(app, walker))
    if user_id is not None and "problem" not in dict(found):
        found = [*_judge_user(app, walker, user_id), *found]
    return [*found, *map(_warning, _warnings(app, state, address))]


def _verdict(problems: int, warnings: int, *, is_tried: bool) -> str:
    """The last line. Only a user who was tried makes a setup ready."""
    counts = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
    if problems:
        return f"Not ready: {counts}."
    if is_tried:
        return f"Ready: {counts}."
    return (
        f"{counts.capitalize()}, but no user was tried. Give the id of one, as the\n"
        "app's user loader takes it: flask feedbackchimp check --user ID"
    )


def _judge_stranger(app: Flask, walker: Walker) -> Iterator[_Pair]:
    """What is wrong for somebody who is not logged in."""
    if not hasattr(app, "login_manager"):
        yield _problem(
            "The app has no LoginManager, so nobody can be signed in: call "
            "LoginManager().init_app(app)."
        )
        return
    walk = walker.walk()
    if walk.error is not None:
        yield _problem(f"A stranger's visit {_ends_in(walk.error, walk)}")
    elif not walk.outcome:
        # What sends strangers away, to log in, may well let users pass.
        status = walk.answers[-1].status_code
        is_login = not walk.is_endless and (status < 400 or status in _FORBIDDEN)
        may_pass = walk.answerer == ENDPOINT and is_login
        yield (_warning if may_pass else _problem)(_not_reached(app, walk))
    elif walk.outcome.startswith("login required"):
        yield from _judge_login(walk)
    else:
        yield _problem(
            "A stranger is taken for a user: look at the app's request_loader and "
            f"anonymous_user. The log says: {walk.outcome}"
        )


def _judge_login(walk: Walk) -> Iterator[_Pair]:
    """What is wrong where visitors are to log in."""
    last, who = walk.answers[-1], "Visitors who are not logged in"
    away, remedy = urlsplit(walk.left_for), "look at login_manager.login_view"
    if walk.is_endless:
        paths = ", ".join(dict.fromkeys(walk.paths))
        yield _problem(f"{who} go round in circles, by way of {paths}: {remedy}.")
    elif away.netloc == last.request.host:
        yield _warning(
            f"{who} are sent to {away.path}, which is not below the app's path: "
            f"{remedy}, unless another app is to log them in."
        )
    elif last.status_code >= 400:
        answer = f"The login page, {walk.paths[-1]}, answers {last.status}"
        if len(walk.answers) == 1:
            answer = f"{who} get {last.status}"
            remedy = "set login_manager.login_view to the app's login page"
        is_forbidden = last.status_code in _FORBIDDEN
        yield (_warning if is_forbidden else _problem)(f"{answer}: {remedy}.")


def _judge_user(app: Flask, walker: Walker, user_id: str) -> Iterator[_Pair]:
    """What the board is told about one of the app's users, or what is wrong."""
    walk = walker.walk(user_id)
    cookie = app.session_interface.get_cookie_name(app)
    if walk.error is not None:
        yield _problem(f"A visit as {user_id!a} {_ends_in(walk.error, walk)}")
    elif not walk.outcome:
        yield _problem(_not_reached(app, walk))
    elif walk.claims:
        yield f"As {user_id!a}", "the board is told"
        for name, value in walk.claims.items():
            if name not in ("jti", "iat", "exp"):
                text = json.dumps(value, ensure_ascii=False)
                yield f"  {name}", value if isinstance(value, str) else text
    elif walk.outcome.startswith("token issued"):
        yield _problem(
            f"A token is issued, but {user_id!a} does not get to the board with it: "
            "something changes the answer, such as an after_request function."
        )
    elif walk.outcome.startswith("sign-in refused"):
        yield _problem(f"{user_id!a} is turned away. The log says: {walk.outcome}")
    elif cookie not in walk.answers[0].request.cookies:
        yield _problem(
            "The session does not reach the endpoint: compare SESSION_COOKIE_PATH and "
            "SESSION_COOKIE_DOMAIN with the app's address."
        )
    else:
        yield _problem(
            f"{user_id!a} is asked to log in: give --user an id that the user loader "
            "takes, or look for what logs users out."
        )


def _ends_in(error: Exception, walk: Walk) -> str:
    """An error, with the page it came from and the place where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    at = f" at {walk.paths[-1]}" if walk.paths else ""
    return (
        f"ends in an error{at}. {type(error).__name__}: {' '.join(str(error).split())} "
        f"({place.filename}, line {place.lineno}, in {place.name})"
    )


def _not_reached(app: Flask, walk: Walk) -> str:
    """What answered in the endpoint's place, and what to do about it."""
    first = walk.answers[0]
    leads_to = (first.location or "").partition("?")[0]
    way = f", which leads to {leads_to}" if leads_to else ""
    if app.url_map.host_matching:
        who = "The URL map matches hosts"
        remedy = f"give {ENDPOINT!r} a rule with a host, and that host in --base-url"
    elif walk.answerer is None or leads_to.endswith(walk.paths[0]):
        who = "The app does not answer at this address"
        remedy = "give its own, with the path that it is mounted at, in --base-url"
    elif walk.answerer != ENDPOINT:
        who = f"The app's own route {walk.answerer!r} answers there"
        remedy = "move it, or set FEEDBACKCHIMP_URL_PREFIX to another path"
    elif first.status_code >= 500:
        who = "An error handler hides the cause"
        remedy = "look in the app's log"
    else:
        who = "Something runs before the view, such as a CSRF guard on GET"
        remedy = f"let requests for {ENDPOINT!r} pass"
    answer = f"{first.status} came instead{way}"
    return f"The endpoint was not reached: {answer}. {who}: {remedy}."


def _warnings(app: Flask, state: AppState, address: str) -> Iterator[str]:
    """What works, but should not stay so, each with its remedy."""
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
    if address.startswith("http:"):
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


def _configured_address(app: Flask) -> str | None:
    if app.config["SERVER_NAME"]:
        return f"{app.config['PREFERRED_URL_SCHEME']}://{app.config['SERVER_NAME']}"
    trusted = app.config.get("TRUSTED_HOSTS")
    return f"https://{trusted[0].lstrip('.')}" if trusted else None


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


def _shown(app: Flask, text: str) -> str:
    """A text from the app for a terminal: what prints, without secrets."""
    secret = app.config.get("FEEDBACKCHIMP_JWT_SECRET", "")
    secret = secret.decode() if isinstance(secret, bytes) else secret
    if secret.strip():
        text = text.replace(secret.strip(), "...")
    text = TOKEN.sub("...", text)
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _say_pairs(pairs: Iterable[tuple[str, str]], **style: Any) -> None:
    for label, text in pairs:
        lines = textwrap.wrap(text, 58, break_long_words=False, break_on_hyphens=False)
        click.secho(fit(f"  {label:<18} "), nl=False, **style)
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
