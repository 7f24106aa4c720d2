"""``FEEDBACKCHIMP_RETURN_URL``: read when the app starts, filled in at each click."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_plus

from ..destination import as_servers_read
from .urls import is_path, is_query_text, parse_url

#: What stands for one whole value.
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9._~-]{1,64})\}")
_APPENDED = "write it like {page}?ssoToken={token}"
_ENDPOINT = "write it like /sso?token={token}&redirect={page}"

# Stands for the token until nothing can fail any more; no encoded text has it.
_TOKEN_MARK = "\0"  # noqa: S105  a mark, not a secret


class ReturnURL:
    """``FEEDBACKCHIMP_RETURN_URL``, read: what stands around the token.

    :param base: a path on the board or an absolute URL, without query; ``{token}`` may
        stand in it for a path segment. ``None`` where the pairs are appended to the
        page's own query.
    :param pairs: each pair of the query, encoded: its text, and the name of the
        placeholder whose value follows; ``None`` where the text is all.
    """

    __slots__ = ("base", "handed_on", "pairs", "token_name")

    def __init__(
        self, base: str | None, pairs: Iterable[tuple[str, str | None]]
    ) -> None:
        self.base: str | None = base
        self.pairs: tuple[tuple[str, str | None], ...] = tuple(pairs)
        own = (None, "page", "token")
        #: The incoming parameters whose values go out again.
        self.handed_on: tuple[str, ...] = tuple(
            name for _, name in self.pairs if name not in own
        )
        names = (text[:-1] for text, name in self.pairs if name == "token")
        #: The token's parameter, decoded; ``None`` for a path segment.
        self.token_name: str | None = next(map(unquote_plus, names), None)

    def on(self, origin: str) -> ReturnURL:
        """The same with an absolute URL, where it is a path on the board."""
        on_board = self.base is not None and self.base.startswith("/")
        return ReturnURL(f"{origin}{self.base}", self.pairs) if on_board else self

    def around(self, page: str, handed_on: Mapping[str, bytes]) -> tuple[str, str]:
        """What stands before and after the token in the URL that takes it to a page.

        :param page: its URL.
        :param handed_on: values of incoming parameters, decoded; a pair whose value is
            not there is left out.
        """
        values = {name: quote(value, safe="") for name, value in handed_on.items()}
        values["token"] = _TOKEN_MARK
        if self.base is not None:
            values["page"] = quote(page, safe="")
        query = "&".join(
            text if name is None else text + values[name]
            for text, name in self.pairs
            if name is None or name in values
        )
        if self.base is None:
            address, mark, fragment = page.partition("#")
            separator = "&" if "?" in address else "?"
            url = f"{address}{separator}{query}{mark}{fragment}"
        else:
            base = self.base.replace("{token}", _TOKEN_MARK)
            url = f"{base}?{query}" if query else base
        before, _, after = url.partition(_TOKEN_MARK)
        return before, after


def parse_return_url(text: str) -> ReturnURL:
    """Read a template such as ``{page}?ssoToken={token}``.

    :return: the record; its ``base`` begins with ``/`` where the template does.
    :raises ValueError: what is wrong with it, and a form that works.
    """
    _check_braces(text)
    base, _, query = text.partition("?")
    pairs = [_read_pair(pair) for pair in query.split("&") if pair]
    names = _PLACEHOLDER.findall(text)
    if "token" not in names:
        raise ValueError(f"has no {{token}}: {_APPENDED}")
    for name in names:
        if names.count(name) > 1:
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
    clash = len(set(names)) < len(names)
    if return_url.token_name is not None:
        token_name = as_servers_read(return_url.token_name)
        if not token_name:
            raise ValueError(
                "has a parameter for the token that servers may read without a name: "
                f"begin it with a letter; {_APPENDED}"
            )
        clash |= list(map(as_servers_read, names)).count(token_name) > 1
    if clash:
        raise ValueError(
            "has two parameters of one name, of which a board reads only one: give "
            f"each its own name; {_ENDPOINT}"
        )
