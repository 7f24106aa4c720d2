"""``FEEDBACKCHIMP_RETURN_URL``: read when the app starts, filled in at each click."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from .board import normalize_param_name, parse_url
from .errors import refusal

#: A placeholder, such as {token}.
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9._~-]{1,64})\}")
_WRITE_WITH_PAGE = "write it like {page}?ssoToken={token}"
_WRITE_WITH_PATH = "write it like /sso?token={token}&redirect={page}"

# RFC 3986 §3.3 and §3.4, without what URL parsers rewrite.
_CHARACTER = r"(?:[A-Za-z0-9._~!$'()*+,;:@-]|%[0-9A-Fa-f]{2})"
_PATH = rf"(?:/(?!\.{{1,2}}(?:/|\Z))(?:{_CHARACTER}|[&=])*)*"
_QUERY_TEXT = rf"(?:{_CHARACTER}|[/?])*"


@dataclass(frozen=True)
class ReturnURL:
    """``FEEDBACKCHIMP_RETURN_URL``, read.

    :param base: a path on the board or an absolute URL, without query; ``{token}`` may
        stand in it for a path segment. ``None`` where the pairs are appended to the
        page's own query.
    :param pairs: each pair of the query, encoded: its text, and the name of the
        placeholder whose value follows; ``None`` where it has none.
    """

    base: str | None
    pairs: tuple[tuple[str, str | None], ...]

    @property
    def param_names(self) -> list[str]:
        """The names of its query parameters, decoded."""
        return [unquote_plus(text.partition("=")[0]) for text, _ in self.pairs]

    @property
    def token_param(self) -> str | None:
        """The token's query parameter, decoded; ``None`` for a path segment."""
        placeholders = [placeholder for _, placeholder in self.pairs]
        if "token" not in placeholders:
            return None
        return self.param_names[placeholders.index("token")]

    @property
    def forwarded_params(self) -> tuple[str, ...]:
        """The incoming parameters whose values go out again."""
        names = (name for _, name in self.pairs if name is not None)
        return tuple(name for name in names if name not in ("page", "token"))

    def with_origin(self, origin: str) -> ReturnURL:
        """The same with an absolute URL, where it is a path on the board."""
        on_board = self.base is not None and self.base.startswith("/")
        return replace(self, base=f"{origin}{self.base}") if on_board else self

    def build_url(
        self, page_url: str, forwarded: Mapping[str, bytes], token: str
    ) -> str:
        """The URL that takes a token to a page.

        :param page_url: encoded.
        :param forwarded: values of incoming parameters, decoded; a pair whose value is
            not there is left out.
        :param token: letters, digits, hyphens, underscores and dots, which need no
            quoting.
        """
        values = {name: quote(value, safe="") for name, value in forwarded.items()}
        values |= {"page": quote(page_url, safe=""), "token": token}
        query = "&".join(
            text if name is None else text + values[name]
            for text, name in self.pairs
            if name is None or name in values
        )
        if self.base is None:
            address, mark, fragment = page_url.partition("#")
            separator = "&" if "?" in address else "?"
            return f"{address}{separator}{query}{mark}{fragment}"
        base = self.base.replace("{token}", token)
        return f"{base}?{query}" if query else base


def forwarded_values(query: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The values of the parameters that the return URL forwards, decoded once.

    :param query: a raw query string.
    :raises SignInRefused: with status 400, if one of them is given twice.
    """
    values: dict[str, bytes] = {}
    for pair in query.split(b"&"):
        key, _, value = pair.replace(b"+", b" ").partition(b"=")
        name = unquote_to_bytes(key).decode(errors="replace")
        if name in values:
            raise refusal("parameter_repeated")
        if name in names:
            values[name] = unquote_to_bytes(value)
    return values


def is_path(text: str) -> bool:
    """Whether a text is a path as URL parsers leave it, or empty."""
    return re.fullmatch(_PATH, text) is not None and not text.startswith("//")


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
        raise ValueError(f"has no {{token}}: {_WRITE_WITH_PAGE}")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"has {{{name}}} twice: use it once; {_WRITE_WITH_PAGE}")
    return_url = ReturnURL(None if base == "{page}" else _read_base(base), pairs)
    _check_param_names(return_url)
    return return_url


def _check_braces(text: str) -> None:
    if "${" in text:
        raise ValueError(
            "has ${…}, as a JavaScript sample writes it: leave the dollar sign out and "
            f"write the placeholder's name; {_WRITE_WITH_PAGE}"
        )
    if "#" in text:
        raise ValueError(
            f"must not have a fragment (#): leave it out; {_WRITE_WITH_PAGE}"
        )
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise ValueError(
            "has a brace that is not part of a placeholder, such as {token}, {page} or "
            f"{{companyID}}: {_WRITE_WITH_PATH}"
        )


def _read_base(base: str) -> str:
    if base.startswith("{page}"):
        raise ValueError(f"must go on with a query after {{page}}: {_WRITE_WITH_PAGE}")
    origin, path = ("", base) if base.startswith("/") else _split_origin(base)
    plain = "/".join("x" if part == "{token}" else part for part in path.split("/"))
    if "{" in origin + plain:
        raise ValueError(
            "has a placeholder in a place where none can stand: {token} may be one "
            "whole segment of the path, as in /sso/{token}, and every placeholder one "
            f"whole value of the query; {_WRITE_WITH_PATH}"
        )
    if not is_path(plain):
        raise ValueError(
            "has a path that does not belong in a URL: start it with one slash, leave "
            f"out “.” and “..”, and percent-encode other characters; {_WRITE_WITH_PATH}"
        )
    return (_read_origin(origin) if origin else "") + path


def _split_origin(base: str) -> tuple[str, str]:
    match = re.match("(?ai)https?://[^/]*", base)
    if match is None:
        raise ValueError(
            "must begin with {page}, with / or with https://: for a page, "
            f"{_WRITE_WITH_PAGE}; for an endpoint on the board, {_WRITE_WITH_PATH}"
        )
    return match[0], base[match.end() :] or "/"


def _read_origin(text: str) -> str:
    try:
        return parse_url(text)[0]
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
            f"token={{token}}: {_WRITE_WITH_PATH}"
        )
    if not name or not re.fullmatch(_QUERY_TEXT, name):
        raise ValueError(
            "has a pair whose name is missing or has characters that do not belong in "
            f"a URL: percent-encode them; {_WRITE_WITH_PATH}"
        )
    if match is not None:
        return f"{name}=", match[1]
    if "=" in value or not re.fullmatch(_QUERY_TEXT, value):
        raise ValueError(
            "has a value with characters that do not belong in a URL: percent-encode "
            f"them; {_WRITE_WITH_PATH}"
        )
    # Some servers split at ";", too.
    return f"{name}{equals}{value}".replace(";", "%3B"), None


def _check_param_names(return_url: ReturnURL) -> None:
    normalized = list(map(normalize_param_name, return_url.param_names))
    if not all(normalized):
        raise ValueError(
            "has a parameter that servers may read without a name: begin it with a "
            f"letter; {_WRITE_WITH_PAGE}"
        )
    if len(set(normalized)) < len(normalized):
        raise ValueError(
            "has two parameters of one name, of which a board reads only one: give "
            f"each its own name; {_WRITE_WITH_PATH}"
        )
