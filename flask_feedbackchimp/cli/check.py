"""What ``flask feedbackchimp check`` says about a setup."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urljoin, urlsplit

import click
from flask import Flask, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, RequestRedirect

from ..destination import LOCATION_MAX_BYTES
from ..errors import TokenError
from ..links import BLUEPRINT, ENDPOINT, endpoint_path
from ..settings import Settings
from ..settings.secret import MIN_SECRET_BYTES, Secret
from ..state import AppState

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
    _say_pairs(_facts(state))
    say("\nTo paste in FeedbackChimp, under Settings > SSO:")
    say(f"  {url}", bold=True)
    if address == _UNKNOWN_ADDRESS:
        say(f"  with the app's own address for {address} (or give it: --base-url)")
    say("\nThe return URL, with the token for TOKEN:")
    say(f"  {_example(state.settings)}", bold=True)
    _say_pairs(_parts(state.settings))
    say("  It is not publicly documented: compare it with FeedbackChimp's example.\n")
    _say_pairs((("problem", text) for text in problems), fg="red")
    _say_pairs((("warning", text) for text in warnings), fg="yellow")
    say(_verdict(state.settings, len(problems), len(warnings)), bold=True)
    return bool(problems)


def endpoint_url(state: AppState, address: str) -> str:
    """The redirect endpoint of the current app, as an absolute URL.

    :param address: an origin, and the path that the app is mounted at; where it is only
        an origin, ``APPLICATION_ROOT`` says the path.
    """
    address = address.rstrip("/")
    has_path = "/" in address.partition("://")[2]
    return address + (state.settings.url_prefix if has_path else endpoint_path(state))


def say(text: str, **style: Any) -> None:
    """Print a line; its style shows only on a terminal."""
    click.secho(fit(text), **style)


def fit(text: str) -> str:
    """The text with escapes for what standard output cannot encode."""
    encoding = sys.stdout.encoding
    return text.encode(encoding, "backslashreplace").decode(encoding)


def find_problems(app: Flask, state: AppState) -> Iterator[str]:
    """What keeps people from signing in, each with its remedy."""
    settings = state.settings
    if settings.secret is None:  # switched off
        return
    yield from _probe(settings, settings.secret)
    if not isinstance(app.secret_key, str | bytes | None):
        yield f"""SECRET_KEY is not text but {type(app.secret_key).__name__}, so every
        visit ends in an error. In the environment, quote digits twice, as in
        '"12345"'."""
        return  # a visit, which what follows looks at, ends here
    yield from _url_map_problems(app, settings)
    manager: Any = getattr(app, "login_manager", None)
    if manager is None:
        yield """The app has no LoginManager, so nobody can be signed in: call
        LoginManager().init_app(app)."""
        return
    # Flask-Login gives neither a public name.
    if not (manager._user_callback or manager._request_callback):
        yield """The LoginManager has no user_loader, so every visit ends in an error:
        register one with @login_manager.user_loader."""
    with _visit(app, settings):
        yield from _cookie_problems(app)
        if not manager.unauthorized_callback:
            yield from _login_view_problems(app, _login_view(app))


def find_warnings(app: Flask, state: AppState, url: str) -> Iterator[str]:
    """What works, but should not stay so, each with its remedy.

    :param url: the redirect endpoint, as the dashboard is told.
    """
    settings = state.settings
    if settings.secret is None:
        return
    if settings.secret.is_short:
        yield f"""The secret has fewer than {MIN_SECRET_BYTES} bytes, the least for
        HS256 (RFC 7518, section 3.2): ask FeedbackChimp for a longer one."""
    if settings.token_lifetime is None:
        yield """Tokens have no exp, so one that leaks unused stays good: set
        FEEDBACKCHIMP_TOKEN_LIFETIME to 300, unless FeedbackChimp refuses exp."""
    if state.slot.is_default:
        yield """No identity_loader is registered. E-mail addresses are signed as they
        are, and unverified ones let people impersonate each other; users without email,
        and name or username, are turned away. Register a loader."""
    if str(app.config["SESSION_COOKIE_SAMESITE"]).lower() == "strict":
        yield """SESSION_COOKIE_SAMESITE is "Strict": visitors come from the board
        without their session, and must log in each time. Set it to "Lax"."""
    manager: Any = getattr(app, "login_manager", None)
    if manager and not manager.unauthorized_callback and not _login_view(app):
        yield """The LoginManager has no login_view: visitors who are not logged in get
        a bare 401. Set login_manager.login_view."""
    if url.startswith("http:"):
        yield """The URL to paste is plain http: serve the app over https, and set
        PREFERRED_URL_SCHEME to "https", or give --base-url."""
    board = settings.board
    urls = {"FEEDBACKCHIMP_BOARD_URL": board.origin}
    base = settings.return_url.base or ""
    if not base.startswith(f"{board.origin}/"):
        urls["FEEDBACKCHIMP_RETURN_URL"] = base
    for key, value in urls.items():
        if value.startswith("http:"):
            yield f"{key} is plain http, only for the sandbox: change it to go live."


def _probe(settings: Settings, secret: Secret) -> Iterator[str]:
    """Sign a made-up person in, as far as the app's half goes."""
    from ..sandbox.tokens import read
    from ..tokens import sign

    around = settings.return_url.around(settings.board.home, {})
    try:
        probe = sign(
            secret, "probe@example.com", "Probe", lifetime=settings.token_lifetime
        )
        if len(probe.between(*around)) > LOCATION_MAX_BYTES:
            yield f"""With a token, FEEDBACKCHIMP_RETURN_URL is longer than
            {LOCATION_MAX_BYTES} bytes, so nobody is sent there: shorten it."""
        read(secret, probe.between())
    except TokenError as error:
        yield f"""A token about a made-up person was signed, but not read back. {error}
        Reinstall flask-feedbackchimp and PyJWT."""


def _url_map_problems(app: Flask, settings: Settings) -> Iterator[str]:
    """Ask the app itself who answers at the endpoint's path, and with which session."""
    prefix = settings.url_prefix
    if app.url_map.host_matching and not _hosts(app):
        yield f"""The app's URL map matches hosts (host_matching), and the endpoint has
        no host, so every sign-in is a 404: add one with app.add_url_rule({prefix!r},
        endpoint={ENDPOINT!r}, host="your.app")."""
        return
    with _visit(app, settings):
        if app.session_interface.is_null_session(session._get_current_object()):  # type: ignore[attr-defined]  # LocalProxy's
            yield """SECRET_KEY is not set, so nobody can log in: set
            app.config["SECRET_KEY"] to a random text that stays the same."""
        problem: HTTPException | None = request.routing_exception
        endpoint = request.endpoint
    if problem is not None:
        yield f"""The app answers {prefix} with “{problem.code} {problem.name}”: look at
        the rules that “flask routes” lists."""
    elif endpoint != ENDPOINT:
        yield f"""The app's own route {endpoint!r} answers at {prefix}: remove it, or
        set FEEDBACKCHIMP_URL_PREFIX to another path."""


def _hosts(app: Flask) -> list[str]:
    return [rule.host for rule in app.url_map.iter_rules(ENDPOINT) if rule.host]


def _visit(app: Flask, settings: Settings) -> AbstractContextManager[Any]:
    """The context of a request to the endpoint, at the first host that has it."""
    trusted = [host.lstrip(".") for host in app.config.get("TRUSTED_HOSTS") or ()]
    hosts = _hosts(app) or ([] if app.config["SERVER_NAME"] else trusted)
    where = {"base_url": f"https://{hosts[0]}"} if hosts else {}
    return app.test_request_context(settings.url_prefix, **where)


def _login_view_problems(app: Flask, view: str | None) -> Iterator[str]:
    """Go from the redirect endpoint to where visitors would be sent to log in."""
    if not view:
        return
    try:  # as Flask-Login does
        is_url = view.startswith(("/", "http://", "https://"))
        url = urlsplit(urljoin(request.base_url, view if is_url else url_for(view)))
    except BuildError:
        yield f"""The login_view {view!r} is not an endpoint of the app without
        arguments, so visitors who are not logged in get an error: correct the name."""
        return
    root = request.root_path.rstrip("/")
    adapter = app.create_url_adapter(request)
    if adapter is None or url.netloc != request.host or not url.path.startswith(root):
        return  # another app's
    try:
        endpoint, _ = adapter.match(url.path.removeprefix(root), method="GET")
    except RequestRedirect:
        return
    except HTTPException as error:
        yield f"""The login_view {view!r} leads to {url.path}, which the app answers
        with “{error.code} {error.name}”: name the app's login page."""
        return
    if endpoint == ENDPOINT:
        yield f"""The login_view {view!r} is the sign-on endpoint itself, so visitors
        who are not logged in go round in circles: name the app's login page, or set
        FEEDBACKCHIMP_URL_PREFIX to another path."""


def _cookie_problems(app: Flask) -> Iterator[str]:
    """What keeps the session's cookie from the endpoint."""
    path = request.root_path.rstrip("/") + request.path
    cookie_path = app.session_interface.get_cookie_path(app).rstrip("/")
    if not f"{path}/".startswith(f"{cookie_path}/"):
        yield f"""The session's cookie is only for {cookie_path}, so visitors are not
        logged in at {path}: set SESSION_COOKIE_PATH to "/"."""
    domain = (app.session_interface.get_cookie_domain(app) or "").lstrip(".")
    host = (app.config["SERVER_NAME"] or "").partition(":")[0]
    if domain and host and not f".{host}".endswith(f".{domain}"):
        yield f"""The session's cookie is for {domain}, and the app is at {host}, so
        nobody stays logged in: correct SESSION_COOKIE_DOMAIN."""
    same_site = (app.config["SESSION_COOKIE_SAMESITE"] or "").lower()
    if same_site == "none" and not app.config["SESSION_COOKIE_SECURE"]:
        yield """SESSION_COOKIE_SAMESITE is "None" without SESSION_COOKIE_SECURE, so
        browsers drop the session: set SESSION_COOKIE_SECURE to True, or
        SESSION_COOKIE_SAMESITE to "Lax"."""


def _login_view(app: Any) -> Any:
    """The view that Flask-Login takes for the redirect endpoint's blueprint."""
    manager = app.login_manager
    return manager.blueprint_login_views.get(BLUEPRINT, manager.login_view)


def _say_pairs(pairs: Iterable[tuple[str, str]], **style: Any) -> None:
    for label, text in pairs:
        text = " ".join(text.split())  # written over several lines here
        lines = textwrap.wrap(text, 58, break_long_words=False, break_on_hyphens=False)
        click.secho(fit(f"  {label:<19}"), nl=False, **style)
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


def _facts(state: AppState) -> Iterator[tuple[str, str]]:
    settings, loader = state.settings, state.slot.loader
    lifetime, admins = settings.token_lifetime, len(settings.admin_emails)
    secret = settings.secret
    yield "Enabled", "yes" if settings.enabled else "no"
    yield "Board", settings.board.origin
    yield (
        "Secret",
        "not read while switched off"
        if secret is None
        else f"{secret.length} bytes, fingerprint {secret.fingerprint}",
    )
    yield "Token lifetime", f"{lifetime} seconds" if lifetime else "none: no iat or exp"
    yield "Admin e-mails", f"{admins}; they get no token" if admins else "none"
    if state.slot.is_default:
        yield "Identity", "user.email, and user.name or else user.username"
        return
    named = loader if hasattr(loader, "__qualname__") else type(loader)
    yield "Identity", f"{named.__module__}.{named.__qualname__}"


def _example(settings: Settings) -> str:
    page, return_url = settings.board.page(_EXAMPLE_PAGE), settings.return_url
    handed_on = {name: b"..." for name in return_url.handed_on}
    return "TOKEN".join(return_url.around(page, handed_on))


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
