"""The redirect endpoint: every case of the contract, and the order between them."""

import re
import sys
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from flask import Flask, abort, json, jsonify, redirect
from flask_wtf import CSRFProtect
from hypothesis import example, given
from jinja2 import DictLoader, StrictUndefined, Undefined
from markupsafe import Markup, escape
from werkzeug.routing import Rule

from flask_feedbackchimp import FeedbackChimp, SignInRefused
from support.apps import (
    BOARD,
    PREFIX,
    REDIRECTS,
    InactiveUser,
    User,
    claims_of,
    has_token,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from support.corpora import EVIL
from support.url_strategies import any_queries
from support.wire import Answer, Browser, page_query

ENDPOINT = "feedbackchimp.redirect"
PAGE = f"{BOARD}/board/1002-feature-requests?a=1&b=2#top"
ADA = User()
PREFETCHED = "Sign-ins are not prefetched. Please follow the link."
BAD = page_query(f"https://{EVIL}/")


@cache
def ada() -> Browser:
    """Ada, on an app that no test changes."""
    return Browser(make_app(), "ada")


@cache
def nobody() -> Browser:
    """A stranger on the same app."""
    return Browser(ada().app)


def told(answer: Answer) -> str:
    """What kind of answer it is, in a word."""
    location = answer.location or ""
    if has_token(answer):
        assert answer.status_code == 302 and location.startswith(f"{BOARD}/")
        return "token"
    if location.startswith("/login?"):
        return "login"
    assert answer.location is None
    if answer.status_code == 200:
        assert "HX-Redirect" in answer.headers
        return "continue"
    if answer.headers["Content-Type"] == "text/plain; charset=utf-8":
        assert answer.status_code == 403
        assert answer.text == f"{PREFETCHED}\n"
        return "prefetch"
    return {405: "method", 400: "page", 403: "identity"}[answer.status_code]


def refused_reason(answer: Answer) -> str:
    assert told(answer) in ("page", "identity")
    assert f'href="{BOARD}/"' in answer.text
    return answer.text.partition("Reason: <code>")[2].partition("<")[0]


UNCLICKED = {
    "prefetch": ("Sec-Purpose", "prefetch"),
    "script": ("Sec-Fetch-Mode", "cors"),
}
HTMX = {"HX-Request": "true"}
#: As the browser of somebody who has just logged in on the way sends it.
JUST_BACK = f"feedbackchimp_login={PREFIX}?{page_query('/')}"


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ("method prefetch script page login back identity", "method"),
        ("prefetch script page login back identity", "prefetch"),
        ("script page login back identity", "continue"),
        ("page login back identity", "page"),
        ("login back identity", "login"),
        ("back identity", "continue"),
        ("identity", "identity"),
        ("page back", "page"),
        ("back", "continue"),
        ("login", "login"),
        ("page", "page"),
        ("script", "continue"),
        ("prefetch", "prefetch"),
        ("method", "method"),
        ("", "token"),
    ],
)
def test_first_reason_decides(wrong, kind):
    reasons = wrong.split()
    app = make_app(InactiveUser() if "identity" in reasons else User())
    browser = Browser(app, None if "login" in reasons else "ada")
    cookie = f"{browser.cookie}; {JUST_BACK}" if "back" in reasons else browser.cookie
    answer = browser.get(
        BAD if "page" in reasons else page_query(PAGE),
        method="HEAD" if "method" in reasons else "GET",
        headers=dict(UNCLICKED[name] for name in reasons if name in UNCLICKED),
        HTTP_COOKIE=cookie,
    )
    assert told(answer) == kind


def test_signed_in():
    """Werkzeug's own body would repeat the URL, and so the token."""
    answer = ada().go(PAGE)
    token = sent_token(answer)
    assert claims_of(token)["email"] == "ada@example.com"
    landing = PAGE.replace("#", f"&ssoToken={token}#")
    assert (answer.status_code, answer.location) == (302, landing)
    assert answer.headers.get("Content-Type") == "text/plain; charset=utf-8"
    assert answer.data == b"Redirecting to the feedback board."
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "preview, prefetch"),
        ("Sec-Purpose", " PREFETCH "),
        ("X-Sec-Purpose", "prefetch"),
        ("Purpose", "prefetch"),
        ("Purpose", "preview"),
        ("X-Purpose", "preview"),
        ("X-Purpose", "PREVIEW"),
        ("X-Moz", "prefetch"),
    ],
)
def test_prefetch_gets_no_token(name, value):
    headers = {name: value, "Sec-Fetch-Mode": "navigate"}
    assert told(ada().go(PAGE, headers=headers)) == "prefetch"


@pytest.mark.parametrize("browser", [ada, nobody])
@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"HX-Request": "true", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "same-origin"},
        {"Sec-Fetch-Mode": "websocket"},
        {"Sec-Fetch-Mode": "navigate, cors"},
        {"Sec-Fetch-Mode": "Navigate"},
        {"Sec-Fetch-Mode": ""},
    ],
)
def test_script_is_led_to_a_navigation(browser, headers):
    assert told(browser().go(PAGE, headers=headers)) == "continue"


def test_script_that_prefers_json():
    headers = {"Sec-Fetch-Mode": "cors", "Accept": "application/json"}
    answer = ada().go(PAGE, headers=headers)
    assert (answer.status_code, answer.location) == (403, None)
    assert json.loads(answer.text)["reason"] == "not_a_navigation"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Purpose": "preview"},
        {"Sec-Purpose": ""},
        {"HX-Request": "false"},
        {"HX-Request": ""},
        {"HX-Request": "1"},
        {"HX-Request": "TRUE"},
    ],
)
def test_navigation_gets_a_token(headers):
    assert told(ada().go(PAGE, headers=headers)) == "token"


@pytest.mark.parametrize(
    ("mount", "query", "target"),
    [
        ("", "", PREFIX),
        ("", page_query(PAGE), f"{PREFIX}?{page_query(PAGE)}"),
        ("", "a=1&a=2&b", f"{PREFIX}?a=1&a=2&b"),
        ("", "q=%FF+%20%zz!$&'()*+,/:;=?@", f"{PREFIX}?q=%FF+%20%zz!$&'()*+,/:;=?@"),
        ("", 'q=\xff\r\n\t \\"<#>', f"{PREFIX}?q=%FF%0D%0A%09%20%5C%22%3C%23%3E"),
        ("", BAD, f"{PREFIX}?{BAD}"),
        ("/shop", "a=1", f"/shop{PREFIX}?a=1"),
        ("/caf\xc3\xa9", "", f"/caf%C3%A9{PREFIX}"),
        (f"//{EVIL}", "", f"/{EVIL}{PREFIX}"),
        (f"/\\{EVIL}", "", f"/%5C{EVIL}{PREFIX}"),
    ],
)
def test_continue_page_leads_to_the_same_url(mount, query, target):
    """As a path on this host, by whatever the script makes of the answer."""
    headers = {"HX-Request": "true", "Sec-Fetch-Mode": "cors"}
    answer = ada().get(query, headers=headers, SCRIPT_NAME=mount)
    assert told(answer) == "continue"
    assert answer.headers["HX-Redirect"] == target
    assert answer.headers["Refresh"] == f"0; url={target}"
    assert f'href="{escape(target)}"' in answer.text
    assert 'name="turbo-visit-control" content="reload"' in answer.text
    assert "ada" not in answer.text
    assert "<script" not in answer.text


@given(query=any_queries)
@example(query=b"'\"><script>alert(1)</script>&{{ 1 }}")
@example(query=b"0; url=https://evil.example/")
@example(query=f"//{EVIL}\\@{EVIL}".encode())
@example(query=b"%0d%0aSet-Cookie: a=1\r\n\r\n")
def test_continue_page_of_any_query(query):
    """All three ways lead to the same bytes, quoted, and nothing else is told."""
    answer = ada().get(query, headers=HTMX)
    url = answer.headers["HX-Redirect"]
    assert answer.refresh == url
    assert Markup(links_of(answer)[0]).unescape() == url
    assert re.fullmatch(rf"{PREFIX}(\?[\w.~!$&'()*+,/:;=@%?-]+)?", url, re.ASCII)
    assert unquote_to_bytes(url.removeprefix(f"{PREFIX}?")) == (
        unquote_to_bytes(query) if query else PREFIX.encode()
    )
    quoted = f'href="{links_of(answer)[0]}"'
    assert answer.text.replace(quoted, "") == page_without_link()


def links_of(answer: Answer) -> list[str]:
    """Where the links of a page lead, as they stand there."""
    return re.findall('href="([^"]*)"', answer.text)


@cache
def page_without_link() -> str:
    return ada().get(headers=HTMX).text.replace(f'href="{PREFIX}"', "")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/en/vote", "/shop/en/vote"),
        ("/a b'\"<>/vote", "/shop/a%20b'%22%3C%3E/vote"),
        ("/50%3F/vote", "/shop/50%253F/vote"),
        ("/\xc3\xa9/vote", "/shop/%C3%A9/vote"),
        (f"/\\{EVIL}/vote", f"/shop/%5C{EVIL}/vote"),
        ("/\r\nX:1/vote", "/shop/%0D%0AX:1/vote"),
    ],
)
def test_continue_page_of_a_rule_of_the_app(path, target):
    """It leads back to that rule, and not to the endpoint's own."""
    app = make_app()
    app.add_url_rule("/<lang>/vote", endpoint=ENDPOINT)
    app.url_value_preprocessor(lambda _, values: values and values.pop("lang"))
    answer = Browser(app).get(path=path, headers=HTMX, SCRIPT_NAME="/shop")
    assert (answer.refresh, answer.headers["HX-Redirect"]) == (target, target)
    assert [Markup(url).unescape() for url in links_of(answer)] == [target]


@pytest.mark.parametrize("start", ["//", "///", "/\\"])
def test_continue_page_at_the_root_names_no_host(start):
    """Where a rule takes any path, and the app does not merge slashes."""
    app = make_app()
    app.url_map.merge_slashes = False
    app.add_url_rule("/<path:page>", endpoint=ENDPOINT)
    app.url_value_preprocessor(lambda _, values: values and values.pop("page"))
    answer = Browser(app).get(path=f"{start}{EVIL}/", headers=HTMX)
    assert answer.refresh in (f"/{EVIL}/", f"/%5C{EVIL}/")


def test_login_disabled_still_asks_to_log_in():
    """It switches ``@login_required`` off, before Flask-Login 0.7, and nothing else."""
    app = make_app(LOGIN_DISABLED=True)
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


@pytest.mark.parametrize(
    "anonymous",
    [
        plain(is_authenticated=False, is_active=True),
        plain(is_authenticated=False, is_active=False, is_anonymous=True),
        plain(is_authenticated=False, is_active=True, is_anonymous=True),
        None,
    ],
)
def test_anonymous_user_of_any_make(anonymous):
    app = make_app()
    app.login_manager.anonymous_user = lambda: anonymous
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


def test_flask_login_says_how_to_log_in():
    """By its view for this blueprint, the app's own handler, or 401."""
    app = make_app()
    manager, browser = app.login_manager, Browser(app)
    manager.blueprint_login_views = {"feedbackchimp": "/members/login"}
    assert (browser.go(PAGE).location or "").startswith("/members/login?next=")
    manager.blueprint_login_views, manager.login_view = {}, None
    assert (browser.go(PAGE).status_code, browser.go(PAGE).location) == (401, None)
    manager.unauthorized_handler(lambda: (jsonify(error="log in"), 418))
    answer = browser.go(PAGE)
    assert (answer.status_code, b"log in" in answer.data) == (418, True)


#: Inactive, and without a ``UserMixin`` for ``is_authenticated`` to follow.
INACTIVE = {"id": "eve", "get_id": lambda: "eve", "is_active": False}


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (InactiveUser(), "inactive"),
        (plain(**INACTIVE, is_anonymous=False, is_authenticated=True), "inactive"),
        (plain(**INACTIVE, is_anonymous=False, is_authenticated=False), "inactive"),
        (User(email="BOSS@example.com"), "admin"),
        (User(email=None), "email_unusable"),
        (User(name=" \u200b"), "name_unusable"),
    ],
)
def test_unusable_account_is_403(user, reason):
    """By our page, and not by a login or the app's own error handlers."""
    app = make_app(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@EXAMPLE.com"])
    app.register_error_handler(Exception, lambda error: ("caught", 500))
    browser = Browser(app, user.get_id())
    assert refused_reason(browser.go(PAGE)) == reason
    assert refused_reason(browser.get(BAD)) == "page_foreign"


@pytest.mark.parametrize(
    "accept",
    [
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html, application/json",
        "application/json;q=0.5, text/html",
        "*/*",
        "image/png",
        "application/json;q=0",
        ";;,=,/",
        "text/*, application/json;q=0.9",
    ],
)
def test_refusal_is_html(accept):
    answer = nobody().get(BAD, headers={"Accept": accept})
    assert (told(answer), refused_reason(answer)) == ("page", "page_foreign")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert EVIL not in answer.text


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/json, text/plain, */*;q=0.8",
        "application/json, text/html;q=0.9",
        "text/html;q=0.2, application/*;q=0.4",
    ],
)
def test_refusal_is_json_if_preferred(accept):
    answer = nobody().get(BAD, headers={"Accept": accept})
    kind = answer.headers["Content-Type"]
    assert (answer.status_code, kind) == (400, "application/json")
    said = json.loads(answer.text)
    assert said.pop("message") in nobody().get(BAD).text
    assert said == {"reason": "page_foreign", "board_url": f"{BOARD}/"}


@pytest.mark.parametrize(
    ("mount", "home"),
    [("", "/"), ("/shop/", "/shop/"), (f"//{EVIL}", f"/{EVIL}/"), ("/a b", "/a%20b/")],
)
def test_back_to_the_apps_home(mount, home):
    answer = nobody().get(BAD, SCRIPT_NAME=mount)
    assert f'<a href="{home}">Back to this site</a>' in answer.text


def test_own_templates(app):
    """One gives the page, the other its sentence and that of a plain text."""
    page = "{{ status }} {{ reason }} {{ message }} {{ board_url }} {{ app_url }}"
    own = {"refused.html": page, "message.txt": "\n{{ reason }}: {{ message }}\n\n"}
    app.jinja_loader = DictLoader({f"feedbackchimp/{name}": own[name] for name in own})

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> None:
        raise SignInRefused("<b>", reason="mine", status=402)

    answer = Browser(app, "ada").go(PAGE)
    assert answer.status_code == 402
    assert answer.text == f"402 mine mine: &lt;b&gt; {BOARD}/ /"
    text = Browser(app).go(PAGE, headers={"Purpose": "prefetch"}).text
    assert text == f"prefetch: {PREFETCHED}\n"


def test_own_continue_page(app):
    app.jinja_loader = DictLoader({"feedbackchimp/continue.html": "Go: {{ url }}"})
    answer = Browser(app).get("a=1&b", headers=HTMX)
    assert answer.text == f"Go: {PREFIX}?a=1&amp;b"
    assert answer.refresh == f"{PREFIX}?a=1&b"


@pytest.mark.parametrize(
    ("names", "nonce"),
    [
        ({}, ""),
        ({"csp_nonce": "r4nd0m"}, ' nonce="r4nd0m"'),
        ({"csp_nonce": lambda: "r4nd0m"}, ' nonce="r4nd0m"'),
        ({"csp_nonce": Markup("r4nd0m")}, ' nonce="r4nd0m"'),
        ({"csp_nonce": '"><script>'}, ' nonce="&#34;&gt;&lt;script&gt;"'),
        ({"url": f"//{EVIL}", "app_url": f"//{EVIL}", "board_url": f"//{EVIL}"}, ""),
        ({"reason": "admin", "message": "Mine", "status": 1, "request": None}, ""),
    ],
)
@pytest.mark.parametrize("undefined", [Undefined, StrictUndefined])
@pytest.mark.parametrize("query", [BAD, ""])
def test_templates_beside_context_processors(query, undefined, names, nonce):
    """They take a nonce in either form, and no other name of the app's."""
    app = make_app()
    plain = Browser(app).get(query, headers={} if query else HTMX)
    app = make_app()
    app.context_processor(lambda: names)
    app.jinja_env.undefined = undefined
    answer = Browser(app).get(query, headers={} if query else HTMX)
    assert answer.status_code == plain.status_code
    assert answer.text == plain.text.replace("<style>", f"<style{nonce}>")


class Loose(FeedbackChimp):
    """On an app with lax slashes, and other rules for the endpoint on both sides."""

    def init_app(self, app: Flask) -> None:
        app.url_map.strict_slashes = False
        app.add_url_rule("/early", endpoint=ENDPOINT)
        app.url_map.add(Rule("/bare", endpoint=ENDPOINT))
        super().init_app(app)
        app.add_url_rule("/late", endpoint=ENDPOINT)
        app.add_url_rule("/posts", endpoint=ENDPOINT, methods=["GET", "POST", "PUT"])


#: How every kind of answer that the endpoint can give is asked for.
KINDS: dict[str, dict[str, Any]] = {
    "token": {},
    "mounted": {"SCRIPT_NAME": "/shop"},
    "login": {"user": None},
    "login by session": {"user": None, "config": {"USE_SESSION_FOR_NEXT": True}},
    "login without a view": {"user": None, "view": None},
    "bad page": {"user": None, "query": BAD},
    "JSON": {"user": None, "query": BAD, "headers": {"Accept": "application/json"}},
    "not UTF-8": {"query": b"redirect=\xff"},
    "inactive": {"user": InactiveUser()},
    "prefetch": {"headers": {"Purpose": "prefetch"}},
    "fetch": {"headers": {"Sec-Fetch-Mode": "cors"}},
    "htmx": {"headers": {"HX-Request": "true"}},
    "fetch of JSON": {"headers": {"HX-Request": "true", "Accept": "application/json"}},
    "error": {"loader": lambda user: 1 / 0, "config": {"PROPAGATE_EXCEPTIONS": False}},
    "abort": {"loader": lambda user: abort(redirect("/verify"))},
    "switched off": {"user": None, "config": {"FEEDBACKCHIMP_ENABLED": False}},
}
METHODS = [
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "QUERY",
    "get",
    "FOO",
]


def asked(
    user: Any = ADA,
    query: str | bytes = page_query(PAGE),
    loader: Any = None,
    view: str | None = "login_page",
    config: Any = None,
    **request: Any,
) -> Answer:
    app = make_app(user or ADA, feedbackchimp=Loose(), **(config or {}))
    app.login_manager.login_view = view
    if loader:
        app.feedbackchimp.identity_loader(loader)
    return Browser(app, user and "ada").get(query, **request)


PATHS = [PREFIX, f"{PREFIX}/", "/early", "/bare", "/late", "/posts"]


@pytest.mark.parametrize("path", PATHS)
def test_headers(path):
    """Nothing is kept in caches or told to the next site."""
    got = {kind: asked(path=path, **how) for kind, how in KINDS.items()}
    for kind, answer in got.items():
        assert answer.headers.getlist("Cache-Control") == ["no-store"], kind
        assert answer.headers.getlist("Referrer-Policy") == ["no-referrer"], kind
    statuses = {answer.status_code for answer in got.values()}
    assert statuses - REDIRECTS == {200, 400, 401, 403, 500}
    assert [kind for kind in got if has_token(got[kind])] == ["token", "mounted"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_other_methods_get_no_token(method, path):
    browser = Browser(make_app(feedbackchimp=Loose()), "ada")
    headers = {"X-HTTP-Method-Override": "GET"}
    answer = browser.go(PAGE, method=method, path=path, headers=headers)
    assert (answer.status_code, answer.location) == (405, None)
    assert not has_token(answer)


def test_options():
    answer = ada().go(PAGE, method="OPTIONS")
    assert (answer.status_code, answer.location, answer.data) == (200, None, b"")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/login", "/missing", f"{PREFIX}/", f"{PREFIX}x"])
def test_other_pages_keep_their_headers(path, method):
    headers = nobody().get(path=path, method=method).headers
    assert "Cache-Control" not in headers
    assert "Referrer-Policy" not in headers


@pytest.mark.parametrize("user_id", ["ada", None])
def test_switched_off_leads_to_the_plain_page(user_id):
    """Whatever the return URL; no secret is read, and nobody asked to log in."""
    app = make_app(
        FEEDBACKCHIMP_ENABLED=False,
        FEEDBACKCHIMP_JWT_SECRET=...,
        FEEDBACKCHIMP_RETURN_URL="https://login.example.com/sso?t={token}&s={state}",
    )
    browser = Browser(app, user_id)
    answer = browser.get(f"state=1&{page_query(PAGE)}")
    assert (answer.status_code, answer.location) == (302, PAGE)
    assert browser.get().location == f"{BOARD}/"
    assert browser.get(BAD).status_code == 400
    assert told(browser.go(PAGE, method="POST")) == "method"
    del app.login_manager
    assert browser.go(PAGE).location == PAGE


def test_hooks_of_the_app_do_no_harm(app):
    """Posting is the wrong method, and not a missing token of the app's forms."""
    CSRFProtect(app)
    app.url_defaults(lambda endpoint, values: values.update(lang="en"))
    app.url_value_preprocessor(lambda endpoint, values: None)

    assert told(Browser(app, "ada").go(PAGE)) == "token"
    assert told(Browser(app, "ada").go(PAGE, method="POST")) == "method"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sso", 404),
        ("/SSO/feedbackchimp", 404),
        ("/sso/feedbackchimp/", 404),
        ("/sso/feedbackchimp/x", 404),
        ("/sso//feedbackchimp", 308),  # Werkzeug leads to the one spelling
    ],
)
def test_other_paths_get_no_token(path, status):
    answer = ada().go(PAGE, path=path)
    assert (answer.status_code, has_token(answer)) == (status, False)
    assert urlsplit(answer.location or PREFIX).path == PREFIX


def test_the_view_under_another_endpoint(app):
    """Its answers are private by whichever rule it was reached, and refusals pages."""
    view = app.view_functions["feedbackchimp.redirect"]
    app.add_url_rule("/alias", "alias", view)
    ada = logged_in(app)
    signed_in = ada.get("/alias")
    refused = ada.get("/alias?redirect=https://evil.example/")
    assert has_token(signed_in)
    assert (refused.status_code, "page_foreign" in refused.text) == (400, True)
    for answer in (signed_in, refused, ada.head("/alias")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["xn--", "xn--.example", "a.xn--"])
def test_host_that_cannot_be_read(app, host):
    """Flask-Login would fail on it, where a visitor is sent to log in.

    From Python 3.13 on, Werkzeug can read it.
    """
    answer = Browser(app).get(HTTP_HOST=host)
    if sys.version_info >= (3, 13):
        assert answer.status_code in REDIRECTS
    else:
        assert (answer.status_code, "host_unreadable" in answer.text) == (400, True)
