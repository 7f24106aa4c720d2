"""Reading the URLs of a configuration; knows nothing of requests or settings.

Only the canonical spelling of a host passes, so that what is configured, what is
compared and what a browser's URL parser makes of it are one and the same.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

# Compiled when a configuration is read, and not when the package is imported.
_URL = r"(?ais)(https?)://([^/?#]*)(.*)"
_AUTHORITY = r"(?ai)(\[[0-9a-f:.]+\]|[^:@\[\]]+)(?::([0-9]{1,5}))?"
_LABEL = r"(?ai)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# RFC 3986 §3.3 and §3.4, less what URL parsers rewrite.
_TARGET = (
    r"((?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)(?:\?([A-Za-z0-9._~!$&'()*+,;=:@%/?-]*))?"
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class ConfiguredURL(NamedTuple):
    """A configured URL in its parts: origin, path and query (without ``?``)."""

    origin: str
    path: str
    query: str


def is_dns_label(text: str) -> bool:
    """Whether a text is one DNS label, in ASCII (RFC 1123 §2.1)."""
    return re.fullmatch(_LABEL, text) is not None


def parse_url(text: str) -> ConfiguredURL:
    """Read an https URL, or an http URL of this machine.

    :param text: scheme, host, optional port, optional path, optional query.
    :raises ValueError: what is wrong with it, without repeating it.
    """
    match = re.fullmatch(_URL, text)
    if match is None:
        raise ValueError("must start with https://")
    scheme, authority, target = match.groups()
    scheme = scheme.lower()
    if "@" in authority:
        raise ValueError("must not carry a user name or password")
    host, port = _parse_authority(authority, scheme)
    if scheme == "http" and not _is_loopback(host):
        raise ValueError("must start with https:// (http is for this machine only)")
    if "#" in target:
        raise ValueError("must not have a fragment (#)")
    parts = re.fullmatch(_TARGET, target)
    if parts is None:
        raise ValueError("has characters that do not belong in a URL")
    return ConfiguredURL(f"{scheme}://{host}{port}", parts[1] or "/", parts[2] or "")


def _parse_authority(authority: str, scheme: str) -> tuple[str, str]:
    match = re.fullmatch(_AUTHORITY, authority)
    if match is None:
        raise ValueError("has no host name that can be read")
    host, port = match[1], match[2]
    if host.startswith("["):
        host = _canonical_ipv6(host)
    elif not _is_host_name(host) and not _is_ipv4(host):
        raise ValueError(
            "has a host name that is not plain DNS (letters, digits, hyphens and "
            "dots; write international names in their xn-- form)"
        )
    host = host.lower()
    if port is None or int(port) == _DEFAULT_PORTS[scheme]:
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


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _canonical_ipv6(host: str) -> str:
    try:
        address = IPv6Address(host[1:-1])
    except ValueError:
        raise ValueError("has no host name that can be read") from None
    if address.ipv4_mapped:  # Pythons and browsers disagree on its spelling
        raise ValueError("must give an IPv4 address as it is, without ::ffff:")
    return f"[{address.compressed}]"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
