"""Requests and answers as a WSGI server sees them: bytes in, headers as sent out.

A test client parses and rewrites the URL it is given, and ``response.location`` is not
what leaves the server. Here nothing stands between the test and the app.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask
from werkzeug.datastructures import Headers

from support.apps import PREFIX

HOST = "shop.example"


class Answer(NamedTuple):
    """One answer, with the attributes of a test response that tests look at."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def text(self) -> str:
        """The body."""
        return self.data.decode()

    @property
    def location(self) -> str | None:
        """The ``Location`` as sent."""
        return self.headers.get("Location")


class Browser:
    """Sends raw requests to an app, with the cookie of whoever is logged in.

    :param user_id: who is logged in; nobody unless given.
    """

    def __init__(self, app: Flask, user_id: str | None = None) -> None:
        self.app = app
        self.cookie = ""
        if user_id is not None:
            answer = self.get(path=f"/login/{user_id}")
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def get(
        self,
        query: str | bytes = b"",
        *,
        method: str = "GET",
        path: str = PREFIX,
        headers: Mapping[str, str] | None = None,
        **environ: Any,
    ) -> Answer:
        """Ask for the redirect endpoint.

        :param query: the query string, byte for byte.
        :param environ: WSGI variables that replace the usual ones.
        """
        if isinstance(query, bytes):
            query = query.decode("latin-1")
        asked = _environ(method, path, query) | environ
        if self.cookie:
            asked["HTTP_COOKIE"] = self.cookie
        for name, value in (headers or {}).items():
            asked[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return _answer(self.app, asked)

    def go(self, page: str, *, param: str = "redirect", **kwargs: Any) -> Answer:
        """Ask to be taken to a page, whatever text that is."""
        return self.get(page_query(page, param), **kwargs)


def page_query(page: str, param: str = "redirect") -> str:
    """The query that names a page; every byte of it is encoded once."""
    return f"{param}={quote(page, safe='', errors='surrogatepass')}"


def _environ(method: str, path: str, query: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": HOST,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }


def _answer(app: Flask, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        started.append((status, headers))

    body = app.wsgi_app(environ, start_response)
    data = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    status, headers = started[-1]
    return Answer(int(status[:3]), Headers(headers), data)
