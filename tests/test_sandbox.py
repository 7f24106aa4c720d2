"""The stand-in board: its pages, both legs of a sign-in, and its manners."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, create_environ, run_wsgi_app

from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals, serving
from flask_feedbackchimp.sandbox.content import BOARDS
from support.apps import SECRET
from support.boards import (
    POST,
    SSO_URL,
    elements,
    log_in_link,
    make_board,
    sent_along,
    sign,
)
from support.sampling import sample

ENDPOINT = "/api/sso?companyID={companyID}&ssoToken={token}&redirect={page}"
IN_PATH = "/sso/{token}?to={page}"
HOME = "http://localhost/"


@pytest.fixture(scope="module")
def board() -> Flask:
    """One for all who do not ask who came before."""
    return make_board()


def ask(app: Flask, **environ: Any) -> tuple[str, Any]:
    """The status and headers for a request that no test client would send."""
    _, status, headers = run_wsgi_app(app, create_environ() | environ, True)
    return status, headers


# Its pages

EVERY_PAGE = [
    ("/", 200),
    *((f"/board/{board.slug}", 200) for board in BOARDS),
    *((f"/board/{b.slug}/{post.slug}", 200) for b in BOARDS for post in b.posts),
    ("/board/77-ideas", 404),
    ("/board/1002-feature-requests/99-unknown", 404),
    ("/unknown", 404),
    ("/validate", 200),
    ("/logged-out", 200),
    ("/logout", 405),
    ("/?ssoToken=nonsense", 400),
]


@pytest.mark.parametrize(("url", "status"), EVERY_PAGE)
def test_page(board, url, status):
    """Each says that it is a stand-in, and loads nothing from elsewhere."""
    response = board.test_client().get(url)
    assert response.status_code == status
    assert "A stand-in for development, not FeedbackChimp" in response.text
    loaded = elements(response, "link", "script")
    assert len(loaded) == 3
    for attrs in loaded:
        address = attrs.get("href") or attrs.get("src")
        with board.test_client().get(address) as file:
            assert file.status_code == 200
        assert not urlsplit(address).netloc
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not elements(response, "style")
    assert not [attrs for attrs in elements(response) if "style" in attrs]


def test_links_lead_somewhere(board):
    client, seen, waiting = board.test_client(), set(), ["/"]
    while waiting:
        url = waiting.pop()
        response = client.get(url)
        assert response.status_code == 200, url
        seen.add(url)
        links = [a["href"] for a in elements(response, "a")]
        pages = {link for link in links if link.startswith("/")}
        waiting += pages - seen - set(waiting)
    assert {POST, "/validate", "/board/1004-integrations"} <= seen


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "Dark mode", None),
        ("?sort=top", "Dark mode", None),
        ("?sort=new", "Recurring tasks that skip holidays", "Dark mode"),
    ],
)
def test_order_of_posts(board, query, first, last):
    text = board.test_client().get(f"/board/1002-feature-requests{query}").text
    titles = sorted((post.title for post in BOARDS[0].posts), key=text.index)
    assert titles[0] == first
    assert last in (None, titles[-1])


def test_names_and_claims_are_escaped(board):
    evil = "<script>alert('x')</script>\"><img src=x>"
    client = board.test_client()
    token = sign(name=evil, claims={evil: evil, "list": [evil]})
    checked = client.post("/validate", data={"token": token})
    client.get(f"/?ssoToken={token}")
    for response in (checked, client.get("/"), client.get(POST), client.get("/x")):
        assert "<script>alert" not in response.text
        assert "<img" not in response.text
        assert "&lt;script&gt;alert" in response.text


def test_board_shows_what_it_was_told(board):
    client = board.test_client()
    client.get(f"/?ssoToken={sign(claims={'company': 'Engines', 'seats': [1, None]})}")
    text = client.get("/").text
    assert "What this board was told about you" in text
    assert "Engines" in text
    assert "[1, null]" in text


# To the app


def test_log_in_names_this_page(board):
    url = f"{POST}?sort=new&q=a+b%26c&x="
    link = log_in_link(board.test_client().get(url))
    assert link == f"{SSO_URL}?redirect={quote('http://localhost' + url, safe='')}"


@pytest.mark.parametrize(
    ("sso_url", "start"),
    [
        (f"{SSO_URL}?tenant=acme", "?tenant=acme&redirect="),
        (f"{SSO_URL}?", "?redirect="),
        (f"{SSO_URL}?a=1&", "?a=1&redirect="),
    ],
)
def test_query_of_the_sso_url_is_kept(sso_url, start):
    link = log_in_link(make_board(sso_url=sso_url).test_client().get("/"))
    assert link == f"{SSO_URL}{start}http%3A%2F%2Flocalhost%2F"


@pytest.mark.parametrize(
    ("return_url", "url", "page"),
    [
        # A refusal leads back to the page, without the token and what came with it.
        ("{page}?ssoToken={token}", "/board/7?a=1&ssoToken=x&b=2", "board/7?a=1&b=2"),
        ("{page}?jwt={token}&v=2", "/board/7?v=2&jwt=x&v=2", "board/7?v=2"),
        ("{page}?jwt={token}&v=2", "/board/7?v=2", "board/7?v=2"),
        # Other places are not pages to come back to.
        ("{page}?ssoToken={token}", "/validate", ""),
        ("{page}?ssoToken={token}", "/logged-out", ""),
        (ENDPOINT, "/api/sso?ssoToken=bad", ""),
        (IN_PATH, "/sso/bad?to=http://localhost/x", ""),
        (IN_PATH, "/unknown?a=1", "unknown?a=1"),
    ],
)
def test_log_in_leads_back(return_url, url, page):
    response = make_board(return_url).test_client().get(url)
    assert sent_along(log_in_link(response)) == HOME + page


def test_log_in_on_an_answer_to_post(board):
    response = board.test_client().post("/", data={})
    assert sent_along(log_in_link(response)) == HOME


def test_private_board_sends_strangers_to_the_app():
    client = make_board(private=True).test_client()
    for url in ("/", f"{POST}?a=1", "/board/77-ideas", "/unknown?x=%20"):
        response = client.get(url)
        assert response.status_code == 302
        assert response.location.startswith(f"{SSO_URL}?redirect=")
        assert sent_along(response.location) == f"http://localhost{url}"
    client.get(f"/?ssoToken={sign()}")
    assert client.get(POST).status_code == 200
    assert "Private board" in client.get("/").text


@pytest.mark.parametrize(
    ("return_url", "url"),
    [
        ("{page}?ssoToken={token}", "/validate"),
        ("{page}?ssoToken={token}", "/logged-out"),
        ("{page}?ssoToken={token}", "/static/board.css"),
        ("{page}?ssoToken={token}", "/?ssoToken=bad"),
        (ENDPOINT, "/api/sso"),
        (IN_PATH, "/sso/bad"),
    ],
)
def test_private_board_does_not_loop(return_url, url):
    client = make_board(return_url, private=True).test_client()
    with client.get(url) as response:
        assert "Location" not in response.headers


# And back: {page}


@pytest.mark.parametrize(
    ("return_url", "query", "clean"),
    [
        ("ssoToken={token}", "ssoToken={}", ""),
        ("ssoToken={token}", "sort=new&ssoToken={}", "?sort=new"),
        ("ssoToken={token}", "b=2&ssoToken={}&a=1&b=1", "?b=2&a=1&b=1"),
        (
            "ssoToken={token}",
            "q=a+b%20c%26%2B&ssoToken={}&x=&y&&z",
            "?q=a+b%20c%26%2B&x=&y&&z",
        ),
        ("ssoToken={token}", "name=%C3%85da%F0&ssoToken={}", "?name=%C3%85da%F0"),
        ("ssoToken={token}", "%73soToken={}&a=1", "?a=1"),
        ("ssoToken={token}", "ssotoken[]={}&a=1", "?a=1"),
        ("ssoToken={token}", "redirect=//x.y&ssoToken={}", "?redirect=//x.y"),
        ("jwt={token}&v=2", "v=2&jwt={}&v=2", "?v=2"),
        ("v=2&jwt={token}", "v=1&v=2&jwt={}", "?v=1"),
        ("a&jwt={token}&b=", "a&a&jwt={}&b=", "?a"),
    ],
)
def test_token_on_a_page(return_url, query, clean):
    """It signs in, and the same page is left, without what came with the token."""
    board = make_board(f"{{page}}?{return_url}")
    for path in ("/", POST, "/board/77-ideas", "/%C3%A5/%3F%25"):
        client = board.test_client()
        response = client.get(f"{path}?{query.format(sign())}")
        assert response.status_code == 303
        assert response.location == f"http://localhost{path}{clean}"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        after = client.get(response.location)
        assert "Ada Lovelace" in after.text
        assert "ada@example.com" in after.text


def test_raw_bytes_in_a_query(board):
    def get(query: bytes) -> tuple[str, Any]:
        return ask(board, QUERY_STRING=query.decode("latin-1"))

    assert get(b"sort=\xff")[0] == "200 OK"
    assert get(b"sort=\xff&\xfe=1&ssoToken=x")[0] == "400 BAD REQUEST"
    _, headers = get(b"sort=\xff&\xfe=1&ssoToken=" + sign().encode())
    assert headers["Location"] == "http://localhost/?sort=%FF&%FE=1"


def test_two_slashes_stay_a_path(board):
    query = f"ssoToken={sign()}"
    _, headers = ask(board, PATH_INFO="//evil.example/", QUERY_STRING=query)
    assert headers["Location"] == "http://localhost/evil.example/"


def test_below_a_mount_point(board):
    client = Client(DispatcherMiddleware(create_sandbox, {"/board-app": board}))
    response = client.get(f"/board-app{POST}?ssoToken={sign()}")
    assert response.location == f"http://localhost/board-app{POST}"


# And back: an endpoint

PAGE = f"http://localhost{POST}?sort=new&q=a%26b+c#comment-2"
TO_PAGE = quote(PAGE, safe="")


@pytest.mark.parametrize(
    ("return_url", "url", "location"),
    [
        (
            "/api/sso?id={companyID}&t={token}&redirect={page}",
            f"/api/sso?id={{value}}&t={{token}}&redirect={TO_PAGE}",
            PAGE,
        ),
        (
            "https://login.example.net/access/jwt?jwt={token}&return_to={page}",
            f"/access/jwt?jwt={{token}}&return_to={TO_PAGE}",
            PAGE,
        ),
        ("https://login.example.net?jwt={token}", "/?jwt={token}", HOME),
        ("/sso/{token}?to={page}", f"/sso/{{token}}?to={TO_PAGE}", PAGE),
        ("/a/{token}/b", "/a/{token}/b", HOME),
        ("/login?token={token}", "/login?token={token}", HOME),
        (
            "/login?token={token}&state={companyID}",
            "/login?token={token}&state={value}",
            f"http://localhost{POST}?a=1",
        ),
        # Percent-encoding has several spellings, and a query others of names.
        ("/caf%c3%a9/%7Esso?jw%74={token}", "/café/~sso?jwt={token}", HOME),
        ("/%7Btoken%7D/{token}", "/%7Btoken%7D/{token}", HOME),
    ],
)
def test_return_url(return_url, url, location):
    """In each of its forms it signs in, and goes on to the page of *Log in*."""
    client = make_board(return_url).test_client()
    link = log_in_link(client.get(f"{POST}?a=1"))
    value = sent_along(link, "companyID") if "{value}" in url else ""
    response = client.get(url.replace("{token}", sign()).replace("{value}", value))
    assert response.status_code == 303
    assert response.location == location
    assert "Ada Lovelace" in client.get(POST).text


def test_own_parameter_of_a_page():
    """The page may have one of the name under which a value comes back."""
    client = make_board("{page}?t={token}&state={state}").test_client()
    page = "/board/1002-feature-requests?state=open"
    value = sent_along(log_in_link(client.get(page)), "state")
    response = client.get(f"{page}&t={sign()}&state={value}")
    assert (response.status_code, response.location) == (303, f"http://localhost{page}")


def test_page_is_remembered_without_its_host():
    """A browser may come back by another of this machine's names."""
    client = make_board("/in?t={token}&state={state}").test_client()
    link = log_in_link(client.get("/validate?x", base_url="http://127.0.0.1:5001"))
    state = sent_along(link, "state")
    response = client.get(f"/in?t={sign()}&state={state}")
    assert response.location == "http://localhost/"


def test_values_are_fresh():
    """Each is random, and stands for the page that it was made for."""
    client = make_board(ENDPOINT).test_client()
    values = [sent_along(log_in_link(client.get("/")), "companyID") for _ in range(9)]
    assert len(set(values)) == 9
    assert min(map(len, values)) >= 16


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ("id={a}&x={b}", None),
        ("id={b}&x={a}", "value_missing"),
        ("id={a}&x={a}", "value_missing"),
        ("id={a}", "value_missing"),
        ("id={a}&x=", "value_missing"),
        ("id={a}&x=made-up", "value_missing"),
        ("id={a}&x={b}&x={b}", "value_missing"),
    ],
)
def test_handed_on_values(pairs, reason):
    """Missing, wrong, twice or under another's name: refused, and nothing used up."""
    board = make_board("/sso?id={companyID}&x={state}&t={token}")
    client, token = board.test_client(), sign()
    link = log_in_link(client.get("/"))
    values = {"a": sent_along(link, "companyID"), "b": sent_along(link, "state")}
    response = client.get(f"/sso?{pairs.format(**values)}&t={token}")
    assert [arrival.reason for arrival in get_arrivals(board)] == [reason]
    assert response.status_code == (400 if reason else 303)
    assert (f"<code>{reason}</code>" in response.text) is bool(reason)
    again = client.get(f"/sso?{'id={a}&x={b}'.format(**values)}&t={token}")
    assert again.status_code == (303 if reason else 403)


@pytest.mark.parametrize(
    ("page", "location"),
    [
        (None, HOME),
        ("", HOME),
        ("http://localhost", HOME),
        ("http://localhost?a=1", f"{HOME}?a=1"),
        ("http://localhost#top", f"{HOME}#top"),
        ("HTTP://LOCALHOST/board", f"{HOME}board"),
        ("http://localhost//evil.example/x", f"{HOME}/evil.example/x"),
        ("http://localhost/å?ä#ö", f"{HOME}%C3%A5?%C3%A4#%C3%B6"),
        ("http://localhost/a%2Fb%20c", f"{HOME}a%2Fb%20c"),
    ],
)
def test_endpoint_lands_on_its_own_origin(page, location):
    query = {} if page is None else {"to": page}
    response = (
        make_board(IN_PATH).test_client().get(f"/sso/{sign()}", query_string=query)
    )
    assert response.status_code == 303
    assert response.location == location


FOREIGN = [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
    "http:\\\\localhost/", "https://localhost/", "http://localhost:81/",
    "http://localhost.evil.example/", "http://localhost@evil.example/",
    "http://evil.example@localhost/", "http://localhost\\@evil.example/",
    "http://localhost/\\evil.example", "http://localhost\t/", "http://localhost/a\nb",
    "http://localhost/a b", "http://localhost/\u2028", "http://localho\u017ft/",
    " http://localhost/", "javascript:alert(1)", "/board/1002-feature-requests",
    "http:/localhost/", "http:localhost", "http://localhost%2F@evil.example/",
]  # fmt: skip


@pytest.mark.parametrize("page", sample(FOREIGN))
def test_endpoint_sends_nobody_elsewhere(page):
    """And keeps the token unused."""
    client, token = make_board(IN_PATH).test_client(), sign()
    response = client.get(f"/sso/{token}", query_string={"to": page})
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "page_foreign" in response.text
    assert client.get(f"/sso/{token}").status_code == 303


@pytest.mark.parametrize(
    ("return_url", "url", "reason"),
    [
        ("/sso?t={token}&to={page}", "/sso?to=http://localhost/", "token_missing"),
        ("/sso?t={token}&to={page}", "/sso", "token_missing"),
        ("/sso?t={token}&to={page}", "/sso?t={0}&to=&to=", "page_repeated"),
        ("/sso?t={token}&to={page}", "/sso?t={0}&t={0}", "token_repeated"),
        ("/sso?t={token}&to={page}", "/sso?t=", "malformed"),
        ("/sso/{token}", "/sso/x", "malformed"),
        ("{page}?ssoToken={token}", "/?ssoToken={0}&ssoToken={0}", "token_repeated"),
    ],
)
def test_too_little_or_too_much(return_url, url, reason):
    response = make_board(return_url).test_client().get(url.replace("{0}", sign()))
    assert response.status_code == 400
    assert f"<code>{reason}</code>" in response.text


@pytest.mark.parametrize(
    ("return_url", "url"),
    [
        ("{page}?t={token}", "/?t={0}"),
        ("/sso?t={token}", "/sso?t={0}"),
        ("/sso/{token}", "/sso/{0}"),
    ],
)
def test_only_get_uses_a_token_up(return_url, url):
    client = make_board(return_url).test_client()
    url = url.replace("{0}", sign())
    for method in ("HEAD", "POST", "OPTIONS"):
        response = client.open(url, method=method)
        assert "Location" not in response.headers
        assert "Set-Cookie" not in response.headers
    assert client.get(url).status_code == 303


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


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_others_cannot_log_people_out(board, site):
    client = board.test_client()
    client.get(f"/?ssoToken={sign()}")
    response = client.post("/logout", headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403
    assert "Ada Lovelace" in client.get("/").text
    own = client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 303


def test_session_cookie(board):
    """It has its own name, and not the token."""
    token = sign()
    response = board.test_client().get(f"/?ssoToken={token}")
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("feedbackchimp_sandbox=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert token.split(".")[1] not in cookie


def test_session_of_another_process(board):
    client, other = board.test_client(), make_board().test_client()
    client.get(f"/?ssoToken={sign()}")
    cookie = client.get_cookie("feedbackchimp_sandbox")
    other.set_cookie("feedbackchimp_sandbox", cookie.value)
    assert "Ada Lovelace" not in other.get("/").text


def test_longest_identity_fits_into_the_session(board):
    name = "".join(chr(0x1F600 + n % 64) for n in range(255))
    client = board.test_client()
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
    assert signed_in.page == f"http://localhost{POST}?a=1"
    assert signed_in.reason is None
    assert (refused.reason, refused.page, dict(refused.claims)) == ("jti_used", "", {})


# What it is made from


@pytest.mark.parametrize(
    ("secret", "options", "named"),
    [
        ("", {}, "secret is blank"),
        ("JWT_SECRET", {}, "secret is still a placeholder"),
        (None, {}, "secret is missing"),
        (SECRET, {"sso_url": "/sso/feedbackchimp"}, "sso_url must be"),
        (SECRET, {"sso_url": "javascript:alert(1)"}, "sso_url must be"),
        (SECRET, {"sso_url": f"{SSO_URL}#top"}, "sso_url must be"),
        (SECRET, {"sso_url": "http://a b/"}, "sso_url must be"),
        (SECRET, {"sso_url": "http://[::1/"}, "sso_url must be"),
        (SECRET, {"sso_url": "http://a/\n"}, "sso_url must be"),
        (SECRET, {"sso_url": None}, "sso_url must be"),
        (SECRET, {"admins": "boss@example.com"}, "admins must be a list"),
        (SECRET, {"redirect_param": "a b"}, "redirect_param must be"),
        (SECRET, {"return_url": "/sso"}, "return_url has no {token}"),
        (SECRET, {"return_url": "/sso?t={token}&a={redirect}"}, r"write \{page\}"),
    ],
)
def test_bad_value_is_named(secret, options, named):
    with pytest.raises(ValueError, match=named) as caught:
        create_sandbox(secret, **{"sso_url": SSO_URL} | options)
    assert SECRET not in str(caught.value)


def test_secret_is_read_as_the_app_reads_it():
    board = create_sandbox(f"\ufeff{SECRET}\n".encode(), sso_url=SSO_URL)
    assert board.test_client().get(f"/?ssoToken={sign()}").status_code == 303
    assert SECRET not in f"{board.config!r} {board.extensions!r} {vars(board)!r}"


def test_redirect_param():
    board = make_board(redirect_param="return_to")
    assert "?return_to=http%3A" in log_in_link(board.test_client().get("/"))


# Whom it answers


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "", None]
)
def test_this_machine_is_answered(board, address):
    environ = {"REMOTE_ADDR": address} if address is not None else {}
    assert Client(board).get("/", environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["192.168.1.7", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:10.0.0.1", "host"],
)
def test_other_machines_are_not_answered(address):
    board = make_board()
    for path in ("/", "/static/board.css", "/validate"):
        response = Client(board).get(
            f"{path}?ssoToken={sign()}", environ_overrides={"REMOTE_ADDR": address}
        )
        assert response.status_code == 403
        assert response.mimetype == "text/plain"
    assert get_arrivals(board) == ()


@pytest.mark.parametrize("base_url", ["https://board.example", "http://10.0.0.1:8"])
def test_client_may_call_it_anything(board, base_url):
    """A test client is not a server, and takes the board's own name."""
    response = board.test_client().get(f"/?ssoToken={sign()}", base_url=base_url)
    assert response.location == f"{base_url}/"


# Served


def get(port: int, target: str = "/", host: str = "") -> tuple[int, str]:
    """The status of a server's answer, and its body."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", host or f"localhost:{port}")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


class Served(NamedTuple):
    """A stand-in behind a server, and its port."""

    board: Flask
    port: int


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    board = make_board()
    with serving(board, port=0) as port:
        yield Served(board, port)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:{port}", 200),
        ("127.0.0.1:{port}", 200),
        ("[::1]:{port}", 200),
        ("evil.example", 403),
        ("evil.example:{port}", 403),
        ("localhost.evil.example", 403),
        ("localhost:80:80", 403),
        ("localhost:", 403),
        ("localhost:99999", 403),
        ("evil.example:localhost", 403),
        ("127.0.0.2", 403),
        ("localhost.", 403),
        (" ", 403),
    ],
)
def test_host(served, host, status):
    """A page elsewhere could have its own name lead here (DNS rebinding)."""
    board, port = served
    host = host.format(port=port)
    before = len(get_arrivals(board))
    answer = get(port, f"/?ssoToken={sign()}", host)
    assert answer[0] == (303 if status == 200 else status)
    assert len(get_arrivals(board)) - before == (status == 200)
    assert get(port, "/static/board.css", host)[0] == status


def test_idle_connection_blocks_nobody(served):
    """A browser opens some in advance."""
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        assert get(served.port)[0] == 200


@pytest.mark.parametrize("target", [f"{POST}?ssoToken={{}}", "/sso/{}/x?to=1"])
def test_log_has_no_token(served, caplog, target):
    caplog.set_level(logging.INFO, logger="werkzeug")
    token = sign()
    get(served.port, target.format(token))
    path = target.partition("?")[0].format("[token]")
    assert f"GET {path} " in caplog.text
    assert not [part for part in token.split(".") if part in caplog.text]


def test_log_of_what_cannot_be_read(served, caplog):
    caplog.set_level(logging.INFO, logger="werkzeug")
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(f"GET /?ssoToken={sign()} x y z\r\n\r\n".encode())
        assert b"400" in connection.recv(65536)
    assert "a request could not be read" in caplog.text
    assert "eyJ" not in caplog.text
