"""As it is deployed: behind real servers, proxies, mounts and adapters."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from apps import BOARD, PREFIX, SECRET, User, claims_of, logged_in, make_app
from flask_feedbackchimp import FeedbackChimp
from loops import run_coroutine

USERS = [User(f"user{number}") for number in range(8)]
OTHER_BOARD = "https://umbrella.feedbackchimp.space"
PAGE = f"{BOARD}/board/1002-feature-requests?sort=top&sort=new#latest"


def _needs(module: str) -> None:
    """Skip where a server or adapter is missing; fail where all must be there."""
    if importlib.util.find_spec(module) is not None:
        return
    if os.environ.get("FEEDBACKCHIMP_REQUIRE_ALL") == "1":
        pytest.fail(f"{module} is not installed")
    pytest.skip(f"{module} is not installed")


def _make_app(**config: Any) -> Flask:
    app = make_app(*USERS, **config)

    @app.get("/page")
    def page() -> str:
        return render_template_string(
            "{{ feedbackchimp_url() }} {{ feedbackchimp_url('/board/1') }}"
        )

    return app


# A real server


def served() -> Any:
    """What Gunicorn serves: two apps of one extension object, one under a mount."""
    feedbackchimp = FeedbackChimp()
    root = _make_app(feedbackchimp=feedbackchimp)
    mounted = _make_app(
        feedbackchimp=feedbackchimp,
        FEEDBACKCHIMP_ORGANIZATION="umbrella",
        FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1],
    )
    return DispatcherMiddleware(root, {"/umbrella": mounted})


@pytest.fixture
def gunicorn_port() -> Iterator[int]:
    """A port of this machine where two workers of four threads listen."""
    _needs("gunicorn")
    here = os.path.dirname(__file__)
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([here, *filter(None, sys.path)])
    command = [sys.executable, "-m", "gunicorn", "--workers=2", "--threads=4"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        descriptor = listener.fileno()
        command += [f"--bind=fd://{descriptor}", "--log-level=warning"]
        server = subprocess.Popen(
            [*command, "test_deployment:served()"],
            env=environment,
            pass_fds=[descriptor],
        )
        # Until the workers are there, the connections wait in the listener's queue.
        yield listener.getsockname()[1]
    server.terminate()
    server.wait(timeout=30)


def _visit(port: int, number: int) -> list[tuple[int, str]]:
    """One visitor's way through both apps over one connection, a few times."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    cookies: dict[str, str] = {}
    answers = []

    def get(path: str, mount: str) -> Any:
        headers = {"Cookie": cookies[mount]} if mount in cookies else {}
        connection.request("GET", mount + path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer

    for mount in ("", "/umbrella"):
        answer = get(f"/login/{USERS[number].id}", mount)
        cookies[mount] = answer.headers["Set-Cookie"].partition(";")[0]
    for _ in range(8):
        for mount in ("", "/umbrella"):
            answer = get(PREFIX, mount)
            answers.append((answer.status, answer.headers["Location"]))
            foreign = get(f"{PREFIX}?redirect=https://evil.example/", mount)
            assert (foreign.status, foreign.headers["Location"]) == (400, None)
    connection.close()
    return answers


def test_a_real_gunicorn_under_parallel_load_crosses_nothing(gunicorn_port):
    """Several workers and threads, two apps: everybody gets their own token."""
    with ThreadPoolExecutor(len(USERS)) as pool:
        visits = list(
            pool.map(lambda number: _visit(gunicorn_port, number), range(len(USERS)))
        )
    jtis = []
    for user, answers in zip(USERS, visits, strict=True):
        for index, (status, location) in enumerate(answers):
            is_mounted = index % 2 == 1
            home, _, token = location.partition("/?ssoToken=")
            claims = claims_of(token, SECRET[::-1] if is_mounted else SECRET)
            assert status == 302
            assert home == (OTHER_BOARD if is_mounted else BOARD)
            assert claims["email"] == user.email
            jtis.append(claims["jti"])
    assert len(jtis) == len(set(jtis)) == len(USERS) * 16


# Behind a proxy


def _behind_proxy(**counts: int) -> Flask:
    app = _make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, **counts)
    return app


PROXY_HEADERS = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/shop",
}


def test_behind_a_proxy_links_have_its_prefix():
    app = _behind_proxy(x_proto=1, x_host=1, x_prefix=1)
    text = app.test_client().get("/page", headers=PROXY_HEADERS).text
    page = quote(f"{BOARD}/board/1", safe="")
    assert text == f"/shop{PREFIX} /shop{PREFIX}?redirect={page}"


def test_behind_a_proxy_a_visitor_is_signed_in():
    """The way back is the board's, whatever the proxy is called."""
    app = _behind_proxy(x_proto=1, x_host=1, x_prefix=1)
    client = logged_in(app, "user0")
    response = client.get(
        PREFIX, query_string={"redirect": PAGE}, headers=PROXY_HEADERS
    )
    _assert_signed_in(response.headers["Location"])
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_behind_a_proxy_the_login_leads_back_under_the_prefix():
    app = _behind_proxy(x_proto=1, x_host=1, x_prefix=1)
    response = app.test_client().get(
        PREFIX, query_string={"redirect": PAGE}, headers=PROXY_HEADERS
    )
    _assert_leads_back(response.headers["Location"], mount="/shop")
    assert response.headers["Cache-Control"] == "no-store"


def test_behind_a_proxy_htmx_is_sent_to_the_same_page_under_the_prefix():
    app = _behind_proxy(x_proto=1, x_host=1, x_prefix=1)
    response = app.test_client().get(
        f"{PREFIX}?redirect={quote(PAGE, safe='')}",
        headers={**PROXY_HEADERS, "HX-Request": "true"},
    )
    again = response.headers["HX-Redirect"]
    assert again == f"/shop{PREFIX}?redirect={quote(PAGE, safe='')}"


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
def test_no_header_of_a_proxy_moves_a_token_or_a_link_to_another_host(counts, headers):
    """Nor does it where nobody configured one."""
    app = _behind_proxy(**{"x_for": 0, **counts})
    session = logged_in(app, "user0").get_cookie("session").value
    headers = {**headers, "Cookie": f"session={session}"}
    client = app.test_client(use_cookies=False)
    response = client.get(PREFIX, query_string={"redirect": PAGE}, headers=headers)
    _assert_signed_in(response.headers["Location"])
    for link in client.get("/page", headers=headers).text.split():
        assert link.startswith("/")
        assert not link.startswith("//")


def _assert_signed_in(location: str, user: User = USERS[0]) -> None:
    assert location.startswith(f"{PAGE.removesuffix('#latest')}&")
    assert location.endswith("#latest")
    token = parse_qs(urlsplit(location).query)["ssoToken"][0]
    assert claims_of(token)["email"] == user.email


def _assert_leads_back(location: str, *, mount: str) -> None:
    """The login page is under the mount, and so is the way back from it."""
    login = urlsplit(location)
    assert login.path == f"{mount}/login"
    (next_url,) = parse_qs(login.query)["next"]
    target = urlsplit(next_url)
    assert target.netloc in {"", "shop.example", "localhost"}
    # Flask-Login writes letters beyond ASCII as they are; browsers encode them.
    assert quote(target.path, safe="/%") == f"{mount}{PREFIX}"
    assert parse_qs(target.query) == {"redirect": [PAGE]}


# Under a mount


@pytest.mark.parametrize("mount", ["/shop", "/a/b", "/caf\xe9 1"])
def test_under_a_mount_everything_is_under_its_path(mount):
    app = _make_app()
    quoted = quote(mount)
    # A WSGI server decodes paths as Latin-1 (PEP 3333).
    mounts = {mount.encode().decode("latin-1"): app}
    client = Client(DispatcherMiddleware(Flask("root"), mounts))
    text = client.get(f"{quoted}/page").text
    assert text.split()[0] == f"{quoted}{PREFIX}"

    asked = f"{quoted}{PREFIX}?redirect={quote(PAGE, safe='')}"
    _assert_leads_back(client.get(asked).headers["Location"], mount=quoted)
    assert client.get(asked, headers={"HX-Request": "true"}).headers[
        "HX-Redirect"
    ] == asked  # fmt: skip

    assert client.get(f"{quoted}/login/user0").status_code == 200
    response = client.get(asked)
    _assert_signed_in(response.headers["Location"])
    assert response.headers["Cache-Control"] == "no-store"
    assert client.get(PREFIX).status_code == 404


def test_an_application_root_is_used_where_there_is_no_request():
    """In a mail that a background job sends, say."""
    from flask_feedbackchimp import feedbackchimp_url

    app = _make_app(APPLICATION_ROOT="/shop")
    with app.app_context():
        assert feedbackchimp_url() == f"/shop{PREFIX}"


# Behind an ASGI adapter


def _adapted(adapter: str, app: Flask) -> Any:
    _needs(adapter)
    if adapter == "a2wsgi":
        from a2wsgi import WSGIMiddleware

        return WSGIMiddleware(app)
    from asgiref.wsgi import WsgiToAsgi

    return WsgiToAsgi(app)


async def _get(
    asgi: Any, path: str, query: str = "", cookie: str = "", root_path: str = ""
) -> tuple[int, dict[str, str]]:
    """One GET, as an ASGI server would pass it on."""
    sent: list[dict[str, Any]] = []
    finished = asyncio.Event()
    received = False

    async def receive() -> dict[str, Any]:
        nonlocal received
        if received:
            await finished.wait()
            return {"type": "http.disconnect"}
        received = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": root_path + path,
        "raw_path": (root_path + path).encode(),
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [(b"host", b"shop.example"), (b"cookie", cookie.encode())],
        "client": ("192.0.2.1", 50000),
        "server": ("shop.example", 443),
    }
    await asgi(scope, receive, send)
    finished.set()
    headers = {name.decode().lower(): v.decode() for name, v in sent[0]["headers"]}
    return sent[0]["status"], headers


@pytest.mark.parametrize("adapter", ["a2wsgi", "asgiref"])
@pytest.mark.parametrize("root_path", ["", "/shop"])
def test_behind_an_asgi_adapter_everybody_gets_their_own_token(adapter, root_path):
    """Many at once, each in whichever thread the adapter picks."""
    asgi = _adapted(adapter, _make_app())
    query = f"redirect={quote(PAGE, safe='')}"

    async def visit(user: User) -> list[tuple[int, dict[str, str]]]:
        _, headers = await _get(asgi, f"/login/{user.id}", root_path=root_path)
        cookie = headers["set-cookie"].partition(";")[0]
        return await asyncio.gather(
            *(_get(asgi, PREFIX, query, cookie, root_path) for _ in range(5))
        )

    async def visit_all() -> Any:
        stranger = await _get(asgi, PREFIX, query, root_path=root_path)
        return stranger, await asyncio.gather(*map(visit, USERS))

    (status, headers), visits = run_coroutine(visit_all())
    assert status == 302
    _assert_leads_back(headers["location"], mount=root_path)
    jtis = set()
    for user, answers in zip(USERS, visits, strict=True):
        for status, headers in answers:
            assert status == 302
            assert headers["cache-control"] == "no-store"
            _assert_signed_in(headers["location"], user)
            jtis.add(headers["location"])
    assert len(jtis) == len(USERS) * 5
