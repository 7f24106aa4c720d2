"""Behind a proxy and under a mount point; ``tests/ecosystem`` has real servers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from support.apps import BOARD, PREFIX, claims_of, logged_in, sent_token

PAGE = f"{BOARD}/board/1002-feature-requests?sort=top&sort=new#latest"
ASKED = f"{PREFIX}?redirect={quote(PAGE, safe='')}"
HTMX = {"HX-Request": "true"}
LINKS = "{{ feedbackchimp_url('/') }} {{ feedbackchimp_url('/', external=True) }}"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app with two links on a page."""
    app = make_app()
    app.add_url_rule("/page", view_func=lambda: render_template_string(LINKS))
    return app


def assert_signed_in(response: Any) -> None:
    token = sent_token(response)
    assert response.headers["Location"] == PAGE.replace("#", f"&ssoToken={token}#")
    assert claims_of(token)["email"] == "ada@example.com"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def assert_leads_back(response: Any, mount: str) -> None:
    """The login page is under the mount, and so is the URL that it returns to."""
    login = urlsplit(response.headers["Location"])
    assert login.path == f"{mount}/login"
    [next_url] = parse_qs(login.query)["next"]
    target = urlsplit(next_url)
    assert target.netloc in {"", "shop.example", "localhost"}
    # Flask-Login writes letters beyond ASCII as they are; browsers encode them.
    assert quote(target.path, safe="/%") == f"{mount}{PREFIX}"
    assert parse_qs(target.query) == {"redirect": [PAGE]}


def test_behind_a_proxy(app):
    """Links, the login and htmx keep its prefix; the board is where it was."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1, x_prefix=1)
    headers = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
        "X-Forwarded-Prefix": "/shop",
    }
    stranger = app.test_client()
    path, url = stranger.get("/page", headers=headers).text.split()
    assert path == f"/shop{PREFIX}?redirect={quote(f'{BOARD}/', safe='')}"
    assert url == f"https://shop.example{path}"
    assert_leads_back(stranger.get(ASKED, headers=headers), "/shop")
    again = stranger.get(ASKED, headers=headers | HTMX)
    assert again.headers["HX-Redirect"] == f"/shop{ASKED}"
    assert_signed_in(logged_in(app).get(ASKED, headers=headers))


@pytest.mark.parametrize("trusted", [{}, {"x_host": 1, "x_prefix": 1}])
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
def test_no_header_names_another_host(app, trusted, headers):
    """For a token or a link, whether a proxy is configured or not."""
    app.wsgi_app = ProxyFix(app.wsgi_app, **trusted)
    session = logged_in(app).get_cookie("session").value
    headers = headers | {"Cookie": f"session={session}"}
    client = app.test_client(use_cookies=False)
    assert_signed_in(client.get(ASKED, headers=headers))
    link, _ = client.get("/page", headers=headers).text.split()
    assert link.startswith("/")
    assert not link.startswith("//")


@pytest.mark.parametrize("mount", ["/shop", "/a/b", "/caf\xe9 1"])
def test_under_a_mount(app, mount):
    # A WSGI server decodes paths as Latin-1 (PEP 3333).
    mounts = {mount.encode().decode("latin-1"): app}
    client = Client(DispatcherMiddleware(Flask("root"), mounts))
    quoted = quote(mount)
    path, url = client.get(f"{quoted}/page").text.split()
    assert path.startswith(f"{quoted}{PREFIX}?")
    assert url == f"http://localhost{path}"
    asked = f"{quoted}{ASKED}"
    assert_leads_back(client.get(asked), quoted)
    assert client.get(asked, headers=HTMX).headers["HX-Redirect"] == asked
    assert client.get(f"{quoted}/login/ada").status_code == 200
    assert_signed_in(client.get(asked))
    assert client.get(PREFIX).status_code == 404
