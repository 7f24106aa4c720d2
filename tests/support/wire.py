"""Requests and answers as a WSGI server sees them; a test client rewrites URLs."""

import io
from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.wsgi import ClosingIterator

from support.apps import PREFIX

_ENVIRON: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "HTTP_HOST": "shop.example",
    "SERVER_NAME": "shop.example",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "https",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": io.StringIO(),
}


class Answer(NamedTuple):
    """One answer, with attributes of a test response."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")


class Browser:
    """Sends raw requests to an app, with the cookie of a user who is logged in."""

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
        """Ask for the redirect endpoint, with the query byte for byte."""
        if isinstance(query, bytes):
            query = query.decode("latin-1")
        asked = _ENVIRON | {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        if self.cookie:
            asked["HTTP_COOKIE"] = self.cookie
        for name, value in (headers or {}).items():
            asked[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return _answer(self.app, asked | environ)

    def go(self, page: str, *, param: str = "redirect", **kwargs: Any) -> Answer:
        """Ask to be taken to a page, whatever text that is."""
        return self.get(page_query(page, param), **kwargs)


def page_query(page: str, param: str = "redirect") -> str:
    """The query that names a page; every byte of it is encoded once."""
    return f"{param}={quote(page, safe='', errors='surrogatepass')}"


def _answer(app: Flask, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        started.append((status, headers))

    with closing(ClosingIterator(app.wsgi_app(environ, start_response))) as body:
        data = b"".join(body)
    status, headers = started[-1]
    return Answer(int(status[:3]), Headers(headers), data)
