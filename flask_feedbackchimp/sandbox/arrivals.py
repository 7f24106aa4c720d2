"""People who come with a token, in both shapes of the way back; and those without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    Flask,
    g,
    redirect,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from .addresses import login_url, origin_of, own_page, page_of, values_of
from .reasons import ArrivalRefused
from .state import get_sandbox

blueprint: Blueprint = Blueprint("arrivals", __name__)

_SESSION_KEY = "sign_in"
# No board pages: nobody is signed in there, or sent away from there.
_TOOLS = frozenset({"arrivals.sso", "pages.validate", "pages.logged_out", "static"})


def register(app: Flask) -> None:
    """Receive people on every board page of an app, known or not, and at ``/sso``."""
    app.before_request(_receive)
    app.register_blueprint(blueprint)
    app.register_error_handler(ArrivalRefused, _show_refusal)


def visitor() -> Mapping[str, Any] | None:
    """The claims that the visitor was signed in with, or ``None``."""
    return get_sandbox().gate.visitor(session.get(_SESSION_KEY, ""))


def way_to_log_in() -> str:
    """The URL of *Log in*: to the app, and then back here; from a tool, home."""
    sandbox = get_sandbox()
    page = f"{origin_of(request)}/"
    if request.endpoint not in _TOOLS and request.method == "GET":
        page = page_of(request, without=sandbox.token_param)
    return login_url(sandbox.sso_url, redirect_param=sandbox.redirect_param, page=page)


@blueprint.get("/sso")
def sso() -> Response:
    """The fixed endpoint: takes the token, and the page unless it is the home."""
    if request.method != "GET":  # HEAD, which Flask lets in with GET
        raise MethodNotAllowed(["GET", "OPTIONS"])
    sandbox, origin = get_sandbox(), origin_of(request)
    pages = values_of(request, sandbox.redirect_param)
    tokens = values_of(request, sandbox.token_param)
    if len(pages) > 1:
        raise ArrivalRefused("More than one page was named.", reason="page_repeated")
    page = own_page(pages[0], origin=origin) if any(pages) else f"{origin}/"
    if page is None:
        raise ArrivalRefused(
            f"The page to land on is not on this board, {origin}.",
            reason="page_foreign",
        )
    if not tokens:
        raise ArrivalRefused("No token was sent along.", reason="token_missing")
    return _sign_in(tokens, page)


def _receive() -> Response | None:
    if request.method != "GET" or request.endpoint in _TOOLS:
        return None
    sandbox = get_sandbox()
    tokens = values_of(request, sandbox.token_param)
    if tokens:
        return _sign_in(tokens, page_of(request, without=sandbox.token_param))
    if sandbox.private and visitor() is None:
        return redirect(way_to_log_in())
    return None


def _sign_in(tokens: list[str], page: str) -> Response:
    if len(tokens) > 1:
        raise ArrivalRefused("More than one token was sent.", reason="token_repeated")
    g.arrival = get_sandbox().gate.admit(tokens[0], page)
    session[_SESSION_KEY] = g.arrival.key
    return redirect(page, 303)


def _show_refusal(refusal: ArrivalRefused) -> ResponseReturnValue:
    g.arrival = get_sandbox().gate.refuse(refusal.reason)
    return render_template("refused.html", refusal=refusal), refusal.status
