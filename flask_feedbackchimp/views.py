"""The redirect endpoint: what is asked, in which order, and how it is answered.

Only a navigation gets a token. Whatever else comes is led to one: by the continue
page, and by a cookie that remembers the page while a visitor logs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, unquote_to_bytes

from flask import (
    Blueprint,
    Response,
    after_this_request,
    current_app,
    has_request_context,
    jsonify,
    make_response,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from . import audit
from .board import PATH_SAFE, URL_SAFE, Board
from .errors import SignInRefused, TokenError, refusal
from .identity import signed_in_user
from .return_url import forwarded_values
from .settings import AppState, get_state, is_parameter
from .templating import BLUEPRINT, endpoint_path, mount_path

blueprint: Blueprint = Blueprint(BLUEPRINT, __name__, template_folder="templates")

# Requests that nobody clicked for: https://www.w3.org/TR/fetch-metadata/ and the
# headers that browsers and libraries sent before it.
_PREFETCH_HEADERS = ("Sec-Purpose", "X-Sec-Purpose", "Purpose", "X-Moz")
_PREVIEW_HEADERS = ("Purpose", "X-Purpose")
_BOARD_PATH = "/board/"  # the only path known of the vendor's boards

#: Holds the endpoint's path and query, quoted, while a visitor logs in.
LOGIN_COOKIE = "feedbackchimp_login"
_LOGIN_COOKIE_MAX_AGE = 600  # seconds
# Browsers keep 4,096 bytes with the name; Werkzeug warns at 4,093 with the attributes.
_LOGIN_COOKIE_MAX_BYTES = 3800


@blueprint.get("")
def redirect() -> ResponseReturnValue:
    """Send the visitor to the board, signed in; or say why not.

    The order of the questions is part of the contract.
    """
    # HEAD, which Flask lets in with GET, and methods that only look like GET.
    if request.environ["REQUEST_METHOD"] != "GET":
        raise MethodNotAllowed(["GET", "OPTIONS"])
    state = get_state()
    with audit.attempt() as attempt:
        if _is_prefetch():
            raise refusal("prefetch")
        if not _is_navigation():
            if _prefers_json():
                raise refusal("not_a_navigation")
            return _continue_page()
        page, forwarded = _requested_page(state, attempt)
        if not state.settings.enabled:
            return _found(page)
        user = signed_in_user()
        if user is None:
            return _send_to_login(attempt)
        if _remembered_url() is not None:
            return _forget_page(_continue_page())
        from .tokens import issue_url  # imports jwt

        return _found(issue_url(state, user, page, forwarded, attempt))


def _is_prefetch() -> bool:
    headers = request.headers
    return any(
        "prefetch" in headers.get(name, "").lower() for name in _PREFETCH_HEADERS
    ) or any("preview" in headers.get(name, "").lower() for name in _PREVIEW_HEADERS)


def _is_navigation() -> bool:
    """Whether the browser shows the answer, rather than a script that asked for it."""
    if request.headers.get("HX-Request") == "true":
        return False
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _prefers_json() -> bool:
    kinds = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(kinds) == "application/json"


def _requested_page(
    state: AppState, attempt: audit.Attempt
) -> tuple[str, Mapping[str, bytes]]:
    """The page of the board that the request names, and the values to forward.

    :raises SignInRefused: with status 400, or 404 where no board is known.
    """
    settings, args = state.settings, _query_args()
    board = state.require_board()
    pages = args.getlist(settings.redirect_param)
    if not any(page.strip(" ") for page in pages):
        attempt.warn(_other_param_hint(board, settings.redirect_param, args))
    forwarded_params = settings.return_url.forwarded_params
    missing = [name for name in forwarded_params if name not in args]
    if missing:
        attempt.mention(
            f"the request lacks {', '.join(missing)}, which FEEDBACKCHIMP_RETURN_URL "
            "hands on"
        )
    page = board.requested_page(pages)
    return page, forwarded_values(request.query_string, forwarded_params)


def _query_args() -> MultiDict[str, str]:
    try:
        return request.args
    except UnicodeDecodeError:  # raw bytes that are no text, in whichever pair
        query = request.query_string.decode(errors="replace")
        return MultiDict(parse_qsl(query, keep_blank_values=True))


def _other_param_hint(board: Board, param: str, args: MultiDict[str, str]) -> str:
    """What to set, if a page of the board came in under another name."""
    for name, value in args.items():
        is_page = value.startswith(_BOARD_PATH) or board.has_url(value)
        # Campaign parameters name where somebody comes from, not where to go.
        if is_page and is_parameter(name) and not name.lower().startswith("utm_"):
            return (
                f"no page came in as {param!r}, but {name!r} holds a page of the "
                f"board: set FEEDBACKCHIMP_REDIRECT_PARAM to {name!r}"
            )
    return ""


def _found(url: str) -> Response:
    # Werkzeug's redirect() would repeat the URL, and so the token, in the body.
    text = "Redirecting to the feedback board."
    return Response(text, 302, {"Location": url}, mimetype="text/plain")


def _continue_page() -> Response:
    """A page that leads to this same URL by a real navigation.

    A script that fetched cannot follow a redirect to the board, and some browsers stop
    a form's redirects at the app's own policy (``form-action``).
    """
    # Rebuilt, so that no byte of the request is echoed.
    path = quote(request.path.lstrip("/"), safe=PATH_SAFE)
    query = quote(request.query_string, safe=URL_SAFE)
    url = f"{mount_path()}/{path}{query and '?'}{query}"
    response = make_response(render_template("feedbackchimp/continue.html", url=url))
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["HX-Redirect"] = url
    return response


def _send_to_login(attempt: audit.Attempt) -> ResponseReturnValue:
    try:
        _ = request.url  # as Flask-Login reads it
    except ValueError:
        raise refusal("host_unreadable") from None
    attempt.login_required()
    after_this_request(_remember_page)
    answer: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]  # Flask-Login's
    return answer


def _remember_page(response: Response) -> Response:
    """Let the browser remember this request's query while the visitor logs in."""
    url = endpoint_path(get_state()).encode() + b"?" + request.query_string
    value = quote(url, safe="/:=&?")
    if len(value) > _LOGIN_COOKIE_MAX_BYTES:
        return _forget_page(response)  # of a visit before
    response.set_cookie(
        LOGIN_COOKIE,
        value,
        max_age=_LOGIN_COOKIE_MAX_AGE,
        path=f"{mount_path()}/",
        secure=current_app.session_interface.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )
    return response


def _forget_page(response: Response) -> Response:
    response.delete_cookie(LOGIN_COOKIE, path=f"{mount_path()}/")
    return response


def _remembered_url() -> str | None:
    """The endpoint's URL that the cookie holds, without a host.

    The cookie of an app at a mount point above this one is sent along, too. It is none
    of ours, and could not be deleted here.
    """
    url = unquote_to_bytes(request.cookies.get(LOGIN_COOKIE, ""))
    path, _, query = quote(url, safe=URL_SAFE).partition("?")
    if path != endpoint_path(get_state()):
        return None
    return f"{path}{query and '?'}{query}"


def lead_back(_: object, **__: Any) -> None:
    """Let the login that just happened lead back to the endpoint.

    A receiver of Flask-Login's ``user_logged_in``. Many logins ignore ``next``, or lose
    its query.
    """
    url = _remembered_url() if has_request_context() else None
    if url is None:
        return
    by_session = current_app.config.get("USE_SESSION_FOR_NEXT")
    # Looked up now, because logins take it out.
    next_in_session = session.get("next", "") if by_session else ""

    @after_this_request
    def lead_to_remembered_page(response: Response) -> Response:
        is_redirect = response.location and 300 <= response.status_code < 400
        if is_redirect and not _names_another_place(url, next_in_session):
            response.location = url
            response.status_code = 303  # a 307 would send the login form once more
        return response


def _names_another_place(url: str, next_in_session: str) -> bool:
    """Whether the login was asked to lead somewhere else than to this path and query.

    What begins like it and is cut short is the same place: logins lose a query, or all
    of it behind an ``&``.
    """
    places = [next_in_session, *_query_args().getlist("next"), *_form_values("next")]
    origin = f"{request.scheme}://{request.host}"
    wanted = [unquote_plus(place.removeprefix(origin)) for place in places if place]
    whole = unquote_plus(url)
    return any(whole.removeprefix(place)[:1] not in ("", *"?&#") for place in wanted)


def _form_values(name: str) -> list[str]:
    try:
        return request.form.getlist(name)
    except HTTPException:  # over a limit of the app's, or used up by the login
        return []


@blueprint.errorhandler(SignInRefused)
def refused(refusal: SignInRefused) -> ResponseReturnValue:
    """The page that tells a visitor why, with ways on that need no token."""
    # An app may translate or replace the sentence in this template.
    message = render_template(
        "feedbackchimp/message.txt", reason=refusal.reason, message=refusal.message
    ).strip()
    if refusal.reason == "prefetch":
        return Response(f"{message}\n", refusal.status, mimetype="text/plain")
    board = get_state().settings.board
    context = {
        "reason": refusal.reason,
        "message": message,
        "board_url": board and board.home,
    }
    if _prefers_json():
        return jsonify(context), refusal.status
    page = render_template(
        "feedbackchimp/refused.html",
        status=refusal.status,
        app_url=f"{mount_path()}/",
        **context,
    )
    return page, refusal.status


@blueprint.errorhandler(TokenError)
def claims_unusable(_: TokenError) -> ResponseReturnValue:
    """The same page, where the identity's extra claims cannot be signed."""
    return refused(refusal("claims_unusable"))


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep an answer out of caches and ``Referer`` headers."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
