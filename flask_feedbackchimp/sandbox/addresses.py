"""URLs of the stand-in: this page, a page to land on, the way to the app's login."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_plus

from flask import Request

# What Werkzeug leaves as it is in a path and in a query when it sends a Location; in
# what is quoted already, the "%", too.
_PATH_SAFE = "!$&'()*+,/:;=@"
_QUERY_SAFE = _PATH_SAFE + "%?"


def origin_of(request: Request) -> str:
    """The origin that a request came to."""
    return request.host_url.rstrip("/")


def values_of(request: Request, name: str) -> list[str]:
    """Every value of one query parameter, decoded; bytes that are no text replaced."""
    pairs = [pair.decode(errors="replace").partition("=") for pair in _pairs(request)]
    return [unquote_plus(value) for key, _, value in pairs if unquote_plus(key) == name]


def page_of(request: Request, *, without: str) -> str:
    """The absolute URL of the requested page, pairs in order and as they came.

    :param without: the name of the query parameter that is left out.
    """
    # Never a path alone: a browser reads "//host" as another origin.
    path = quote(request.root_path + request.path, safe=_PATH_SAFE)
    pairs = [
        quote(pair, safe=_QUERY_SAFE)
        for pair in _pairs(request)
        if unquote_plus(pair.decode(errors="replace").partition("=")[0]) != without
    ]
    return f"{origin_of(request)}{path}{'?' if pairs else ''}{'&'.join(pairs)}"


def own_page(url: str, *, origin: str) -> str | None:
    """An absolute URL rebuilt on the origin, or ``None`` if it is not on it."""
    on_origin = re.fullmatch(rf"(?ai:{re.escape(origin)})((?:[/?#].*)?)", url)
    # Browsers take a backslash for a slash, and drop tabs and line breaks.
    if on_origin is None or not url.isprintable() or re.search(r"[ \\]", url):
        return None
    target = quote(on_origin[1], safe=_QUERY_SAFE + "#")
    return f"{origin}{'' if target.startswith('/') else '/'}{target}"


def login_url(sso_url: str, *, redirect_param: str, page: str) -> str:
    """The app's SSO URL with the page to come back to as the last parameter."""
    separator = "&" if "?" in sso_url else "?"
    if sso_url.endswith(("?", "&")):
        separator = ""
    return f"{sso_url}{separator}{redirect_param}={quote(page, safe='')}"


def _pairs(request: Request) -> list[bytes]:
    query = request.query_string
    return query.split(b"&") if query else []
