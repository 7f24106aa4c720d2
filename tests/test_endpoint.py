"""The redirect endpoint: every case of the contract, and the order between them."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint, Flask, Response, abort, jsonify, redirect
from flask_login import LoginManager, login_required
from flask_wtf import CSRFProtect
from jinja2 import DictLoader
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule

from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    SignInRefused,
)
from support.apps import (
    BOARD,
    PREFIX,
    SECRET,
    InactiveUser,
    User,
    claims_of,
    has_token,
    make_app,
    plain,
    sent_token,
)
from support.corpora import EVIL
from support.wire import Answer, Browser, page_query

ENDPOINT = "feedbackchimp.redirect"
PAGE = f"{BOARD}/board/1002-feature-requests?a=1&b=2#top"
BAD = page_query(f"https://{EVIL}/")
EVERYBODY = pytest.mark.parametrize("user_id", ["ada", None], ids=["ada", "stranger"])


def visitor(user: Any = None, **config: Any) -> Browser:
    """Somebody who is logged in: Ada unless given."""
    user = user or User()
    return Browser(make_app(user, **config), user.get_id())


def stranger(**config: Any) -> Browser:
    """Somebody who is not logged in."""
    return Browser(make_app(**config))


@cache
def ada() -> Browser:
    """Ada, on an app that no test changes."""
    return visitor()


@cache
def nobody() -> Browser:
    """A stranger on the same app."""
    return Browser(ada().app)


def with_loader(loader: Any, **config: Any) -> Browser:
    browser = visitor(**config)
    browser.app.feedbackchimp.identity_loader(loader)
    return browser


def raising(error: BaseException) -> Any:
    def loader(user: Any) -> Identity:
        raise error

    return loader


def told(answer: Answer) -> str:
    """What kind of answer it is, in a word."""
    location = answer.location or ""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if has_token(answer):
        assert answer.status_code == 302 and location.startswith(f"{BOARD}/")
        return "token"
    if location.startswith("/login?"):
        return "login"
    assert answer.location is None
    if "HX-Redirect" in answer.headers:
        return "hx"
    if answer.status_code == 403 and kind == "text/plain":
        return "prefetch" if b"prefetch" in answer.data else "mode"
    return {405: "method", 400: "page", 403: "identity"}[answer.status_code]


def refused_reason(answer: Answer) -> str:
    assert told(answer) in ("page", "identity")
    assert f'href="{BOARD}/"' in answer.text
    return answer.text.partition("Reason: <code>")[2].partition("<")[0]


@pytest.mark.parametrize(
    "asked",
    list(product([False, True], repeat=7)),
    ids=lambda asked: "".join("-x"[one] for one in asked),
)
def test_first_reason_decides(asked: Any) -> None:
    """Method, prefetch, HX-Request, Sec-Fetch-Mode, page, login, identity."""
    names = ("method", "prefetch", "hx", "mode", "page", "login", "identity")
    method, prefetch, hx, mode, page, login, identity = asked
    user = InactiveUser() if identity else User()
    headers = {
        **({"Sec-Purpose": "prefetch"} if prefetch else {}),
        **({"HX-Request": "true"} if hx else {}),
        **({"Sec-Fetch-Mode": "cors"} if mode else {}),
    }
    answer = Browser(make_app(user), None if login else "ada").get(
        BAD if page else page_query(PAGE),
        method="HEAD" if method else "GET",
        headers=headers,
    )
    reasons = [name for name, is_so in zip(names, asked, strict=True) if is_so]
    assert told(answer) == (reasons or ["token"])[0]


# Signed in


def test_signed_in_is_302_with_a_token() -> None:
    answers = [ada().go(PAGE) for _ in range(5)]
    for answer in answers:
        token = sent_token(answer)
        assert answer.status_code == 302
        assert answer.location == PAGE.replace("#", f"&ssoToken={token}#")
        assert claims_of(token)["email"] == "ada@example.com"
    assert len({claims_of(sent_token(answer))["jti"] for answer in answers}) == 5


def test_body_is_short() -> None:
    """Werkzeug's own would repeat the URL, and so the token; nothing is set, either."""
    answer = ada().go(PAGE)
    assert answer.headers.get("Content-Type") == "text/plain; charset=utf-8"
    assert answer.data == b"Redirecting to the feedback board."
    assert "Set-Cookie" not in answer.headers


# Methods


@pytest.mark.parametrize(
    "method",
    [
        *("HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"),
        *("QUERY", "get", "FOO"),
    ],
)
@EVERYBODY
def test_other_methods_are_405(method: str, user_id: str | None) -> None:
    headers = {"X-HTTP-Method-Override": "GET"}
    browser = ada() if user_id else nobody()
    answer = browser.go(PAGE, method=method, headers=headers)
    assert told(answer) == "method"
    assert {*answer.headers["Allow"].split(", ")} == {"GET", "OPTIONS"}


# Prefetching and scripts


@pytest.mark.parametrize("name", ["Sec-Purpose", "X-Sec-Purpose", "Purpose", "X-Moz"])
@pytest.mark.parametrize(
    "value",
    ["prefetch", "prefetch;prerender", "PREFETCH", " prefetch ", "preview, prefetch"],
)
@EVERYBODY
def test_prefetch_is_403(name: str, value: str, user_id: str | None) -> None:
    """Nor is a stranger sent to a login, whose page would come out of the cache."""
    headers = {name: value, "Sec-Fetch-Mode": "navigate"}
    answer = (ada() if user_id else nobody()).go(PAGE, headers=headers)
    assert told(answer) == "prefetch"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.data == b"Sign-ins are not prefetched. Please follow the link.\n"


@pytest.mark.parametrize(
    "mode", ["cors", "no-cors", "same-origin", "nested-navigate", "Navigate", ""]
)
@EVERYBODY
def test_fetch_is_403(mode: str, user_id: str | None) -> None:
    headers = {"Sec-Fetch-Mode": mode}
    answer = (ada() if user_id else nobody()).go(PAGE, headers=headers)
    assert told(answer) == "mode"
    assert b"Please follow the link." in answer.data


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        *({"Purpose": "preview"}, {"Sec-Purpose": ""}),
        *({"HX-Request": value} for value in ("false", "", "1", "TRUE")),
    ],
)
def test_navigation_gets_a_token(headers: dict[str, str]) -> None:
    assert told(ada().go(PAGE, headers=headers)) == "token"


@EVERYBODY
@pytest.mark.parametrize(
    ("script_name", "query", "target"),
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
def test_htmx_is_told_to_navigate(
    script_name: str, query: str, target: str, user_id: str | None
) -> None:
    """To the same URL: 200, empty; a path on this host, whoever asks for what."""
    answer = (ada() if user_id else nobody()).get(
        query,
        headers={"HX-Request": "true", "Sec-Fetch-Mode": "cors"},
        SCRIPT_NAME=script_name,
    )
    assert (answer.status_code, answer.data, told(answer)) == (200, b"", "hx")
    assert answer.headers["HX-Redirect"] == target


# Not signed in


def next_of(answer: Answer) -> str:
    [value] = parse_qs(urlsplit(answer.location or "").query)["next"]
    return value


@pytest.mark.parametrize("mount", ["", "/shop"])
def test_login_keeps_the_query(mount: str) -> None:
    """All of it in ``next``, so that the deep link survives."""
    query = f"x=1&{page_query(PAGE)}&state=a%2Bb"
    answer = nobody().get(query, SCRIPT_NAME=mount)
    path, _, kept = next_of(answer).partition("?")
    assert (answer.status_code, path) == (302, f"{mount}{PREFIX}")
    assert (answer.location or "").startswith(f"{mount}/login?")
    assert parse_qs(kept, strict_parsing=True) == parse_qs(query)


def test_login_disabled_still_asks_to_log_in() -> None:
    """It switches ``@login_required`` off, but nobody is anybody for that."""
    app = make_app(LOGIN_DISABLED=True)
    app.add_url_rule("/page", view_func=login_required(lambda: "open"))
    assert Browser(app).get(path="/page").data == b"open"
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


@pytest.mark.parametrize(
    "anonymous",
    [
        plain(is_authenticated=False, is_active=True),
        plain(is_authenticated=False, is_active=False, is_anonymous=True),
        plain(is_active=True),
        plain(is_anonymous=True, is_authenticated=True),
        plain(email="eve@example.com", name="Eve"),
        None,
    ],
)
def test_anonymous_user_of_any_make(anonymous: Any) -> None:
    """Some apps have an ``anonymous_user`` that makes nothing."""
    app = make_app()
    app.login_manager.anonymous_user = lambda: anonymous
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


def test_flask_login_says_how_to_log_in() -> None:
    """Its view for this blueprint, the app's own handler, or 401."""
    app = make_app()
    manager, browser = app.login_manager, Browser(app)
    manager.blueprint_login_views = {"feedbackchimp": "/members/login"}
    assert (browser.go(PAGE).location or "").startswith("/members/login?next=")
    manager.blueprint_login_views, manager.login_view = {}, None
    assert (browser.go(PAGE).status_code, browser.go(PAGE).location) == (401, None)
    manager.unauthorized_handler(lambda: (jsonify(error="log in"), 418))
    answer = browser.go(PAGE)
    assert (answer.status_code, b"log in" in answer.data) == (418, True)


def test_login_manager_may_come_later() -> None:
    """And know people by the request, without a session."""
    app = Flask("shop")
    app.config.update(
        SECRET_KEY="k" * 40,
        FEEDBACKCHIMP_JWT_SECRET=SECRET,
        FEEDBACKCHIMP_ORGANIZATION="acme",
    )
    FeedbackChimp(app)
    app.register_blueprint(Blueprint("shop", __name__), url_prefix="/sso")
    LoginManager(app).request_loader(lambda request: User())
    assert told(Browser(app).go(PAGE)) == "token"


# Signed in, and refused


def inactive_account(**attributes: Any) -> Any:
    """Inactive, and no ``UserMixin`` for ``is_authenticated`` to follow."""
    account = {"id": "eve", "get_id": lambda: "eve", "email": "e@b", "name": "Eve"}
    return plain(**account, is_active=False, is_anonymous=False, **attributes)


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (InactiveUser(), "inactive"),
        (inactive_account(is_authenticated=True), "inactive"),
        (inactive_account(is_authenticated=False), "inactive"),
        (inactive_account(), "inactive"),
        (User(email="BOSS@example.com"), "admin"),
        (User(email=None), "email_unusable"),
        (User(name=" \u200b"), "name_unusable"),
    ],
)
def test_unusable_account_is_403(user: Any, reason: str) -> None:
    """A page that says why and links to the board; never a login to go round in."""
    browser = visitor(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@EXAMPLE.com"])
    answer = browser.go(PAGE)
    assert (answer.status_code, refused_reason(answer)) == (403, reason)


def test_unusable_claims_are_403() -> None:
    identity = Identity("ada@example.com", "Ada", {"exp": 1})
    answer = with_loader(lambda user: identity).go(PAGE)
    assert (answer.status_code, refused_reason(answer)) == (403, "claims_unusable")


# What a refusal looks like


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        (None, False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("application/json;q=0.5, text/html", False),
        ("image/png", False),
        ("application/json;q=0", False),
        ("text/*, application/json;q=0.9", False),
        (";;,=,/", False),
        ("application/json", True),
        ("application/json, text/plain, */*;q=0.8", True),
        ("application/json, text/html;q=0.9", True),
        ("text/html;q=0.2, application/*;q=0.4", True),
    ],
)
def test_html_unless_json_is_preferred(accept: str | None, is_json: bool) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = nobody().get(BAD, headers=headers)
    assert answer.status_code == 400
    kind = "application/json" if is_json else "text/html; charset=utf-8"
    assert answer.headers["Content-Type"] == kind


def test_json_says_the_same() -> None:
    client = make_app().test_client()
    told = client.get(f"{PREFIX}?{BAD}", headers={"Accept": "application/json"}).json
    page = client.get(f"{PREFIX}?{BAD}").text
    assert told.pop("message") in page
    assert told == {"reason": "page_foreign", "board_url": f"{BOARD}/"}


def test_page_is_not_repeated() -> None:
    """Neither to the visitor nor to a script."""
    for accept in ("text/html", "application/json"):
        headers = {"Accept": accept}
        answer = nobody().go(f"https://{EVIL}/<script>alert", headers=headers)
        assert EVIL not in answer.text
        assert "alert" not in answer.text


@pytest.mark.parametrize(
    ("mount", "home"),
    [("", "/"), ("/shop/", "/shop/"), (f"//{EVIL}", f"/{EVIL}/"), ("/a b", "/a%20b/")],
)
def test_back_to_the_apps_home(mount: str, home: str) -> None:
    """Under its mount point, on its host."""
    answer = nobody().get(BAD, SCRIPT_NAME=mount)
    assert f'<a href="{home}">Back to this site</a>' in answer.text


def test_own_template() -> None:
    browser = with_loader(raising(SignInRefused("<b>", reason="mine", status=402)))
    template = "{{ status }} {{ reason }} {{ message }} {{ board_url }} {{ app_url }}"
    browser.app.jinja_loader = DictLoader({"feedbackchimp/refused.html": template})
    answer = browser.go(PAGE)
    assert (answer.status_code, answer.text) == (402, f"402 mine &lt;b&gt; {BOARD}/ /")


def test_own_sentences() -> None:
    """One template gives those of the page, the JSON and the plain text."""
    browser = visitor()
    template = (
        "{% if reason == 'prefetch' %}\nDoucement !{% else %}{{ message }}\n{% endif %}"
    )
    browser.app.jinja_loader = DictLoader({"feedbackchimp/message.txt": template})
    answer = browser.go(PAGE, headers={"Purpose": "prefetch"})
    assert answer.text == "Doucement !\n"
    assert "does not lead to a page of our feedback board" in browser.get(BAD).text


def test_error_handlers_of_the_app_do_not_see_refusals() -> None:
    app = make_app(InactiveUser())
    app.register_error_handler(Exception, lambda error: ("caught", 500))
    browser = Browser(app, "ada")
    assert refused_reason(browser.go(PAGE)) == "inactive"
    assert refused_reason(browser.get(BAD)) == "page_foreign"


# Headers on every answer, by whichever rule


class Loose(FeedbackChimp):
    """On an app that ignores a slash at the end, and that has two aliases before."""

    def init_app(self, app: Flask) -> None:
        app.url_map.strict_slashes = False
        app.add_url_rule("/early", endpoint=ENDPOINT)
        app.url_map.add(Rule("/bare", endpoint=ENDPOINT))
        super().init_app(app)


def add_alias(app: Flask, **options: Any) -> None:
    app.add_url_rule("/feedback", endpoint=ENDPOINT, **options)


def add_hooks(app: Flask) -> None:
    @app.after_request
    def add_header(response: Response) -> Response:
        response.headers["Referrer-Policy"] = "unsafe-url"
        return response


RULES: dict[str, tuple[str, Any]] = {
    "its own": (PREFIX, lambda app: None),
    "a slash at the end": (f"{PREFIX}/", lambda app: None),
    "an alias": ("/feedback", add_alias),
    "an alias for posts": (
        "/feedback",
        lambda app: add_alias(app, methods=["GET", "POST", "PUT"]),
    ),
    "an alias that was there before": ("/early", lambda app: None),
    "an alias without methods": ("/bare", lambda app: None),
    "under another policy": (PREFIX, add_hooks),
}
METHODS = ("OPTIONS", "HEAD", "POST", "PUT", "DELETE", "TRACE", "FOO")


def answers(rule: str) -> dict[str, Answer]:
    """One answer of every kind that the endpoint can give, by one of its rules."""
    path, prepare = RULES[rule]

    def get(
        user: Any = ...,
        query: str | bytes = page_query(PAGE),
        loader: Any = None,
        **how: Any,
    ) -> Answer:
        config = how.pop("config", {})
        app = make_app(
            *([] if user in (..., None) else [user]), feedbackchimp=Loose(), **config
        )
        if loader is not None:
            app.feedbackchimp.identity_loader(loader)
        prepare(app)
        if how.pop("no_view", False):
            app.login_manager.login_view = None
        return Browser(app, None if user is None else "ada").get(
            query, path=path, **how
        )

    json = {"Accept": "application/json"}
    return {
        "token": get(),
        "mounted": get(SCRIPT_NAME="/shop"),
        "login": get(None),
        "login, next in the session": get(None, config={"USE_SESSION_FOR_NEXT": True}),
        "login, no view": get(None, no_view=True),
        "bad page": get(None, BAD),
        "bad page in JSON": get(None, BAD, headers=json),
        "not UTF-8": get(query=b"redirect=\xff"),
        "inactive": get(InactiveUser()),
        "prefetch": get(headers={"Purpose": "prefetch"}),
        "fetch": get(headers={"Sec-Fetch-Mode": "cors"}),
        "htmx": get(headers={"HX-Request": "true"}),
        "error in the loader": get(
            loader=raising(ZeroDivisionError()), config={"PROPAGATE_EXCEPTIONS": False}
        ),
        "redirect in the loader": get(loader=lambda user: abort(redirect("/verify"))),
        "switched off": get(None, config={"FEEDBACKCHIMP_ENABLED": False}),
        **{method: get(method=method) for method in METHODS},
    }


@pytest.mark.parametrize("rule", RULES)
def test_headers(rule: str) -> None:
    """Nothing is kept in caches or told to the next site, not even by a 405."""
    told = answers(rule)
    for name, answer in told.items():
        assert answer.headers.getlist("Cache-Control") == ["no-store"], name
        if rule != "under another policy" or has_token(answer):
            assert answer.headers.getlist("Referrer-Policy") == ["no-referrer"], name
    # The list goes on covering every kind.
    statuses = {name: answer.status_code for name, answer in told.items()}
    assert sorted(set(statuses.values())) == [200, 302, 400, 401, 403, 405, 500]
    assert [name for name in told if has_token(told[name])] == ["token", "mounted"]
    assert [statuses[method] for method in METHODS] == [200, *[405] * 6]
    for method in METHODS:
        assert {*told[method].headers["Allow"].split(", ")} == {"GET", "OPTIONS"}, rule


def test_other_pages_keep_their_headers() -> None:
    for path in ("/login", "/missing", f"{PREFIX}/", f"{PREFIX}x"):
        for method in ("GET", "POST", "OPTIONS"):
            answer = nobody().get(path=path, method=method)
            assert "Cache-Control" not in answer.headers
            assert "Referrer-Policy" not in answer.headers


def test_look_up_without_a_request() -> None:
    """What walks the URL map finds a method refused, and needs no request for it."""
    adapter = ada().app.url_map.bind("shop.example")
    assert adapter.match(PREFIX) == (ENDPOINT, {})
    assert {*adapter.allowed_methods(PREFIX)} == {"GET", "OPTIONS"}
    with pytest.raises(MethodNotAllowed):
        adapter.match(PREFIX, method="POST")


# Within an app


@EVERYBODY
def test_switched_off_leads_to_the_plain_page(user_id: str | None) -> None:
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


def test_csrf_protection() -> None:
    """Posting is the wrong method, and not a missing token of the app's forms."""
    app = make_app()
    CSRFProtect(app)
    browser = Browser(app, "ada")
    assert told(browser.go(PAGE)) == "token"
    assert told(browser.get(BAD)) == "page"
    assert told(browser.go(PAGE, method="POST")) == "method"
    assert told(Browser(app).go(PAGE)) == "login"


@pytest.mark.parametrize("path", [f"{PREFIX}/", f"{PREFIX}/x", "/sso", "/SSO/x"])
def test_other_paths_are_404(path: str) -> None:
    answer = ada().go(PAGE, path=path)
    assert (answer.status_code, has_token(answer)) == (404, False)


def test_doubled_slash_is_no_way_in() -> None:
    """Werkzeug redirects to the one spelling, on this host, and without a token."""
    answer = ada().go(PAGE, path=PREFIX.replace("/f", "//f"))
    assert answer.status_code == 308
    assert urlsplit(answer.location or "").path == PREFIX
    assert not has_token(answer)


def test_url_defaults_do_no_harm() -> None:
    app = make_app()
    app.url_defaults(lambda endpoint, values: values.update(lang="en"))
    app.url_value_preprocessor(lambda endpoint, values: None)
    assert told(Browser(app, "ada").go(PAGE)) == "token"


def test_own_class_of_rules() -> None:
    """An app may have one, and ours is made from it."""

    class Custom(FeedbackChimp):
        def init_app(self, app: Flask) -> None:
            app.url_rule_class = type("OwnRule", (Rule,), {})
            super().init_app(app)

    [rule, *_] = make_app(feedbackchimp=Custom()).url_map.iter_rules(ENDPOINT)
    assert [kind.__name__ for kind in type(rule).__mro__].count("OwnRule") == 1
