"""As it is deployed: behind a proxy and under a mount point, whatever hosts are named.

Real servers are tried in ``tests/ecosystem``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from support.apps import BOARD, PREFIX, claims_of, logged_in, make_app, sent_token

PAGE = f"{BOARD}/board/1002-feature-requests?sort=top&sort=new#latest"
ASKED = f"{PREFIX}?redirect={quote(PAGE, safe='')}"
HEADERS = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/shop",
}


def app_with_page() -> Flask:
    """An app with links on a page."""
    app = make_app()
    links = "{{ feedbackchimp_url('/') }} {{ feedbackchimp_url('/', external=True) }}"
    app.add_url_rule("/page", view_func=lambda: render_template_string(links))
    return app


def behind_proxy(**counts: int) -> Flask:
    app = app_with_page()
    app.wsgi_app = ProxyFix(app.wsgi_app, **counts)
    return app


def assert_signed_in(response: Any) -> None:
    location = response.headers["Location"]
    token = sent_token(response)
    assert location == PAGE.replace("#", f"&ssoToken={token}#")
    assert claims_of(token)["email"] == "ada@example.com"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def assert_leads_back(location: str, *, mount: str) -> None:
    """The login page is under the mount, and so is the way back from it."""
    login = urlsplit(location)
    assert login.path == f"{mount}/login"
    [next_url] = parse_qs(login.query)["next"]
    target = urlsplit(next_url)
    assert target.netloc in {"", "shop.example", "localhost"}
    # Flask-Login writes letters beyond ASCII as they are; browsers encode them.
    assert quote(target.path, safe="/%") == f"{mount}{PREFIX}"
    assert parse_qs(target.query) == {"redirect": [PAGE]}


def test_behind_a_proxy() -> None:
    """Links, the login and htmx keep its prefix; the board is where it was."""
    app = behind_proxy(x_proto=1, x_host=1, x_prefix=1)
    stranger = app.test_client()
    home = quote(f"{BOARD}/", safe="")
    path, url = stranger.get("/page", headers=HEADERS).text.split()
    assert path == f"/shop{PREFIX}?redirect={home}"
    assert url == f"https://shop.example{path}"
    asked = stranger.get(ASKED, headers=HEADERS)
    assert_leads_back(asked.headers["Location"], mount="/shop")
    again = stranger.get(ASKED, headers={**HEADERS, "HX-Request": "true"})
    assert again.headers["HX-Redirect"] == f"/shop{ASKED}"
    assert_signed_in(logged_in(app).get(ASKED, headers=HEADERS))


@pytest.mark.parametrize("counts", [{}, {"x_host": 1, "x_prefix": 1}])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Host": "evil.example"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"X-Forwarded-Prefix": "https://evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"},
    ],
)
def test_no_header_names_another_host(counts: Any, headers: Any) -> None:
    """For a token or a link, whether a proxy is configured or not."""
    app = behind_proxy(**{"x_for": 0, **counts})
    session = logged_in(app).get_cookie("session").value
    headers = {**headers, "Cookie": f"session={session}"}
    client = app.test_client(use_cookies=False)
    assert_signed_in(client.get(ASKED, headers=headers))
    link = client.get("/page", headers=headers).text.split()[0]
    assert link.startswith("/")
    assert not link.startswith("//")


@pytest.mark.parametrize("mount", ["/shop", "/a/b", "/caf\xe9 1"])
def test_under_a_mount(mount: str) -> None:
    app, quoted = app_with_page(), quote(mount)
    # A WSGI server decodes paths as Latin-1 (PEP 3333).
    mounts = {mount.encode().decode("latin-1"): app}
    client = Client(DispatcherMiddleware(Flask("root"), mounts))
    path, url = client.get(f"{quoted}/page").text.split()
    assert path.startswith(f"{quoted}{PREFIX}?")
    assert url == f"http://localhost{path}"

    asked = f"{quoted}{ASKED}"
    assert_leads_back(client.get(asked).headers["Location"], mount=quoted)
    again = client.get(asked, headers={"HX-Request": "true"})
    assert again.headers["HX-Redirect"] == asked
    assert client.get(f"{quoted}/login/ada").status_code == 200
    assert_signed_in(client.get(asked))
    assert client.get(PREFIX).status_code == 404
