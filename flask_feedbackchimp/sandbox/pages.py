"""The pages of a sandbox: boards and posts, the token check, logging out."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..errors import TokenError
from .arrivals import login_link, values_of, visitor
from .reasons import REASONS
from .state import sandbox_state

#: What there is to read: made up, and plain data.
BOARDS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("posts.json").read_text(encoding="utf-8")
)

blueprint: Blueprint = Blueprint("pages", __name__)

#: Nothing from elsewhere, and nothing to keep.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TIMES = ("iat", "exp", "nbf")
_OWN_SITES = ("same-origin", "none")


def register(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _show_error)
    app.after_request(_complete)
    app.context_processor(_shared)
    app.add_template_filter(claim_text)


def claim_text(value: Any, name: str) -> str:
    """A claim for people to read; a time in seconds also as a date in UTC."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode(errors="replace").decode()  # JSON can hold lone surrogates
    if name not in _TIMES:
        return text
    try:
        moment = datetime.fromtimestamp(value, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):  # beyond the year 9999
        return text
    return f"{text} ({moment:%Y-%m-%d %H:%M:%S} UTC)"


@blueprint.get("/")
def home() -> str:
    """The boards, and the most wanted post of each."""
    tops = [(board, max(board["posts"], key=_votes)) for board in BOARDS]
    tops.sort(key=lambda top: _votes(top[1]), reverse=True)
    return render_template("home.html", wanted=tops)


@blueprint.get("/board/<board_slug>")
def board(board_slug: str) -> str:
    """The posts of a board, ``?sort=new`` or by votes."""
    order = "date" if values_of("sort") == ["new"] else "votes"
    return render_template("board.html", board=_find(BOARDS, board_slug), order=order)


@blueprint.get("/board/<board_slug>/<post_slug>")
def post(board_slug: str, post_slug: str) -> str:
    """A post and what people said about it."""
    board = _find(BOARDS, board_slug)
    post = _find(board["posts"], post_slug)
    return render_template("post.html", board=board, post=post)


@blueprint.route("/validate", methods=["GET", "POST"])
def validate() -> str:
    """What the board would say of a token; the token is not used up."""
    if request.method == "GET":
        return render_template("validate.html")
    try:
        claims = sandbox_state().check(request.form.get("token", "").strip())
    except TokenError as error:
        _, remedy = REASONS[error.reason]
        return render_template("validate.html", error=error, remedy=remedy)
    return render_template("validate.html", claims=claims)


@blueprint.post("/logout")
def log_out() -> Response:
    """End the visitor's session here; the app's goes on."""
    # Another port of this machine is the same site, so SameSite does not stop it.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_SITES:
        abort(403)
    session.clear()
    return redirect(url_for("pages.logged_out"), 303)


@blueprint.get("/logged-out")
def logged_out() -> str:
    """Where logging out leads; a private board would log in again at once."""
    return render_template("logged_out.html")


def _find(entries: list[dict[str, Any]], slug: str) -> dict[str, Any]:
    """The board or post of a slug; an unknown one is a 404."""
    for entry in entries:
        if entry["slug"] == slug:
            return entry
    abort(404)


def _votes(post: dict[str, Any]) -> int:
    votes: int = post["votes"]
    return votes


def _shared() -> dict[str, Any]:
    return {
        "boards": BOARDS,
        "visitor": visitor(),
        "login_url": login_link(),
        "private": sandbox_state().private,
    }


def _complete(response: Response) -> Response:
    allowed = response.headers.get("Allow")
    if request.method == "OPTIONS" and allowed:
        # Flask's answer has no body, which some servers do not take.
        response.data = f"This page answers {allowed}.\n"
        response.mimetype = "text/plain"
    response.headers.update(_HEADERS)
    return response


def _show_error(error: HTTPException) -> ResponseReturnValue:
    response = error.get_response()  # its headers say which methods are allowed
    response.data = render_template("error.html", error=error)
    return response
