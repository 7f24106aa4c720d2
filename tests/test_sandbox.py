"""The sandbox: its pages, its sessions, and whom it answers."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from flask_feedbackchimp.sandbox.pages import BOARDS
from flask_feedbackchimp.sandbox.serving import serving
from support.apps import SECRET
from support.boards import POST, SSO_URL, elements, make_board, sign
from support.wire import Browser

UNKEPT = {("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")}


@pytest.fixture(scope="module")
def board() -> Flask:
    """One for all who do not ask who came before."""
    return make_board()


@pytest.fixture
def client(board: Flask) -> FlaskClient:
    return board.test_client()


@pytest.fixture
def ada(client: FlaskClient) -> FlaskClient:
    """Somebody whom the board knows."""
    assert client.get(f"/?ssoToken={sign()}").status_code == 303
    return client


# Its pages


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/", 200),
        ("/board/1004-integrations", 200),
        (POST, 200),
        ("/validate", 200),
        ("/logged-out", 200),
        ("/?ssoToken=nonsense", 400),
        ("/unknown", 404),
        ("/board/77-ideas", 404),
        ("/board/1002-feature-requests/99-unknown", 404),
        ("/logout", 405),
    ],
)
def test_page(client, url, status):
    """Each says what it is, and loads nothing from elsewhere."""
    response = client.get(url)
    assert response.status_code == status
    assert "A stand-in board for development, not FeedbackChimp" in response.text
    assert set(response.headers) >= UNKEPT
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not elements(response, "style")
    assert not any("style" in attrs for attrs in elements(response))
    loaded = elements(response, "link", "script")
    assert len(loaded) == 3
    for attrs in loaded:
        address = attrs.get("href") or attrs["src"]
        assert not urlsplit(address).netloc
        with client.get(address) as file:
            assert file.status_code == 200


@pytest.mark.parametrize("path", ["/", POST, "/validate", "/logout"])
def test_options_has_a_body(client, path):
    """Hypercorn 0.18 answers 500 in the place of an answer without one."""
    response = client.options(path)
    assert response.status_code == 200
    assert response.text == f"This page answers {response.headers['Allow']}.\n"


def test_options_elsewhere(client):
    assert client.options("/unknown").status_code == 404
    refused = client.options("/", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.mimetype) == (403, "text/plain")


def test_links_lead_somewhere(client):
    """To every board and post, among others."""
    seen, waiting = set(), {"/"}
    while waiting:
        url = waiting.pop()
        response = client.get(url)
        assert response.status_code == 200, url
        seen.add(url)
        links = {a["href"] for a in elements(response, "a")}
        waiting |= {link for link in links if link.startswith("/")} - seen
    posts = {
        f"/board/{board['slug']}/{post['slug']}"
        for board in BOARDS
        for post in board["posts"]
    }
    boards = {f"/board/{board['slug']}" for board in BOARDS}
    assert seen >= posts | boards | {"/validate"}


def test_order_of_posts(client):
    def order(query: str) -> list[str]:
        text = client.get(f"/board/1002-feature-requests{query}").text
        return sorted((post["title"] for post in BOARDS[0]["posts"]), key=text.index)

    newest, *_, oldest = order("?sort=new")
    assert order("")[0] == order("?sort=top")[0] == oldest == "Dark mode"
    assert newest == "Recurring tasks that skip holidays"


def test_names_and_claims_are_escaped(client):
    evil = "<script>alert('x')</script>\"><img src=x>"
    token = sign(name=evil, claims={evil: evil, "seats": [1, None, evil]})
    checked = client.post("/validate", data={"token": token})
    client.get(f"/?ssoToken={token}")
    for response in (checked, client.get("/"), client.get(POST), client.get("/x")):
        assert "<script>alert" not in response.text
        assert "<img" not in response.text
        assert "&lt;script&gt;alert" in response.text
    told = client.get("/").text.partition("What this board was told about you")[2]
    assert "[1, null, &#34;&lt;script&gt;alert" in told


# Sessions


def test_log_out():
    """It ends the session here, and a private board does not sign in again."""
    client = make_board(private=True).test_client()
    client.get(f"/?ssoToken={sign()}")
    assert "You are signed in" in client.get("/logged-out").text
    response = client.post("/logout", follow_redirects=True)
    assert response.request.path == "/logged-out"
    assert "You are logged out of this board" in response.text
    assert client.get("/").status_code == 302


def test_others_cannot_log_people_out(ada):
    for site in ("same-site", "cross-site"):
        response = ada.post("/logout", headers={"Sec-Fetch-Site": site})
        assert response.status_code == 403
        assert "Ada Lovelace" in ada.get("/").text
    own = ada.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 303


def test_session_cookie(client):
    """It has its own name and not the token, and is good for this process only."""
    token, other = sign(), make_board().test_client()
    (cookie,) = client.get(f"/?ssoToken={token}").headers.getlist("Set-Cookie")
    assert cookie.startswith("feedbackchimp_sandbox=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert token.split(".")[1] not in cookie
    other.set_cookie(*cookie.partition(";")[0].split("=", 1))
    assert "Ada Lovelace" not in other.get("/").text


def test_longest_identity_fits_into_the_session(client):
    name = "".join(chr(0x1F600 + n % 64) for n in range(255))
    token = sign("a" * 242 + "@example.com", name, claims={"x": "y" * 2000})
    client.get(f"/?ssoToken={token}")
    assert name in client.get("/").text


def test_arrivals_are_on_record():
    board = make_board()
    client, token = board.test_client(), sign()
    client.get(f"{POST}?a=1&ssoToken={token}")
    client.get(f"/?ssoToken={token}")
    signed_in, refused = get_arrivals(board)
    assert signed_in.claims["email"] == "ada@example.com"
    assert (signed_in.reason, signed_in.page) == (None, f"http://localhost{POST}?a=1")
    assert (refused.reason, refused.page, dict(refused.claims)) == ("jti_used", "", {})


# What it is made from


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("secret", "", "secret is blank"),
        ("secret", "JWT_SECRET", "secret is still a placeholder"),
        ("secret", None, "secret is missing"),
        ("sso_url", "/sso/feedbackchimp", "sso_url must be"),
        ("sso_url", "javascript:alert(1)", "sso_url must be"),
        ("sso_url", f"{SSO_URL}#top", "sso_url must be"),
        ("sso_url", "http://[::1/", "sso_url must be"),
        ("sso_url", "http://a b/", "sso_url must be"),
        ("sso_url", "http://a/\n", "sso_url must be"),
        ("sso_url", None, "sso_url must be"),
        ("admins", "boss@example.com", "admins must be a list"),
        ("redirect_param", "a b", "redirect_param must be"),
        ("return_url", "/sso", "return_url has no {token}"),
        ("return_url", "/sso?t={token}&a={redirect}", r"write \{page\}"),
    ],
)
def test_bad_value_is_named(option, value, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        create_sandbox(**{"secret": SECRET, "sso_url": SSO_URL} | {option: value})
    assert SECRET not in str(caught.value)


def test_secret_is_read_as_the_app_reads_it():
    board = create_sandbox(f"\ufeff{SECRET}\n".encode(), sso_url=SSO_URL)
    assert board.test_client().get(f"/?ssoToken={sign()}").status_code == 303
    assert SECRET not in f"{board.config!r} {board.extensions!r} {vars(board)!r}"


# Whom it answers

OWN_NAMES = [
    "localhost",
    "LOCALHOST:5001",
    "127.0.0.1:5001",
    "[::1]:65535",
]
FOREIGN_NAMES = [
    "evil.example",
    "evil.example:5001",
    "localhost.evil.example",
    "localhost:80:80",
    "localhost:",
    "localhost:99999",
    "evil.example:localhost",
    "127.0.0.2",
    "localhost.",
    " ",
    "",
]


@pytest.mark.parametrize("host", OWN_NAMES)
def test_own_host(board, host):
    before, client = get_arrivals(board), Client(board)
    response = client.get(f"/?ssoToken={sign()}", headers={"Host": host})
    assert (response.status_code, response.location) == (303, f"http://{host.lower()}/")
    assert len(get_arrivals(board)) == len(before) + 1


@pytest.mark.parametrize("host", FOREIGN_NAMES)
def test_foreign_host(board, host):
    """A page elsewhere could have its own name lead here (DNS rebinding).

    Whichever server is in front: not each of them sets ``SERVER_SOFTWARE``.
    """
    before, browser = get_arrivals(board), Browser(board)
    for path in ("/", "/static/board.css", "/validate"):
        answer = browser.get(f"ssoToken={sign()}", path=path, HTTP_HOST=host)
        assert answer.status_code == 403
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert get_arrivals(board) == before


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", ""]
)
def test_this_machine_is_answered(board, address):
    environ = {"REMOTE_ADDR": address}
    assert Client(board).get("/", environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["192.168.1.7", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:10.0.0.1", "host"],
)
def test_other_machines_are_not_answered(board, address):
    before, environ = get_arrivals(board), {"REMOTE_ADDR": address}
    for path in ("/", "/static/board.css", "/validate"):
        url = f"{path}?ssoToken={sign()}"
        response = Client(board).get(url, environ_overrides=environ)
        assert (response.status_code, response.mimetype) == (403, "text/plain")
    assert get_arrivals(board) == before


# Served


@pytest.fixture(scope="module")
def port(board: Flask) -> Iterator[int]:
    with serving(board, port=0) as port:
        yield port


def status(port: int, target: str, host: str = "localhost") -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", target, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()  # to the end: the server leaves a file open otherwise
        return answer.status


def test_served_host(port):
    """With its real port, and a rebinding name."""
    assert status(port, f"/?ssoToken={sign()}", f"localhost:{port}") == 303
    assert status(port, "/", f"evil.example:{port}") == 403


def test_idle_connection_blocks_nobody(port):
    """A browser opens some in advance."""
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert status(port, "/") == 200


@pytest.mark.parametrize(
    "request_line",
    [
        f"GET {POST}?ssoToken={sign()} HTTP/1.1",
        f"GET /sso/{sign()}/x?to=1 HTTP/1.1",
        f"GET /?ssoToken={sign()} x y z",
    ],
)
def test_requests_are_not_logged(port, caplog, capfd, request_line):
    """A token may be anywhere in a URL, also in one that cannot be read."""
    caplog.set_level("DEBUG")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65536)
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
