"""``flask feedbackchimp check``: what it says and what a real visit then does agree."""

import logging
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask, Response, abort, got_request_exception, redirect, request
from flask.sessions import SecureCookieSession, SessionInterface
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    current_user,
    login_user,
    logout_user,
)
from flask_wtf import CSRFProtect
from werkzeug.exceptions import InternalServerError, NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, run_wsgi_app

from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused, token_issued
from flask_feedbackchimp.testing import StandInBoard, Visit
from support.apps import BOARD, PREFIX, SECRET, InactiveUser, User, make_app
from support.cli import run, words

ENDPOINT = "feedbackchimp.redirect"
SHOP = "https://shop.example"
IDENTITY_PROVIDER = "https://id.example/auth?request=eyJhbGciOiJub25lIn0.eyJhIjoxfQ."
TO_IT = {"Location": IDENTITY_PROVIDER}
BELOW = ("--base-url", f"{SHOP}/shop")
_MOST_REDIRECTS = 20  # as browsers have it


def sound_app(*users: Any, **config: Any) -> Flask:
    """An app that check finds nothing wrong with; its errors become pages."""
    app = make_app(*users, **{"TESTING": False} | config)

    @app.feedbackchimp.identity_loader
    def verified(user: Any) -> Identity:
        return Identity(user.email, user.name)

    return app


def report(app: Flask, *args: str, **options: Any) -> str:
    """What is said, in one line."""
    result = run(app, "check", *args, **options)
    assert result.exit_code == ("Not ready: " in result.stdout), result.exception
    return words(result.stdout)


class Browser(Client):
    """Goes to the app by its server, with absolute URLs."""

    def __init__(self, app: Flask) -> None:
        def serve(environ: Any, start_response: Any) -> Any:
            try:
                server = app.extensions.get("server", app)
                body, status, headers = run_wsgi_app(server, environ, buffered=True)
            except Exception:  # as every server does
                return InternalServerError()(environ, start_response)
            start_response(status, headers.to_wsgi_list())
            return body

        super().__init__(serve)

    def open(self, url: str, **options: Any) -> Any:
        if "base_url" in options:
            return super().open(url, **options)
        origin = urljoin(url, "/")
        path = f"/{url.removeprefix(origin)}"
        return super().open(path, base_url=origin, **options)


def visit_for_real(app: Flask, url: str, user_id: str | None = None) -> Visit | None:
    """Where somebody comes, following every redirect; ``None`` is round in circles."""
    board, browser = StandInBoard(app), Browser(app)
    host = urlsplit(url).netloc
    if user_id is not None:
        login_url = url.replace(PREFIX, f"/login/{user_id}")
        answer = browser.get(login_url)
        if urlsplit(answer.location or "").netloc == host:  # by https, say
            browser.get(answer.location)
    param = app.extensions["feedbackchimp"].settings.redirect_param
    url += f"?{param}={quote(f'{BOARD}/board/1002-feature-requests', safe='')}"
    for _ in range(_MOST_REDIRECTS):
        try:
            visit = board.visit(browser, url)
        except AssertionError:  # what the kit says of an endpoint that leads to itself
            return None
        url = urljoin(url, visit.location or "")
        if visit.location is None or urlsplit(url).netloc != host:
            return visit
    return None


def claims_for_real(app: Flask, url: str) -> dict[str, object]:
    """What the board is told of Ada; nothing if strangers cannot log in as her."""
    stranger = visit_for_real(app, url)
    if stranger is None or stranger.reason or stranger.signed_in:
        return {}
    if stranger.status >= 400 and stranger.status not in (401, 403):
        return {}
    visit = visit_for_real(app, url, "ada")
    return dict(visit.claims) if visit else {}


def assert_agrees(app: Flask, *args: str, said: str, works: bool) -> str:
    """Check and a real visit come to one verdict, and check says this of it.

    :return: what check said.
    """
    text = report(app, "--user", "ada", *args)
    # Whatever the case of "Not Found", which Werkzeug 3.2 changes.
    assert said.lower() in text.lower()
    [url] = re.findall(r"under Settings > SSO: (\S+) ", text)
    claims = claims_for_real(app, url)
    assert (" Ready: no problems" in text, "Not ready:" in text) == (works, not works)
    assert bool(claims) is works
    shown = re.findall(r" As 'ada' the board is told email (\S+) name (\S+ \S+) ", text)
    assert shown == ([(claims["email"], claims["name"])] if works else [])
    assert SECRET not in text
    assert "eyJ" not in text
    return text


# --- Apps that do not sign people in ---


def no_login_manager() -> Flask:
    app = Flask("shop")
    app.config.update(make_app().config)
    FeedbackChimp(app)
    return app


def no_user_loader() -> Flask:
    app = sound_app()
    app.login_manager.user_loader(None)
    return app


def no_secret_key_and_no_flash() -> Flask:
    app = sound_app(SECRET_KEY=None)
    app.login_manager.login_message = None
    return app


def full_name_only() -> Flask:
    user = User(full_name="Ada Lovelace")
    del user.name
    return make_app(user, TESTING=False)


def loader_with_a_typo(**config: Any) -> Flask:
    app = sound_app(**config)

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.emial, user.name)

    return app


def hidden_typo() -> Flask:
    app = loader_with_a_typo()
    app.register_error_handler(Exception, lambda error: ("Sorry!", 500))
    return app


def loader_that_refuses(answer: Any) -> Flask:
    app = sound_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer or abort(redirect("/login"))

    return app


def claims_that_are_not_json() -> Flask:
    app = sound_app()
    app.feedbackchimp.identity_loader(
        lambda user: Identity(user.email, user.name, {"since": {1, 2}})
    )
    return app


def user_loader_for_numbers() -> Flask:
    app = sound_app()
    app.login_manager.user_loader({7: User("7")}.__getitem__)
    return app


def csrf_guard_on_get() -> Flask:
    app = sound_app(WTF_CSRF_METHODS=["GET", "POST"])
    CSRFProtect(app).exempt(app.view_functions["log_in"])
    return app


def terms_to_accept_first() -> Flask:
    app = sound_app()
    app.add_url_rule("/terms", "terms", lambda: "Accept?")

    @app.before_request
    def ask() -> Any:
        if request.endpoint == ENDPOINT and current_user.is_authenticated:
            return redirect("/terms", 302)
        return None

    return app


def two_factors() -> Flask:
    """Logs everybody out who has only a password."""
    app = sound_app()

    @app.before_request
    def insist() -> None:
        if request.endpoint == ENDPOINT and current_user.is_authenticated:
            logout_user()

    return app


def guard(*answer: Any) -> Flask:
    app = sound_app()

    @app.before_request
    def ask() -> Any:
        is_public = request.endpoint == "log_in" or current_user.is_authenticated
        return None if is_public else answer

    return app


def guard_of_its_own_login() -> Flask:
    """Forgets that strangers must see the login page."""
    app = sound_app()

    @app.before_request
    def ask() -> Any:
        is_public = request.endpoint == "log_in" or current_user.is_authenticated
        return None if is_public else redirect("/login", 302)

    return app


def nothing_without_https() -> Flask:
    app = sound_app(SERVER_NAME="shop.example")

    @app.before_request
    def insist() -> None:
        if not request.is_secure:
            abort(403)

    return app


def no_foreign_urls() -> Flask:
    """A guard against open redirects that is a little too strict."""
    app = sound_app()

    @app.before_request
    def refuse() -> None:
        if any("://" in value for value in request.args.values()):
            abort(400)

    return app


def canonical_host() -> Flask:
    app = sound_app()

    @app.before_request
    def insist() -> Any:
        is_here = request.host == "shop.example"
        return None if is_here else redirect(SHOP + request.full_path, 301)

    return app


def own_route() -> Flask:
    """By way of a middleware: Werkzeug 3.2 refuses two rules of one path."""
    app = Flask("shop")
    app.add_url_rule("/own", "own", str)
    app.config.update(make_app().config)
    LoginManager(app).user_loader({"ada": User()}.get)
    FeedbackChimp(app)
    wsgi_app = app.wsgi_app

    def rewrite(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == PREFIX:
            environ["PATH_INFO"] = "/own"
        return wsgi_app(environ, start_response)

    app.wsgi_app = rewrite
    return app


def catch_all_redirect() -> Flask:
    app = own_route()
    app.view_functions["own"] = lambda: redirect("/", 302)
    app.add_url_rule("/", "home", lambda: "Home")
    return app


def host_matching(**options: str) -> Flask:
    app = Flask("shop", host_matching=True, static_host="static.example")
    app.config.update(make_app().config)
    LoginManager(app).user_loader({"ada": User()}.get)
    FeedbackChimp(app)
    return app


def torn_page() -> Iterator[str]:
    """Fails while it is being sent."""
    yield "<h1>Log in"
    raise OSError("the disk is full")


def login_view(view: str) -> Flask:
    app = sound_app()
    app.add_url_rule("/account/", "account", lambda: redirect("sign-in"))
    app.add_url_rule("/account/sign-in", "sign_in", lambda: "Sign in")
    app.add_url_rule("/torn", "torn", lambda: Response(torn_page()))
    app.add_url_rule("/post", "post_only", str, methods=["POST"])
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    app.add_url_rule("/gone", "gone", lambda: abort(410))
    app.add_url_rule("/to", "circle", lambda: redirect(PREFIX))
    app.login_manager.login_view = view
    return app


def broken_login_page(**config: Any) -> Flask:
    app = login_view("broken")
    app.config.update(config)
    return app


def broken_login_page_that_leads_on() -> Flask:
    app = broken_login_page()
    app.add_url_rule("/sorry", "sorry", lambda: ("Sorry!", 500))
    app.register_error_handler(500, lambda error: redirect("/sorry"))
    return app


def unauthorized(answer: Any) -> Flask:
    app = sound_app()
    app.login_manager.unauthorized_handler(lambda: answer)
    return app


def strangers_are_ada() -> Flask:
    app = sound_app()
    app.login_manager.request_loader(lambda request: User())
    return app


def odd_anonymous_user() -> Flask:
    class Visitor(AnonymousUserMixin):
        is_anonymous = False

    app = sound_app()
    app.login_manager.anonymous_user = Visitor
    return app


def links_only_within_the_site() -> Flask:
    app = sound_app()

    @app.after_request
    def stay_here(response: Any) -> Any:
        if (response.location or "").startswith(BOARD):
            response.location = "/login"
        return response

    return app


def board_page_with_a_notice() -> Flask:
    app = sound_app()

    @app.after_request
    def notice(response: Any) -> Any:
        if (response.location or "").startswith(BOARD):
            response.status_code = 200
            del response.headers["Location"]
        return response

    return app


def receiver_that_fails() -> Flask:
    app = sound_app()

    def count(sender: Any, **_: Any) -> None:
        raise LookupError("no such counter")

    app.extensions["receiver"] = count  # which keeps it alive
    token_issued.connect(count, app)
    return app


def hook_that_tells_the_token() -> Flask:
    app = sound_app()

    @app.after_request
    def audit(response: Any) -> Any:
        if response.location and BOARD in response.location:
            raise ValueError(f"\x1b[31m\n{response.location} {SECRET}\x07")
        return response

    return app


def own_middleware() -> Flask:
    """The snippet that many apps copy, for a mount point, with another one."""
    app = sound_app()
    app.wsgi_app = DispatcherMiddleware(NotFound(), {"/shop": app.wsgi_app})
    return app


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (no_login_manager, "no LoginManager, so nobody can be signed in: call LoginMa"),
        (no_user_loader, "Exception: Missing user_loader or request_loader."),
        (partial(sound_app, SECRET_KEY=None), "SECRET_KEY is not set, so nobody can"),
        (no_secret_key_and_no_flash, "SECRET_KEY is not set, so nobody can log in: "),
        (partial(sound_app, SECRET_KEY=5), "A stranger's visit ends in an error"),
        (full_name_only, "reason=name_unusable: the user has no usable e-mail or name"),
        (loader_with_a_typo, "AttributeError: 'User' object has no attribute 'emial'"),
        (partial(loader_with_a_typo, TESTING=True), f"({__file__}, "),
        (partial(loader_with_a_typo, DEBUG=True), ", in load) "),
        (hidden_typo, "error handler hides the cause"),
        (partial(loader_that_refuses, None), "'ada' is turned away. The log says: sig"),
        (partial(loader_that_refuses, 7), "TypeError: The identity loader must return"),
        (partial(loader_that_refuses, SignInRefused("No.")), "reason=refused"),
        (claims_that_are_not_json, "claims_unusable: The extra claim 'since'"),
        (partial(sound_app, InactiveUser()), "user='ada' reason=inactive"),
        (partial(sound_app, User(email="")), "user='ada' reason=email_unusable"),
        (partial(sound_app, User("bob")), "'ada' is asked to log in: give"),
        (user_loader_for_numbers, f"visit as 'ada' ends in an error at {PREFIX}"),
        (csrf_guard_on_get, "400 BAD REQUEST came instead. Something runs before"),
        (terms_to_accept_first, "302 FOUND came instead, which leads to /terms. So"),
        (partial(guard, "Too many requests", 429), "was not reached: 429 TOO MANY RE"),
        (guard_of_its_own_login, "was not reached: 302 FOUND came instead, which lead"),
        (nothing_without_https, "was not reached: 403 FORBIDDEN came instead. Somethi"),
        (no_foreign_urls, "was not reached: 400 BAD REQUEST came instead. Something "),
        (canonical_host, f"which leads to {SHOP}{PREFIX}. The app does not answer at"),
        (two_factors, "'ada' is asked to log in: give --user an id"),
        (own_route, "route 'own' answers there: move it, or set FEEDBACKCHIMP_URL_PRE"),
        (catch_all_redirect, "302 FOUND came instead, which leads to /. The app's own"),
        (host_matching, f"matches hosts: give '{ENDPOINT}' a rule with a host, and th"),
        (partial(login_view, "auth.login"), "BuildError: Could not build url for endp"),
        (partial(login_view, "log_in"), "Did you forget to specify values ['id']?"),
        (partial(login_view, "/nowhere"), "The login page, /nowhere, answers 404 NOT"),
        (partial(login_view, "post_only"), "/post, answers 405 METHOD NOT ALLOWED: lo"),
        (partial(login_view, "gone"), "page, /gone, answers 410 GONE: look at login_m"),
        (partial(login_view, "circle"), f"round in circles, by way of {PREFIX}, /to: "),
        (partial(login_view, ENDPOINT), f"in circles, by way of {PREFIX}: look at log"),
        (broken_login_page, "ends in an error at /broken. ZeroDivisionError: division"),
        (partial(broken_login_page, DEBUG=True), "at /broken. ZeroDivisionError: divi"),
        (broken_login_page_that_leads_on, "ends in an error at /broken. ZeroDivisio"),
        (partial(login_view, "torn"), "ends in an error at /torn. OSError: the disk"),
        (partial(unauthorized, ("", 500)), "Visitors who are not logged in get 500 IN"),
        (strangers_are_ada, "A stranger is taken for a user: look at the app's re"),
        (odd_anonymous_user, "user: look at the app's request_loader and anonymous_us"),
        (links_only_within_the_site, "but 'ada' does not get to the board with it: so"),
        (board_page_with_a_notice, "A token is issued, but 'ada' does not get to the "),
        (receiver_that_fails, "LookupError: no such counter"),
        (
            hook_that_tells_the_token,
            r"ValueError: \u001b[31m https://acme.feedbackchimp",
        ),
        (partial(sound_app, SESSION_COOKIE_PATH="/app"), "The session does not reach "),
        (partial(sound_app, SESSION_COOKIE_DOMAIN="a.b"), "The session does not reach"),
        (own_middleware, "The app does not answer at this address: give its own, with"),
    ],
)
def test_not_ready(make, said):
    text = assert_agrees(make(), said=said, works=False)
    assert "Not ready: 1 problem," in text


# --- Apps that do ---


def login_page(status: int) -> Flask:
    app = sound_app()
    app.view_functions["login_page"] = lambda: ("Not from here.", status)
    return app


def login_elsewhere() -> Flask:
    app = sound_app()
    app.login_manager.login_view = IDENTITY_PROVIDER
    return app


def login_for_browsers() -> Flask:
    app = sound_app()

    @app.login_manager.unauthorized_handler
    def answer() -> Any:
        if request.accept_mimetypes.accept_html and request.accept_mimetypes:
            return redirect("/login")
        return {"error": "not logged in"}, 401

    return app


def elsewhere_below_a_path(view: str) -> Flask:
    """An app whose host has another page at this path."""
    app = mounted("/shop")
    app.login_manager.login_view = view
    app.extensions["server"].app = Response("Log in")
    return app


def login_required_everywhere() -> Flask:
    app = sound_app()

    @app.before_request
    def guard() -> Any:
        is_public = request.endpoint in ("login_page", "log_in")
        if not is_public and not current_user.is_authenticated:
            return app.login_manager.unauthorized()
        return None

    return app


def extra_claims() -> Flask:
    app = sound_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        claims = {"company": {"id": 7}, "https://shop.example/claims/plan": "pro\x1b"}
        return Identity(user.email, user.name, claims)

    return app


def strong_sessions() -> Flask:
    app = sound_app()
    app.login_manager.session_protection = "strong"
    return app


class SessionsOnTheServer(SessionInterface):
    """As Flask-Session keeps them: the cookie has only a key."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def open_session(self, app: Flask, request: Any) -> SecureCookieSession:
        return SecureCookieSession(self.kept.get(request.cookies.get("session"), {}))

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        key = request.cookies.get("session", f"key-{len(self.kept)}")
        if session:
            self.kept[key] = dict(session)
            response.set_cookie("session", key)
        else:
            self.kept.pop(key, None)


def sessions_on_the_server() -> Flask:
    app = sound_app(SECRET_KEY=None)  # not needed then
    app.session_interface = SessionsOnTheServer()
    return app


def https_only() -> Flask:
    """As Flask-Talisman does it."""
    app = sound_app(SERVER_NAME="shop.example")

    @app.before_request
    def insist() -> Any:
        url = request.url.replace("http://", "https://", 1)
        return None if request.is_secure else redirect(url)

    return app


def mounted(path: str, **config: Any) -> Flask:
    """Mounted by its server."""
    app = sound_app(**config)
    app.extensions["server"] = DispatcherMiddleware(NotFound(), {path: app})
    return app


def host_in_the_rule() -> Flask:
    app = host_matching()
    app.add_url_rule(PREFIX, ENDPOINT, host="shop.example")
    app.login_manager.unauthorized_handler(lambda: "Log in")

    @app.route("/login/<id>", host="shop.example")
    def log_in(id: str) -> str:
        login_user(User(id))
        return "Logged in"

    return app


def logging_that_drops_ours() -> Flask:
    """As ``dictConfig`` does unless it is told not to."""
    app = sound_app()
    logging.getLogger("flask_feedbackchimp").disabled = True
    return app


@pytest.fixture(autouse=True)
def enabled_logger() -> Iterator[None]:
    """No test leaves the package's logger disabled for the next."""
    yield
    logging.getLogger("flask_feedbackchimp").disabled = False


@pytest.mark.filterwarnings("ignore:FEEDBACKCHIMP_JWT_SECRET")
@pytest.mark.parametrize(
    ("make", "args", "warning"),
    [
        (sound_app, (), None),
        (partial(sound_app, TESTING=True), (), None),
        (partial(sound_app, DEBUG=True), (), None),
        (extra_claims, (), None),
        (login_elsewhere, (), None),
        (login_for_browsers, (), None),
        (partial(login_view, "account"), (), None),
        (partial(unauthorized, "Who are you?"), (), None),
        (partial(unauthorized, ("No.", 401)), (), "logged in get 401 UNAUTHORIZED: se"),
        (partial(unauthorized, ("No.", 403)), (), "not logged in get 403 FORBIDDEN: s"),
        (partial(login_view, None), (), "get 401 UNAUTHORIZED: set login_manag"),
        (partial(login_page, 401), (), "page, /login, answers 401 UNAUTHORIZED: look "),
        (partial(login_page, 403), (), "page, /login, answers 403 FORBIDDEN: look at "),
        (partial(elsewhere_below_a_path, "/login"), BELOW, "sent to /login, which is"),
        (partial(elsewhere_below_a_path, "login_page"), BELOW, None),
        (partial(guard, "Log in", 200), (), "was not reached: 200 OK came instead"),
        (partial(guard, "Log in", 401), (), "was not reached: 401 UNAUTHORIZED came"),
        (partial(guard, "", 302, TO_IT), (), "which leads to https://id.example/auth."),
        (login_required_everywhere, (), "which leads to /login"),
        (strong_sessions, (), None),
        (partial(sound_app, SESSION_PROTECTION="strong"), (), None),
        (sessions_on_the_server, (), None),
        (logging_that_drops_ours, (), None),
        (https_only, ("--base-url", SHOP), None),
        (https_only, (), "The URL to paste is plain http: serve the app over https, "),
        (canonical_host, ("--base-url", SHOP), None),
        (host_in_the_rule, ("--base-url", SHOP), "No identity_loader is registered."),
        (partial(mounted, "/shop"), BELOW, None),
        (partial(mounted, "/shop", APPLICATION_ROOT="/shop"), (), None),
        (own_middleware, BELOW, None),
        (sound_app, ("--base-url", SHOP + PREFIX), None),
    ],
)
def test_ready(make, args, warning):
    text = assert_agrees(make(), *args, said=warning or "", works=True)
    count = "1 warning" if warning else "no warnings"
    assert text.endswith(f" Ready: no problems, {count}.")
    assert text.count(" warning ") == bool(warning)


def test_extra_claims_are_shown():
    """Without those that every token has, and with nothing that acts on a terminal."""
    text = report(extra_claims(), "--user", "ada")
    told = (
        'name Ada Lovelace company {"id": 7} '
        "https://shop.example/claims/plan pro\\u001b"
    )
    assert f"As 'ada' the board is told email ada@example.com {told} Ready:" in text


def test_user_who_is_not_the_one_of_the_visit_before():
    """Flask-Login keeps a user on ``g``, which lasts as long as a command does."""
    app = sound_app(User("ada"), User("bob"))
    for user_id in ("ada", "bob"):
        assert f"email {user_id}@example.com" in report(app, "--user", user_id)


def test_no_user_was_tried():
    """Then nothing is called ready."""
    result = run(sound_app(), "check")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "\nNo problems, no warnings, but no user was tried. Give the id of one, as "
        "the\napp's user loader takes it: flask feedbackchimp check --user ID\n"
    )


@pytest.mark.parametrize(
    "make", [sound_app, loader_with_a_typo, sessions_on_the_server]
)
def test_app_is_as_it_was(make):
    """Also its logging, and what its sessions are kept in."""
    app, said = make(), report(make(), "--user", "ada")
    logger = logging.getLogger("flask_feedbackchimp")
    logger.setLevel(logging.ERROR)
    logger.disabled = True
    logging.disable(logging.ERROR)

    def state() -> Any:
        return (
            logger.level,
            logger.disabled,
            logger.propagate,
            logger.handlers[:],
            logging.root.manager.disable,
            dict(app.config),
            dict(got_request_exception.receivers),
            dict(token_issued.receivers),
            app.before_request_funcs,
            app.view_functions.copy(),
        )

    before = state()
    try:
        assert report(app, "--user", "ada") == said
        assert state() == before
    finally:
        logging.disable(logging.NOTSET)
        logger.setLevel(logging.NOTSET)
        logger.disabled = False
    kept = getattr(app.session_interface, "kept", {})
    assert not any("_user_id" in session for session in kept.values())


def test_app_has_nothing_of_it_in_its_log(caplog):
    caplog.set_level(logging.INFO)
    assert "reason=inactive" in report(sound_app(InactiveUser()), "--user", "ada")
    assert not caplog.records


def test_own_route_is_a_problem_already_for_strangers():
    assert "Not ready: 1 problem, " in report(catch_all_redirect())


LOCAL = {"FEEDBACKCHIMP_ORGANIZATION": None, "FEEDBACKCHIMP_BOARD_URL": "http://[::1]"}


@pytest.mark.filterwarnings("ignore:FEEDBACKCHIMP_JWT_SECRET")
@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("SESSION_COOKIE_SAMESITE", "Lax", None),
        ("SESSION_COOKIE_SAMESITE", "strict", 'Set it to "Lax"'),
        ("FEEDBACKCHIMP_TOKEN_LIFETIME", None, "FEEDBACKCHIMP_TOKEN_LIFETIME to 300"),
        ("FEEDBACKCHIMP_JWT_SECRET", "short-secret", "ask FeedbackChimp for a longer"),
        ("FEEDBACKCHIMP_RETURN_URL", "{page}?jwt={token}", None),
        ("FEEDBACKCHIMP_RETURN_URL", "/sso/{token}?to={page}", None),
        (
            "FEEDBACKCHIMP_RETURN_URL",
            "/sso/{token}",
            "has no {page}, so a link to a page",
        ),
        (
            "FEEDBACKCHIMP_RETURN_URL",
            "https://a.b/?t={token}&p={page}",
            "tokens to a.b, ",
        ),
        ("SERVER_NAME", "shop.example", 'set PREFERRED_URL_SCHEME to "https"'),
        ("TRUSTED_HOSTS", [".shop.example"], None),
    ],
)
def test_warning(key, value, warning):
    """A setting that works, so that the verdict is Ready, and a visit succeeds."""
    text = assert_agrees(sound_app(**{key: value}), said=warning or "", works=True)
    assert text.count(" warning ") == bool(warning)


def test_board_for_the_sandbox():
    text = report(sound_app(**LOCAL), "--user", "ada")
    assert "FEEDBACKCHIMP_BOARD_URL is plain http, only for the sandbox: " in text
    assert text.endswith("Ready: no problems, 1 warning.")


@pytest.mark.parametrize(
    ("organization", "board", "status"),
    [("acme", BOARD, 302), (None, "not set", 404)],
)
def test_switched_off(organization, board, status):
    """No secret and no login are needed then: neither is missed."""
    app = Flask("shop")
    app.config.from_mapping(
        FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_ORGANIZATION=organization
    )
    FeedbackChimp(app)
    result = run(app, "check", "--user", "ada")
    text = words(result.stdout)
    assert result.exit_code == 0
    assert f"Enabled no Board {board} Secret not read while switched off" in text
    ends = f"Links lead to {BOARD}/." if organization else "Links end in a 404."
    assert text.endswith(f"is False): nothing is signed. {ends}")
    answer = app.test_client().get(PREFIX)
    location = f"{BOARD}/" if organization else None
    assert (answer.status_code, answer.location) == (status, location)


def test_settings_are_shown():
    app = sound_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=60,
        FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com", "chief@example.com"],
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
    )
    text = report(app)
    assert f"Enabled yes Board {BOARD} Secret {len(SECRET)} bytes, fingerprint " in text
    assert re.search(r"fingerprint [0-9a-f]{8} Token lifetime 60 seconds", text)
    assert "Admin e-mails 2; they get no token Identity " in text
    assert f"Identity {__name__}.sound_app.<locals>.verified " in text
    assert "Page comes in as return_to Leads to the page itself, with what" in text


def test_defaults_are_shown():
    """With a warning: somebody must have verified the addresses."""
    text = report(make_app(FEEDBACKCHIMP_TOKEN_LIFETIME=None), "--user", "ada")
    assert "unverified ones let people impersonate each other" in text
    assert text.endswith("Ready: no problems, 2 warnings.")
    assert "lifetime none: no iat or exp Admin e-mails none Identity user.em" in text
    assert "Identity user.email, and user.name or else user.username " in text


def test_loader_object_is_shown_by_its_class():
    app = make_app()
    app.feedbackchimp.identity_loader(partial(Identity))
    assert "Identity functools.partial " in report(app)


def test_secret_is_not_shown():
    """Only its length in bytes and a fingerprint; no piece of it, and no token."""
    secret = f"zwölf-{SECRET}"
    text = report(sound_app(FEEDBACKCHIMP_JWT_SECRET=secret), "--user", "ada")
    assert f"Secret {len(secret.encode())} bytes, fingerprint " in text
    pieces = {"eyJ", *(secret[i : i + 6] for i in range(len(secret) - 5))}
    assert not [piece for piece in pieces if piece in text]


@pytest.mark.parametrize("secret", [SECRET, f" {SECRET}\n", SECRET.encode()])
def test_secret_and_token_in_an_error_are_not_shown(secret):
    """They are cut out, and so is what would act on the terminal."""
    app = hook_that_tells_the_token()
    other = hook_that_tells_the_token()
    other.config["FEEDBACKCHIMP_JWT_SECRET"] = secret
    text = report(other, "--user", "ada")
    assert text == report(app, "--user", "ada")
    assert "ssoToken=... ...\\u0007 (" in text
    assert SECRET not in text


def test_fingerprint_compares_secrets():
    secrets = (SECRET, f" {SECRET}\n", SECRET[::-1])
    apps = [sound_app(FEEDBACKCHIMP_JWT_SECRET=secret) for secret in secrets]
    first, same, other = map(report, apps)
    assert first == same != other


AT_A = {"SERVER_NAME": "a.example"}
AT_SHOP = {"APPLICATION_ROOT": "/shop"}


@pytest.mark.parametrize(
    ("config", "base_url", "url"),
    [
        ({}, "", f"https://your.app{PREFIX}"),
        ({"APPLICATION_ROOT": "/shop/"}, "", f"https://your.app/shop{PREFIX}"),
        ({"FEEDBACKCHIMP_URL_PREFIX": "/in"}, "", "https://your.app/in"),
        ({}, "https://your.app", f"https://your.app{PREFIX}"),
        ({}, "https://your.app.example", f"https://your.app.example{PREFIX}"),
        (AT_A, "", f"http://a.example{PREFIX}"),
        (AT_A | {"PREFERRED_URL_SCHEME": "https"}, "", f"https://a.example{PREFIX}"),
        ({"TRUSTED_HOSTS": [".b.example"]}, "", f"https://b.example{PREFIX}"),
        (AT_A, "https://b.example", f"https://b.example{PREFIX}"),
        (AT_SHOP, "https://b.example/", f"https://b.example/shop{PREFIX}"),
        (AT_SHOP, f"https://b.example{PREFIX}", f"https://b.example/shop{PREFIX}"),
        (AT_SHOP, "https://b.example/mount/", f"https://b.example/mount{PREFIX}"),
        (
            AT_SHOP,
            f"https://b.example/mount{PREFIX}",
            f"https://b.example/mount{PREFIX}",
        ),
    ],
)
def test_url_to_paste(config, base_url, url):
    """What is given goes before what is configured; a mount point is kept."""
    args = ["--base-url", base_url] if base_url else []
    text = report(sound_app(**config), *args)
    assert f"under Settings > SSO: {url} " in text
    is_known = base_url or config.keys() & {"SERVER_NAME", "TRUSTED_HOSTS"}
    assert ("give it: --base-url" in text) is not is_known


PAGE_QUOTED = "https%3A%2F%2Facme.feedbackchimp.space%2Fboard%2F1002-feature-requests"


@pytest.mark.parametrize(
    ("template", "url", "told"),
    [
        (
            "{page}?jwt={token}&v=2",
            "/board/1002-feature-requests?jwt=TOKEN&v=2",
            "the page itself, with what follows added to its query jwt= the token v=2 "
            "as it is",
        ),
        (
            "/sso?id={id}&token={token}&to={page}",
            f"/sso?id=...&token=TOKEN&to={PAGE_QUOTED}",
            f"{BOARD}/sso id= what comes in as id token= the token to= the page",
        ),
        ("/sso/{token}", "/sso/TOKEN", f"{BOARD}/sso/{{token}}"),
    ],
)
def test_return_url_is_explained(template, url, told):
    """With a word for the token, and a note that it is to be compared."""
    text = report(sound_app(FEEDBACKCHIMP_RETURN_URL=template))
    assert f"with the token for TOKEN: {BOARD}{url} Page comes in as redirect " in text
    assert f"Leads to {told} It is not publicly documented: compare it" in text


def test_80_columns_of_ascii():
    """With every warning at once; only the URLs may be longer."""
    app = make_app(
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
        FEEDBACKCHIMP_RETURN_URL="http://localhost:5001/sso?companyID={c}&jwt={token}",
        SESSION_COOKIE_SAMESITE="Strict",
        SERVER_NAME="a.example",
    )
    app.login_manager.login_view = None
    lines = run(app, "check", "--user", "ada").stdout.splitlines()
    assert lines[-1].startswith("Ready: no problems, 7 warnings")
    assert all(line.isascii() for line in lines)
    assert [line for line in lines if "  " in line[21:]] == []
    assert [line for line in lines if len(line) > 79 and "://" not in line] == []


def test_no_color():
    """Where there would be colour, as on a terminal; see https://no-color.org/."""
    app = make_app()
    app.login_manager.login_view = "misspelt"
    text = report(app, color=True, env={"NO_COLOR": ""})
    for coloured in ("[33m warning", "[31m problem", "[1mNot ready"):
        assert f"\x1b{coloured}" in text
    assert "\x1b" not in report(app, color=True, env={"NO_COLOR": "1"})


def test_name_that_the_output_cannot_encode():
    app = sound_app()
    app.name = "café"
    assert "'café'" in report(app)
    assert r"'caf\xe9'" in report(app, charset="ascii")


def test_secret_that_the_app_took_out_of_its_config():
    app = sound_app()
    del app.config["FEEDBACKCHIMP_JWT_SECRET"]
    assert "email ada@example.com name Ada Lovelace" in report(app, "--user", "ada")
