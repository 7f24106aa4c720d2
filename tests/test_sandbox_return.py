"""The sandbox's two legs of a sign-in: to the app, and back with a token."""

import tracemalloc
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from flask_feedbackchimp.sandbox import create_sandbox, get_arrivals
from flask_feedbackchimp.sandbox.state import sandbox_state
from support.boards import POST, SSO_URL, log_in_link, make_board, sent_along, sign

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
        (IN_PAGE, "/?ssoToken=x&ssoToken=y&a=1", "?a=1"),
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
    ("return_url", "url"),
    [
        (IN_PAGE, "/validate"),
        (IN_PAGE, "/logged-out"),
        (IN_PAGE, "/static/board.css"),
        (IN_PAGE, "/?ssoToken=bad"),
        (IN_QUERY, "/api/sso"),
        (IN_PATH, "/sso/bad"),
    ],
)
def test_private_board_does_not_loop(return_url, url):
    client = make_board(return_url, private=True).test_client()
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
    """And another sandbox's are not taken."""
    client = make_board(IN_QUERY).test_client()
    values = {sent_along(log_in_link(client.get("/")), "companyID") for _ in range(9)}
    assert len(values) == 9
    assert min(map(len, values)) >= 16
    other = make_board(IN_QUERY).test_client()
    query = {"companyID": values.pop(), "ssoToken": sign()}
    assert "value_missing" in other.get("/api/sso", query_string=query).text


def test_flood_fills_no_memory():
    """Nothing is kept of anonymous visitors, however long their URLs."""
    state = sandbox_state(make_board(IN_QUERY))
    tracemalloc.start()
    try:
        for number in range(1000):
            state.issue(f"/board/{number}?x={'x' * 8000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100_000


def test_flood_pushes_out_no_value():
    """A visitor who is at the app's login meanwhile comes back all the same."""
    board = make_board(IN_QUERY)
    client = board.test_client()
    value = sent_along(log_in_link(client.get("/")), "companyID")
    for _ in range(10_001):
        sandbox_state(board).issue("/")
    query = {"companyID": value, "ssoToken": sign()}
    assert client.get("/api/sso", query_string=query).status_code == 303


def test_long_page_leads_home():
    """A value stands in URLs, so it does not grow with the page."""
    client = make_board("/in?t={token}&s={s}").test_client()
    value = sent_along(log_in_link(client.get(f"/board/1?x={'x' * 1000}")), "s")
    assert len(value) < 200
    assert client.get(f"/in?t={sign()}&s={value}").location == HOME


@pytest.mark.parametrize("url", [f"/{'x' * 8192}", f"/?x={'x' * 8192}"])
def test_too_long_a_url(url):
    response = make_board().test_client().get(url)
    assert response.status_code == 414
    assert sent_along(log_in_link(response)) == HOME


@pytest.mark.parametrize(
    "pairs",
    [
        "id={b}&x={a}",
        "id={a}&x={a}",
        "id={a}",
        "id={a}&x=",
        "id={a}&x=made-up",
        "id={a}&x={b}&x={b}",
        "id={a}&x={b}x",
    ],
)
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


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "http:\\\\localhost/",
    "https://localhost/",
    "http://localhost:81/",
    "http:/localhost/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http:localhost",
    "http://evil.example@localhost/",
    "http://localhost\\@evil.example/",
    "http://localhost/\\evil.example",
    "http://localhoſt/",
    "javascript:alert(1)",
    "http://localhost%2F@evil.example/",
    "/board/1002-feature-requests",
    " http://localhost/",
    "http://localhost\t/",
    "http://localhost/a\nb",
    "http://localhost/a b",
    "http://localhost/\u2028",
]


@pytest.mark.parametrize("page", FOREIGN)
def test_endpoint_sends_nobody_elsewhere(page):
    """And keeps the token unused."""
    client, token = make_board(IN_PATH).test_client(), sign()
    response = client.get(f"/sso/{token}", query_string={"to": page})
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
