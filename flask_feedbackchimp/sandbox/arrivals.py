"""The return leg: visitors who bring a token, and those who are sent to get one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlencode, urlsplit

from flask import Flask, abort, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from ..board import PATH_SAFE, URL_SAFE, normalize_param_name
from ..errors import TokenError
from ..return_url import ReturnURL
from .reasons import REASONS
from .state import MAX_URL_BYTES, SandboxState, sandbox_state

_SESSION_KEY = "jti"
# These are not board pages: nobody is signed in there, or sent away from there.
_TOOLS = frozenset({"pages.validate", "pages.logged_out", "static"})


def register(app: Flask) -> None:
    """Receive visitors on every page of an app, known or not."""
    app.before_request(_receive)
    app.register_error_handler(TokenError, _show_refusal)


def visitor() -> Mapping[str, Any] | None:
    """The claims that the visitor was signed in with, or ``None``."""
    return sandbox_state().visitor(session.get(_SESSION_KEY, ""))


def login_link() -> str:
    """The URL of *Log in*: to the app, and then back to this page, or else home."""
    return login_url(sandbox_state(), g.target)


def login_url(state: SandboxState, target: str) -> str:
    """The app's SSO URL, with the page to come back to as the last parameter.

    :param target: path, query and fragment of the page.
    """
    url = state.sso_url
    values = {**state.issue(target), state.redirect_param: _origin(state) + target}
    separator = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return f"{url}{separator}{urlencode(values, quote_via=quote, safe='')}"


def _receive() -> Response | None:
    state = sandbox_state()
    g.target = "/"  # where "Log in" leads back to
    if len(request.path) + len(request.query_string) > MAX_URL_BYTES:
        abort(414)
    if request.method != "GET":
        return None
    tokens = _tokens(state.return_url)
    is_page = request.endpoint not in _TOOLS
    is_fixed_path = tokens is not None and state.return_url.base is not None
    if is_page and not is_fixed_path:
        g.target = _requested_target(state.return_url if tokens else None)
    if tokens:
        return _sign_in(state, tokens)
    if is_fixed_path and request.endpoint is None:  # it may be a page's path, too
        raise TokenError("No token was sent along.", reason="token_missing")
    if state.private and is_page and visitor() is None:
        return redirect(login_link(), 302)
    return None


def _tokens(return_url: ReturnURL) -> list[str] | None:
    """Every token of a request, or ``None`` where none is looked for.

    On a page of the board a token is optional; at a fixed path it is required.
    """
    name = return_url.token_param
    if return_url.base is None:
        found = [] if request.endpoint in _TOOLS else values_of(name or "")
        return found or None
    in_path = _token_in_path(return_url.base)
    if in_path is None:
        return None
    return [in_path] if name is None else values_of(name)


def _token_in_path(base: str) -> str | None:
    """The token of a path, "" where the base has none, ``None`` for another path."""
    before, mark, after = map(unquote, urlsplit(base).path.partition("{token}"))
    path = request.path
    if not mark:
        return "" if path == before else None
    token = path.removeprefix(before).removesuffix(after)
    is_match = token and "/" not in token and path == f"{before}{token}{after}"
    return token if is_match else None


def _sign_in(state: SandboxState, tokens: list[str]) -> Response:
    if len(tokens) > 1:
        raise TokenError("More than one token was sent.", reason="token_repeated")
    page = _page_to_land_on(state)
    g.arrival = state.admit(tokens[0], page)
    session[_SESSION_KEY] = g.arrival.claims["jti"]
    return redirect(page, 303)


def _page_to_land_on(state: SandboxState) -> str:
    """The absolute URL of the page, which the return URL names in one way or another.

    :raises TokenError: it is not named as it must be.
    """
    issued_target = _check_forwarded(state)
    return_url, origin = state.return_url, _origin(state)
    if return_url.base is None:
        return f"{origin}{g.target}"
    parameters = [text for text, name in return_url.pairs if name == "page"]
    if not parameters:
        return f"{origin}{issued_target}"
    pages = values_of(unquote_plus(parameters[0][:-1]))
    if len(pages) > 1:
        raise TokenError("More than one page was named.", reason="page_repeated")
    page = _page_on(origin, "".join(pages) or origin)
    if page is None:
        raise TokenError(
            f"The page to land on is not on this board, {origin}.",
            reason="page_foreign",
        )
    return page


def _check_forwarded(state: SandboxState) -> str:
    """Check that every value that went to the app came back.

    :return: the page that the last of them was issued for, or else home.
    :raises TokenError: a value did not come back.
    """
    return_url, target = state.return_url, "/"
    for text, name in return_url.pairs:
        if name is None or name not in return_url.forwarded_params:
            continue
        parameter = unquote_plus(text[:-1])
        values = values_of(parameter)
        if return_url.base is None:
            values = values[-1:]  # the page itself may have one of that name
        issued_target = state.issued_for(name, "".join(values))
        if len(values) != 1 or issued_target is None:
            raise TokenError(
                f"The value that went to the app as “{name}” did not come back as "
                f"“{parameter}”.",
                reason="value_missing",
            )
        target = issued_target
    return target


def _show_refusal(error: TokenError) -> ResponseReturnValue:
    g.arrival = sandbox_state().refuse(error.reason)
    status, remedy = REASONS[error.reason]
    return render_template("refused.html", error=error, remedy=remedy), status


def _origin(state: SandboxState) -> str:
    return state.origin or request.host_url.rstrip("/")


def values_of(name: str) -> list[str]:
    """Every value of one query parameter, decoded; bytes that are not text replaced."""
    return [
        unquote_plus(pair.partition("=")[2])
        for pair in _pairs()
        if _is_named(pair, name)
    ]


def _pairs() -> list[str]:
    # request.args fails on bytes that are not UTF-8.
    return quote(request.query_string, safe=URL_SAFE).split("&")


def _is_named(pair: str, name: str) -> bool:
    """Whether some server may read a pair's name as this one."""
    key = unquote_plus(pair.partition("=")[0])
    return normalize_param_name(key) == normalize_param_name(name)


def _requested_target(return_url: ReturnURL | None) -> str:
    """Path and query of the requested page, as they came.

    :param return_url: leave out the pairs that it appended to the page, and tokens.
    """
    pairs = _pairs() if return_url is None else _without_appended(_pairs(), return_url)
    path = quote(request.root_path + request.path, safe=PATH_SAFE)
    query = "&".join(pairs)
    return f"{path}?{query}" if query else path


def _without_appended(pairs: list[str], return_url: ReturnURL) -> list[str]:
    for text, name in reversed(return_url.pairs):
        last = pairs[-1] if pairs else ""
        if last == text or (name is not None and last.startswith(text)):
            pairs = pairs[:-1]
    token_param = return_url.token_param or ""
    return [pair for pair in pairs if not _is_named(pair, token_param)]


def _page_on(origin: str, url: str) -> str | None:
    """An absolute URL rebuilt on an origin, or ``None`` if it is not on it."""
    match = re.fullmatch(rf"(?ai:{re.escape(origin)})((?:[/?#].*)?)", url)
    # Browsers take a backslash for a slash, and drop tabs and line breaks.
    if match is None or not url.isprintable() or re.search(r"[ \\]", url):
        return None
    target = match[1] if match[1].startswith("/") else f"/{match[1]}"
    return f"{origin}{quote(target, safe=URL_SAFE + '#')}"
