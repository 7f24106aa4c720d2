"""The redirect endpoint: what is asked, in which order, and how it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers
from werkzeug.exceptions import MethodNotAllowed

from . import audit
from .destination import Page, forwarded_pairs
from .errors import SignInRefused, TokenError
from .identity import signed_in_user
from .links import endpoint_path
from .refusals import refuse
from .signon import issue_url, requested_page
from .state import AppState, get_state

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint: Blueprint = Blueprint("feedbackchimp", __name__, template_folder="templates")

# Requests that nobody clicked for: https://www.w3.org/TR/fetch-metadata/ and the
# headers that browsers and libraries sent before it.
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_X_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")
_QUERY_SAFE = "%!$&'()*+,/:;=?@"


@blueprint.get("")
def redirect() -> ResponseReturnValue:
    """Send the visitor to the board, signed in; or say why not.

    The order of the questions is part of the contract.
    """
    state = get_state()
    environ = request.environ
    if environ["REQUEST_METHOD"] != "GET":  # HEAD, which Flask lets in with GET
        raise MethodNotAllowed(["GET", "OPTIONS"])
    if any("prefetch" in environ[key].lower() for key in _PURPOSES if key in environ):
        return _refuse_script("prefetch")
    if environ.get("HTTP_HX_REQUEST") == "true":
        return Response(headers={"HX-Redirect": _same_url(state)})
    if environ.get("HTTP_SEC_FETCH_MODE", "navigate") != "navigate":
        return _refuse_script("not_a_navigation")
    page = requested_page(state, _page_values(state))
    if not state.settings.enabled:
        return _found(page.url)
    user = signed_in_user()
    if user is None:
        audit.sent_to_login()
        return _ask_to_log_in()
    return _found(_signed_url(state, page, user))


def _page_values(state: AppState) -> list[str]:
    try:
        return request.args.getlist(state.settings.redirect_param)
    except UnicodeDecodeError:  # raw bytes in the query that are not UTF-8
        return ["\ufffd"]


def _signed_url(state: AppState, page: Page, user: Any) -> str:
    names = state.settings.forward_params
    forwarded = forwarded_pairs(request.query_string, names) if names else ""
    try:
        return issue_url(state, page, user, forwarded=forwarded)
    except TokenError:
        raise refuse("claims_unusable") from None


class _BoardRedirect(Response):
    """Sends its ``Location`` as it was built and measured.

    Werkzeug would parse and quote it once more, which for one of ours changes nothing.
    """

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


def _found(url: str) -> Response:
    # Werkzeug's redirect() would repeat the URL, and so the token, in the body.
    text = "Redirecting to the feedback board."
    return _BoardRedirect(text, 302, {"Location": url}, mimetype="text/plain")


def _ask_to_log_in() -> ResponseReturnValue:
    answer: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]  # Flask-Login's
    return answer


def _same_url(state: AppState) -> str:
    query = quote(request.query_string, safe=_QUERY_SAFE)
    return f"{endpoint_path(state)}{query and '?'}{query}"


def _refuse_script(reason: str) -> Response:
    refusal = refuse(reason)
    audit.refused(None, reason)
    return Response(f"{refusal.message}\n", refusal.status, mimetype="text/plain")


@blueprint.errorhandler(SignInRefused)
def refused(refusal: SignInRefused) -> ResponseReturnValue:
    """The page that tells a visitor why, and leads to the board without a token."""
    told = {
        "reason": refusal.reason,
        "message": refusal.message,
        "board_url": get_state().board.home.url,
    }
    if _prefers_json():
        return jsonify(told), refusal.status
    page = render_template("feedbackchimp/refused.html", status=refusal.status, **told)
    return page, refusal.status


def _prefers_json() -> bool:
    kinds = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(kinds) == "application/json"


@blueprint.after_app_request
def keep_private(response: Response) -> Response:
    """Keep every answer at the endpoint's path out of caches and ``Referer`` headers.

    For the whole app, because Flask knows of no blueprint where the method is wrong.
    """
    if request.path == get_state().settings.url_prefix:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
    return response
