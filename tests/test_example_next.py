"""Where the example's login sends people on to: never off its own host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from corpora import EVIL, FORBIDDEN, SURROGATES, honest_pages, hostile_pages
from daybook import (
    PASSWORD,
    SESSION_COOKIE,
    close,
    csrf_token,
    log_in,
    logged_in,
    make_daybook,
    use_quick_hashes,
)
from outside import run_node

ORIGIN = "http://localhost"
BOARD = "http://localhost:5001"
ORIGINS_SCRIPT = Path(__file__).parent / "support" / "origins.mjs"

# From here a URL parser can find no host: one slash and then another character than a
# slash or a backslash (WHATWG URL §4.4, "relative slash state"). All of it is ASCII
# that no parser drops.
PATH_ON_THIS_HOST = re.compile(r"/(?![/\\])[!-\[\]-~]*")

HONEST = (
    "/",
    "/tasks",
    "/whats-new#deep-link",
    "/tasks?a=1&a=2&b=&c",
    "/tasks?q=a+b%2Bc%20d&e=caf%C3%A9&r=%2525",
    "/sso/feedbackchimp?redirect=http%3A%2F%2Flocalhost%3A5001%2Fb%3Fa%3D1%23c",
    f"/login?next=//{EVIL}",
    f"/@{EVIL}",
    f"/a//{EVIL}",
    f"/a?next=https://{EVIL}/#//{EVIL}",
    "/100%",
    "/a;b=1~'()*!$;,",
    "/" + "x" * 7999,
)
RESPELLED = (
    ("/whats-new?", "/whats-new"),
    ("/a[1]", "/a%5B1%5D"),
    ("/caf\u00e9?q=\u65e5", "/caf%C3%A9?q=%E6%97%A5"),
    (f"/\uff0f{EVIL}", f"/%EF%BC%8F{EVIL}"),
    ('/a"<b>`{c}|^', "/a%22%3Cb%3E%60%7Bc%7D%7C%5E"),
)
HOSTILE = (
    *("", " ", "#", "?", ".", "tasks", "./tasks", "../tasks", "?a=1", "#f", "/ tasks"),
    *(f"//{EVIL}", f"///{EVIL}", f"////{EVIL}/", f"//{EVIL}/%2e%2e", f"//@{EVIL}"),
    *(f"/\\{EVIL}", f"\\{EVIL}", f"\\\\{EVIL}", f"\\/{EVIL}", f"/\\/{EVIL}", "/a\\b"),
    *(f"http:{EVIL}", f"https:{EVIL}", f"https:/{EVIL}", f"https:///{EVIL}", "http:"),
    *(f"https://{EVIL}", f"HTTPS://{EVIL}/", f"https:\\\\{EVIL}", f"http:\\{EVIL}"),
    *(
        f"https://localhost@{EVIL}/",
        f"https://{EVIL}@localhost/",
        f"//localhost@{EVIL}",
    ),
    *(
        f"http://localhost\\@{EVIL}/",
        f"//localhost\\@{EVIL}/",
        f"http://localhost.{EVIL}",
    ),
    *("http://localhost", "http://localhost/tasks", "//localhost/tasks", "http:tasks"),
    *(
        "https://localhost/",
        "http://localhost:80/",
        "http://127.0.0.1/",
        "http://[::1]/",
    ),
    *("javascript:alert(1)", "JaVaScRiPt://localhost/%0aalert(1)", "data:text/html,x"),
    *("vbscript:x", "file:///etc/passwd", "mailto:x@y", "blob:http://localhost/x"),
    *(f"/\t/{EVIL}", f"/\n/{EVIL}", f"/\r/{EVIL}", f"\t//{EVIL}", f" //{EVIL}"),
    *(f"\x00//{EVIL}", f"/\x00/{EVIL}", f"\x01//{EVIL}", f"/\x0b/{EVIL}", "\x0c/tasks"),
    *(f"ht\ntp://{EVIL}", f"java\tscript:alert(1)//{EVIL}", f"https:\t//{EVIL}"),
    *(
        "/tasks\r\nSet-Cookie: a=b",
        "/tasks\nX: y",
        "/tasks\x85",
        "/tasks\u2028",
        "/\x7f",
    ),
    *(f"/\u200b/{EVIL}", f"\ufeff//{EVIL}", f"/\u00ad/{EVIL}", f"/\u2060/{EVIL}"),
    *(f"\u3000//{EVIL}", f"\xa0//{EVIL}", f"/\u202e/{EVIL}", f"\uff0f\uff0f{EVIL}"),
    *(f"%2F%2F{EVIL}", f"%2f{EVIL}", f"%5C%5C{EVIL}", f"%68ttps://{EVIL}", "%2Ftasks"),
    *(f"{EVIL}", f"www.{EVIL}/", f"localhost:80@{EVIL}", f"@{EVIL}", f";//{EVIL}"),
    *(
        f"http://[{EVIL}/",
        "http://[",
        "//[",
        "//]",
        "///",
        "//",
        "\\",
        "/\\",
        ":",
        "://",
    ),
    *("/" + "x" * 8000, "/" + "\u00e9" * 2000, "/" + "x" * 60_000, "x" * 60_000),
)


@pytest.fixture(scope="module")
def daybook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app, with passwords that are quick to check."""
    app = make_daybook(tmp_path_factory.mktemp("daybook"))
    use_quick_hashes(app)
    yield app
    close(app)


class LoginForm:
    """Ada's login, again and again, each time as somebody who is logged out."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self._token = csrf_token(self._client.get("/login"))
        self._logged_out = self._client.get_cookie(SESSION_COOKIE).value

    def location(self, next_url: str) -> str:
        """The ``Location`` that is sent to somebody who logs in with this ``next``."""
        return self.location_of(f"next={quoted(next_url)}")

    def location_of(self, query: str | bytes) -> str:
        """The same for a whole query string, byte for byte."""
        self._client.set_cookie(SESSION_COOKIE, self._logged_out)
        form = {
            "csrf_token": self._token,
            "email": "ada@example.com",
            "password": PASSWORD,
        }
        response = self._client.post(
            "/login", data=form, environ_overrides={"QUERY_STRING": as_wsgi(query)}
        )
        assert response.status_code == 302
        return response.headers["Location"]


@pytest.fixture
def form(daybook: Flask) -> LoginForm:
    """The login form."""
    return LoginForm(daybook)


def quoted(text: str) -> str:
    """A text as the value of a query parameter, every byte encoded once."""
    return quote(text, safe="", errors="surrogatepass")


def as_wsgi(query: str | bytes) -> str:
    """A query string as a server hands it on (PEP 3333)."""
    return query.decode("latin-1") if isinstance(query, bytes) else query


def hostile_corpus() -> list[str]:
    """Everything hostile, whatever it was made for, and every absolute URL."""
    paths = [
        f"{before}{character}{after}"
        for before, after in (("", "/tasks"), ("/", f"/{EVIL}"), ("/tasks", ""))
        for character in (*FORBIDDEN, *SURROGATES)
    ]
    honest = [page.page for page in honest_pages(BOARD)]
    return list(dict.fromkeys([*HOSTILE, *paths, *hostile_pages(ORIGIN), *honest]))


@pytest.fixture(scope="module")
def locations(daybook: Flask) -> dict[str, str]:
    """What is sent to somebody who logs in, for every value of the corpus."""
    form = LoginForm(daybook)
    return {url: form.location(url) for url in hostile_corpus()}


@pytest.mark.parametrize("url", HONEST)
def test_a_page_of_this_site_is_gone_on_to_as_it_is(form, url):
    """Path, query and fragment, letter for letter."""
    assert form.location(url) == url


@pytest.mark.parametrize(("url", "sent"), RESPELLED)
def test_a_page_spelled_in_other_letters_is_sent_in_ascii(form, url, sent):
    """As Werkzeug would spell it; what was judged is what is sent."""
    assert form.location(url) == sent


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url)[:60])
def test_anything_else_leads_home(form, url):
    """After the login as for somebody who is logged in already."""
    assert form.location(url) == "/"


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"next",
        b"next=/tasks&next=/tasks",
        f"next=/tasks&next=//{EVIL}".encode(),
        f"next=//{EVIL}&next=/tasks".encode(),
        b"next=/tasks\xff",
        b"next=\xff",
        b"x=\xff&next=/tasks",
        f"next=/%FF/&%6eext=//{EVIL}".encode(),
    ],
)
def test_a_query_that_names_no_page_or_several_leads_home(form, query):
    """Bytes that are not UTF-8 included."""
    assert form.location_of(query) == "/"


def test_no_value_of_the_corpus_leaves_this_host_after_the_login(locations):
    """The form was really sent, and the ``Location`` is judged as it left the app."""
    leaving = {
        url: location
        for url, location in locations.items()
        if PATH_ON_THIS_HOST.fullmatch(location) is None
    }
    assert leaving == {}
    assert len(locations) > 1000


def test_a_browsers_own_parser_finds_this_origin_in_every_location(locations):
    """Node's ``new URL`` follows the rules of browsers (WHATWG URL)."""
    sent = list(locations.values())
    assert set(run_node(ORIGINS_SCRIPT, [ORIGIN, sent])) == {ORIGIN}


def test_whoever_is_logged_in_already_is_sent_to_the_same_places(daybook, locations):
    """The login page judges ``next`` for them, too."""
    client = logged_in(daybook)
    for url, location in locations.items():
        query = f"next={quoted(url)}"
        response = client.get("/login", environ_overrides={"QUERY_STRING": query})
        assert (response.status_code, response.headers["Location"]) == (302, location)


def test_the_judges_know_a_url_that_leaves():
    """Otherwise the tests above could not fail."""
    leaving = [f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"https:{EVIL}", f"\\\\{EVIL}"]
    assert not any(map(PATH_ON_THIS_HOST.fullmatch, leaving))
    assert ORIGIN not in run_node(ORIGINS_SCRIPT, [ORIGIN, leaving])


def test_every_honest_page_of_the_board_survives_the_login(daybook):
    """Query and fragment included, through two encodings and back."""
    for page in honest_pages(BOARD):
        location = location_after_login(daybook, page.page)
        [token] = re.findall(r"ssoToken=(eyJ[\w.-]+)", location)
        assert location == page.with_token(token)


def location_after_login(app: Flask, page: str) -> str:
    """Ask for a page of the board while logged out, log in when asked to, and go on."""
    client = app.test_client()
    asked = client.get(f"/sso/feedbackchimp?redirect={quoted(page)}")
    assert asked.location.startswith("/login?next=")
    response = log_in(client, "ada@example.com", at=asked.location)
    return client.get(response.location).headers["Location"]
