"""The stand-in board: its pages, both legs of a sign-in, and its manners."""

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

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

IN_PAGE = "{page}?ssoToken={token}"
IN_QUERY = "/api/sso?companyID={companyID}&ssoToken={token}&redirect={page}"
IN_PATH = "/sso/{token}?to={page}"
HOME = "http://localhost/"
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
    ("status", "urls"),
    [
        (200, f"/ /board/1004-integrations {POST} /validate /logged-out"),
        (400, "/?ssoToken=nonsense"),
        (404, "/unknown /board/77-ideas /board/1002-feature-requests/99-unknown"),
        (405, "/logout"),
    ],
)
def test_pages(client, status, urls):
    """Each says that it is a stand-in, and loads nothing from elsewhere."""
    for url in urls.split():
        response = client.get(url)
        assert response.status_code == status
        assert "A stand-in for development, not FeedbackChimp" in response.text
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
    posts = {f"/board/{b.slug}/{post.slug}" for b in BOARDS for post in b.posts}
    assert seen >= posts | {f"/board/{b.slug}" for b in BOARDS} | {"/validate"}


def test_order_of_posts(client):
    def order(query: str) -> list[str]:
        text = client.get(f"/board/1002-feature-requests{query}").text
        return sorted((post.title for post in BOARDS[0].posts), key=text.index)

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


# To the app


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, "?redirect="),
        ({"sso_url": f"{SSO_URL}?"}, "?redirect="),
        ({"sso_url": f"{SSO_URL}?tenant=acme"}, "?tenant=acme&redirect="),
        ({"sso_url": f"{SSO_URL}?a=1&"}, "?a=1&redirect="),
        ({"redirect_param": "return_to"}, "?return_to="),
    ],
)
def test_log_in_names_this_page(options, query):
    url = f"{POST}?sort=new&q=a+b%26c&x="
    link = log_in_link(make_board(**options).test_client().get(url))
    assert link == f"{SSO_URL}{query}{quote('http://localhost' + url, safe='')}"


@pytest.mark.parametrize(
    ("return_url", "url", "page"),
    [
        # A refusal leads back to the page, without the token and what came with it.
        (IN_PAGE, "/board/7?a=1&ssoToken=x&b=2", "board/7?a=1&b=2"),
        ("{page}?jwt={token}&v=2", "/board/7?v=2&jwt=x&v=2", "board/7?v=2"),
        ("{page}?jwt={token}&v=2", "/board/7?v=2", "board/7?v=2"),
        # Other places are not pages to come back to.
        (IN_PAGE, "/validate", ""),
        (IN_PAGE, "/logged-out", ""),
        (IN_QUERY, "/api/sso?ssoToken=bad", ""),
        (IN_PATH, "/sso/bad?to=http://localhost/x", ""),
        (IN_PATH, "/unknown?a=1", "unknown?a=1"),
    ],
)
def test_log_in_leads_back(return_url, url, page):
    response = make_board(return_url).test_client().get(url)
    assert sent_along(log_in_link(response)) == HOME + page


def test_log_in_on_an_answer_to_post(client):
    assert sent_along(log_in_link(client.post(POST))) == HOME


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
    ("return_url", "urls"),
    [
        (IN_PAGE, "/validate /logged-out /static/board.css /?ssoToken=bad"),
        (IN_QUERY, "/api/sso"),
        (IN_PATH, "/sso/bad"),
    ],
)
def test_private_board_does_not_loop(return_url, urls):
    client = make_board(return_url, private=True).test_client()
    for url in urls.split():
        with client.get(url) as response:
            assert "Location" not in response.headers


# And back: {page}


@pytest.mark.parametrize(
    ("appended", "query", "clean"),
    [
        ("ssoToken={token}", "ssoToken={}", ""),
        ("ssoToken={token}", "b=2&ssoToken={}&a=1&b=1", "?b=2&a=1&b=1"),
        ("t={token}", "q=a+b%20c%26%2B&t={}&x=&y&&z", "?q=a+b%20c%26%2B&x=&y&&z"),
        ("ssoToken={token}", "name=%C3%85da%F0&ssoToken={}", "?name=%C3%85da%F0"),
        ("ssoToken={token}", "%73soToken={}&a=1", "?a=1"),
        ("ssoToken={token}", "ssotoken[]={}&a=1", "?a=1"),
        ("ssoToken={token}", "redirect=//x.y&ssoToken={}", "?redirect=//x.y"),
        ("jwt={token}&v=2", "v=2&jwt={}&v=2", "?v=2"),
        ("v=2&jwt={token}", "v=1&v=2&jwt={}", "?v=1"),
        ("a&jwt={token}&b=", "a&a&jwt={}&b=", "?a"),
    ],
)
def test_token_on_a_page(appended, query, clean):
    """It signs in, and the same page is left, without what came with the token."""
    board = make_board(f"{{page}}?{appended}")
    for path in ("/", POST, "/board/77-ideas", "/%C3%A5/%3F%25"):
        client = board.test_client()
        response = client.get(f"{path}?{query.format(sign())}")
        assert response.status_code == 303
        assert response.location == f"http://localhost{path}{clean}"
        assert set(response.headers) >= UNKEPT
        after = client.get(response.location).text
        assert "Ada Lovelace" in after
        assert "ada@example.com" in after


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", "sort=\xff&\xfe=1&", "http://localhost/?sort=%FF&%FE=1"),
        ("//evil.example/", "", "http://localhost/evil.example/"),
    ],
)
def test_raw_requests(client, path, query, location):
    """A letter stands for a byte; two slashes in front stay a path."""
    for token, status in (("", 400), ("x", 400), (sign(), 303)):
        environ = {"PATH_INFO": path, "QUERY_STRING": f"{query}ssoToken={token}"}
        response = client.get("/", environ_overrides=environ)
        assert response.status_code == status
    assert response.location == location


def test_below_a_mount_point(board):
    client = Client(DispatcherMiddleware(create_sandbox, {"/board-app": board}))
    response = client.get(f"/board-app{POST}?ssoToken={sign()}")
    assert response.location == f"http://localhost/board-app{POST}"


# And back: an endpoint

PAGE = f"http://localhost{POST}?sort=new&q=a%26b+c#comment-2"


@pytest.mark.parametrize(
    ("host", "path", "location"),
    [
        ("", IN_QUERY, PAGE),
        ("https://login.example.net", "/access/jwt?jwt={token}&return_to={page}", PAGE),
        ("https://login.example.net", "?jwt={token}", HOME),
        ("", IN_PATH, PAGE),
        ("", "/a/{token}/b", HOME),
        ("", "/login?token={token}", HOME),
        ("", "/login?t={token}&c={companyID}", f"http://localhost{POST}?a=1"),
        ("", "/%7Btoken%7D/{token}", HOME),
    ],
)
def test_return_url(host, path, location):
    """In each of its forms it signs in, and goes on to the page of *Log in*."""
    client = make_board(host + path).test_client()
    link = log_in_link(client.get(f"{POST}?a=1"))
    sent = {"token": sign(), "page": quote(PAGE, safe="")}
    if "{companyID}" in path:
        sent["companyID"] = sent_along(link, "companyID")
    response = client.get(path.format(**sent))
    assert (response.status_code, response.location) == (303, location)
    assert "Ada Lovelace" in client.get(POST).text


def test_return_url_in_another_spelling():
    client = make_board("/caf%c3%a9/%7Esso?jw%74={token}").test_client()
    assert client.get(f"/café/~sso?jwt={sign()}").status_code == 303


@pytest.mark.parametrize(
    ("return_url", "page", "back"),
    [
        # The page may have one of the name under which a value comes back.
        (
            "{page}?t={token}&s={s}",
            "http://localhost/board/1?s=open",
            "/board/1?s=open&",
        ),
        # A browser may come back by another of this machine's names.
        ("/in?t={token}&s={s}", "http://127.0.0.1:5001/board/1", "/in?"),
    ],
)
def test_value_that_comes_back(return_url, page, back):
    client = make_board(return_url).test_client()
    value = sent_along(log_in_link(client.get(page)), "s")
    response = client.get(f"{back}t={sign()}&s={value}")
    assert response.status_code == 303
    assert response.location == page.replace("127.0.0.1:5001", "localhost")


def test_values_are_fresh():
    client = make_board(IN_QUERY).test_client()
    values = {sent_along(log_in_link(client.get("/")), "companyID") for _ in range(9)}
    assert len(values) == 9
    assert min(map(len, values)) >= 16


WRONG_PAIRS = "id={b}&x={a} id={a}&x={a} id={a} id={a}&x= id={a}&x=made-up"


@pytest.mark.parametrize("pairs", [*WRONG_PAIRS.split(), "id={a}&x={b}&x={b}"])
def test_handed_on_values(pairs):
    """Missing, wrong, twice or under another's name: refused, and nothing used up."""
    board = make_board("/sso?id={companyID}&x={state}&t={token}")
    client, token = board.test_client(), sign()
    link = log_in_link(client.get("/"))
    values = {"a": sent_along(link, "companyID"), "b": sent_along(link, "state")}
    response = client.get(f"/sso?{pairs.format(**values)}&t={token}")
    assert [arrival.reason for arrival in get_arrivals(board)] == ["value_missing"]
    assert response.status_code == 400
    assert "<code>value_missing</code>" in response.text
    again = client.get(f"/sso?{'id={a}&x={b}'.format(**values)}&t={token}")
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("", ""),
        ("http://localhost", ""),
        ("http://localhost?a=1", "?a=1"),
        ("http://localhost#top", "#top"),
        ("HTTP://LOCALHOST/board", "board"),
        ("http://localhost//evil.example/x", "/evil.example/x"),
        ("http://localhost/å?ä#ö", "%C3%A5?%C3%A4#%C3%B6"),
        ("http://localhost/a%2Fb%20c", "a%2Fb%20c"),
    ],
)
def test_endpoint_lands_on_its_own_origin(page, target):
    client = make_board(IN_PATH).test_client()
    response = client.get(f"/sso/{sign()}", query_string={"to": page})
    assert (response.status_code, response.location) == (303, HOME + target)


FOREIGN = r"""
    https://evil.example/ //evil.example/ /\evil.example \\evil.example
    http:\\localhost/ https://localhost/ http://localhost:81/ http:/localhost/
    http://localhost.evil.example/ http://localhost@evil.example/ http:localhost
    http://evil.example@localhost/ http://localhost\@evil.example/
    http://localhost/\evil.example http://localhoſt/ javascript:alert(1)
    http://localhost%2F@evil.example/ /board/1002-feature-requests
"""
SPACED = (" {}/", "{}\t/", "{}/a\nb", "{}/a b", "{}/\u2028")


@pytest.mark.parametrize("page", sample([*FOREIGN.split(), *SPACED]))
def test_endpoint_sends_nobody_elsewhere(page):
    """And keeps the token unused."""
    client, token = make_board(IN_PATH).test_client(), sign()
    query = {"to": page.format("http://localhost")}
    response = client.get(f"/sso/{token}", query_string=query)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "page_foreign" in response.text
    assert client.get(f"/sso/{token}").location == HOME


@pytest.mark.parametrize(
    ("return_url", "url", "reason"),
    [
        ("/sso?t={token}&to={page}", "/sso?to=http://localhost/", "token_missing"),
        ("/sso?t={token}&to={page}", "/sso", "token_missing"),
        ("/sso?t={token}&to={page}", "/sso?t={0}&to=&to=", "page_repeated"),
        ("/sso?t={token}&to={page}", "/sso?t={0}&t={0}", "token_repeated"),
        ("/sso/{token}", "/sso/x", "malformed"),
        (IN_PAGE, "/?ssoToken={0}&ssoToken={0}", "token_repeated"),
    ],
)
def test_too_little_or_too_much(return_url, url, reason):
    response = make_board(return_url).test_client().get(url.format(sign()))
    assert response.status_code == 400
    assert f"<code>{reason}</code>" in response.text


@pytest.mark.parametrize("form", [IN_PAGE, "/sso?t={token}", "/sso/{token}"])
def test_only_get_uses_a_token_up(form):
    client, url = make_board(form).test_client(), form.format(page="/", token=sign())
    for method in ("HEAD", "POST", "OPTIONS"):
        headers = client.open(url, method=method).headers
        assert not {"Location", "Set-Cookie"} & set(headers.keys())
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

NO_URLS = f"/sso/feedbackchimp javascript:alert(1) {SSO_URL}#top http://[::1/".split()


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("secret", "", "secret is blank"),
        ("secret", "JWT_SECRET", "secret is still a placeholder"),
        ("secret", None, "secret is missing"),
        *(("sso_url", url, "sso_url must be") for url in NO_URLS),
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


def test_this_machine_is_answered(board):
    assert Client(board).get("/").status_code == 200
    for address in ("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", ""):
        environ = {"REMOTE_ADDR": address}
        assert Client(board).get("/", environ_overrides=environ).status_code == 200


OTHER_MACHINES = "192.168.1.7 10.0.0.1 0.0.0.0 2001:db8::1 ::ffff:10.0.0.1 host"


@pytest.mark.parametrize("address", OTHER_MACHINES.split())
def test_other_machines_are_not_answered(address):
    board, environ = make_board(), {"REMOTE_ADDR": address}
    for path in ("/", "/static/board.css", "/validate"):
        url = f"{path}?ssoToken={sign()}"
        response = Client(board).get(url, environ_overrides=environ)
        assert (response.status_code, response.mimetype) == (403, "text/plain")
    assert get_arrivals(board) == ()


def test_client_may_call_it_anything(client):
    """A test client is not a server, and takes the board's own name."""
    for origin in ("https://board.example", "http://10.0.0.1:8"):
        response = client.get(f"/?ssoToken={sign()}", base_url=origin)
        assert response.location == f"{origin}/"


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


OWN_NAMES = "localhost LOCALHOST:{port} 127.0.0.1:{port} [::1]:{port}"
FOREIGN_NAMES = """
    evil.example evil.example:{port} localhost.evil.example localhost:80:80 localhost:
    localhost:99999 evil.example:localhost 127.0.0.2 localhost.
"""


@pytest.mark.parametrize("host", [*OWN_NAMES.split(), *FOREIGN_NAMES.split(), " "])
def test_host(board, port, host):
    """A page elsewhere could have its own name lead here (DNS rebinding)."""
    is_own, before = host in OWN_NAMES.split(), get_arrivals(board)
    host = host.format(port=port)
    assert status(port, f"/?ssoToken={sign()}", host) == (303 if is_own else 403)
    assert len(get_arrivals(board)) == len(before) + is_own
    assert status(port, "/static/board.css", host) == (200 if is_own else 403)


def test_idle_connection_blocks_nobody(port):
    """A browser opens some in advance."""
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert status(port, "/") == 200


@pytest.mark.parametrize("target", [f"{POST}?ssoToken={{}}", "/sso/{}/x?to=1"])
def test_log_has_no_token(port, caplog, target):
    caplog.set_level(logging.INFO, logger="werkzeug")
    token = sign()
    status(port, target.format(token))
    path = target.partition("?")[0].format("[token]")
    assert f"GET {path} " in caplog.text
    assert not any(part in caplog.text for part in token.split("."))


def test_log_of_what_cannot_be_read(port, caplog):
    caplog.set_level(logging.INFO, logger="werkzeug")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET /?ssoToken={sign()} x y z\r\n\r\n".encode())
        assert b"400" in connection.recv(65536)
    assert "a request could not be read" in caplog.text
    assert "eyJ" not in caplog.text
