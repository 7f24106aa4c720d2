"""Where a token goes: to the configured board, or nowhere.

Judged on the ``Location`` as the server gets it. A text that starts with the board's
origin and a slash, and is printable ASCII without a backslash, is a URL on the board by
any parser; ``tests/interop`` asks a browser's parser, too.
"""

from __future__ import annotations

import re
import socket
from functools import cache
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

import pytest
from hypothesis import example, given
from werkzeug.urls import iri_to_uri

from flask_feedbackchimp import Identity, SignInRefused
from support.apps import (
    BOARD,
    PREFIX,
    User,
    claims_of,
    has_token,
    make_app,
    sent_token,
)
from support.corpora import (
    EVIL,
    SURROGATES,
    VICTIMS,
    Honest,
    dropping_pages,
    honest_pages,
    hostile_pages,
    hostile_queries,
    joints,
    path_pages,
    token_attacks,
)
from support.live import LiveServer
from support.sampling import sample
from support.url_strategies import any_pages, any_queries, composed_pages
from support.wire import Answer, Browser, page_query

#: Boards of every kind of origin, with what configures them.
BOARDS: dict[str, dict[str, Any]] = {
    origin: {"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": origin}
    for origin in (
        "https://feedback.example.com",
        "https://feedback.example.com:8443",
        "https://xn--bcher-kva.example",
        "http://[::1]:5001",
        "http://127.0.0.1",
        "http://localhost:5001",
    )
}
#: Other settings that must make no difference to what is refused.
SETUPS: dict[str, dict[str, Any]] = {
    "fixed path": {"FEEDBACKCHIMP_RETURN_URL": "/sso?t={token}&to={page}&s={state}"},
    "token in the path": {"FEEDBACKCHIMP_RETURN_URL": "/sso/{token}"},
    "other names": {
        "FEEDBACKCHIMP_RETURN_URL": "{page}?jwt={token}&v=2",
        "FEEDBACKCHIMP_REDIRECT_PARAM": "return_to",
    },
    "no iat and exp": {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
    "switched off": {"FEEDBACKCHIMP_ENABLED": False, "FEEDBACKCHIMP_JWT_SECRET": ...},
}


def visitor(user_id: str | None = "ada", **config: Any) -> Browser:
    return Browser(make_app(**config), user_id)


@cache
def ada() -> Browser:
    """Ada, signed in on the app with the default settings."""
    return visitor()


def is_refused(answer: Answer) -> bool:
    return (
        answer.status_code == 400 and answer.location is None and not has_token(answer)
    )


def is_on(origin: str, location: str | None) -> bool:
    """Whether text is a URL on an origin, whoever reads it."""
    text = location or ""
    plain = text.isascii() and text.isprintable() and not set(text) & {" ", "\\"}
    return plain and text.startswith(f"{origin}/")


def refused_or_on_board(answer: Answer) -> bool:
    """Whether an answer is a refusal without a token, or leads to the board."""
    if answer.status_code != 302:
        return is_refused(answer)
    location = answer.location or ""
    no_host = not urlsplit(location).path.startswith("//")
    return is_on(BOARD, location) and no_host and iri_to_uri(location) == location


def assert_lands(answer: Answer, honest: Honest, param: str = "ssoToken") -> None:
    assert answer.status_code == 302, honest
    token = sent_token(answer, param)
    assert answer.location == honest.with_token(token, param)
    assert answer.location.count(token) == 1


@pytest.mark.parametrize("origin", [BOARD, *BOARDS])
def test_corpora(origin: str) -> None:
    """A family that dries up, or repeats another, would prove nothing unnoticed."""
    pages, honest = hostile_pages(origin), honest_pages(origin)
    assert len(pages) == len(set(pages)) > 2000
    assert len(hostile_queries(origin)) > 200
    assert len(honest) == len({page.page for page in honest}) > 600
    assert not {page.page for page in honest} & set(pages)
    assert all(page.address.startswith(f"{origin}/") for page in honest)


# Hostile values


def test_hostile_pages_are_400() -> None:
    """Without ``Location`` and token."""
    assert [page for page in hostile_pages() if not is_refused(ada().go(page))] == []


def test_hostile_pages_of_strangers() -> None:
    """They are not led through a login to a 400."""
    browser = visitor(None)
    pages = sample(hostile_pages())
    assert [page for page in pages if not is_refused(browser.go(page))] == []


@pytest.mark.parametrize("origin", BOARDS)
def test_hostile_pages_on_other_boards(origin: str) -> None:
    browser, pages = visitor(**BOARDS[origin]), sample(hostile_pages(origin))
    assert [page for page in pages if not is_refused(browser.go(page))] == []


@pytest.mark.parametrize("setup", SETUPS)
def test_hostile_pages_in_other_setups(setup: str) -> None:
    browser = visitor(**SETUPS[setup])
    param = SETUPS[setup].get("FEEDBACKCHIMP_REDIRECT_PARAM", "redirect")
    answers = {page: browser.go(page, param=param) for page in sample(hostile_pages())}
    assert [page for page in answers if not is_refused(answers[page])] == []


def test_hostile_pages_under_a_mount() -> None:
    mount = "/shop/\xc3\xa9"
    pages = sample(hostile_pages())
    answers = {page: ada().go(page, SCRIPT_NAME=mount) for page in pages}
    assert [page for page in pages if not is_refused(answers[page])] == []


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize("setup", ["fixed path", "no iat and exp", "switched off"])
def test_hostile_queries_are_400(setup: str, user_id: str | None) -> None:
    """Repeated pages, and bytes that are not UTF-8."""
    browser = visitor(user_id, **SETUPS[setup])
    led = [query for query in hostile_queries() if not is_refused(browser.get(query))]
    assert led == []


def test_sso_url_refuses_hostile_pages(app: Any) -> None:
    """Lone surrogates, too, which no request can carry."""
    halves = [f"{a}{half}{b}" for a, b in joints(BOARD) for half in SURROGATES]
    with app.test_request_context():
        for page in sample([*hostile_pages(), *halves]):
            if page.strip(" "):
                with pytest.raises(SignInRefused) as caught:
                    app.feedbackchimp.sso_url(page, User())
                assert caught.value.status == 400
                assert caught.value.reason in ("page_foreign", "page_too_long")


@pytest.mark.parametrize("page", [5, 0, True, 1.5, b"/", ["/"], {"a": 1}, object()])
def test_sso_url_refuses_what_is_no_text(app: Any, page: Any) -> None:
    """A JSON body may name anything as the page."""
    with app.test_request_context(), pytest.raises(SignInRefused) as caught:
        app.feedbackchimp.sso_url(page, User())
    assert (caught.value.status, caught.value.reason) == (400, "page_foreign")


# Honest values


def test_honest_pages_are_kept() -> None:
    """Path, query and fragment as they came; the token once, before the fragment."""
    for honest in honest_pages():
        assert_lands(ada().go(honest.page), honest)


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_pages_on_other_boards(origin: str) -> None:
    browser = visitor(**BOARDS[origin])
    for honest in sample(honest_pages(origin)):
        assert_lands(browser.go(honest.page), honest)


def test_honest_pages_under_other_names() -> None:
    browser = visitor(
        FEEDBACKCHIMP_RETURN_URL="{page}?x.J-w_t~1={token}",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_URL_PREFIX="/go",
    )
    asked = {"param": "return_to", "path": "/go", "SCRIPT_NAME": "/shop"}
    for honest in sample([*path_pages(), *dropping_pages(param="x.J-w_t~1")]):
        assert_lands(browser.go(honest.page, **asked), honest, "x.J-w_t~1")
    elsewhere = browser.go(f"https://{EVIL}/", path="/go")
    assert_lands(elsewhere, Honest("", f"{BOARD}/"), "x.J-w_t~1")


@pytest.mark.parametrize("user_id", ["ada", None])
def test_switched_off_leads_to_the_plain_page(user_id: str | None) -> None:
    """Even there the token's own parameter is dropped."""
    browser = visitor(user_id, **SETUPS["switched off"])
    for honest in sample(honest_pages()):
        answer = browser.go(honest.page)
        assert (answer.status_code, answer.location) == (302, honest.url)


@pytest.mark.parametrize(
    "query",
    [
        *("", "redirect", "redirect=", "redirect=%20%20", "redirect=+++%20", "x=1"),
        *("Redirect=//x", "redirect&page=2&redirect%5B%5D=//x"),
        f"redirect={'%20' * 2049}",
    ],
)
def test_no_page_is_the_boards_home(query: str) -> None:
    """Nor does a parameter of another name count."""
    assert_lands(ada().get(query), Honest("", f"{BOARD}/"))


@pytest.mark.parametrize(
    ("query", "address"),
    [
        (f"%72edirec%74={quote(BOARD, safe='')}%2fb", f"{BOARD}/b"),
        (f"redirect={BOARD}/board/1?a=1&b=2", f"{BOARD}/board/1?a=1"),
        (b"redirect=/%FF%C3%A9?%ED%A0%80", f"{BOARD}/%FF%C3%A9?%ED%A0%80"),
        ("ssoToken=old&redirect=/x&sso%54oken=older", f"{BOARD}/x"),
        (b"\xff=1&redirect=/x%2By&x=\xff&&", f"{BOARD}/x+y"),
        (b"utm=\xff", f"{BOARD}/"),
    ],
    ids=[
        "name encoded",
        "page not",
        "no UTF-8",
        "token beside",
        "raw bytes",
        "no page",
    ],
)
def test_odd_queries(query: str | bytes, address: str) -> None:
    assert_lands(ada().get(query), Honest("", address))


@pytest.mark.parametrize("param", ["jwt", "sso%54oken", "t%5Bb%5D"])
def test_other_tokens_are_dropped(param: str) -> None:
    """Under the name as the board reads it, however the template spells it."""
    name = {"sso%54oken": "ssoToken", "t%5Bb%5D": "t"}.get(param, param)
    browser = visitor(FEEDBACKCHIMP_RETURN_URL=f"{{page}}?{param}={{token}}")
    for honest in dropping_pages(param=name):
        answer = browser.go(honest.page)
        url, _, token = (answer.location or "").partition(f"{param}=")
        assert url[:-1] == honest.address
        assert token.count("=") == 0
        assert token.endswith(honest.fragment)


def test_what_is_built_is_what_is_sent(app: Any) -> None:
    """Werkzeug, which quotes a ``Location`` on the way out, finds nothing to do."""
    with app.test_request_context():
        for honest in honest_pages():
            url = app.feedbackchimp.sso_url(honest.page, User())
            assert iri_to_uri(url) == url


def as_read(query: str, separators: str, *, cut: bool) -> list[str]:
    """The tokens that a server reads, which splits and names as it likes."""
    tokens = []
    for pair in re.split(separators, query):
        name, _, value = pair.partition("=")
        name = unquote_plus(name)
        if cut:  # as Rack and PHP name members of lists, and as some ignore case
            name = re.split(r"[\[\0]", name.strip())[0].strip().lower()
        if name in ("ssoToken", "ssotoken"):
            tokens.append(unquote_plus(value))
    return tokens


def test_boards_read_one_token() -> None:
    """The one that was issued, however they split a query; Node's parsers agree."""
    browsers = {t: visitor(FEEDBACKCHIMP_RETURN_URL=t) for t in VICTIMS}
    for template, query in token_attacks():
        location = browsers[template].get(query).location or ""
        sent = urlsplit(location).query
        [token] = as_read(sent, "&", cut=False)
        assert claims_of(token)["email"] == "ada@example.com"
        for separators in ("&", "[&;]"):
            assert as_read(sent, separators, cut=True) == [token], location


# Length


def test_longest_page() -> None:
    """2048 characters, counted as the app gets it."""
    longest = f"{BOARD}/".ljust(2048, "x")
    assert_lands(ada().go(longest), Honest("", longest))
    assert is_refused(ada().go(f"{longest}x"))


def test_longest_location() -> None:
    """4096 bytes; behind that it is the page that is too long, and not the account."""
    app = make_app()
    app.feedbackchimp.identity_loader(
        lambda user: Identity(user.email, user.name, {"bio": "x" * 2000})
    )
    browser = Browser(app, "ada")
    room = 4096 - len(browser.get().location or "")
    assert len(browser.go(f"/{'x' * room}").location or "") == 4096
    assert is_refused(browser.go(f"/{'x' * (room + 1)}"))


def test_longest_token() -> None:
    """Where it fills 4096 bytes on the board's home, a longer page is at fault."""

    def at(page: str, pad: int) -> Answer:
        template = f"{{page}}?t={{token}}&x={'x' * pad}"
        browser = visitor(FEEDBACKCHIMP_RETURN_URL=template)
        browser.app.feedbackchimp.identity_loader(
            lambda user: Identity(user.email, user.name, {"bio": "x" * 2800})
        )
        return browser.go(page)

    pad = 4096 - len(at("/", 0).location or "")
    assert len(at("/", pad).location or "") == 4096
    assert is_refused(at("/x", pad))
    for page in ("/", "/x"):
        answer = at(page, pad + 1)
        assert (answer.status_code, has_token(answer)) == (403, False)
        assert "more details than fit" in answer.text


@pytest.mark.parametrize("setup", ["fixed path", "no iat and exp", "switched off"])
def test_quoting_lengthens(setup: str) -> None:
    """Six bytes for one letter: far below 2048 characters, but too long."""
    browser = visitor(**SETUPS[setup])
    assert is_refused(browser.go(f"{BOARD}/".ljust(800, "\u00e9")))
    assert is_refused(browser.go(f"{BOARD}/".ljust(400, "\U0001f600")))


def test_longest_page_while_switched_off() -> None:
    """4096 bytes, counted as they are sent."""
    browser = visitor(**SETUPS["switched off"])
    page = "\u00e9" * 600
    page += "x" * (4096 - len(browser.go(f"/{page}").location or ""))
    assert len(browser.go(f"/{page}").location or "") == 4096
    assert is_refused(browser.go(f"/{page}x"))


def test_a_page_may_fit_only_by_itself() -> None:
    page = f"/a{'/' * 1500}"
    assert ada().go(page).status_code == 302
    assert is_refused(visitor(**SETUPS["fixed path"]).go(page))


# Anything whatever


@given(page=any_pages)
@example(page=f"{BOARD}\\@{EVIL}/")
@example(page=f"/a/..%2F/{EVIL}")
def test_any_text(page: str) -> None:
    assert refused_or_on_board(ada().go(page))


@given(query=any_queries)
@example(query=b"redirect=\xff")
def test_any_query(query: bytes) -> None:
    """Byte for byte, as no client would send it."""
    assert refused_or_on_board(ada().get(query))


@given(honest=composed_pages())
def test_any_honest_page(honest: Honest) -> None:
    assert_lands(ada().go(honest.page), honest)


# Through a real server


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


def test_over_the_wire(serve: Any) -> None:
    """Raw bytes, too: servers differ in what they make of them."""
    pages = [page for page in sample(hostile_pages())[::5] if len(page) < 2500]
    queries = [page_query(page).encode() for page in pages]
    queries += sample(hostile_queries())
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
