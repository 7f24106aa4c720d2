"""A shop with a board, served for browsers: links under several libraries."""

from typing import Any, NamedTuple

from flask import Flask, redirect, render_template_string, request, send_from_directory
from flask_login import login_user

from flask_feedbackchimp.sandbox import Arrival, create_sandbox, get_arrivals
from support.apps import PREFIX, SECRET, User, make_app
from support.live import LiveServer
from support.outside import NODE_MODULES

#: A page of the board with a query and a fragment, in a browser's own spelling.
DEEP_LINK = (
    "/board/1002-feature-requests/31-dark-mode?sort=new&tag=a&tag=b%2Bc&q=x+y#comments"
)


class Kit(NamedTuple):
    """A library that follows links in a page of the shop."""

    #: What the page loads.
    head: str = ""
    #: The attributes of its ``body`` that switch the library on.
    body: str = ""
    #: Whether links are fetched when they are clicked, pointed at, or pressed.
    follows: bool = True
    hovers: bool = False
    presses: bool = False


HTMX_2 = '<script src="/npm/htmx-2/dist/htmx.min.js"></script>'
PRELOAD_2 = '<script src="/npm/htmx-ext-preload/dist/preload.min.js"></script>'
HTMX_4 = '<script src="/npm/htmx-4/dist/htmx.min.js"></script>'
PRELOAD_4 = '<script src="/npm/htmx-4/dist/ext/hx-preload.min.js"></script>'
TURBO = """<script type="module" src="/npm/@hotwired/turbo/dist/turbo.es2017-esm.js">
</script>"""
INHERIT = """<meta name="htmx-config" content='{"implicitInheritance": true}'>"""
ON_MOUSEOVER = """<meta name="htmx-config"
content='{"preload": {"boostEvent": "mouseover"}}'>"""

KITS = {
    "nothing": Kit(
        follows=False,
    ),
    "htmx 2": Kit(
        head=HTMX_2,
        body='hx-boost="true"',
    ),
    "htmx 2 preloads on mouseover": Kit(
        head=HTMX_2 + PRELOAD_2,
        body='hx-boost="true" hx-ext="preload" preload="mouseover"',
        hovers=True,
    ),
    "htmx 2 preloads on mousedown": Kit(
        head=HTMX_2 + PRELOAD_2,
        body='hx-boost="true" hx-ext="preload" preload',
        presses=True,
    ),
    "htmx 4": Kit(
        head=HTMX_4,
        body='hx-boost:inherited="true"',
    ),
    "htmx 4 inherits as htmx 2": Kit(
        head=INHERIT + HTMX_4,
        body='hx-boost="true"',
    ),
    "htmx 4 preloads on mouseover": Kit(
        head=ON_MOUSEOVER + HTMX_4 + PRELOAD_4,
        body='hx-boost:inherited="true"',
        hovers=True,
    ),
    "htmx 4 preloads on mousedown": Kit(
        head=HTMX_4 + PRELOAD_4,
        body='hx-boost:inherited="true"',
        presses=True,
    ),
    "Turbo Drive": Kit(
        head=TURBO,
        hovers=True,
    ),
    "Turbo Drive and htmx 2": Kit(
        head=TURBO + HTMX_2,
        body='hx-boost="true"',
        hovers=True,
    ),
}

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Shop</title>
  <link rel="icon" href="data:,">
  {{ kit.head|safe }}
  {{ head|safe }}
</head>
<body {{ kit.body|safe }}>
  <nav>
    {{ feedbackchimp_link("By the helper", deep_link) }}
    <a href="{{ feedbackchimp_url(deep_link) }}">Bare</a>
    <a href="/?kit={{ name }}&amp;turn=1">Ordinary</a>
  </nav>
  {{ body|safe }}
</body>
</html>"""
LOGIN_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Shop</title>
  <link rel="icon" href="data:,">
  {{ kit.head|safe }}
</head>
<body {{ kit.body|safe }}>
  <form method="post" {{ login_form|safe }}><button>Log in</button></form>
</body>
</html>"""


class Shop(NamedTuple):
    """Both sides, served: the shop's app and the stand-in board."""

    app: Flask
    server: LiveServer
    board: LiveServer

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everybody who came to the board with a token, in order."""
        return get_arrivals(self.board.app)

    def page(self, kit: str = "nothing", **parts: str) -> str:
        """The URL of the page under a kit.

        :param parts: HTML for ``head`` and ``body``, the login's ``login_kit``, and
            attributes of its ``login_form``.
        """
        self.app.config["SHOP_PAGE"] = parts
        return f"{self.server.url}/?kit={kit.replace(' ', '+')}"

    def log_in(self, page: Any, user: str = "ada") -> None:
        """Log a browser's tab in to the shop."""
        page.goto(f"{self.server.url}/login/{user}")


def open_shop(serve: Any, *users: Any, **config: Any) -> Shop:
    """Serve a shop and its board, each knowing the other's address."""
    server, board = serve(), serve()
    return_url = config.pop("FEEDBACKCHIMP_RETURN_URL", "{page}?ssoToken={token}")
    server.app = app = make_app(
        *users,
        FEEDBACKCHIMP_ORGANIZATION=None,
        FEEDBACKCHIMP_BOARD_URL=board.url,
        FEEDBACKCHIMP_RETURN_URL=return_url,
        **config,
    )
    add_pages(app)
    sso_url = f"{server.url}{PREFIX}"
    board.app = create_sandbox(SECRET, sso_url=sso_url, return_url=return_url)
    return Shop(app, server, board)


def add_pages(app: Flask) -> None:
    """Give an app a page with links, a login page, and the npm packages."""
    app.config["SHOP_PAGE"] = {}
    app.login_manager.login_view = "sign_in"  # type: ignore[attr-defined]  # Flask-Login's

    def render(source: str, name: str) -> str:
        parts = app.config["SHOP_PAGE"] | {"deep_link": DEEP_LINK}
        return render_template_string(source, kit=KITS[name], name=name, **parts)

    @app.get("/")
    def home() -> str:
        return render(PAGE, request.args.get("kit", "nothing"))

    @app.get("/npm/<path:file>")
    def npm(file: str) -> Any:
        return send_from_directory(NODE_MODULES, file)

    @app.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Any:
        if request.method == "POST":
            login_user(User())
            return redirect(request.args["next"], 303)
        return render(LOGIN_PAGE, app.config["SHOP_PAGE"].get("login_kit", "nothing"))
