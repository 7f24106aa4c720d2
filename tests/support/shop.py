"""A shop with a board, served for browsers: links under several libraries."""

from __future__ import annotations

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
    """What a page loads, and how its ``body`` switches it on.

    ``follows`` tells whether it follows links by script, ``hovers`` whether it
    fetches them when the mouse is over them, ``presses`` when a button goes down.
    """

    head: str = ""
    body: str = ""
    follows: bool = False
    hovers: bool = False
    presses: bool = False


def _script(path: str, kind: str = "") -> str:
    return f'<script {kind} src="/npm/{path}"></script>'


_HTMX_2 = _script("htmx-2/dist/htmx.min.js")
_HTMX_2_PRELOAD = _HTMX_2 + _script("htmx-ext-preload/dist/preload.min.js")
_HTMX_4 = _script("htmx-4/dist/htmx.min.js")
_HTMX_4_PRELOAD = _HTMX_4 + _script("htmx-4/dist/ext/hx-preload.min.js")
_TURBO = _script("@hotwired/turbo/dist/turbo.es2017-esm.js", 'type="module"')
_BOOST_2, _BOOST_4 = 'hx-boost="true"', 'hx-boost:inherited="true"'
_PRELOAD_2 = f'{_BOOST_2} hx-ext="preload" preload'


def _htmx_config(json: str) -> str:
    return f"<meta name='htmx-config' content='{json}'>"


KITS = {
    "nothing": Kit(),
    "htmx 2": Kit(_HTMX_2, _BOOST_2, follows=True),
    "htmx 2 preloads on mouseover": Kit(
        _HTMX_2_PRELOAD, f'{_PRELOAD_2}="mouseover"', follows=True, hovers=True
    ),
    "htmx 2 preloads on mousedown": Kit(
        _HTMX_2_PRELOAD, _PRELOAD_2, follows=True, presses=True
    ),
    "htmx 4": Kit(_HTMX_4, _BOOST_4, follows=True),
    "htmx 4 inherits as htmx 2": Kit(
        _htmx_config('{"implicitInheritance": true}') + _HTMX_4, _BOOST_2, follows=True
    ),
    "htmx 4 preloads on mouseover": Kit(
        _htmx_config('{"preload": {"boostEvent": "mouseover"}}') + _HTMX_4_PRELOAD,
        _BOOST_4,
        follows=True,
        hovers=True,
    ),
    "htmx 4 preloads on mousedown": Kit(
        _HTMX_4_PRELOAD, _BOOST_4, follows=True, presses=True
    ),
    "Turbo Drive": Kit(_TURBO, follows=True, hovers=True),
    "Turbo Drive and htmx 2": Kit(
        _TURBO + _HTMX_2, _BOOST_2, follows=True, hovers=True
    ),
}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">{{ kit.head|safe }}{{ head|safe }}</head>
<body {{ kit.body|safe }}>
<nav>
  {{ feedbackchimp_link("By the helper", deep_link) }}
  <a href="{{ feedbackchimp_url(deep_link) }}">Bare</a>
  <a href="/?kit={{ name }}&amp;turn=1">Ordinary</a>
</nav>
{{ body|safe }}
</body></html>"""
_LOGIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Log in</title>
<link rel="icon" href="data:,">{{ kit.head|safe }}</head>
<body {{ kit.body|safe }}>
<form method="post" {{ form|safe }}><button>Log in</button></form>
</body></html>"""


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
        """The URL of the page under a kit, one of ``KITS``.

        :param parts: HTML to add to the page's ``head`` and ``body``; ``login_kit`` is
            the kit of the login page, ``login_form`` holds attributes of its form.
        """
        self.app.config["SHOP_PAGE"] = parts
        return f"{self.server.url}/?kit={kit.replace(' ', '+')}"

    def log_in(self, page: Any, user: str = "ada") -> None:
        """Log a browser's tab in to the shop."""
        page.goto(f"{self.server.url}/login/{user}")


def open_shop(serve: Any, *users: Any, **config: Any) -> Shop:
    """Serve a shop and its board, each knowing the other's address.

    :param serve: the fixture of that name.
    :param users: who can log in; Ada unless given.
    :param config: more settings of the shop.
    """
    server, board = serve(), serve()
    app = make_app(
        *users,
        **{"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": board.url}
        | config,
    )
    _add_pages(app)
    server.app = app
    board.app = create_sandbox(
        SECRET,
        sso_url=f"{server.url}{PREFIX}",
        return_url=config.get("FEEDBACKCHIMP_RETURN_URL", "{page}?ssoToken={token}"),
    )
    return Shop(app, server, board)


def _add_pages(app: Flask) -> None:
    app.config["SHOP_PAGE"] = {}
    app.login_manager.login_view = "sign_in"  # type: ignore[attr-defined]  # Flask-Login's

    @app.get("/")
    def home() -> str:
        name = request.args.get("kit", "nothing")
        return render_template_string(
            _PAGE,
            kit=KITS[name],
            name=name,
            deep_link=DEEP_LINK,
            **app.config["SHOP_PAGE"],
        )

    @app.get("/npm/<path:file>")
    def npm(file: str) -> Any:
        return send_from_directory(NODE_MODULES, file)

    @app.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Any:
        if request.method == "POST":
            login_user(User())
            return redirect(request.args["next"], 303)
        kit = KITS[app.config["SHOP_PAGE"].get("login_kit", "nothing")]
        form = app.config["SHOP_PAGE"].get("login_form", "")
        return render_template_string(_LOGIN, kit=kit, form=form)
