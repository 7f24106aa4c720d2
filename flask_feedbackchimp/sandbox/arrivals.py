"""People who come: those with a token, those sent to log in, and strangers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from flask import Flask, Response, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from ..board import PATH_SAFE, URL_SAFE, normalize_param_name as as_servers_read
from ..return_url import ReturnURL
from ..board import LOOPBACK_HOSTS as LOOPBACK
from .gate import Gate, get_gate
from .reasons import ArrivalRefused

_SESSION_KEY = "sign_in"
# These are not board pages: nobody is signed in there, or sent away from there.
_TOOLS = frozenset({"pages.validate", "pages.logged_out", "static"})


def register(app: Flask) -> None:
    """Receive people on every page of an app, known or not."""
    app.before_request(_refuse_strangers)
    app.before_request(_receive)
    app.register_error_handler(ArrivalRefused, _show_refusal)


def visitor() -> Mapping[str, Any] | None:
    """The claims that the visitor was signed in with, or ``None``."""
    return get_gate().visitor(session.get(_SESSION_KEY, ""))


def login_link() -> str:
    """The URL of *Log in*: to the app, and then back to this page, or else home."""
    gate, page = get_gate(), f"{_origin()}/"
    if request.method == "GET" and request.endpoint not in _TOOLS:
        tokens, return_url = _tokens(gate), gate.return_url
        if tokens is None:
            page = _this_page(_pairs())
        elif return_url.base is None:  # refused here
            page = _this_page(_without_appended(_pairs(), return_url))
    return login_url(gate, page=page)


def login_url(gate: Gate, *, page: str, sso_url: str | None = None) -> str:
    """The app's SSO URL, with the page to come back to as the last parameter.

    :param sso_url: instead of the configured one.
    """
    url = sso_url or gate.sso_url
    pairs = {**gate.issue(page), gate.redirect_param: page}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
    separator = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return f"{url}{separator}{query}"


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped  # "::ffff:127.0.0.1", from a socket that takes both
    return ip.is_loopback


def _refuse_strangers() -> Response | None:
    # A Unix socket names no address.
    address = request.remote_addr
    is_own = not address or is_loopback(address)
    # A server names itself, a test client does not. A page on another host name could
    # have that name lead here, and read what this board tells its visitors.
    if "SERVER_SOFTWARE" in request.environ:
        is_own = is_own and _is_own_name(request.environ.get("HTTP_HOST", ""))
    if is_own:
        return None
    names = ", ".join(LOOPBACK)
    text = f"This stand-in board answers only its own machine, as one of {names}.\n"
    return Response(text, 403, mimetype="text/plain")


def _is_own_name(host: str) -> bool:
    match = re.fullmatch(r"(.+?)(?::([0-9]{1,5}))?", host)
    if match is None or int(match[2] or 0) > 65535:
        return False
    return match[1].lower() in LOOPBACK


def _receive() -> AnyResponse | None:
    gate = get_gate()
    tokens = _tokens(gate)
    if tokens:
        return _sign_in(gate, tokens)
    if request.method != "GET" or request.endpoint in _TOOLS:
        return None
    if tokens is not None and request.endpoint is None:
        # At the return URL's path, unless that is a page of the board, too.
        raise ArrivalRefused("No token was sent along.", reason="token_missing")
    if gate.private and visitor() is None:
        return redirect(login_link())
    return None


def _tokens(gate: Gate) -> list[str] | None:
    """Every token of a request, or ``None`` where none is looked for.

    On a page of the board a token is welcome; at a fixed path it is missed.
    """
    name = gate.return_url.token_param
    if gate.return_url.base is None:
        if request.method != "GET" or request.endpoint in _TOOLS:
            return None
        return values_of(name or "") or None
    in_path = _token_in_path(gate.return_url.base, request.path)
    if in_path is None:
        return None
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    return [in_path] if name is None else values_of(name)


def _sign_in(gate: Gate, tokens: list[str]) -> AnyResponse:
    if len(tokens) > 1:
        raise ArrivalRefused("More than one token was sent.", reason="token_repeated")
    page = _page_to_land_on(gate, _check_handed_on(gate))
    g.arrival = gate.admit(tokens[0], page)
    session[_SESSION_KEY] = g.arrival.key
    return redirect(page, 303)


def _page_to_land_on(gate: Gate, remembered: str | None) -> str:
    """The absolute URL of the page, which the return URL names in one way or another.

    :param remembered: the page that a handed-on value was issued for.
    """
    return_url, home = gate.return_url, f"{_origin()}/"
    if return_url.base is None:
        return _this_page(_without_appended(_pairs(), return_url))
    parameter = next((text for text, name in return_url.pairs if name == "page"), None)
    if parameter is None:
        # Under the name that the visitor came back by, whose cookie it will be.
        return _origin() + _target(remembered) if remembered else home
    pages = values_of(unquote_plus(parameter[:-1]))
    if len(pages) > 1:
        raise ArrivalRefused("More than one page was named.", reason="page_repeated")
    page = _own_page(pages[0]) if any(pages) else home
    if page is None:
        raise ArrivalRefused(
            f"The page to land on is not on this board, {_origin()}.",
            reason="page_foreign",
        )
    return page


def _check_handed_on(gate: Gate) -> str | None:
    """Look that every value that went to the app came back.

    :return: the page that the last of them was issued for.
    """
    page = None
    for text, name in gate.return_url.pairs:
        if name is None or name not in gate.return_url.forwarded_params:
            continue
        parameter = unquote_plus(text[:-1])
        values = values_of(parameter)
        if gate.return_url.base is None:
            values = values[-1:]  # the page itself may have one of that name
        issued = gate.issued(values[0]) if len(values) == 1 else None
        if issued is None or issued.name != name:
            raise ArrivalRefused(
                f"The value that went to the app as “{name}” did not come back as "
                f"“{parameter}”.",
                reason="value_missing",
            )
        page = issued.page
    return page


def _show_refusal(refusal: ArrivalRefused) -> ResponseReturnValue:
    g.arrival = get_gate().refuse(refusal.reason)
    return render_template("refused.html", refusal=refusal), refusal.status


def _token_in_path(base: str, path: str) -> str | None:
    """The token of a path, "" where the base has none, ``None`` for another path."""
    before, mark, after = map(unquote, urlsplit(base).path.partition("{token}"))
    if not mark:
        return "" if path == before else None
    match = re.fullmatch(rf"{re.escape(before)}([^/]+){re.escape(after)}", path)
    return None if match is None else match[1]


def _origin() -> str:
    return request.host_url.rstrip("/")


def _pairs() -> list[bytes]:
    query = request.query_string
    return query.split(b"&") if query else []


def values_of(name: str) -> list[str]:
    """Every value of one query parameter, decoded; bytes that are not text replaced."""
    return [
        unquote_plus(pair.decode(errors="replace").partition("=")[2])
        for pair in _pairs()
        if _is_named(pair, name)
    ]


def _is_named(pair: bytes, name: str) -> bool:
    key = unquote_plus(pair.decode(errors="replace").partition("=")[0])
    return as_servers_read(key) == as_servers_read(name)


def _without_appended(pairs: list[bytes], return_url: ReturnURL) -> list[bytes]:
    """The pairs of the page itself: those of the return URL stand behind them."""
    pairs = pairs[:]
    for text, name in reversed(return_url.pairs):
        last = pairs[-1].decode(errors="replace") if pairs else ""
        if last == text or (name is not None and last.startswith(text)):
            pairs.pop()
    token_name = return_url.token_param
    return [pair for pair in pairs if not token_name or not _is_named(pair, token_name)]


def _this_page(pairs: list[bytes]) -> str:
    """The absolute URL of the requested page, with these pairs as they came."""
    # Never only a path: a browser reads "//host" as another origin.
    path = quote(request.root_path + request.path, safe=PATH_SAFE)
    query = "&".join(quote(pair, safe=URL_SAFE) for pair in pairs)
    return f"{_origin()}{path}{'?' if query else ''}{query}"


def _target(url: str) -> str:
    """Path and query of an absolute URL."""
    parts = urlsplit(url)
    return url.removeprefix(f"{parts.scheme}://{parts.netloc}")


def _own_page(url: str) -> str | None:
    """An absolute URL rebuilt on this origin, or ``None`` if it is not on it."""
    origin = _origin()
    on_origin = re.fullmatch(rf"(?ai:{re.escape(origin)})((?:[/?#].*)?)", url)
    # Browsers take a backslash for a slash, and drop tabs and line breaks.
    if on_origin is None or not url.isprintable() or re.search(r"[ \\]", url):
        return None
    target = quote(on_origin[1], safe=URL_SAFE + "#")
    return f"{origin}{'' if target.startswith('/') else '/'}{target}"
