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
    """What a page loads, how its ``body`` switches it on, how links are fetched."""

    head: str = ""
    body: str = ""
    follows: bool = True
    hovers: bool = False
    presses: bool = False


def _script(path: str, kind: str = "") -> str:
    return f'<script {kind} src="/npm/{path}"></script>'


def _htmx_config(json: str) -> str:
    return f"<meta name='htmx-config' content='{json}'>"


_HTMX_2 = _script("htmx-2/dist/htmx.min.js")
_PRELOAD_2 = _HTMX_2 + _script("htmx-ext-preload/dist/preload.min.js")
_HTMX_4 = _script("htmx-4/dist/htmx.min.js")
_PRELOAD_4 = _HTMX_4 + _script("htmx-4/dist/ext/hx-preload.min.js")
_ON_MOUSEOVER_4 = _htmx_config('{"preload": {"boostEvent": "mouseover"}}')
_INHERIT = _htmx_config('{"implicitInheritance": true}')
_TURBO = _script("@hotwired/turbo/dist/turbo.es2017-esm.js", 'type="module"')
_BOOST_2, _BOOST_4 = 'hx-boost="true"', 'hx-boost:inherited="true"'
_ON_MOUSEDOWN_2 = f'{_BOOST_2} hx-ext="preload" preload'
_ON_MOUSEOVER_2 = f'{_ON_MOUSEDOWN_2}="mouseover"'

KITS = {
    "nothing": Kit(follows=False),
    "htmx 2": Kit(_HTMX_2, _BOOST_2),
    "htmx 2 preloads on mouseover": Kit(_PRELOAD_2, _ON_MOUSEOVER_2, hovers=True),
    "htmx 2 preloads on mousedown": Kit(_PRELOAD_2, _ON_MOUSEDOWN_2, presses=True),
    "htmx 4": Kit(_HTMX_4, _BOOST_4),
    "htmx 4 inherits as htmx 2": Kit(_INHERIT + _HTMX_4, _BOOST_2),
    "htmx 4 preloads on mouseover": Kit(
        _ON_MOUSEOVER_4 + _PRELOAD_4, _BOOST_4, hovers=True
    ),
    "htmx 4 preloads on mousedown": Kit(_PRELOAD_4, _BOOST_4, presses=True),
    "Turbo Drive": Kit(_TURBO, hovers=True),
    "Turbo Drive and htmx 2": Kit(_TURBO + _HTMX_2, _BOOST_2, hovers=True),
}

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">{{ kit.head|safe }}"""
_BODY = "</head><body {{ kit.body|safe }}>"
_PAGE = f"""{_HEAD}{{{{ head|safe }}}}{_BODY}
<nav>
  {{{{ feedbackchimp_link("By the helper", "{DEEP_LINK}") }}}}
  <a href="{{{{ feedbackchimp_url("{DEEP_LINK}") }}}}">Bare</a>
  <a href="/?kit={{{{ name }}}}&amp;turn=1">Ordinary</a>
</nav>
{{{{ body|safe }}}}"""
_FORM = '<form method="post" {{ login_form|safe }}><button>Log in</button></form>'
_LOGIN = f"{_HEAD}{_BODY}{_FORM}"


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
    config = {
        "FEEDBACKCHIMP_ORGANIZATION": ...,
        "FEEDBACKCHIMP_BOARD_URL": board.url,
        "FEEDBACKCHIMP_RETURN_URL": "{page}?ssoToken={token}",
    } | config
    server.app = app = make_app(*users, **config)
    _add_pages(app)
    return_url = config["FEEDBACKCHIMP_RETURN_URL"]
    sso_url = f"{server.url}{PREFIX}"
    board.app = create_sandbox(SECRET, sso_url=sso_url, return_url=return_url)
    return Shop(app, server, board)


def _add_pages(app: Flask) -> None:
    app.config["SHOP_PAGE"] = {}
    app.login_manager.login_view = "sign_in"  # type: ignore[attr-defined]  # Flask-Login's

    def render(source: str, name: str) -> str:
        parts = app.config["SHOP_PAGE"]
        return render_template_string(source, kit=KITS[name], name=name, **parts)

    @app.get("/")
    def home() -> str:
        return render(_PAGE, request.args.get("kit", "nothing"))

    @app.get("/npm/<path:file>")
    def npm(file: str) -> Any:
        return send_from_directory(NODE_MODULES, file)

    @app.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Any:
        if request.method == "POST":
            login_user(User())
            return redirect(request.args["next"], 303)
        return render(_LOGIN, app.config["SHOP_PAGE"].get("login_kit", "nothing"))
