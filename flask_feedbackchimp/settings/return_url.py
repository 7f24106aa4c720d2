"""Reading ``FEEDBACKCHIMP_RETURN_URL``: from the vendor's example to a record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote_plus

from ..destination import ReturnURL, as_servers_read
from .urls import is_path, is_query_text, parse_url

#: What stands for one whole value.
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9._~-]{1,64})\}")
_APPENDED = "write it like {page}?ssoToken={token}"
_ENDPOINT = "write it like /sso?token={token}&redirect={page}"


def parse_return_url(text: str) -> ReturnURL:
    """Read a template such as ``{page}?ssoToken={token}``.

    :return: the record; its ``base`` begins with ``/`` where the template does.
    :raises ValueError: what is wrong with it, and a form that works.
    """
    _check_braces(text)
    base, _, query = text.partition("?")
    pairs = tuple(_read_pair(pair) for pair in query.split("&") if pair)
    names = _PLACEHOLDER.findall(text)
    if "token" not in names:
        raise ValueError(f"has no {{token}}: {_APPENDED}")
    if (name := _repeated(names)) is not None:
        raise ValueError(f"has {{{name}}} twice: use it once; {_APPENDED}")
    return_url = ReturnURL(None if base == "{page}" else _read_base(base), pairs)
    _check_names(return_url)
    return return_url


def _check_braces(text: str) -> None:
    if "${" in text:
        raise ValueError(
            "has ${…}, as a JavaScript sample writes it: leave the dollar sign out and "
            f"write the placeholder's name; {_APPENDED}"
        )
    if "#" in text:
        raise ValueError(f"must not have a fragment (#): leave it out; {_APPENDED}")
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise ValueError(
            "has a brace that is not part of a placeholder, such as {token}, {page} or "
            f"{{companyID}}: {_ENDPOINT}"
        )


def _read_base(base: str) -> str:
    if base.startswith("{page}"):
        raise ValueError(f"must go on with a query after {{page}}: {_APPENDED}")
    origin, path = ("", base) if base.startswith("/") else _split_origin(base)
    plain = "/".join("x" if part == "{token}" else part for part in path.split("/"))
    if "{" in origin + plain:
        raise ValueError(
            "has a placeholder in a place where none can stand: {token} may be one "
            "whole segment of the path, as in /sso/{token}, and every placeholder one "
            f"whole value of the query; {_ENDPOINT}"
        )
    if not is_path(plain):
        raise ValueError(
            "has a path that does not belong in a URL: start it with one slash, leave "
            f"out “.” and “..”, and percent-encode other characters; {_ENDPOINT}"
        )
    return (_read_origin(origin) if origin else "") + path


def _split_origin(base: str) -> tuple[str, str]:
    match = re.match("(?ai)https?://[^/]*", base)
    if match is None:
        raise ValueError(
            "must begin with {page}, with / or with https://: for a page, "
            f"{_APPENDED}; for an endpoint on the board, {_ENDPOINT}"
        )
    return match[0], base[match.end() :] or "/"


def _read_origin(text: str) -> str:
    try:
        return parse_url(text).origin
    except ValueError as error:
        raise ValueError(
            f"{error}: write it like https://login.example.com/sso?token={{token}}"
        ) from None


def _read_pair(pair: str) -> tuple[str, str | None]:
    name, equals, value = pair.partition("=")
    match = _PLACEHOLDER.fullmatch(value)
    if "{" in name or ("{" in value and match is None):
        raise ValueError(
            "has a placeholder that is not one whole value of the query, as in "
            f"token={{token}}: {_ENDPOINT}"
        )
    if not name or not is_query_text(name):
        raise ValueError(
            "has a pair whose name is missing or has characters that do not belong in "
            f"a URL: percent-encode them; {_ENDPOINT}"
        )
    if match is not None:
        return f"{name}=", match[1]
    if "=" in value or not is_query_text(value):
        raise ValueError(
            "has a value with characters that do not belong in a URL: percent-encode "
            f"them; {_ENDPOINT}"
        )
    # Some servers split at ";", too.
    return f"{name}{equals}{value}".replace(";", "%3B"), None


def _check_names(return_url: ReturnURL) -> None:
    names = [unquote_plus(text.partition("=")[0]) for text, _ in return_url.pairs]
    name = _repeated(names)
    if name is None and return_url.token_name is not None:
        token_name = as_servers_read(return_url.token_name)
        if [as_servers_read(name) for name in names].count(token_name) > 1:
            name = return_url.token_name
    if name is not None:
        raise ValueError(
            "has two parameters of one name, of which a board reads only one: give "
            f"each its own name; {_ENDPOINT}"
        )


def _repeated(names: Iterable[str]) -> str | None:
    counts = Counter(names)
    return next((name for name, count in counts.items() if count > 1), None)
