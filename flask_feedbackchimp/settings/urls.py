"""Reading the URLs of a configuration.

Hosts are DNS names, or one of this machine's three names. Nothing else is needed, and
what is configured, what is compared and what a browser reads are then the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..destination import DEFAULT_PORTS

#: The names of this machine, for which plain http will do.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_URL = r"(?ais)(https?)://([^/?#]*)(.*)"
_AUTHORITY = r"(?ai)(\[::1\]|[^:@\[\]]+)(?::([0-9]{1,5}))?"
_LABEL = r"(?ai)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# RFC 3986 §3.3 and §3.4, without what URL parsers rewrite.
_CHARACTER = r"(?:[A-Za-z0-9._~!$'()*+,;:@-]|%[0-9A-Fa-f]{2})"
_PATH = rf"(?:/(?!\.{{1,2}}(?:/|\Z))(?:{_CHARACTER}|[&=])*)*"
_QUERY_TEXT = rf"(?:{_CHARACTER}|[/?])*"


class ConfiguredURL(NamedTuple):
    """A configured URL in its parts: origin, path and query (without ``?``)."""

    origin: str
    path: str
    query: str


def is_dns_label(text: str) -> bool:
    """Whether a text is one DNS label, in ASCII (RFC 1123 §2.1)."""
    return re.fullmatch(_LABEL, text) is not None


def is_path(text: str) -> bool:
    """Whether a text is a path as URL parsers leave it, or empty."""
    return re.fullmatch(_PATH, text) is not None and not text.startswith("//")


def is_query_text(text: str) -> bool:
    """Whether a text can be the name or the value of a query pair, encoded."""
    return re.fullmatch(_QUERY_TEXT, text) is not None


def parse_url(text: str) -> ConfiguredURL:
    """Read an https URL, or an http URL of this machine.

    :param text: scheme, host, optional port, optional path, optional query.
    :raises ValueError: what is wrong with it, without repeating it.
    """
    match = re.fullmatch(_URL, text)
    if match is None:
        raise ValueError("must start with https://, or with http:// on this machine")
    scheme, authority, target = match.groups()
    scheme = scheme.lower()
    if "@" in authority:
        raise ValueError("must not carry a user name or password")
    host, port = _parse_authority(authority, scheme)
    if scheme == "http" and host not in LOOPBACK:
        raise ValueError("must start with https:// (http is only for this machine)")
    if "#" in target:
        raise ValueError("must not have a fragment (#)")
    path, _, query = target.partition("?")
    if not is_path(path) or not all(map(is_query_text, re.split("[&=]", query))):
        raise ValueError("has characters that do not belong in a URL")
    return ConfiguredURL(f"{scheme}://{host}{port}", path or "/", query)


def _parse_authority(authority: str, scheme: str) -> tuple[str, str]:
    match = re.fullmatch(_AUTHORITY, authority)
    if match is None:
        raise ValueError("has no host name that can be read")
    host, port = match[1].lower(), match[2]
    if host not in LOOPBACK and not _is_host_name(match[1]):
        raise ValueError(
            "has a host name that is not plain DNS (letters, digits, hyphens and "
            "dots; write international names in their xn-- form)"
        )
    if port is None or int(port) == DEFAULT_PORTS[scheme]:
        return host, ""
    if not 1 <= int(port) <= 65535:
        raise ValueError("has a port outside 1-65535")
    return host, f":{int(port)}"


def _is_host_name(host: str) -> bool:
    labels = host.split(".")
    # WHATWG URL §3.5: a host whose last label is a number is read as an IPv4 address,
    # in any of its spellings ("127.1", "0x7f.1").
    numeric = re.fullmatch(r"(?ai)[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
    return len(host) <= 253 and all(map(is_dns_label, labels)) and not numeric
