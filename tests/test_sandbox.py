"""The stand-in board: its pages, both legs of the way back, and its manners."""

from __future__ import annotations

import logging
import threading
import urllib.request
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.test import Client, create_environ, run_wsgi_app

from apps import SECRET
from flask_feedbackchimp.sandbox import RequestHandler, create_sandbox, get_arrivals
from flask_feedbackchimp.sandbox.content import BOARDS
from flask_feedbackchimp.tokens import TokenSigner

SSO_URL = "http://localhost:5000/sso/feedbackchimp"
POST = "/board/1002-feature-requests/31-dark-mode"


@pytest.fixture
def sandbox():
    return create_sandbox(SECRET, sso_url=SSO_URL, admins=["Boss@example.com"])


@pytest.fixture
def private():
    return create_sandbox(SECRET, sso_url=SSO_URL, private=True)


def sign(email="ada@example.com", name="Ada Lovelace", **options):
    return TokenSigner(SECRET).sign(email, name, **options).text


class Elements(HTMLParser):
    """Every element of a page, as its tag and attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(response, tag):
    return [attrs for name, attrs in Elements(response.text).found if name == tag]


def log_in_link(response):
    (link,) = (a for a in elements(response, "a") if a.get("id") == "log-in")
    return link["href"]


def named_page(url):
    """The page that a link to the app's SSO URL names."""
    (page,) = (v for k, v in parse_qsl(urlsplit(url).query) if k == "redirect")
    return page


def ask(sandbox, **environ):
    """The status and headers for a request that no test client would send."""
    _, status, headers = run_wsgi_app(sandbox, create_environ() | environ, True)
    return status, headers


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
    ("/sso", 400),
    ("/?ssoToken=nonsense", 400),
]


@pytest.mark.parametrize(("url", "status"), EVERY_PAGE)
def test_every_page_says_that_it_is_a_stand_in_and_loads_nothing_from_elsewhere(
    sandbox, url, status
):
    response = sandbox.test_client().get(url)
    assert response.status_code == status
    assert "A stand-in for development, not FeedbackChimp" in response.text
    loaded = elements(response, "link") + elements(response, "script")
    assert len(loaded) == 3
    for attrs in loaded:
        address = attrs.get("href") or attrs.get("src")
        with sandbox.test_client().get(address) as file:
            assert file.status_code == 200
        assert not urlsplit(address).netloc
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not elements(response, "style")
    assert not [a for tag, a in Elements(response.text).found if "style" in a]


def test_every_link_to_a_page_of_the_board_leads_to_one(sandbox):
    client, seen, waiting = sandbox.test_client(), set(), ["/"]
    while waiting:
        url = waiting.pop()
        response = client.get(url)
        assert response.status_code == 200, url
        seen.add(url)
        links = [a["href"] for a in elements(response, "a")]
        pages = {link for link in links if link.startswith("/")}
        waiting += pages - seen - set(waiting)
    assert {POST, "/validate", "/board/1004-integrations"} <= seen


def test_posts_are_shown_by_votes_or_newest_first(sandbox):
    client = sandbox.test_client()

    def titles(query):
        text = client.get(f"/board/1002-feature-requests{query}").text
        return sorted(
            (post.title for post in BOARDS[0].posts),
            key=lambda title: text.index(title),
        )

    assert titles("")[0] == titles("?sort=top")[0] == "Dark mode"
    assert titles("?sort=new")[0] == "Recurring tasks that skip holidays"
    assert titles("?sort=new")[-1] == "Dark mode"


def test_log_in_leads_to_the_app_and_names_this_page_with_its_query(sandbox):
    url = f"{POST}?sort=new&q=a+b%26c&x="
    link = log_in_link(sandbox.test_client().get(url))
    assert link == f"{SSO_URL}?redirect={quote('http://localhost' + url, safe='')}"


@pytest.mark.parametrize(
    ("sso_url", "start"),
    [
        (SSO_URL, "?redirect="),
        (f"{SSO_URL}?tenant=acme", "?tenant=acme&redirect="),
        (f"{SSO_URL}?", "?redirect="),
        (f"{SSO_URL}?a=1&", "?a=1&redirect="),
    ],
)
def test_the_page_is_added_to_whatever_query_the_sso_url_has(sso_url, start):
    sandbox = create_sandbox(SECRET, sso_url=sso_url)
    link = log_in_link(sandbox.test_client().get("/"))
    assert link == f"{SSO_URL}{start}http%3A%2F%2Flocalhost%2F"


def test_log_in_on_a_page_that_is_no_board_page_leads_back_to_the_home(sandbox):
    client = sandbox.test_client()
    for response in (
        client.get("/validate"),
        client.get("/logged-out"),
        client.get("/sso"),
        client.post("/", data={}),
    ):
        assert named_page(log_in_link(response)) == "http://localhost/"


def test_log_in_on_a_refusal_leads_back_to_the_page_without_the_token(sandbox):
    response = sandbox.test_client().get("/board/77-ideas?a=1&ssoToken=bad&b=2")
    assert response.status_code == 400
    page = named_page(log_in_link(response))
    assert page == "http://localhost/board/77-ideas?a=1&b=2"


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("ssoToken={}", ""),
        ("sort=new&ssoToken={}", "?sort=new"),
        ("ssoToken={}&sort=new", "?sort=new"),
        ("b=2&ssoToken={}&a=1&b=1", "?b=2&a=1&b=1"),
        ("q=a+b%20c%26%2B&ssoToken={}&x=&y&&z", "?q=a+b%20c%26%2B&x=&y&&z"),
        ("name=%C3%85da%F0&ssoToken={}", "?name=%C3%85da%F0"),
        ("%73soToken={}&a=1", "?a=1"),
        ("ssotoken=kept&ssoToken={}", "?ssotoken=kept"),
        ("redirect=https://evil.example&ssoToken={}", "?redirect=https://evil.example"),
    ],
)
@pytest.mark.parametrize("path", ["/", POST, "/board/77-ideas", "/%C3%A5/%3F%25"])
def test_a_token_on_a_page_signs_in_and_leaves_the_same_page_without_it(
    sandbox, path, query, clean
):
    client = sandbox.test_client()
    response = client.get(f"{path}?{query.format(sign())}")
    assert response.status_code == 303
    assert response.location == f"http://localhost{path}{clean}"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    after = client.get(response.location)
    assert "Ada Lovelace" in after.text
    assert "ada@example.com" in after.text


def test_raw_bytes_in_a_query_do_no_harm(sandbox):
    def get(query):
        return ask(sandbox, QUERY_STRING=query.decode("latin-1"))

    assert get(b"sort=\xff")[0] == "200 OK"
    assert get(b"sort=\xff&\xfe=1&ssoToken=x")[0] == "400 BAD REQUEST"
    _, headers = get(b"sort=\xff&\xfe=1&ssoToken=" + sign().encode())
    assert headers["Location"] == "http://localhost/?sort=%FF&%FE=1"


def test_the_fixed_endpoint_signs_in_and_goes_on_to_the_page(sandbox):
    client = sandbox.test_client()
    page = f"http://localhost{POST}?sort=new&q=a%26b+c#comment-2"
    response = client.get(
        f"/sso?tenant=acme&redirect={quote(page, safe='')}&ssoToken={sign()}"
    )
    assert response.status_code == 303
    assert response.location == page
    assert "Ada Lovelace" in client.get(POST).text


@pytest.mark.parametrize(
    ("page", "location"),
    [
        (None, "http://localhost/"),
        ("", "http://localhost/"),
        ("http://localhost", "http://localhost/"),
        ("http://localhost?a=1", "http://localhost/?a=1"),
        ("http://localhost#top", "http://localhost/#top"),
        ("HTTP://LOCALHOST/board", "http://localhost/board"),
        ("http://localhost//evil.example/x", "http://localhost//evil.example/x"),
        ("http://localhost/å?ä#ö", "http://localhost/%C3%A5?%C3%A4#%C3%B6"),
        ("http://localhost/a%2Fb%20c", "http://localhost/a%2Fb%20c"),
    ],
)
def test_the_fixed_endpoint_lands_on_its_own_origin(sandbox, page, location):
    query = {"ssoToken": sign()} | ({} if page is None else {"redirect": page})
    response = sandbox.test_client().get("/sso", query_string=query)
    assert response.status_code == 303
    assert response.location == location


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "http:\\\\localhost/",
    "https://localhost/",
    "http://localhost:81/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://evil.example@localhost/",
    "http://user:password@localhost/",
    "http://localhost\\@evil.example/",
    "http://localhost/\\evil.example",
    "http://localhost\t/",
    "http://localhost/a\nb",
    "http://localhost/a b",
    "http://localhost/\u2028",
    "http://localho\u017ft/",
    " http://localhost/",
    "javascript:alert(1)",
    "/board/1002-feature-requests",
    "http:/localhost/",
    "http:localhost",
    "http://localhost%2F@evil.example/",
]


@pytest.mark.parametrize("page", FOREIGN)
def test_the_fixed_endpoint_sends_nobody_elsewhere_and_keeps_the_token_unused(
    sandbox, page
):
    client, token = sandbox.test_client(), sign()
    response = client.get("/sso", query_string={"redirect": page, "ssoToken": token})
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "page_foreign" in response.text
    assert client.get(f"/?ssoToken={token}").status_code == 303


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("redirect=http://localhost/", "token_missing"),
        ("", "token_missing"),
        ("redirect=http://localhost/&redirect=&ssoToken={}", "page_repeated"),
        ("ssoToken={}&ssoToken={}", "token_repeated"),
        ("ssoToken=", "malformed"),
    ],
)
def test_the_fixed_endpoint_says_what_is_missing_or_too_much(sandbox, query, reason):
    response = sandbox.test_client().get(f"/sso?{query.replace('{}', sign())}")
    assert response.status_code == 400
    assert reason in response.text


def test_a_page_takes_one_token_alone(sandbox):
    response = sandbox.test_client().get(f"/?ssoToken={sign()}&ssoToken={sign()}")
    assert response.status_code == 400
    assert "token_repeated" in response.text


@pytest.mark.parametrize("path", ["/", "/sso"])
def test_only_get_uses_a_token_up(sandbox, path):
    client, url = sandbox.test_client(), f"{path}?ssoToken={sign()}"
    for method in ("HEAD", "POST", "OPTIONS"):
        response = client.open(url, method=method)
        assert "Location" not in response.headers
        assert "Set-Cookie" not in response.headers
    assert client.get(url).status_code == 303


def test_the_names_of_the_parameters_can_be_others():
    sandbox = create_sandbox(
        SECRET, sso_url=SSO_URL, redirect_param="return_to", token_param="jwt"
    )
    client = sandbox.test_client()
    assert "?return_to=http%3A" in log_in_link(client.get("/"))
    assert client.get(f"/?ssoToken={sign()}").status_code == 200
    assert client.get(f"/?a=1&jwt={sign()}").location == "http://localhost/?a=1"
    query = {"return_to": "http://localhost/x", "jwt": sign()}
    assert client.get("/sso", query_string=query).location == "http://localhost/x"


def test_a_double_slash_in_front_of_a_host_stays_a_path(sandbox):
    query = f"ssoToken={sign()}"
    _, headers = ask(sandbox, PATH_INFO="//evil.example/", QUERY_STRING=query)
    assert headers["Location"] == "http://localhost/evil.example/"


def test_below_a_mount_point_people_stay_below_it(sandbox):
    client = Client(DispatcherMiddleware(create_sandbox, {"/board-app": sandbox}))
    response = client.get(f"/board-app{POST}?ssoToken={sign()}")
    assert response.location == f"http://localhost/board-app{POST}"


def test_a_private_board_sends_anonymous_visitors_to_the_app_at_once(private):
    client = private.test_client()
    for url in ("/", f"{POST}?a=1", "/board/77-ideas", "/unknown?x=%20"):
        response = client.get(url)
        assert response.status_code == 302
        assert response.location.startswith(f"{SSO_URL}?redirect=")
        assert named_page(response.location) == f"http://localhost{url}"


def test_a_private_board_shows_its_pages_to_people_who_are_signed_in(private):
    client = private.test_client()
    client.get(f"/?ssoToken={sign()}")
    assert client.get(POST).status_code == 200
    assert "Private board" in client.get("/").text


@pytest.mark.parametrize(
    "url",
    ["/validate", "/logged-out", "/static/board.css", "/sso", "/?ssoToken=bad"],
)
def test_a_private_board_does_not_loop_where_people_have_to_stay(private, url):
    with private.test_client().get(url) as response:
        assert "Location" not in response.headers


def test_a_private_board_does_not_sign_in_again_after_logging_out(private):
    client = private.test_client()
    client.get(f"/?ssoToken={sign()}")
    response = client.post("/logout", follow_redirects=True)
    assert response.request.path == "/logged-out"
    assert "You are logged out of this board" in response.text
    assert client.get("/").status_code == 302


def test_logging_out_ends_the_session_here(sandbox):
    client = sandbox.test_client()
    client.get(f"/?ssoToken={sign()}")
    assert "You are signed in" in client.get("/logged-out").text
    assert client.post("/logout").location == "/logged-out"
    assert "Ada Lovelace" not in client.get("/").text


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_site_or_port_cannot_log_people_out(sandbox, site):
    client = sandbox.test_client()
    client.get(f"/?ssoToken={sign()}")
    response = client.post("/logout", headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403
    assert "Ada Lovelace" in client.get("/").text
    own = client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 303


def test_the_session_cookie_has_a_name_of_its_own_and_no_token(sandbox):
    token = sign()
    response = sandbox.test_client().get(f"/?ssoToken={token}")
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("feedbackchimp_sandbox=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert token.split(".")[1] not in cookie


def test_a_session_of_another_process_is_nobody():
    first, second = (create_sandbox(SECRET, sso_url=SSO_URL) for _ in range(2))
    assert first.secret_key != second.secret_key
    client = first.test_client()
    client.get(f"/?ssoToken={sign()}")
    cookie = client.get_cookie("feedbackchimp_sandbox")
    other = second.test_client()
    other.set_cookie("feedbackchimp_sandbox", cookie.value)
    assert "Ada Lovelace" not in other.get("/").text


def test_a_longest_possible_identity_fits_into_the_session(sandbox):
    name = "".join(chr(0x1F600 + n % 64) for n in range(255))
    client = sandbox.test_client()
    token = sign("a" * 242 + "@example.com", name, claims={"x": "y" * 2000})
    client.get(f"/?ssoToken={token}")
    assert name in client.get("/").text


def test_names_and_claims_are_escaped(sandbox):
    evil = "<script>alert('x')</script>\"><img src=x>"
    client = sandbox.test_client()
    token = sign(name=evil, claims={evil: evil, "list": [evil]})
    checked = client.post("/validate", data={"token": token})
    client.get(f"/?ssoToken={token}")
    for response in (checked, client.get("/"), client.get(POST), client.get("/x")):
        assert "<script>alert" not in response.text
        assert "<img" not in response.text
        assert "&lt;script&gt;alert" in response.text


def test_the_board_shows_what_it_was_told(sandbox):
    client = sandbox.test_client()
    client.get(f"/?ssoToken={sign(claims={'company': 'Engines', 'seats': [1, None]})}")
    text = client.get("/").text
    assert "What this board was told about you" in text
    assert "Engines" in text
    assert "[1, null]" in text


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "", None]
)
def test_this_machine_is_answered(sandbox, address):
    environ = {"REMOTE_ADDR": address} if address is not None else {}
    client = Client(sandbox)
    assert client.get("/", environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["192.168.1.7", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:10.0.0.1", "host"],
)
@pytest.mark.parametrize("path", ["/", "/static/board.css", "/validate", "/sso"])
def test_other_machines_are_not_answered(sandbox, address, path):
    response = Client(sandbox).get(
        f"{path}?ssoToken={sign()}", environ_overrides={"REMOTE_ADDR": address}
    )
    assert response.status_code == 403
    assert response.mimetype == "text/plain"
    assert get_arrivals(sandbox) == ()


def test_what_arrived_is_on_record(sandbox):
    client, token = sandbox.test_client(), sign()
    client.get(f"{POST}?a=1&ssoToken={token}")
    client.get(f"/?ssoToken={token}")
    signed_in, refused = get_arrivals(sandbox)
    assert signed_in.claims["email"] == "ada@example.com"
    assert signed_in.page == f"http://localhost{POST}?a=1"
    assert signed_in.reason is None
    assert (refused.reason, refused.page, dict(refused.claims)) == ("jti_used", "", {})


def test_the_secret_is_nowhere_to_be_read(sandbox):
    shown = f"{sandbox.config!r} {sandbox.extensions!r} {vars(sandbox)!r}"
    assert SECRET not in shown


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
        (SECRET, {"token_param": ""}, "token_param must be"),
        (SECRET, {"token_param": "redirect"}, "different names"),
    ],
)
def test_unusable_arguments_are_refused_by_name(secret, options, named):
    with pytest.raises(ValueError, match=named) as caught:
        create_sandbox(secret, **{"sso_url": SSO_URL} | options)
    assert SECRET not in str(caught.value)


def test_a_secret_is_read_as_the_app_reads_it():
    sandbox = create_sandbox(f"\ufeff{SECRET}\n".encode(), sso_url=SSO_URL)
    assert sandbox.test_client().get(f"/?ssoToken={sign()}").status_code == 303


@pytest.fixture
def served(sandbox, caplog):
    """The sandbox behind a real server, with what the server logs."""
    caplog.set_level(logging.INFO, logger="werkzeug")
    server = make_server("127.0.0.1", 0, sandbox, request_handler=RequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_logs_no_token(served, caplog):
    token = sign()
    with urllib.request.urlopen(
        f"http://127.0.0.1:{served.port}{POST}?ssoToken={token}"
    ) as response:
        assert "Dark mode" in response.read().decode()
    assert f"GET {POST} 303" in caplog.text
    assert token not in caplog.text


def test_a_server_logs_no_token_of_a_request_it_cannot_read(served, caplog):
    connection = HTTPConnection("127.0.0.1", served.port)
    connection.connect()
    connection.sock.sendall(f"GET /?ssoToken={sign()} x y z\r\n\r\n".encode())
    assert b"400" in connection.sock.recv(65536)
    connection.close()
    assert "a request could not be read" in caplog.text
    assert "eyJ" not in caplog.text
