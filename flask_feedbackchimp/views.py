"""The redirect endpoint: what is asked, in which order, and how it is answered."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    current_app,
    has_request_context,
    jsonify,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, Rule

from . import signals
from .destination import PATH_SAFE, URL_SAFE, is_parameter
from .errors import SignInRefused, TokenError, refuse
from .identity import signed_in_user
from .links import BLUEPRINT, ENDPOINT, mount_path
from .signals import Note
from .signon import issue_url, requested_page
from .state import AppState, get_state

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint: Blueprint = Blueprint(BLUEPRINT, __name__, template_folder="templates")

# Requests that nobody clicked for: https://www.w3.org/TR/fetch-metadata/ and the
# headers that browsers and libraries sent before it.
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_X_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")
_METHODS = ("GET", "OPTIONS")
_BOARD_PATH = "/board/"  # the only path known of the vendor's boards


@blueprint.get("")
def redirect() -> ResponseReturnValue:
    """Send the visitor to the board, signed in; or say why not.

    The order of the questions is part of the contract.
    """
    state = get_state()
    environ = request.environ
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS":  # by a rule with provide_automatic_options=False
        return Response(headers={"Allow": ", ".join(_METHODS)})
    if method != "GET":  # HEAD, which Flask lets in with GET
        raise MethodNotAllowed(_METHODS)
    if any("prefetch" in environ.get(key, "").lower() for key in _PURPOSES):
        return _refuse_unclicked("prefetch")
    # Before the mode: htmx fetches. Rebuilt, so that no byte of the request is echoed.
    if environ.get("HTTP_HX_REQUEST") == "true":
        query = quote(request.query_string, safe=URL_SAFE)
        path = quote(request.path.lstrip("/"), safe=PATH_SAFE)
        same_url = f"{mount_path()}/{path}{query and '?'}{query}"
        return Response(headers={"HX-Redirect": same_url})
    if environ.get("HTTP_SEC_FETCH_MODE", "navigate") != "navigate":
        return _refuse_unclicked("not_a_navigation")
    args = _args()
    values = args.getlist(state.settings.redirect_param)
    note = _note(state, values, args)
    raw_query = request.query_string if state.settings.return_url.handed_on else b""
    page, handed_on = requested_page(state, values, raw_query, note)
    if not state.settings.enabled:
        return _found(page)
    user = signed_in_user()
    if user is None:
        signals.sent_to_login(note)
        answer: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]  # Flask-Login's
        return answer
    try:
        return _found(issue_url(state, page, user, handed_on, note))
    except TokenError:  # told in signon
        raise refuse("claims_unusable") from None


def _args() -> MultiDict[str, str]:
    try:
        return request.args
    except UnicodeDecodeError:  # raw bytes that are not UTF-8, in whichever pair
        query = request.query_string.decode(errors="replace")
        return MultiDict(parse_qsl(query, keep_blank_values=True))


def _note(state: AppState, values: list[str], args: MultiDict[str, str]) -> Note:
    """What the operator is told about the request, whatever comes of it."""
    board, warning, lacking = state.settings.board, "", ""
    if not any(value.strip(" ") for value in values):
        warning = _page_elsewhere(state, args)
    elif not values[0].startswith(board.home):  # as nearly all do
        origin = board.foreign_origin(values[0])
        warning = origin and (
            f"the page is on {origin!a}, the board on {board.origin!r}: compare "
            "FEEDBACKCHIMP_ORGANIZATION or FEEDBACKCHIMP_BOARD_URL with the board's "
            "address"
        )
    names = [name for name in state.settings.return_url.handed_on if name not in args]
    if names:
        lacking = (
            f"the request lacks {', '.join(names)}, which FEEDBACKCHIMP_RETURN_URL "
            "hands on"
        )
    level = logging.WARNING if warning else logging.INFO
    return level, "; ".join(filter(None, (warning, lacking)))


def _page_elsewhere(state: AppState, args: MultiDict[str, str]) -> str:
    """The warning, if a page of the board came in under another name."""
    param, board = state.settings.redirect_param, state.settings.board
    for name, value in args.items():
        is_page = value.startswith(_BOARD_PATH) or board.has_url(value)
        # Campaign parameters name where somebody comes from, not where to go.
        if is_page and is_parameter(name) and not name.lower().startswith("utm_"):
            return (
                f"no page came in as {param!r}, but {name!r} holds a page of the "
                f"board: set FEEDBACKCHIMP_REDIRECT_PARAM to {name!r}"
            )
    return ""


class _BoardRedirect(Response):
    """Sends its ``Location`` as it was built and measured.

    Werkzeug's own rewrite would cost time, and change nothing in one of ours.
    The private headers are set last: Flask-Talisman, for one, replaces the policy.
    """

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return keep_private(self).headers


def _found(url: str) -> Response:
    # Werkzeug's redirect() would repeat the URL, and so the token, in the body.
    text = "Redirecting to the feedback board."
    return _BoardRedirect(text, 302, {"Location": url}, mimetype="text/plain")


def _refuse_unclicked(reason: str) -> Response:
    refusal = refuse(reason)
    signals.refused(None, reason)
    return Response(f"{_told(refusal)}\n", refusal.status, mimetype="text/plain")


@blueprint.errorhandler(SignInRefused)
def refused(refusal: SignInRefused) -> ResponseReturnValue:
    """The page that tells a visitor why, with ways on that need no token."""
    context = {
        "reason": refusal.reason,
        "message": _told(refusal),
        "board_url": get_state().settings.board.home,
    }
    kinds = ["text/html", "application/json"]
    if request.accept_mimetypes.best_match(kinds) == "application/json":
        return jsonify(context), refusal.status
    page = render_template(
        "feedbackchimp/refused.html",
        status=refusal.status,
        app_url=f"{mount_path()}/",
        **context,
    )
    return page, refusal.status


def _told(refusal: SignInRefused) -> str:
    """The sentence for the visitor, which an app may translate or replace."""
    context = {"reason": refusal.reason, "message": refusal.message}
    return render_template("feedbackchimp/message.txt", **context).strip()


@blueprint.after_request
def keep_others_private(response: Response) -> Response:
    """Keep every answer private that does not see to it when it is sent."""
    return response if type(response) is _BoardRedirect else keep_private(response)


def keep_private(response: Response) -> Response:
    """Keep an answer out of caches and ``Referer`` headers."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


class _OtherMethods(set[str]):
    """Every method that a rule does not take; to those who list them, an empty set.

    ``methods = None`` would match what the first rule takes, too.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        super().__init__()
        self._taken = frozenset(taken)

    def __contains__(self, method: object) -> bool:
        return method not in self._taken


class _EndpointRule(Rule):
    """A rule of a URL map; one of the endpoint's brings a second, for other methods.

    Flask answers a wrong method before it knows whose it is, so no blueprint could make
    that answer private, and a hook for every request of the app would cost each of
    them. The second rule takes every method that the first leaves.
    """

    def get_rules(self, map: Map) -> Iterator[Rule]:
        for rule in super().get_rules(map):
            yield rule
            if rule.endpoint == ENDPOINT:
                yield _for_other_methods(rule)


def _for_other_methods(rule: Rule) -> Rule:
    others = rule.empty()
    others.methods = _OtherMethods(rule.methods or ())
    # What Werkzeug calls where a rule matches.
    others.redirect_to = _refuse_method
    return others


def refuse_other_methods(app: Flask) -> None:
    """Give every rule of the endpoint a second one, also aliases before and after."""
    rule_class: type[Rule] = type("Rule", (_EndpointRule, app.url_rule_class), {})
    app.url_rule_class = rule_class
    for rule in list(app.url_map.iter_rules()):
        if rule.endpoint == ENDPOINT:
            app.url_map.add(_for_other_methods(rule))


def _refuse_method(adapter: MapAdapter, **_: Any) -> str:
    # Not where another view looks something up in the map.
    if has_request_context() and request.url_rule is None:
        after_this_request(keep_private)
    raise MethodNotAllowed(_METHODS)
