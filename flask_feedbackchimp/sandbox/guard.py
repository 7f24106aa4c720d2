"""What holds for every request: this machine alone, and nothing from elsewhere."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, request

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def register(app: Flask) -> None:
    """Guard every request and every answer of an app."""
    app.before_request(_refuse_strangers)
    app.after_request(_add_headers)


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
    # A test client or a Unix socket names no address.
    if not request.remote_addr or is_loopback(request.remote_addr):
        return None
    text = "This stand-in board answers its own machine only.\n"
    return Response(text, 403, mimetype="text/plain")


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
