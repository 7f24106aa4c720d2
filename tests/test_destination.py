"""Where a token goes: to the configured board, or nowhere.

Judged on the ``Location`` as the server gets it. A text that starts with the board's
origin and a slash, and is printable ASCII without a backslash, is a URL on the board by
any parser; ``tests/interop`` asks a browser's parser all the same.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import example, given
from werkzeug.urls import iri_to_uri

from apps import BOARD, PREFIX, User, has_token, make_app, sent_token
from corpora import (
    EVIL,
    SURROGATES,
    Honest,
    dropping_pages,
    honest_pages,
    hostile_pages,
    hostile_queries,
    joints,
)
from flask_feedbackchimp import Identity, SignInRefused
from live import LiveServer
from url_strategies import any_pages, any_queries, composed_pages, patient
from wire import Answer, Browser, page_query

ENDPOINT = "https://login.feedbackchimp.example/sso"

#: Boards of every kind of origin, with what configures them.
BOARDS: dict[str, dict[str, Any]] = {
    BOARD: {},
    **{
        origin: {"FEEDBACKCHIMP_ORGANIZATION": ..., "FEEDBACKCHIMP_BOARD_URL": origin}
        for origin in (
            "https://feedback.example.com",
            "https://feedback.example.com:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.7",
            "https://[2001:db8::1]",
            "http://[::1]:5001",
            "http://127.0.0.1",
            "http://localhost:5001",
        )
    },
}
#: Other settings that must make no difference to what is refused.
SETUPS: dict[str, dict[str, Any]] = {
    "fixed endpoint": {"FEEDBACKCHIMP_SSO_ENDPOINT": ENDPOINT},
    "endpoint with a query, and forwarding": {
        "FEEDBACKCHIMP_SSO_ENDPOINT": f"{ENDPOINT}?tenant=acme&x=",
        "FEEDBACKCHIMP_FORWARD_PARAMS": ["state", "x1"],
    },
    "other names": {
        "FEEDBACKCHIMP_TOKEN_PARAM": "jwt",
        "FEEDBACKCHIMP_URL_PREFIX": "/go",
    },
    "no iat and exp": {"FEEDBACKCHIMP_TOKEN_LIFETIME": None},
    "switched off": {
        "FEEDBACKCHIMP_ENABLED": False,
        "FEEDBACKCHIMP_JWT_SECRET": ...,
    },
}


def visitor(user_id: str | None = "ada", **config: Any) -> Browser:
    return Browser(make_app(**config), user_id)


@cache
def ada() -> Browser:
    """Ada, signed in on the app with the default settings."""
    return visitor()


@cache
def ada_at_endpoint() -> Browser:
    """Ada, on an app that sends people to a fixed endpoint."""
    return visitor(**SETUPS["endpoint with a query, and forwarding"])


def is_refused(answer: Answer) -> bool:
    return (
        answer.status_code == 400 and answer.location is None and not has_token(answer)
    )


def is_on(origin: str, location: str) -> bool:
    """Whether text is a URL on an origin, whoever reads it."""
    plain = location.isascii() and location.isprintable()
    return (
        plain and location.startswith(f"{origin}/") and not set(location) & {" ", "\\"}
    )


def refused_or_on_board(answer: Answer, origin: str = BOARD) -> bool:
    """Whether an answer is a refusal without a token, or leads to the board."""
    if answer.status_code == 302:
        location = answer.location
        return is_on(origin, location) and iri_to_uri(location) == location
    return is_refused(answer)


# The corpora themselves


def test_the_corpora_hold_hundreds_of_different_values() -> None:
    """A family that dries up, or repeats another, would prove nothing unnoticed."""
    for origin in BOARDS:
        pages = hostile_pages(origin)
        honest = honest_pages(origin)
        assert len(pages) == len(set(pages)) > 1500
        assert len(hostile_queries(origin)) > 200
        assert len(honest) == len({page.page for page in honest}) > 300
        assert not {page.page for page in honest} & set(pages)
        assert all(page.address.startswith(f"{origin}/") for page in honest)


# Hostile values


@pytest.mark.parametrize("origin", BOARDS)
def test_hostile_pages_are_refused_on_every_kind_of_board(origin: str) -> None:
    """400, no ``Location`` and no token, whatever the board's origin looks like."""
    browser = visitor(**BOARDS[origin])
    led = [page for page in hostile_pages(origin) if not is_refused(browser.go(page))]
    assert led == []


@pytest.mark.parametrize("setup", SETUPS)
def test_hostile_pages_are_refused_in_every_setup(setup: str) -> None:
    """The other settings make no difference to what is refused."""
    browser = visitor(**SETUPS[setup])
    path = SETUPS[setup].get("FEEDBACKCHIMP_URL_PREFIX", PREFIX)
    answers = {page: browser.go(page, path=path) for page in hostile_pages()}
    assert [page for page in answers if not is_refused(answers[page])] == []


def test_hostile_pages_are_refused_under_another_parameter_name() -> None:
    browser = visitor(FEEDBACKCHIMP_REDIRECT_PARAM="return_to")
    pages = hostile_pages()
    answers = {page: browser.go(page, param="return_to") for page in pages}
    assert [page for page in pages if not is_refused(answers[page])] == []


def test_hostile_pages_are_refused_under_a_mount_point() -> None:
    pages = hostile_pages()
    answers = {page: ada().go(page, SCRIPT_NAME="/shop/\xc3\xa9") for page in pages}
    assert [page for page in pages if not is_refused(answers[page])] == []


def test_hostile_pages_are_refused_before_anybody_is_asked_to_log_in() -> None:
    """A visitor who is not signed in is not led through a login to a 400."""
    browser = visitor(None)
    led = [page for page in hostile_pages() if not is_refused(browser.go(page))]
    assert led == []


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize("setup", [{}, *SETUPS.values()], ids=["default", *SETUPS])
def test_hostile_queries_are_refused(setup: dict[str, Any], user_id: str) -> None:
    """Repeated pages and bytes that are not UTF-8: 400, signed in or not."""
    browser = visitor(user_id, **setup)
    path = setup.get("FEEDBACKCHIMP_URL_PREFIX", PREFIX)
    queries = hostile_queries()
    led = [query for query in queries if not is_refused(browser.get(query, path=path))]
    assert led == []


@pytest.mark.parametrize("page", [*hostile_pages()[::7], *SURROGATES])
def test_sso_url_refuses_as_the_endpoint_does(page: str) -> None:
    app = make_app()
    with app.test_request_context(), pytest.raises(SignInRefused) as caught:
        app.feedbackchimp.sso_url(page, User())
    assert caught.value.status == 400
    assert caught.value.reason in ("page_foreign", "page_too_long")


def test_sso_url_refuses_halves_of_characters_at_every_joint(app: Any) -> None:
    """A lone surrogate, which no request can carry, is an answer and no crash."""
    with app.test_request_context():
        for before, after in joints(BOARD):
            for surrogate in SURROGATES:
                with pytest.raises(SignInRefused, match="does not lead to a page"):
                    app.feedbackchimp.sso_url(f"{before}{surrogate}{after}", User())


@pytest.mark.parametrize("page", [5, 0, True, 1.5, b"/", ["/"], {"a": 1}, object()])
def test_sso_url_refuses_what_is_no_text(app: Any, page: Any) -> None:
    """A JSON body may name anything as the page."""
    with app.test_request_context(), pytest.raises(SignInRefused) as caught:
        app.feedbackchimp.sso_url(page, User())
    assert (caught.value.status, caught.value.reason) == (400, "page_foreign")


# Honest values, appended


def assert_lands(answer: Answer, honest: Honest, param: str = "ssoToken") -> None:
    assert answer.status_code == 302, honest
    token = sent_token(answer, param)
    assert answer.location == honest.with_token(token, param)
    assert answer.location.count(token) == 1


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_pages_are_kept_on_every_kind_of_board(origin: str) -> None:
    """Path, query and fragment as they came; the token once, before the fragment."""
    browser = visitor(**BOARDS[origin])
    for honest in honest_pages(origin):
        answer = browser.go(honest.page)
        assert_lands(answer, honest)
        assert is_on(origin, answer.location)


def test_honest_pages_are_kept_under_other_names_and_a_mount_point() -> None:
    browser = visitor(
        FEEDBACKCHIMP_TOKEN_PARAM="x.J-w_t~1",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_URL_PREFIX="/go",
    )
    for honest in honest_pages(param="x.J-w_t~1"):
        if "ssoToken" not in honest.page:
            answer = browser.go(
                honest.page, param="return_to", path="/go", SCRIPT_NAME="/shop"
            )
            assert_lands(answer, honest, "x.J-w_t~1")


@pytest.mark.parametrize("user_id", ["ada", None])
def test_honest_pages_are_kept_while_switched_off(user_id: str | None) -> None:
    """Everybody is led to the plain page; only the token's own parameter is dropped."""
    browser = visitor(user_id, **SETUPS["switched off"])
    for honest in honest_pages():
        answer = browser.go(honest.page)
        assert (answer.status_code, answer.location) == (302, honest.url)


@pytest.mark.parametrize("query", ["", "redirect", "redirect=", "redirect=%20", "x=1"])
@pytest.mark.parametrize("more", ["", "&Redirect=//x", "&page=2&redirect%5B%5D=//x"])
def test_no_page_means_the_boards_home(query: str, more: str) -> None:
    """So do an empty one and spaces; a parameter of another name is not looked at."""
    answer = ada().get(query + more)
    assert_lands(answer, Honest("", f"{BOARD}/"))


@pytest.mark.parametrize("spaces", ["%20%20", "+", "+++%20", "%20" * 2048])
def test_spaces_alone_mean_the_boards_home(spaces: str) -> None:
    assert_lands(ada().get(f"redirect={spaces}"), Honest("", f"{BOARD}/"))


def test_the_default_parameter_names_nothing_once_another_is_configured() -> None:
    browser = visitor(FEEDBACKCHIMP_REDIRECT_PARAM="return_to")
    assert_lands(browser.go(f"https://{EVIL}/"), Honest("", f"{BOARD}/"))


def test_the_parameters_name_may_be_percent_encoded() -> None:
    answer = ada().get(f"%72edirec%74={quote(BOARD + '/board/1', safe='')}")
    assert_lands(answer, Honest("", f"{BOARD}/board/1"))


def test_a_page_may_come_without_percent_encoding() -> None:
    """As far as one parameter can hold it: up to the next ``&``."""
    answer = ada().get(f"redirect={BOARD}/board/1?a=1&b=2")
    assert_lands(answer, Honest("", f"{BOARD}/board/1?a=1"))


def test_bytes_that_are_not_utf_8_stay_percent_encoded() -> None:
    """Encoded once in the request, they are no text; they go on as they came."""
    answer = ada().get(f"redirect={quote(BOARD, safe='')}/%FF%C3%A9?%ED%A0%80")
    assert_lands(answer, Honest("", f"{BOARD}/%FF%C3%A9?%ED%A0%80"))


@pytest.mark.parametrize("name", ["ssoToken", "sso%54oken", "%73%73%6f%54%6f%6b%65%6e"])
def test_a_token_beside_the_page_is_not_handed_on(name: str) -> None:
    """Nobody is signed in with a token that came from somewhere else."""
    query = f"{name}=old&{page_query(BOARD + '/board/1')}&{name}=older"
    assert_lands(ada().get(query), Honest("", f"{BOARD}/board/1"))
    location = ada_at_endpoint().get(query).location
    assert "old" not in location


@pytest.mark.parametrize("param", ["ssoToken", "jwt", "x.J-w_t~1"])
def test_a_token_in_the_page_is_dropped(param: str) -> None:
    browser = visitor(FEEDBACKCHIMP_TOKEN_PARAM=param)
    for honest in dropping_pages(param=param):
        assert_lands(browser.go(honest.page), honest, param)


def test_what_is_built_is_what_is_sent(app: Any) -> None:
    """Werkzeug, which quotes a ``Location`` on the way out, finds nothing to do."""
    with app.test_request_context():
        for honest in honest_pages():
            url = app.feedbackchimp.sso_url(honest.page, User())
            assert iri_to_uri(url) == url


# Honest values, at a fixed endpoint


def assert_reaches_endpoint(answer: Answer, *pairs: tuple[str, str]) -> None:
    """The endpoint with its own query, then exactly these pairs and the token."""
    url = urlsplit(answer.location)
    assert answer.status_code == 302
    assert f"{url.scheme}://{url.netloc}{url.path}" == ENDPOINT
    assert "#" not in answer.location
    token = sent_token(answer)
    sent = parse_qsl(url.query, keep_blank_values=True, errors="strict")
    assert sent == [*pairs[:-1], pairs[-1], ("ssoToken", token)]


@pytest.mark.parametrize("origin", BOARDS)
def test_honest_pages_reach_the_endpoint(origin: str) -> None:
    """The page is one parameter, the token another; nothing of the page leaks out."""
    browser = visitor(FEEDBACKCHIMP_SSO_ENDPOINT=ENDPOINT, **BOARDS[origin])
    for honest in honest_pages(origin):
        if len(honest.page) < 1000:  # the longest do not fit, see below
            assert_reaches_endpoint(browser.go(honest.page), ("redirect", honest.url))


def test_the_endpoints_own_query_comes_first() -> None:
    own = [("tenant", "acme"), ("x", "")]
    for honest in honest_pages()[::5]:
        answer = ada_at_endpoint().go(honest.page)
        assert_reaches_endpoint(answer, *own, ("redirect", honest.url))


def test_the_boards_home_is_named_at_the_endpoint_when_no_page_was() -> None:
    browser = visitor(FEEDBACKCHIMP_SSO_ENDPOINT=ENDPOINT)
    assert_reaches_endpoint(browser.get(), ("redirect", f"{BOARD}/"))


def test_the_parameters_at_the_endpoint_are_the_configured_ones() -> None:
    browser = visitor(
        FEEDBACKCHIMP_SSO_ENDPOINT="http://localhost:5001/sso",
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
    )
    answer = browser.go(f"{BOARD}/x", param="return_to")
    assert answer.location == (
        "http://localhost:5001/sso?return_to=https%3A%2F%2Facme.feedbackchimp.space%2Fx"
        f"&jwt={sent_token(answer, 'jwt')}"
    )


@pytest.mark.parametrize(
    ("came", "goes"),
    [
        ("state=abc", "state=abc"),
        ("state=1&state=2&state=1", "state=1&state=2&state=1"),
        ("x1=b&state=a&x1=c", "x1=b&state=a&x1=c"),
        ("state", "state"),
        ("state=", "state="),
        ("state==a=", "state==a="),
        ("state=a+b%20c%2Bd", "state=a+b%20c%2Bd"),
        ("state=%FF%00%0d%0a", "state=%FF%00%0d%0a"),
        ("state=%C3%A9&st%61te=%zz", "state=%C3%A9&st%61te=%zz"),
        ("state=%26redirect%3D//x", "state=%26redirect%3D//x"),
        ("state=a;b,c:d@e/f?g", "state=a;b,c:d@e/f?g"),
        ("state=\xc3\xa9 \"<>\\\r\n#'", "state=%C3%A9%20%22%3C%3E%5C%0D%0A%23'"),
        ("&&state=1&&", "state=1"),
        ("State=1&states=2&xstate=3&=4&state%5B%5D=5&other=6", ""),
        ("ssoToken=old&email=eve%40example.com&name=Eve", ""),
    ],
)
def test_forwarded_parameters_go_on_unchanged(came: str, goes: str) -> None:
    """Those named in the settings, in order, after the token; no others."""
    page = page_query(f"{BOARD}/x")
    for query in (f"{came}&{page}", f"{page}&{came}"):
        answer = ada_at_endpoint().get(query)
        token = sent_token(answer)
        assert answer.location.partition(token)[2] == (goes and f"&{goes}")
        assert iri_to_uri(answer.location) == answer.location


def test_nothing_is_forwarded_where_nothing_is_configured() -> None:
    answer = ada().get(f"state=1&{page_query(BOARD + '/x')}&state=2")
    assert_lands(answer, Honest("", f"{BOARD}/x"))


# Length


def test_a_page_of_2048_characters_is_the_longest() -> None:
    """Counted as the app gets it; 2049 are refused, whatever they say."""
    longest = f"{BOARD}/".ljust(2048, "x")
    assert_lands(ada().go(longest), Honest("", longest))
    assert is_refused(ada().go(f"{longest}x"))


def test_a_location_of_4096_bytes_is_the_longest() -> None:
    """At 4097 the page is refused, for a page too long it is for this token."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def long_identity(user: Any) -> Identity:
        return Identity(user.email, user.name, {"bio": "x" * 2000})

    browser = Browser(app, "ada")
    room = 4096 - len(browser.get().location)
    assert len(browser.go(f"{BOARD}/{'x' * room}").location) == 4096
    assert is_refused(browser.go(f"{BOARD}/{'x' * (room + 1)}"))


def test_claims_that_do_not_fit_are_the_accounts_fault_not_the_pages() -> None:
    """Where even the board's home does not fit, no page would: 403."""
    app = make_app()
    app.feedbackchimp.identity_loader(
        lambda user: Identity(user.email, user.name, {"bio": "x" * 4000})
    )
    answer = Browser(app, "ada").go(f"{BOARD}/board/1")
    assert (answer.status_code, has_token(answer)) == (403, False)
    assert "more details than fit" in answer.data.decode()


@pytest.mark.parametrize("browser", [ada, ada_at_endpoint])
def test_quoting_that_lengthens_counts(browser: Any) -> None:
    """Six bytes for one letter: far below 2048 characters, and yet too long."""
    assert is_refused(browser().go(f"{BOARD}/".ljust(800, "\u00e9")))
    assert is_refused(browser().go(f"{BOARD}/".ljust(400, "\U0001f600")))


def test_quoting_that_lengthens_counts_while_switched_off() -> None:
    browser = visitor(None, **SETUPS["switched off"])
    assert is_refused(browser.go(f"{BOARD}/".ljust(800, "\u00e9")))


def test_a_page_that_fits_alone_may_be_too_long_for_the_endpoint() -> None:
    page = f"{BOARD}/{'/' * 1500}"
    assert ada().go(page).status_code == 302
    assert is_refused(ada_at_endpoint().go(page))


def test_forwarded_parameters_that_do_not_fit_are_refused() -> None:
    assert ada_at_endpoint().get(f"state={'x' * 3000}").status_code == 302
    assert is_refused(ada_at_endpoint().get(f"state={'x' * 4000}"))
    assert is_refused(ada_at_endpoint().get(f"state={'x' * 60_000}"))


# Anything whatever


@patient
@given(page=any_pages)
@example(page=f"{BOARD}\\@{EVIL}/")
def test_any_text_is_refused_or_leads_to_the_board(page: str) -> None:
    assert refused_or_on_board(ada().go(page))


@patient
@given(page=any_pages)
def test_any_text_is_refused_or_handed_to_the_endpoint(page: str) -> None:
    answer = ada_at_endpoint().go(page)
    if answer.status_code == 302:
        assert refused_or_on_board(answer, ENDPOINT.removesuffix("/sso"))
        query = parse_qsl(urlsplit(answer.location).query)
        assert is_on(BOARD, dict(query)["redirect"])
    else:
        assert is_refused(answer)


@patient
@given(query=any_queries)
@example(query=b"redirect=\xff")
def test_any_query_is_refused_or_leads_to_the_board(query: bytes) -> None:
    """Byte for byte, as no client would send it."""
    assert refused_or_on_board(ada().get(query))


@patient
@given(query=any_queries)
def test_any_query_is_refused_or_handed_to_the_endpoint(query: bytes) -> None:
    answer = ada_at_endpoint().get(query)
    assert refused_or_on_board(answer, ENDPOINT.removesuffix("/sso"))


@patient
@given(honest=composed_pages())
def test_any_honest_page_is_kept(honest: Honest) -> None:
    assert_lands(ada().go(honest.page), honest)


# Through a real server


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    server = LiveServer(ada().app)
    yield server
    server.stop()


def raw_answer(server: LiveServer, query: bytes) -> bytes:
    """Every byte that a server answers to a query that is sent as it is."""
    address = urlsplit(server.url)
    request = (
        b"GET %b?%b HTTP/1.1\r\nHost: shop.example\r\nCookie: %b\r\n"
        b"Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", address.port), 30) as connection:
        connection.sendall(request % (PREFIX.encode(), query, ada().cookie.encode()))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_hostile_values_get_no_token_over_the_wire(server: LiveServer) -> None:
    pages = [page for page in hostile_pages()[::15] if len(page) < 2500]
    queries = [query for query in hostile_queries()[::5] if query.isascii()]
    for query in [page_query(page).encode() for page in pages] + queries:
        answer = raw_answer(server, query)
        assert answer.startswith(b"HTTP/1.1 400 "), query
        assert b"\r\nlocation:" not in answer.lower()
        assert b"eyJ" not in answer


def test_raw_bytes_lead_nowhere_else_over_the_wire(server: LiveServer) -> None:
    """Servers differ in what they make of them; no answer leads off the board."""
    for query in hostile_queries():
        if not query.isascii():
            answer = raw_answer(server, query)
            assert answer[9:12] in (b"302", b"400"), query
            assert answer.count(b"\r\nLocation: ") == answer.count(
                f"\r\nLocation: {BOARD}/".encode()
            )


def test_honest_values_are_kept_over_the_wire(server: LiveServer) -> None:
    for honest in honest_pages()[::8]:
        answer = raw_answer(server, page_query(honest.page).encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        (location,) = [line for line in lines if line.lower().startswith("location:")]
        token = location.partition("ssoToken=eyJ")[2].partition("#")[0]
        assert lines[0].startswith("HTTP/1.1 302 ")
        assert location == f"Location: {honest.with_token(f'eyJ{token}')}"
        assert b"eyJ" not in body
