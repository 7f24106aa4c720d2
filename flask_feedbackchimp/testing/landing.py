"""The board's half of a visit: a new browser that goes to one URL of the stand-in."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, g

from ..sandbox.state import Arrival
from ..settings import Settings
from .reading import read_page
from .visit import Visit


def on_stand_in(url: str, settings: Settings) -> str | None:
    """Where an absolute URL of the board is on the stand-in, or ``None``.

    :return: path, query and fragment. The return URL's path is the stand-in's,
        whatever the host.
    """
    base = settings.return_url.base or settings.board.origin
    for host in (urlsplit(base)[:2], urlsplit(settings.board.origin)[:2]):
        parts = urlsplit(url)
        if parts[:2] == host:
            target = url.removeprefix(f"{parts.scheme}://{parts.netloc}")
            return target if target.startswith("/") else f"/{target}"
    return None


def land(sandbox: Flask, target: str, *, origin: str) -> Visit:
    """Go to a page of the stand-in, and on to where it sends somebody it signed in.

    :param target: path, query and fragment.
    :param origin: the board's; the sandbox itself is asked as ``localhost``.
    """
    fragment = target.partition("#")[2]
    with sandbox.test_client() as browser:
        response = browser.get(_path_of(target))
        arrival: Arrival | None = g.get("arrival")
        if arrival is not None and arrival.reason is None:
            target = _with_fragment(response.headers["Location"], fragment)
            target = target.removeprefix(origin)
            # Flask itself may send on to a path with single slashes.
            response = browser.get(_path_of(target), follow_redirects=True)
    text = read_page(response.text).text
    status = response.status_code
    if arrival is not None and arrival.reason is not None:
        return Visit(status, text, refused_by="board", reason=arrival.reason)
    if response.location is not None:
        return Visit(status, location=response.location)
    claims = arrival.claims if arrival is not None else {}
    return Visit(status, text, page=target, claims=claims)


def _path_of(target: str) -> str:
    """Path and query with one slash in front: “//host” would be another origin."""
    return "/" + target.partition("#")[0].lstrip("/")


def _with_fragment(location: str, fragment: str) -> str:
    """The old fragment unless there is a new one, as RFC 9110 §10.2.2 says."""
    return f"{location}#{fragment}" if fragment and "#" not in location else location
