"""A shop and its board, served: every policy, library and login that visitors meet."""

from typing import Any, NamedTuple

from flask import (
    Flask,
    Response,
    redirect,
    render_template_string,
    request,
    send_from_directory,
    url_for,
)
from flask_login import LoginManager, current_user, login_user

from flask_feedbackchimp import FeedbackChimp, token_issued
from flask_feedbackchimp.sandbox import Arrival, create_sandbox, get_arrivals
from support.apps import PREFIX, SECRET, User
from support.outside import NODE_MODULES

#: A page of the board with a query and a fragment, in a browser's own spelling.
DEEP_LINK = (
    "/board/1002-feature-requests/31-dark-mode?sort=new&tag=a&tag=b%2Bc&q=x+y#comments"
)

FORM_ACTION_SELF = "form-action 'self'"

#: What the login does once the visitor has logged in, or before.
HONOURS_NEXT = "honours next"
IGNORES_NEXT = "ignores next"
OWN_PAGE = "renders a page of its own"


class Library(NamedTuple):
    """What a page loads, and how its ``body`` switches it on.

    :param clicks: a visitor has to click in the continue page.
    :param fetches_ahead: it fetches the links that the mouse rests on.
    """

    head: str = ""
    body: str = ""
    clicks: bool = False
    fetches_ahead: bool = False


def _script(path: str, kind: str = "") -> str:
    return f'<script {kind} src="/npm/{path}"></script>'


_HTMX_2 = _script("htmx-2/dist/htmx.min.js")
_HTMX_4 = _script("htmx-4/dist/htmx.min.js")
_UNPOLY = """<script>
  up.link.config.followSelectors.push("a[href]");
  up.link.config.preloadSelectors.push("a[href]");
  up.form.config.submitSelectors.push("form");
</script>"""

LIBRARIES = {
    "no library": Library(),
    "Turbo": Library(
        _script("@hotwired/turbo/dist/turbo.es2017-esm.js", 'type="module"'),
        fetches_ahead=True,
    ),
    "htmx 2": Library(_HTMX_2, 'hx-boost="true"'),
    "htmx 4": Library(_HTMX_4, 'hx-boost:inherited="true"'),
    "Unpoly": Library(
        _script("unpoly/unpoly.min.js") + _UNPOLY, clicks=True, fetches_ahead=True
    ),
}
#: The same with what fetches ahead.
PRELOADING = {
    "htmx 2 and preload": Library(
        _HTMX_2 + _script("htmx-ext-preload/dist/preload.min.js"),
        'hx-boost="true" hx-ext="preload" preload="mouseover"',
        fetches_ahead=True,
    ),
    "htmx 4 and preload": Library(
        """<meta name="htmx-config" content='{"preload":{"boostEvent":"mouseover"}}'>"""
        + _HTMX_4
        + _script("htmx-4/dist/ext/hx-preload.min.js"),
        'hx-boost:inherited="true"',
        fetches_ahead=True,
    ),
}

_LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
{{ library.head|safe }}{{ shop.head|safe }}
</head>
<body {{ library.body|safe }}><main>"""
_HOME = f"""{_LAYOUT}
<nav>
  {{{{ feedbackchimp_link("Feedback", deep_link, id="helper") }}}}
  <a id="bare" href="{{{{ feedbackchimp_url(deep_link) }}}}">Feedback</a>
  <a id="ordinary" href="/?turn=1">Home</a>
</nav>
{{{{ shop.body|safe }}}}"""
_LOGIN = f"""{_LAYOUT}
<form method="post"><input name="user"><button>Log in</button></form>"""
_LOG_IN_FIRST = f"""{_LAYOUT}
<p>Members only. <a id="to-login" href="/login">Log in</a></p>"""


class Shop:
    """Both sides, served: the shop's app, and the stand-in board on another site."""

    def __init__(
        self,
        serve: Any,
        *,
        policy: str = "",
        library: str = "no library",
        login: str = HONOURS_NEXT,
        user: Any = None,
        **config: Any,
    ) -> None:
        self.policy, self.login = policy, login
        self.library = (LIBRARIES | PRELOADING)[library]
        self.user = user or User()
        #: HTML that a test adds to the home page.
        self.head = self.body = ""
        #: The ``jti`` of every token.
        self.issued: list[str] = []
        self.server, self.board = serve(), serve()
        self.home, self.board_origin = f"{self.server.url}/", self.board.foreign_url
        self.endpoint = self.server.url + PREFIX
        self.log_in_at_once = f"{self.server.url}/log-in-at-once"
        self.deep_link = self.board_origin + DEEP_LINK
        self.server.app = self.app = self._make_app(config)
        options = {"sso_url": self.endpoint}
        if "FEEDBACKCHIMP_RETURN_URL" in config:
            options["return_url"] = config["FEEDBACKCHIMP_RETURN_URL"]
        self.board.app = create_sandbox(SECRET, **options)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everybody who came to the board with a token, in order."""
        return get_arrivals(self.board.app)

    def continue_page(self) -> str:
        """The URL of what scripts get, without the ``Refresh`` that leads on."""
        script = {"Sec-Fetch-Mode": "cors"}
        answer = self.app.test_client().get(PREFIX, headers=script)
        self.body = answer.text
        return f"{self.server.url}/body"

    def _make_app(self, config: dict[str, Any]) -> Flask:
        app = Flask("shop")
        app.config |= {
            "SECRET_KEY": "the-app's-own-key-which-is-not-the-jwt-secret",
            "FEEDBACKCHIMP_JWT_SECRET": SECRET,
            "FEEDBACKCHIMP_BOARD_URL": self.board_origin,
            # Without it Firefox may let another site's frame have the cookie.
            "SESSION_COOKIE_SAMESITE": "Lax",
        } | config
        login_manager = LoginManager(app)
        login_manager.login_view = "log_in"
        login_manager.user_loader({self.user.get_id(): self.user}.get)
        if self.login == OWN_PAGE:
            login_manager.unauthorized_handler(lambda: (self._page(_LOG_IN_FIRST), 401))
        self.feedbackchimp = FeedbackChimp(app)
        self._note = lambda app, user, jti: self.issued.append(jti)
        token_issued.connect(self._note, app)

        @app.get("/")
        def home() -> str:
            return self._page(_HOME)

        @app.get("/body")
        def body() -> str:
            return self.body

        @app.get("/account")
        def account() -> str:
            return f"{current_user.name}'s account"

        @app.get("/npm/<path:file>")
        def npm(file: str) -> Response:
            return send_from_directory(NODE_MODULES, file)

        @app.route("/login", methods=["GET", "POST"])
        def log_in() -> Any:
            if request.method == "GET":
                return self._page(_LOGIN)
            login_user(self.user, force=True)
            target = request.args.get("next") if self.login != IGNORES_NEXT else None
            return redirect(target or url_for("account"))

        @app.get("/log-in-at-once")
        def log_in_at_once() -> str:
            login_user(self.user, force=True)
            return "Logged in"

        @app.after_request
        def set_policy(response: Response) -> Response:
            if self.policy:
                response.headers["Content-Security-Policy"] = self.policy
            return response

        return app

    def _page(self, source: str) -> str:
        return render_template_string(
            source, library=self.library, shop=self, deep_link=DEEP_LINK
        )
