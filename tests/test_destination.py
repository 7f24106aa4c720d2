"""Where a token goes: to the configured board, or nowhere; as the server gets it."""

import re
import socket
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import pytest
from hypothesis import example, given
from werkzeug.urls import iri_to_uri

from flask_feedbackchimp import Identity, SignInRefused
from support.apps import BOARD, PREFIX, User, claims_of, has_token, make_app, sent_token
from support.corpora import (
    EVIL,
    HOSTILE_QUERIES,
    SURROGATE_PAGES,
    UNDERSCORED_NAMES,
    VICTIMS,
    Honest,
    honest_pages,
    hostile_pages,
    listed_pages,
    read_lines,
    token_attacks,
    token_pages,
)
from support.live import LiveServer
from support.sampling import sample
from support.url_strategies import any_pages, any_queries, composed_pages
from support.wire import Answer, Browser, page_query

BOARDS = [
    "https://feedback.example.com",
    "https://feedback.example.com:8443",
    "https://xn--bcher-kva.example",
    "http://[::1]:5001",
    "http://127.0.0.1:5001",
    "http://localhost:5001",
]
OFF = {"FEEDBACKCHIMP_ENABLED": False, "FEEDBACKCHIMP_JWT_SECRET": ...}
#: Settings that must make no difference to what is refused.
SETUPS: dict[str, dict[str, Any]] = {
    "fixed path": {"FEEDBACKCHIMP_RETURN_URL": "/sso?t={token}&to={page}&s={state}"},
    "token in the path": {"FEEDBACKCHIMP_RETURN_URL": "/sso/{token}"},
    "no iat and exp": {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
    "switched off": OFF,
}


def visitor(*, user: str | None = "ada", bio: int = 0, **config: Any) -> Browser:
    """Somebody on a new app, with an extra claim of some length."""
    app = make_app(**config)
    if bio:
        claims = {"bio": "x" * bio}
        app.feedbackchimp.identity_loader(lambda u: Identity(u.email, u.name, claims))
    return Browser(app, user)


def visitor_of(board: str) -> Browser:
    """Ada on an app that has another board."""
    return visitor(FEEDBACKCHIMP_ORGANIZATION=..., FEEDBACKCHIMP_BOARD_URL=board)


@cache
def ada() -> Browser:
    return visitor()


def is_refused(answer: Answer) -> bool:
    """Without ``Location`` and token."""
    refused = answer.status_code == 400 and answer.location is None
    return refused and not has_token(answer)


def refused_or_on_board(answer: Answer) -> bool:
    """Printable ASCII after the board's origin, without a backslash, is on the board.

    By any parser that is; ``tests/interop`` asks a browser's.
    """
    if answer.status_code != 302:
        return is_refused(answer)
    location = answer.location or ""
    plain = location.isascii() and location.isprintable() and "\\" not in location
    no_host = not urlsplit(location).path.startswith("//")
    as_built = iri_to_uri(location) == location and " " not in location
    return plain and no_host and as_built and location.startswith(f"{BOARD}/")


def let_through(browser: Browser, pages: Iterable[str], **how: Any) -> list[str]:
    """The pages that are not refused."""
    return [page for page in pages if not is_refused(browser.go(page, **how))]


def assert_lands(answer: Answer, honest: Honest, param: str = "ssoToken") -> None:
    assert answer.status_code == 302, honest
    token = sent_token(answer, param)
    assert answer.location == honest.with_token(token, param)
    assert answer.location.count(token) == 1
    assert iri_to_uri(answer.location) == answer.location  # Werkzeug changes nothing


def test_hostile_pages_are_400():
    assert let_through(ada(), hostile_pages()) == []


def test_hostile_pages_of_strangers():
    """They are not led through a login to a 400."""
    pages = sample(hostile_pages())
    assert let_through(visitor(user=None), pages, SCRIPT_NAME="/shop/\xc3\xa9") == []


@pytest.mark.parametrize("setup", SETUPS)
def test_hostile_in_other_setups(setup):
    browser = visitor(**SETUPS[setup])
    assert let_through(browser, sample(hostile_pages())) == []
    led = [query for query in HOSTILE_QUERIES if not is_refused(browser.get(query))]
    assert led == []
    # Six bytes for one letter: far below 2048 characters, but too long.
    assert is_refused(browser.go(f"{BOARD}/".ljust(800, "\u00e9")))
    assert is_refused(browser.go(f"{BOARD}/".ljust(400, "\U0001f600")))


def test_sso_url_refuses_hostile_pages(app):
    """Lone surrogates, too, which no request can carry."""
    pages = [page for page in sample(hostile_pages()) if page.strip(" ")]
    with app.test_request_context():
        for page in pages + SURROGATE_PAGES:
            with pytest.raises(SignInRefused) as caught:
                app.feedbackchimp.sso_url(page, User())
            assert caught.value.status == 400
            assert caught.value.reason in (
                "page_foreign",
                "page_too_long",
                "page_unreadable",
            )


def test_unreadable_pages_are_told_so(app):
    """The same on every Python, whatever it calls printable."""
    with app.test_request_context():
        for page in read_lines("unreadable_pages.txt") + SURROGATE_PAGES:
            with pytest.raises(SignInRefused) as caught:
                app.feedbackchimp.sso_url(page, User())
            assert (caught.value.status, caught.value.reason) == (
                400,
                "page_unreadable",
            )


def test_honest_pages_are_kept():
    """Path, query and fragment as they came; the token once, before the fragment."""
    for honest in honest_pages():
        assert_lands(ada().go(honest.page), honest)


@pytest.mark.parametrize("board", BOARDS)
def test_other_boards(board):
    browser = visitor_of(board)
    assert let_through(browser, sample(hostile_pages(board))) == []
    for honest in sample(honest_pages(board)):
        assert_lands(browser.go(honest.page), honest)


@pytest.mark.parametrize(
    ("board", "page"),
    [
        ("https://acme.example", "HTTPS://acme.example/x"),
        ("https://acme.example", "https://ACME.example/x"),
        ("https://acme.example", "Https://Acme.Example:443/x"),
        ("https://acme.example", "https://acme.example:443/x"),
        ("https://acme.example:8443", "hTTPS://ACME.EXAMPLE:8443/x"),
        ("http://127.0.0.1", "http://127.0.0.1:80/x"),
        ("http://localhost", "HTTP://LOCALHOST/x"),
        ("http://localhost:5001", "http://LocalHost:5001/x"),
        ("http://[::1]", "http://[::1]:80/x"),
        ("http://[::1]:5001", "HTTP://[::1]:5001/x"),
    ],
)
def test_other_spellings_of_the_origin(board, page):
    """Case does not matter, and the scheme's own port may be named."""
    assert_lands(visitor_of(board).go(page), Honest(page, f"{board}/x"))
    assert_lands(visitor_of(board).go(page[:-2]), Honest(page, f"{board}/"))
    assert_lands(visitor_of(board).go(f"{page}?A=1#F"), Honest("", f"{board}/x?A=1#F"))


@pytest.mark.parametrize(
    ("board", "page"),
    [
        ("http://127.0.0.1", "http://127.0.0.1:443/x"),
        ("http://127.0.0.1", "http://127.0.0.1:5001/x"),
        ("http://127.0.0.1", "https://127.0.0.1/x"),
        ("http://127.0.0.1", "http://localhost/x"),
        ("http://localhost:5001", "http://localhost/x"),
        ("http://localhost:5001", "http://localhost:80/x"),
        ("http://localhost:5001", "http://127.0.0.1:5001/x"),
        ("http://[::1]:5001", "http://[::2]:5001/x"),
        ("http://[::1]:5001", "http://[0:0:0:0:0:0:0:1]:5001/x"),
        ("http://[::1]:5001", "http://::1:5001/x"),
        ("https://acme.example:8443", "https://acme.example/x"),
        ("https://acme.example:8443", "https://acme.example:443/x"),
    ],
)
def test_neighbours_of_other_boards(board, page):
    assert is_refused(visitor_of(board).go(page))


def test_honest_pages_under_other_names():
    browser = visitor(
        FEEDBACKCHIMP_RETURN_URL="{page}?x.J-w_t~1={token}",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_URL_PREFIX="/go",
    )
    asked = {"param": "return_to", "path": "/go", "SCRIPT_NAME": "/shop"}
    for honest in sample([*listed_pages(), *token_pages(param="x.J-w_t~1")]):
        assert_lands(browser.go(honest.page, **asked), honest, "x.J-w_t~1")
    assert let_through(browser, sample(hostile_pages()), **asked) == []
    elsewhere = browser.go(f"https://{EVIL}/", path="/go")
    assert_lands(elsewhere, Honest("", f"{BOARD}/"), "x.J-w_t~1")


def test_switched_off_leads_to_the_plain_page():
    """Even there the token's own parameter is dropped."""
    browser = visitor(**OFF)
    for honest in sample(honest_pages()):
        answer = browser.go(honest.page)
        assert (answer.status_code, answer.location) == (302, honest.url)


@pytest.mark.parametrize(
    ("query", "address"),
    [
        # Without a page.
        ("", f"{BOARD}/"),
        ("redirect", f"{BOARD}/"),
        ("redirect=", f"{BOARD}/"),
        ("redirect=%20%20", f"{BOARD}/"),
        ("redirect=+++%20", f"{BOARD}/"),
        (f"redirect={'%20' * 2049}", f"{BOARD}/"),
        ("x=1", f"{BOARD}/"),
        ("Redirect=//x", f"{BOARD}/"),
        ("redirect&page=2&redirect%5B%5D=//x", f"{BOARD}/"),
        (b"utm=\xff", f"{BOARD}/"),
        # With one.
        ("%72edirec%74=https%3A%2F%2Facme.feedbackchimp.space%2fb", f"{BOARD}/b"),
        (f"redirect={BOARD}/board/1?a=1&b=2", f"{BOARD}/board/1?a=1"),
        (b"redirect=/%FF%C3%A9?%ED%A0%80", f"{BOARD}/%FF%C3%A9?%ED%A0%80"),
        ("ssoToken=old&redirect=/x&sso%54oken=older", f"{BOARD}/x"),
        (b"\xff=1&redirect=/x%2By&x=\xff&&", f"{BOARD}/x+y"),
    ],
)
def test_odd_queries(query, address):
    assert_lands(ada().get(query), Honest("", address))


@pytest.mark.parametrize(
    ("param", "name"),
    [
        ("jwt", "jwt"),
        ("sso%54oken", "ssoToken"),
        ("t%5Bb%5D", "t"),
    ],
)
def test_other_tokens_are_dropped(param, name):
    """Under the name as the board reads it, however the template spells it."""
    browser = visitor(FEEDBACKCHIMP_RETURN_URL=f"{{page}}?{param}={{token}}")
    for honest in token_pages(param=name):
        location = browser.go(honest.page).location or ""
        [token] = re.findall(r"eyJ[\w.-]+", location)
        assert location == honest.with_token(token, param)


@pytest.mark.parametrize(
    "name",
    [*UNDERSCORED_NAMES, "SSO.Token", "SSO[Token", "[sso.token]", "sso+token.x"],
)
def test_what_php_reads_as_an_underscore(name):
    """A dot, a space, and a bracket that is not closed."""
    browser = visitor(FEEDBACKCHIMP_RETURN_URL="{page}?sso_token={token}")
    honest = Honest(f"/x?a=1&{name}=old&b=2", f"{BOARD}/x?a=1&b=2")
    assert_lands(browser.go(honest.page), honest, "sso_token")


@pytest.mark.parametrize("name", ["sso%5Btoken%5D", "x%5Bsso_token%5D", "sso.%5Btoken"])
def test_what_php_reads_otherwise(name):
    """A bracket that is closed names a member of something else."""
    browser = visitor(FEEDBACKCHIMP_RETURN_URL="{page}?sso_token={token}")
    honest = Honest(f"/x?{name}=kept", f"{BOARD}/x?{name}=kept")
    assert_lands(browser.go(honest.page), honest, "sso_token")


@pytest.mark.parametrize("name", ["v", "V", "%76", "v[]", "[v]", "v.x", "+v", "v%00"])
def test_other_parameters_of_the_template_are_dropped(name):
    """The board must read the configured value."""
    browser = visitor(FEEDBACKCHIMP_RETURN_URL="{page}?v=2&ssoToken={token}")
    honest = Honest(f"/x?a=1&{name}=1&b=2", f"{BOARD}/x?a=1&b=2&v=2")
    assert_lands(browser.go(honest.page), honest)


def as_read(query: str, separators: str, *, cut: bool) -> list[str]:
    """The tokens that a server reads, which splits and names as it likes."""
    tokens = []
    for pair in re.split(separators, query):
        name, _, value = pair.partition("=")
        name = unquote_plus(name)
        if cut:  # as servers name members of lists and objects, and as some ignore case
            name = re.split(r"[\[\].\0]", name.strip().lstrip("[]."))[0].strip().lower()
        if name in ("ssoToken", "ssotoken"):
            tokens.append(unquote_plus(value))
    return tokens


def test_boards_read_one_token():
    """The one that was issued, however they split a query."""
    browsers = {t: visitor(FEEDBACKCHIMP_RETURN_URL=t) for t in VICTIMS}
    for template, query in token_attacks():
        sent = urlsplit(browsers[template].get(query).location or "").query
        [token] = as_read(sent, "&", cut=False)
        assert claims_of(token)["email"] == "ada@example.com"
        for separators in ("&", "[&;]"):
            assert as_read(sent, separators, cut=True) == [token], sent


def test_longest_location():
    """4096 bytes; behind that it is the page that is too long, and not the account."""
    browser = visitor(bio=2000)
    room = 4096 - len(browser.get().location or "")
    assert len(browser.go(f"/{'x' * room}").location or "") == 4096
    assert is_refused(browser.go(f"/{'x' * (room + 1)}"))


def test_longest_token():
    """Where it fills 4096 bytes on the board's home, a longer page is at fault."""

    def at(page: str, pad: int) -> Answer:
        template = f"{{page}}?t={{token}}&x={'x' * pad}"
        browser = visitor(bio=2800, FEEDBACKCHIMP_RETURN_URL=template)
        return browser.go(page)

    pad = 4096 - len(at("/", 0).location or "")
    assert len(at("/", pad).location or "") == 4096
    assert is_refused(at("/x", pad))
    for page in ("/", "/x"):
        answer = at(page, pad + 1)
        assert (answer.status_code, has_token(answer)) == (403, False)
        assert "more details than fit" in answer.text


def test_longest_page_while_switched_off():
    """4096 bytes, counted as they are sent."""
    browser = visitor(**OFF)
    page = "\u00e9" * 600
    page += "x" * (4096 - len(browser.go(f"/{page}").location or ""))
    assert len(browser.go(f"/{page}").location or "") == 4096
    assert is_refused(browser.go(f"/{page}x"))


@given(page=any_pages, query=any_queries)
@example(page=f"{BOARD}\\@{EVIL}/", query=b"redirect=\xff")
@example(page=f"/a/..%2F/{EVIL}", query=b"")
def test_anything(page, query):
    assert refused_or_on_board(ada().go(page))
    assert refused_or_on_board(ada().get(query))


@given(honest=composed_pages())
def test_any_honest_page(honest):
    assert_lands(ada().go(honest.page), honest)


def raw_answer(server: LiveServer, query: bytes) -> bytes:
    """Every byte that a server answers to a query that is sent as it is."""
    request = (
        b"GET %b?%b HTTP/1.1\r\nHost: shop.example\r\nCookie: %b\r\n"
        b"Connection: close\r\n\r\n"
    )
    address = ("127.0.0.1", urlsplit(server.url).port)
    with socket.create_connection(address, 30) as connection:
        connection.sendall(request % (PREFIX.encode(), query, ada().cookie.encode()))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_over_the_wire(serve):
    """Raw bytes, too: servers differ in what they make of them."""
    pages = [page for page in sample(hostile_pages())[::5] if len(page) < 2500]
    queries = [page_query(page).encode() for page in pages]
    queries += HOSTILE_QUERIES
    server = serve(ada().app)
    for query in queries:
        answer = raw_answer(server, query)
        assert b"\r\nlocation:" not in answer.lower() or not query.isascii(), query
        assert answer.count(b"\r\nLocation: ") == answer.count(
            f"\r\nLocation: {BOARD}/".encode()
        )
    for honest in sample(honest_pages())[::3]:
        answer = raw_answer(server, page_query(honest.page).encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        [location] = [line for line in head.split(b"\r\n") if b"ssoToken=" in line]
        [token] = re.findall(r"(?<=ssoToken=)eyJ[\w.-]+", location.decode())
        assert location == f"Location: {honest.with_token(token)}".encode()
        assert token.encode() not in body
