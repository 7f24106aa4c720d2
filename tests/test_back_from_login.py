"""Back from the login: the page that a cookie remembers while a visitor logs in."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from flask import Flask, Response, abort, jsonify, redirect, request, session
from flask_login import login_required, login_user, user_logged_in
from hypothesis import example, given
from hypothesis import strategies as st

from support.apps import (
    BOARD,
    PREFIX,
    REDIRECTS,
    InactiveUser,
    User,
    claims_of,
    has_token,
    make_app,
    sent_token,
)
from support.corpora import EVIL
from support.url_strategies import any_pages, any_queries
from support.wire import Answer, Browser, page_query

COOKIE = "feedbackchimp_login"
PAGE = "/board/1002-feature-requests?a=1&b=2#top"
QUERY = page_query(PAGE)
ENDPOINT = f"{PREFIX}?{QUERY}"
ACCOUNT = "/account"
FORM = "application/x-www-form-urlencoded"


def go_to_account() -> Any:
    """What many logins do, whatever they are asked for."""
    return redirect(ACCOUNT)


def make_shop(answer: Callable[[], Any] = go_to_account, **config: Any) -> Flask:
    """An app whose login at ``/enter`` lets Ada or Eve in and then answers so."""
    users = {id: User(id) for id in ("ada", "eve")}
    app = make_app(*users.values(), **config)

    @app.route("/enter", methods=["GET", "POST"])
    def enter() -> Any:
        login_user(users[request.headers.get("User", "ada")])
        return answer()

    return app


def stranger(app: Flask, query: str = QUERY, **environ: Any) -> Browser:
    """Somebody who was asked to log in on the way to a page."""
    browser = Browser(app)
    browser.get(query, **environ)
    assert COOKIE in browser.cookie
    return browser


def enter(browser: Browser, query: str | bytes = "", **how: Any) -> Answer:
    """Log in."""
    return browser.get(query, path="/enter", **how)


def post(browser: Browser, body: bytes, kind: str = FORM, **how: Any) -> Answer:
    """Log in by sending something."""
    sent = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
    stream = {"wsgi.input": io.BytesIO(body)}
    return enter(browser, method="POST", **sent, **stream, **how)


def remember(browser: Browser, query: str = QUERY) -> None:
    """Have a browser hold a cookie as it is set for a query of the endpoint."""
    browser._cookies[COOKIE] = quote(query, safe="/:=&?")


def set_cookies(answer: Answer) -> list[str]:
    """What an answer sets of the cookie."""
    headers = answer.headers.getlist("Set-Cookie")
    return [header for header in headers if header.startswith(COOKIE)]


def set_attributes(answer: Answer) -> set[str]:
    """Its attributes, without the date that repeats ``Max-Age``."""
    [header] = set_cookies(answer)
    parts = header.split("; ")[1:]
    return {part for part in parts if not part.startswith("Expires=")}


def is_led_back(answer: Answer, url: str = ENDPOINT) -> bool:
    """Whether a login leads to a URL of the endpoint, and not where the app said."""
    if answer.location != url:
        assert answer.location in (None, ACCOUNT)
        return False
    assert answer.status_code == 303
    return True


# The life of the cookie


@pytest.mark.parametrize(
    ("config", "mount", "attributes"),
    [
        ({}, "", {"Path=/"}),
        ({"SESSION_COOKIE_SECURE": True}, "", {"Path=/", "Secure"}),
        ({"SESSION_COOKIE_HTTPONLY": False}, "", {"Path=/"}),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, "", {"Path=/"}),
        ({"SESSION_COOKIE_DOMAIN": "shop.example"}, "", {"Path=/"}),
        ({"SESSION_COOKIE_PATH": "/x"}, "", {"Path=/"}),
        ({}, "/shop", {"Path=/shop"}),
        ({}, "/caf\xc3\xa9 1", {"Path=/caf%C3%A9%201"}),
        ({}, f"//{EVIL}", {f"Path=/{EVIL}"}),
    ],
)
def test_attributes(config, mount, attributes):
    answer = Browser(make_shop(**config)).get(QUERY, SCRIPT_NAME=mount)
    common = {"Max-Age=600", "HttpOnly", "SameSite=Lax"}
    assert set_attributes(answer) == common | attributes


def test_whole_walk():
    """Asked to log in, led back, kept from a form's redirects, and there: once."""
    browser = stranger(make_shop())
    assert is_led_back(enter(browser))
    arrived = browser.get(QUERY)
    assert (arrived.status_code, arrived.refresh) == (200, ENDPOINT)
    assert not has_token(arrived)
    assert set_attributes(arrived) == {"Path=/", "Max-Age=0"}
    assert COOKIE not in browser.cookie
    landed = browser.get(QUERY)
    assert (landed.status_code, set_cookies(landed)) == (302, [])
    assert f"&ssoToken={sent_token(landed)}#top" in landed.location
    assert not is_led_back(enter(browser))


def test_deleted_where_it_was_set():
    browser = stranger(make_shop(), SCRIPT_NAME="/caf\xc3\xa9")
    enter(browser, SCRIPT_NAME="/caf\xc3\xa9")
    arrived = browser.get(QUERY, SCRIPT_NAME="/caf\xc3\xa9")
    assert [header.rpartition("; ")[2] for header in set_cookies(arrived)] == [
        "Path=/",  # where an app above this one sets its own
        "Path=/caf%C3%A9",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"USE_SESSION_FOR_NEXT": True},
        {"login_view": None},
        {"unauthorized": lambda: (jsonify(error="log in"), 401)},
        {"unauthorized": lambda: "Please log in."},
        {"unauthorized": lambda: abort(403)},
        {"unauthorized": lambda: redirect(f"https://{EVIL}/login")},
    ],
)
def test_set_however_the_app_asks_to_log_in(config):
    app = make_shop(**{key: config[key] for key in config if key.isupper()})
    if "unauthorized" in config:
        app.login_manager.unauthorized_handler(config["unauthorized"])
    app.login_manager.login_view = config.get("login_view", "login_page")
    assert is_led_back(enter(stranger(app)))


@pytest.mark.parametrize(
    ("user_id", "how"),
    [
        ("ada", {}),
        (None, {"method": "HEAD"}),
        (None, {"method": "POST"}),
        (None, {"query": page_query(f"https://{EVIL}/")}),
        (None, {"headers": {"Sec-Purpose": "prefetch"}}),
        (None, {"headers": {"Sec-Fetch-Mode": "cors"}}),
        (None, {"headers": {"HX-Request": "true", "Accept": "application/json"}}),
        (None, {"path": "/enter"}),
        (None, {"path": "/missing"}),
    ],
)
def test_not_set(user_id, how):
    """By what is not a stranger on the way to a page."""
    browser = Browser(make_shop(), user_id)
    assert set_cookies(browser.get(**{"query": QUERY} | how)) == []


@pytest.mark.parametrize(
    "how",
    [
        {"method": "HEAD"},
        {"query": page_query(f"https://{EVIL}/")},
        {"headers": {"Sec-Purpose": "prefetch"}},
        {"headers": {"Sec-Fetch-Mode": "cors"}},
        {"headers": {"HX-Request": "true"}},
        {"path": "/login"},
    ],
)
def test_kept(how):
    """Until the visitor arrives."""
    browser = stranger(make_shop())
    enter(browser)
    assert set_cookies(browser.get(**{"query": QUERY} | how)) == []


def longest_query(excess: int) -> str:
    """A query whose cookie has 3,800 bytes and some; no page, so it leads home."""
    return "x=".ljust(3800 + excess, "y")


def test_too_long():
    """Then nothing is remembered, nor is a page from before."""
    app = make_shop()
    browser = stranger(app, longest_query(0))
    answer = browser.get(longest_query(1))
    assert set_attributes(answer) == {"Path=/", "Max-Age=0"}
    assert not is_led_back(enter(browser))
    assert set_cookies(Browser(app).get(longest_query(1))) == []


def test_longest():
    """It fits; the browser tests see that browsers keep it."""
    query = longest_query(0)
    answer = Browser(make_shop()).get(query)
    assert len(set_cookies(answer)[0].partition(";")[0]) < 4096
    assert is_led_back(enter(stranger(make_shop(), query)), f"{PREFIX}?{query}")


def test_last_of_two_tabs():
    browser = stranger(make_shop())
    browser.go("/board/2")
    assert is_led_back(enter(browser), f"{PREFIX}?{page_query('/board/2')}")


def test_first_of_two_tabs():
    """Its login follows ``next``; the page of the other tab is then forgotten."""
    app = make_shop(lambda: redirect(request.args["next"]))
    browser = stranger(app)
    browser.go("/board/2")
    assert enter(browser, urlencode({"next": ENDPOINT})).location == ENDPOINT
    assert browser.get(QUERY).refresh == ENDPOINT
    assert COOKIE not in browser.cookie


def test_another_user_logs_in():
    """Whoever that is arrives under their own name."""
    browser = stranger(make_shop())
    assert is_led_back(enter(browser, headers={"User": "eve"}))
    browser.get(QUERY)
    assert claims_of(sent_token(browser.get(QUERY)))["email"] == "eve@example.com"


def test_left_over_while_switched_off():
    """It leads to the plain board, as every visit does."""
    app = make_shop(FEEDBACKCHIMP_ENABLED=False)
    browser = Browser(app)
    remember(browser)
    assert is_led_back(enter(browser))
    answer = browser.get(QUERY)
    assert (answer.status_code, answer.location) == (302, f"{BOARD}{PAGE}")


def test_of_an_app_at_a_mount_point_above():
    """Browsers send it along, so it is deleted, and stops nobody for long."""
    browser = stranger(make_shop())
    browser.get(path="/login/ada", SCRIPT_NAME="/shop")
    assert browser.get(QUERY, SCRIPT_NAME="/shop").refresh == f"/shop{ENDPOINT}"
    assert has_token(browser.get(QUERY, SCRIPT_NAME="/shop"))


# The login's answer


class Framed(Response):
    """An app's own class of responses, which sends absolute URLs."""

    autocorrect_location_header = True


def streamed() -> Response:
    parts = (part for part in [b"Wel", b"come"])
    return Response(parts, 302, {"Location": ACCOUNT}, direct_passthrough=True)


@pytest.mark.parametrize(
    ("answer", "led"),
    [
        (lambda: redirect(ACCOUNT, 301), True),
        (lambda: redirect(ACCOUNT, 302), True),
        (lambda: redirect(ACCOUNT, 303), True),
        (lambda: redirect(ACCOUNT, 307), True),
        (lambda: redirect(ACCOUNT, 308), True),
        (lambda: abort(redirect(ACCOUNT)), True),
        (lambda: ("", 302, {"Location": ACCOUNT}), True),
        (streamed, True),
        (lambda: "Welcome", False),
        (lambda: jsonify(ok=True), False),
        (lambda: ("", 201, {"Location": ACCOUNT}), False),
        (lambda: ("", 302), False),
        (lambda: ("", 304), False),
        (lambda: abort(401), False),
        (lambda: ("", 200, {"HX-Redirect": ACCOUNT}), False),
    ],
)
def test_answer_of_the_login(answer, led):
    """Only a redirect is changed, to one that does not send the form once more."""
    plain = enter(Browser(make_shop(answer)))
    browser = stranger(make_shop(answer))
    changed = enter(browser)
    assert is_led_back(changed) is led
    if not led:
        assert changed.status_code == plain.status_code
        assert changed.headers.get("HX-Redirect") == plain.headers.get("HX-Redirect")
    assert changed.data == plain.data
    assert COOKIE in browser.cookie


def test_own_class_of_responses():
    app = make_shop()
    app.response_class = Framed
    answer = enter(stranger(app))
    assert answer.location == f"https://shop.example{ENDPOINT}"


def test_hooks_of_the_app_see_where_it_leads():
    app = make_shop()
    seen = []
    app.after_request(lambda answer: seen.append(answer.location) or answer)
    enter(stranger(app))
    assert seen[-1] == ENDPOINT


def test_login_that_fails_for_the_user():
    """Flask-Login says no to inactive users."""
    app = make_shop()

    @app.get("/fail")
    def fail() -> Any:
        login_user(InactiveUser())
        return go_to_account()

    browser = stranger(app)
    assert not is_led_back(browser.get(path="/fail"))
    assert is_led_back(enter(browser))


def test_error_after_the_login():
    app = make_shop(lambda: 1 / 0, PROPAGATE_EXCEPTIONS=False)
    answer = enter(stranger(app))
    assert (answer.status_code, answer.location) == (500, None)


def test_login_outside_of_a_request(app):
    """As a task or a shell may have it."""
    with app.app_context():
        user_logged_in.send(app, user=User())


# What the login was asked for


@pytest.mark.parametrize(
    ("place", "led"),
    [
        ("", True),
        (ENDPOINT, True),
        (PREFIX, True),
        (f"{PREFIX}?redirect=/board/1002-feature-requests?a=1", True),
        (f"{PREFIX}?redirect=/board/1002-feature-requests?a=1&b=2", True),
        (f"{PREFIX}?redirect=/board/1002-feature-requests", True),
        (f"https://shop.example{ENDPOINT}", True),
        (f"https://shop.example{PREFIX}", True),
        ("/", False),
        ("/orders", False),
        ("/sso", False),
        (f"{PREFIX}x", False),
        (f"{PREFIX}?redirect=/board/1002", False),
        (f"{PREFIX}?redirect=/board/1002-feature-requests-2", False),
        (f"{ENDPOINT}2", False),
        (f"{PREFIX}?{page_query('/board/2')}", False),
        (f"https://{EVIL}{ENDPOINT}", False),
        (f"//{EVIL}{ENDPOINT}", False),
        (f"http://shop.example{ENDPOINT}", False),
        ("https://shop.example", False),
        ("\r\n", False),
    ],
)
def test_place_that_the_login_names(place, led):
    """In the query, in the form, and beside the same place; cut short or not."""
    query = urlencode({"next": place})
    same = urlencode({"next": ENDPOINT})
    app = make_shop()
    assert is_led_back(enter(stranger(app), query)) is led
    assert is_led_back(enter(stranger(app), f"{query}&{same}")) is led
    assert is_led_back(enter(stranger(app), f"{same}&{query}")) is led
    assert is_led_back(post(stranger(app), query.encode())) is led


@pytest.mark.parametrize(
    ("query", "form", "led"),
    [
        ("next=/orders", ENDPOINT, False),
        (urlencode({"next": ENDPOINT}), "/orders", False),
        (urlencode({"next": ENDPOINT}), "", True),
        ("next", ENDPOINT, True),
        ("Next=/orders&next[]=/orders", ENDPOINT, True),
    ],
)
def test_query_and_form(query, form, led):
    body = urlencode({"next": form}).encode()
    answer = post(stranger(make_shop()), body, QUERY_STRING=query)
    assert is_led_back(answer) is led


@pytest.mark.parametrize(
    ("query", "led"),
    [
        (b"next=/orders&name=\xff", False),
        (b"next=\xff", False),
        (b"name=\xff", True),
    ],
)
def test_query_that_is_no_text(query, led):
    """A login that does not read it is not made to fail."""
    assert is_led_back(enter(stranger(make_shop()), query)) is led


@pytest.mark.parametrize("host", ["[", "shop.example:x", "shop.example:99999"])
def test_host_that_cannot_be_read(host):
    """A login that does not need it is not made to fail."""
    answer = enter(stranger(make_shop()), "next=/orders", HTTP_HOST=host)
    assert not is_led_back(answer)


def test_next_that_was_cut_at_an_ampersand():
    """By a template that writes it into ``action`` unquoted."""
    query = f"{page_query(PAGE)}&state=1"
    browser = stranger(make_shop(), query)
    assert is_led_back(enter(browser, f"next={ENDPOINT}&state=1"), f"{PREFIX}?{query}")


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("then", [None, "/orders"])
def test_next_in_the_session(then, taken):
    """Flask-Login keeps it there: the last page that was asked for is meant."""

    def answer() -> Any:
        return redirect(ACCOUNT if not taken else session.pop("next"))

    app = make_shop(answer, USE_SESSION_FOR_NEXT=True)
    app.add_url_rule("/orders", "orders", login_required(lambda: "Orders"))
    browser = stranger(app)
    if then:
        browser.get(path=then)
    location = then if taken and then else ACCOUNT if then else ENDPOINT
    assert enter(browser).location == location


def test_session_of_an_app_that_has_its_own_next():
    """Without that setting the name belongs to the app."""
    app = make_shop()

    @app.before_request
    def note_referrer() -> None:
        session["next"] = ["/orders"]

    assert is_led_back(enter(stranger(app)))


def test_page_reached_by_a_rule_of_the_app():
    """It is remembered as the endpoint's own."""
    app = make_shop()
    app.add_url_rule("/vote", endpoint="feedbackchimp.redirect")
    assert is_led_back(enter(stranger(app, path="/vote")))


# Two fields and no file: Werkzeug leaves one open where a body is over a limit.
FIELDS = (
    b"--x\r\nContent-Disposition: form-data; name=user\r\n\r\nada\r\n"
    b"--x\r\nContent-Disposition: form-data; name=password\r\n\r\n1\r\n--x--\r\n"
)
MULTIPART = (
    b"--x\r\nContent-Disposition: form-data; name=photo; filename=a.png\r\n\r\n"
    b"PNG\r\n"
    b"--x\r\nContent-Disposition: form-data; name=next\r\n\r\n%s\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    ("body", "kind", "led"),
    [
        (MULTIPART % b"/orders", "multipart/form-data; boundary=x", False),
        (MULTIPART % ENDPOINT.encode(), "multipart/form-data; boundary=x", True),
        (MULTIPART % b"/orders", "multipart/form-data; boundary=other", True),
        (MULTIPART % b"/orders", "multipart/form-data", True),
        (b"next=/orders", "text/plain", True),
        (b'{"user": "ada"}', "application/json", True),
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda: None,
        lambda: request.form,
        lambda: request.values,
        lambda: request.get_data(),
    ],
)
def test_body_of_the_login(body, kind, led, read):
    """Whatever it is, and however the login read it."""
    app = make_shop(lambda: (read(), go_to_account())[1])
    answer = post(stranger(app), body, kind)
    assert is_led_back(answer) is led


@pytest.mark.parametrize("body", [b"next=\xff", b"next=/orders&name=\xff"])
def test_form_that_is_no_text(body):
    """Nobody can say then what it named, and nothing fails."""
    assert is_led_back(post(stranger(make_shop()), body))


@pytest.mark.parametrize(
    "read",
    [
        lambda: request.stream.read(),
        lambda: request.get_data(cache=False),
        lambda: request.environ["wsgi.input"].read(),
    ],
)
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_body_that_is_used_up(read, kind):
    """As one that is no text."""
    app = make_shop(lambda: (read(), go_to_account())[1])
    assert is_led_back(post(stranger(app), MULTIPART % b"/orders", kind))


@pytest.mark.parametrize(
    "limit",
    ["MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"],
)
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_body_over_a_limit(limit, kind):
    """A login that does not read it is not made to fail."""
    app = make_shop(**{limit: 1})
    assert is_led_back(post(stranger(app), FIELDS, kind))


# Where it can lead


@pytest.mark.parametrize(
    "mount",
    ["/shop", "/a/b", "/caf\xc3\xa9", "/a b", "/a;b", "/a?b#c", "/50%", "/+"],
)
def test_under_a_mount(mount):
    """As Flask-Login names the place there, and as it is sent."""
    app = make_shop()
    browser = Browser(app)
    asked = browser.get(QUERY, SCRIPT_NAME=mount)
    url = f"{quote(mount.encode('latin-1'), safe='/;+')}{ENDPOINT}"
    answer = enter(browser, urlsplit(asked.location).query, SCRIPT_NAME=mount)
    assert is_led_back(answer, url)
    assert browser.get(QUERY, SCRIPT_NAME=mount).refresh == url


@pytest.mark.parametrize(
    ("mount", "start"),
    [
        (f"//{EVIL}", f"/{EVIL}{PREFIX}"),
        (f"/\\{EVIL}", f"/%5C{EVIL}{PREFIX}"),
        (f"/\t/{EVIL}", f"/%09/{EVIL}{PREFIX}"),
        ("/\r\nX: 1", f"/%0D%0AX:%201{PREFIX}"),
    ],
)
def test_hostile_mount(mount, start):
    browser = stranger(make_shop(), SCRIPT_NAME=mount)
    assert is_led_back(enter(browser, SCRIPT_NAME=mount), f"{start}?{QUERY}")


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("", PREFIX),
        ("a=%FF&b=%2F+%zz", f"{PREFIX}?a=%FF&b=%2F+%zz"),
        ("a=1\r\nX: 1", f"{PREFIX}?a=1%0D%0AX:%201"),
        ("\\\"<>'#\x00\x7f", f"{PREFIX}?%5C%22%3C%3E'%23%00%7F"),
        ("\u0646\u200c\u0647", f"{PREFIX}?%D9%86%E2%80%8C%D9%87"),
        (f"redirect=//{EVIL}", f"{PREFIX}?redirect=//{EVIL}"),
        (f"//{EVIL}{PREFIX}", f"{PREFIX}?//{EVIL}{PREFIX}"),
        (f"https://{EVIL}{PREFIX}", f"{PREFIX}?https://{EVIL}{PREFIX}"),
        ("\r\nSet-Cookie: a=1", f"{PREFIX}?%0D%0ASet-Cookie:%20a=1"),
    ],
)
def test_cookie_tampered_with(query, location):
    """It can only lead to the endpoint."""
    browser = Browser(make_shop())
    remember(browser, query)
    assert enter(browser).location == location


def test_cookie_that_names_a_foreign_page():
    """It is judged as any request, and no visitor goes round in circles."""
    browser = Browser(make_shop())
    remember(browser, f"redirect=//{EVIL}")
    location = enter(browser).location
    answer = browser.get(location.partition("?")[2])
    assert (answer.status_code, answer.location, answer.refresh) == (400, None, None)


def is_ours(location: str) -> bool:
    """Whether it is the endpoint on this host, for whatever reads it."""
    plain = location.isascii() and location.isprintable()
    special = set(location) & set(' \\#"<>')
    return plain and not special and location.partition("?")[0] == PREFIX


SHOP = make_shop(lambda: redirect(ACCOUNT, int(request.headers["Status"])))
cookies = st.one_of(
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)).map(lambda text: f'"{text}"'),
    st.binary().map(quote),
    any_pages.map(lambda page: quote(page, errors="surrogatepass")),
)
places = st.none() | st.sampled_from([ENDPOINT, PREFIX, "/orders", ""]) | any_pages


@given(cookie=cookies, place=places, status=st.sampled_from([301, 302, 303, 307, 308]))
@example(cookie=quote(f"//{EVIL}{PREFIX}"), place=None, status=302)
@example(cookie='"a=1\\015\\012X: 1"', place=None, status=302)
@example(cookie="\xff", place=PREFIX, status=307)
def test_any_cookie_and_any_next(cookie, place, status):
    """To the endpoint, or where the app said."""
    query = "" if place is None else page_query(place, "next")
    headers = {"Status": str(status), "Cookie": f"{COOKIE}={cookie}"}
    answer = enter(Browser(SHOP), query, headers=headers)
    if answer.location == ACCOUNT:
        assert answer.status_code == status
    else:
        assert answer.status_code == 303
        assert is_ours(answer.location)
    assert set_cookies(answer) == []


@given(place=places)
def test_login_that_names_another_place_is_left_alone(place):
    """Unless that begins the endpoint's own URL, in whichever spelling."""
    browser = stranger(make_shop())
    answer = enter(browser, page_query(place or "", "next"))
    asked = (place or "").removeprefix("https://shop.example")
    assert is_led_back(answer) is (asked in ("", PREFIX, ENDPOINT))


@given(query=any_queries)
@example(query=b"redirect=/a%252Fb%2Bc+d%3Fx%3D%2526%2523%26y%3D%FF")
@example(query=b"state=\xff%FF%00%zz%%%2B+&&==")
@example(query="redirect=/\u0646\u200c\u0647".encode())
def test_place_that_flask_login_names(query):
    """In whichever spelling, it is the remembered one."""
    browser = Browser(SHOP)
    asked = browser.get(query)
    if asked.status_code in REDIRECTS:
        headers = {"Status": "302"}
        answer = enter(browser, urlsplit(asked.location).query, headers=headers)
        assert is_ours(answer.location)


@given(cookie=cookies)
def test_any_cookie_at_the_endpoint(cookie):
    """A token, or first the continue page to this same URL; never twice."""
    browser = Browser(SHOP, "ada")
    session_cookie = browser.cookie
    headers = {"Cookie": f"{session_cookie}; {COOKIE}={cookie}"}
    answer = browser.get(QUERY, headers=headers)
    if not has_token(answer):
        assert answer.refresh == ENDPOINT
        assert set_attributes(answer) == {"Path=/", "Max-Age=0"}
    assert has_token(browser.get(QUERY))


# Everything else in the app, and in other apps


def make_plain_shop() -> Flask:
    """The same app, without the extension."""
    return make_shop(feedbackchimp=SimpleNamespace(init_app=lambda app: None))


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/login", "GET"),
        ("/missing", "GET"),
        ("/login", "POST"),
        ("/login", "HEAD"),
        ("/login/ada", "GET"),
        ("/static/x", "GET"),
    ],
)
def test_other_requests_are_untouched(path, method):
    """With the cookie, too: same status, same headers, same body."""
    browser = Browser(make_shop())
    remember(browser)
    with_us = browser.get(path=path, method=method)
    without = Browser(make_plain_shop()).get(path=path, method=method)
    assert with_us.status_code == without.status_code
    assert with_us.data == without.data
    names = [name for name, _ in without.headers]
    assert [name for name, _ in with_us.headers] == names
    assert set_cookies(with_us) == []


def test_logins_without_the_cookie_are_untouched():
    with_us, without = enter(Browser(make_shop())), enter(Browser(make_plain_shop()))
    assert (with_us.status_code, with_us.data) == (without.status_code, without.data)
    assert [name for name, _ in with_us.headers] == [n for n, _ in without.headers]
    assert with_us.location == ACCOUNT


def test_apps_of_one_process():
    """Each leads back by its own settings; one without the extension not at all."""
    voting = make_shop(FEEDBACKCHIMP_URL_PREFIX="/vote")
    bare, shop = make_plain_shop(), make_shop()
    browser = stranger(shop)
    assert is_led_back(enter(browser))
    browser.app = bare
    assert not is_led_back(enter(browser))
    browser.app = voting
    assert is_led_back(enter(browser), f"/vote?{QUERY}")
