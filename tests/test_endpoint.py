"""The redirect endpoint: every case of the contract, and the order between them."""

from __future__ import annotations

from http.cookies import SimpleCookie
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint, Flask, abort, jsonify, redirect
from flask_login import LoginManager, login_required
from jinja2 import DictLoader

from apps import (
    BOARD,
    PREFIX,
    SECRET,
    InactiveUser,
    User,
    claims_of,
    has_token,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from corpora import EVIL
from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    NotInitializedError,
    SignInRefused,
    TokenError,
)
from outside import missing
from wire import Answer, Browser, page_query

PAGE = f"{BOARD}/board/1002-feature-requests?a=1&b=2#top"
BAD = page_query(f"https://{EVIL}/")


def visitor(user: Any = None, **config: Any) -> Browser:
    """Somebody who is logged in: Ada unless given."""
    user = user or User()
    return Browser(make_app(user, **config), user.get_id())


def stranger(**config: Any) -> Browser:
    """Somebody who is not logged in."""
    return Browser(make_app(**config))


def told(answer: Answer) -> str:
    """What kind of answer it is, in a word."""
    location = answer.location or ""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if has_token(answer):
        assert answer.status_code == 302 and location.startswith(f"{BOARD}/")
        return "token"
    if location.startswith("/login?"):
        return "login"
    if "HX-Redirect" in answer.headers:
        return "hx"
    if answer.status_code == 403 and kind == "text/plain":
        return "prefetch" if b"prefetch" in answer.data else "mode"
    return {405: "method", 400: "page", 403: "identity"}[answer.status_code]


# The order of the questions


@pytest.mark.parametrize(
    "asked",
    list(product([False, True], repeat=7)),
    ids=lambda asked: "".join("-x"[one] for one in asked),
)
def test_the_first_reason_in_the_contracts_order_decides(asked: Any) -> None:
    """Method, prefetch, HX-Request, Sec-Fetch-Mode, page, login, identity."""
    names = ("method", "prefetch", "hx", "mode", "page", "login", "identity")
    method, prefetch, hx, mode, page, login, identity = asked
    user = InactiveUser() if identity else User()
    browser = Browser(make_app(user), None if login else "ada")
    headers = {
        **({"Sec-Purpose": "prefetch"} if prefetch else {}),
        **({"HX-Request": "true"} if hx else {}),
        **({"Sec-Fetch-Mode": "cors"} if mode else {}),
    }
    answer = browser.get(
        BAD if page else page_query(PAGE),
        method="HEAD" if method else "GET",
        headers=headers,
    )
    reasons = [name for name, is_so in zip(names, asked, strict=True) if is_so]
    assert told(answer) == (reasons or ["token"])[0]


# Signed in


def test_a_signed_in_visitor_gets_302_to_the_page_with_a_token() -> None:
    answer = visitor().go(PAGE)
    token = sent_token(answer)
    assert answer.status_code == 302
    assert answer.location == PAGE.replace("#", f"&ssoToken={token}#")
    assert claims_of(token)["email"] == "ada@example.com"


def test_every_request_gets_a_token_of_its_own() -> None:
    browser = visitor()
    tokens = [claims_of(sent_token(browser.get()))["jti"] for _ in range(5)]
    assert len(set(tokens)) == 5


def test_the_token_stands_in_the_location_alone() -> None:
    """The body is short and without it; nothing is set, and nothing else repeats it."""
    answer = visitor().go(PAGE)
    token = sent_token(answer)
    others = [value for name, value in answer.headers if name != "Location"]
    assert answer.headers.get("Content-Type") == "text/plain; charset=utf-8"
    assert 0 < len(answer.data) <= 64
    assert token.encode() not in answer.data
    assert "Set-Cookie" not in answer.headers
    assert not any(part in value for value in others for part in token.split("."))


def test_the_token_is_not_kept_in_the_session() -> None:
    client = logged_in(make_app())
    with client.session_transaction() as session:
        before = dict(session)
    token = sent_token(client.get(PREFIX))
    with client.session_transaction() as session:
        assert dict(session) == before
        assert token not in repr(session)


# Methods


@pytest.mark.parametrize(
    "method",
    [
        *("HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"),
        *("SEARCH", "QUERY", "get", "FOO"),
    ],
)
@pytest.mark.parametrize("user_id", ["ada", None])
def test_other_methods_get_405_and_no_token(method: str, user_id: str | None) -> None:
    answer = Browser(make_app(), user_id).go(PAGE, method=method)
    assert answer.status_code == 405
    assert not has_token(answer)
    assert answer.location is None
    assert {"GET", "OPTIONS"} <= {*answer.headers["Allow"].split(", ")}


def test_options_names_the_methods_and_gives_no_token() -> None:
    answer = visitor().go(PAGE, method="OPTIONS")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "GET" in answer.headers["Allow"]
    assert not has_token(answer)


def test_a_method_cannot_be_disguised() -> None:
    answer = visitor().go(
        PAGE, method="POST", headers={"X-HTTP-Method-Override": "GET"}
    )
    assert told(answer) == "method"


# Prefetching


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize("name", ["Sec-Purpose", "X-Sec-Purpose", "Purpose", "X-Moz"])
@pytest.mark.parametrize(
    "value",
    [
        "prefetch",
        "prefetch;prerender",
        "prefetch; anonymous-client-ip",
        "Prefetch",
        "PREFETCH;PRERENDER",
        " prefetch ",
        "preview, prefetch",
    ],
)
def test_a_prefetch_gets_403_in_plain_text(
    name: str, value: str, user_id: str | None
) -> None:
    """No token, and no login redirect whose page would be shown from the cache."""
    browser = Browser(make_app(), user_id)
    answer = browser.go(PAGE, headers={name: value, "Sec-Fetch-Mode": "navigate"})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.data == b"Sign-ins are not prefetched. Please follow the link.\n"
    assert answer.location is None
    assert not has_token(answer)


@pytest.mark.parametrize("headers", [{"Purpose": "preview"}, {"Sec-Purpose": ""}])
def test_other_purposes_are_no_prefetch(headers: dict[str, str]) -> None:
    assert told(visitor().go(PAGE, headers=headers)) == "token"


# Requests from scripts


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize(
    "mode",
    [
        *("cors", "no-cors", "same-origin", "websocket", "nested-navigate"),
        *("Navigate", "navigate,cors", ""),
    ],
)
def test_a_request_that_is_no_navigation_gets_403_in_plain_text(
    mode: str, user_id: str | None
) -> None:
    """No token, and no login redirect that a script could not show."""
    browser = Browser(make_app(), user_id)
    answer = browser.go(PAGE, headers={"Sec-Fetch-Mode": mode})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Please follow the link." in answer.data
    assert answer.location is None
    assert not has_token(answer)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Mode": "navigate"}])
def test_a_navigation_gets_a_token(headers: dict[str, str]) -> None:
    """A browser without the header, too: it is no proof against anybody else."""
    assert told(visitor().go(PAGE, headers=headers)) == "token"


@pytest.mark.parametrize("user_id", ["ada", None])
@pytest.mark.parametrize(
    ("script_name", "query", "target"),
    [
        ("", "", PREFIX),
        ("", page_query(PAGE), f"{PREFIX}?{page_query(PAGE)}"),
        ("", "a=1&a=2&b", f"{PREFIX}?a=1&a=2&b"),
        ("", "q=%FF%2B+%20%zz'", f"{PREFIX}?q=%FF%2B+%20%zz'"),
        (
            "",
            'q=\xff\xc3\r\n\t \\"<#>',
            f"{PREFIX}?q=%FF%C3%0D%0A%09%20%5C%22%3C%23%3E",
        ),
        ("", BAD, f"{PREFIX}?{BAD}"),
        ("/shop", "a=1", f"/shop{PREFIX}?a=1"),
        ("/caf\xc3\xa9", "", f"/caf%C3%A9{PREFIX}"),
        (f"//{EVIL}", "", f"/{EVIL}{PREFIX}"),
        (f"/\\{EVIL}", "", f"/%5C{EVIL}{PREFIX}"),
    ],
)
def test_htmx_is_told_to_navigate_to_the_same_url(
    script_name: str, query: str, target: str, user_id: str | None
) -> None:
    """200, empty; a path on this host, never a token, whoever asks for what."""
    answer = Browser(make_app(), user_id).get(
        query,
        headers={"HX-Request": "true", "Sec-Fetch-Mode": "cors"},
        SCRIPT_NAME=script_name,
    )
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["HX-Redirect"] == target
    assert answer.location is None
    assert not has_token(answer)


def test_the_url_that_htmx_navigates_to_works() -> None:
    browser = visitor()
    answer = browser.go(PAGE, headers={"HX-Request": "true"})
    path, _, query = answer.headers["HX-Redirect"].partition("?")
    assert browser.get(query, path=path).location.startswith(f"{BOARD}/board/1002-")


@pytest.mark.parametrize("value", ["false", "", "1", "TRUE"])
def test_only_htmx_own_header_value_counts(value: str) -> None:
    assert told(visitor().go(PAGE, headers={"HX-Request": value})) == "token"


# Not signed in


def next_of(answer: Answer) -> str:
    (value,) = parse_qs(urlsplit(answer.location).query)["next"]
    return value


def test_a_stranger_is_asked_to_log_in_and_the_query_is_kept() -> None:
    query = f"x=1&{page_query(PAGE)}&state=a%2Bb"
    answer = stranger().get(query)
    path, _, kept = next_of(answer).partition("?")
    assert (answer.status_code, told(answer), path) == (302, "login", PREFIX)
    assert parse_qs(kept, strict_parsing=True) == parse_qs(query)


def test_the_mount_point_is_kept_in_next() -> None:
    answer = stranger().go(PAGE, SCRIPT_NAME="/shop")
    assert answer.location.startswith("/shop/login?")
    assert next_of(answer).startswith(f"/shop{PREFIX}?redirect=")


def test_login_disabled_still_asks_to_log_in() -> None:
    """It switches ``@login_required`` off, but nobody is anybody for that."""
    app = make_app(LOGIN_DISABLED=True)
    app.add_url_rule("/page", view_func=login_required(lambda: "open"))
    assert Browser(app).get(path="/page").data == b"open"
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


def test_current_user_may_be_none() -> None:
    """Some apps have an ``anonymous_user`` that makes nothing."""
    app = make_app()
    app.login_manager.anonymous_user = lambda: None
    assert told(Browser(app).go(PAGE)) == "login"
    assert told(Browser(app, "ada").go(PAGE)) == "token"


@pytest.mark.parametrize(
    "nobody",
    [
        plain(is_authenticated=False, is_active=True),
        plain(is_authenticated=False, is_active=False, is_anonymous=True),
        plain(is_active=True),
        plain(is_anonymous=True, is_authenticated=True),
        plain(email="eve@example.com", name="Eve"),
        None,
    ],
)
def test_an_anonymous_user_of_any_make_is_nobody(nobody: Any) -> None:
    app = make_app()
    app.login_manager.anonymous_user = lambda: nobody
    assert told(Browser(app).go(PAGE)) == "login"


def test_without_a_login_view_the_answer_is_401() -> None:
    app = make_app()
    app.login_manager.login_view = None
    answer = Browser(app).go(PAGE)
    assert (answer.status_code, has_token(answer)) == (401, False)


def test_the_apps_unauthorized_handler_answers() -> None:
    app = make_app()
    app.login_manager.unauthorized_handler(lambda: (jsonify(error="login"), 418))
    answer = Browser(app).go(PAGE)
    assert (answer.status_code, b"login" in answer.data) == (418, True)


def test_next_may_be_kept_in_the_session() -> None:
    client = make_app(USE_SESSION_FOR_NEXT=True).test_client()
    response = client.get(f"{PREFIX}?{page_query(PAGE)}")
    assert response.headers["Location"] == "/login"
    with client.session_transaction() as session:
        kept = session["next"]
    client.get("/login/ada")
    assert client.get(kept).headers["Location"].startswith(f"{BOARD}/board/1002-")


def test_a_login_view_for_this_blueprint_is_respected() -> None:
    app = make_app()
    app.login_manager.blueprint_login_views = {"feedbackchimp": "/members/login"}
    assert Browser(app).go(PAGE).location.startswith("/members/login?next=")


def test_no_login_manager_is_an_error_that_says_what_to_call() -> None:
    app = Flask("bare")
    app.config.update(
        FEEDBACKCHIMP_JWT_SECRET=SECRET, FEEDBACKCHIMP_ORGANIZATION="acme"
    )
    FeedbackChimp(app)
    browser = Browser(app)
    assert browser.get(BAD).status_code == 400
    assert browser.go(PAGE).status_code == 500
    app.testing = True
    with pytest.raises(NotInitializedError, match=r"LoginManager\(\)\.init_app\(app\)"):
        browser.go(PAGE)


# Signed in, and refused


def refused_reason(answer: Answer) -> str:
    page = answer.data.decode()
    assert f'href="{BOARD}/"' in page
    assert not has_token(answer)
    assert answer.location is None
    return page.partition("Reason: <code>")[2].partition("<")[0]


def inactive_account(**attributes: Any) -> Any:
    """Inactive, and no ``UserMixin`` for ``is_authenticated`` to follow."""
    return plain(
        id="eve",
        get_id=lambda: "eve",
        is_active=False,
        is_anonymous=False,
        email="eve@example.com",
        name="Eve",
        **attributes,
    )


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (InactiveUser(), "inactive"),
        (inactive_account(is_authenticated=True), "inactive"),
        (inactive_account(is_authenticated=False), "inactive"),
        (inactive_account(), "inactive"),
        (User(email="BOSS@example.com"), "admin"),
        (User(email=None), "email_unusable"),
        (User(email="ada"), "email_unusable"),
        (User(name=None), "name_unusable"),
        (User(name=" \u200b"), "name_unusable"),
    ],
)
def test_an_account_that_cannot_be_signed_in_gets_403(user: Any, reason: str) -> None:
    """A page that says why and links to the board; never a login to go round in."""
    browser = visitor(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@EXAMPLE.com"])
    answer = browser.go(PAGE)
    assert answer.status_code == 403
    assert refused_reason(answer) == reason


def with_loader(loader: Any, **config: Any) -> Browser:
    browser = visitor(**config)
    browser.app.feedbackchimp.identity_loader(loader)
    return browser


def raising(error: BaseException) -> Any:
    def loader(user: Any) -> Identity:
        raise error

    return loader


def test_a_loader_that_returns_none_refuses() -> None:
    answer = with_loader(lambda user: None).go(PAGE)
    assert (answer.status_code, refused_reason(answer)) == (403, "identity_refused")


def test_a_loader_may_refuse_in_its_own_words() -> None:
    error = SignInRefused("Confirm <b>your</b> e-mail & try again.", reason="a<b")
    answer = with_loader(raising(error)).go(PAGE)
    assert answer.status_code == 403
    assert "Confirm &lt;b&gt;your&lt;/b&gt; e-mail &amp; try" in answer.data.decode()
    assert refused_reason(answer) == "a&lt;b"


def test_a_loader_may_choose_the_status() -> None:
    error = SignInRefused("Not today.", reason="holiday", status=451)
    assert with_loader(raising(error)).go(PAGE).status_code == 451


def test_a_loader_may_answer_by_itself() -> None:
    def loader(user: Any) -> Identity:
        abort(redirect("/verify"))

    answer = with_loader(loader).go(PAGE)
    assert (answer.status_code, answer.location) == (302, "/verify")


def test_claims_that_cannot_be_signed_are_403_in_words() -> None:
    identity = Identity("ada@example.com", "Ada", {"exp": 1})
    answer = with_loader(lambda user: identity).go(PAGE)
    assert (answer.status_code, refused_reason(answer)) == (403, "claims_unusable")


def test_an_error_in_a_loader_is_the_apps_own() -> None:
    with pytest.raises(ZeroDivisionError):
        with_loader(raising(ZeroDivisionError())).go(PAGE)


def test_a_bad_page_is_400_before_the_loader_is_asked() -> None:
    answer = with_loader(raising(ZeroDivisionError())).get(BAD)
    assert (answer.status_code, refused_reason(answer)) == (400, "page_foreign")


# What a refusal looks like


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("application/json;q=0.5, text/html", False),
        ("image/png", False),
        ("application/json;q=0", False),
        ("text/*;q=0.9, application/*;q=0.1", False),
        ("text/*, application/json;q=0.9", False),
        ("json", False),
        (";;,=,/", False),
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/json, text/plain, */*;q=0.8", True),
        ("application/json, text/html;q=0.9", True),
        ("text/html;q=0.2, application/*;q=0.4", True),
    ],
)
def test_refusals_are_html_unless_json_is_preferred(
    accept: str | None, is_json: bool
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = stranger().get(BAD, headers=headers)
    assert answer.status_code == 400
    kind = "application/json" if is_json else "text/html; charset=utf-8"
    assert answer.headers["Content-Type"] == kind


def test_a_refusal_in_json_says_the_same() -> None:
    headers = {"Accept": "application/json"}
    client = make_app().test_client()
    response = client.get(f"{PREFIX}?{BAD}", headers=headers)
    message = response.json.pop("message")
    assert response.json == {
        "reason": "page_foreign",
        "message": message,
        "board_url": f"{BOARD}/",
    }
    assert message in client.get(f"{PREFIX}?{BAD}").text


def test_a_hostile_page_is_not_repeated_to_the_visitor() -> None:
    page = f"https://{EVIL}/<script>alert(1)</script>"
    for accept in ("text/html", "application/json"):
        answer = stranger().go(page, headers={"Accept": accept})
        assert EVIL not in answer.data.decode()
        assert "alert" not in answer.data.decode()


def test_an_app_overrides_the_page_with_its_own_template() -> None:
    browser = with_loader(raising(SignInRefused("<b>", reason="mine", status=402)))
    template = "{{ status }} {{ reason }} {{ message }} {{ board_url }}"
    browser.app.jinja_loader = DictLoader({"feedbackchimp/refused.html": template})
    answer = browser.go(PAGE)
    assert answer.data.decode() == f"402 mine &lt;b&gt; {BOARD}/"
    assert answer.status_code == 402


def test_an_apps_own_error_handlers_do_not_get_in_the_way() -> None:
    app = make_app(InactiveUser())
    app.register_error_handler(Exception, lambda error: ("caught", 500))
    browser = Browser(app, "ada")
    assert refused_reason(browser.go(PAGE)) == "inactive"
    assert refused_reason(browser.get(BAD)) == "page_foreign"


# Headers on every answer


def answers() -> dict[str, Answer]:
    """One answer of every kind that the endpoint's path can give."""
    ada, nobody = visitor(), stranger()
    no_view = stranger()
    no_view.app.login_manager.login_view = None
    broken = with_loader(raising(ZeroDivisionError()), PROPAGATE_EXCEPTIONS=False)
    elsewhere = with_loader(lambda user: abort(redirect("/verify")))
    json = {"Accept": "application/json"}
    return {
        "token": ada.go(PAGE),
        "login": nobody.go(PAGE),
        "login, next in the session": stranger(USE_SESSION_FOR_NEXT=True).go(PAGE),
        "login, no view": no_view.go(PAGE),
        "bad page": nobody.get(BAD),
        "bad page in JSON": nobody.get(BAD, headers=json),
        "not UTF-8": ada.get(b"redirect=\xff"),
        "inactive": visitor(InactiveUser()).go(PAGE),
        "inactive in JSON": visitor(InactiveUser()).go(PAGE, headers=json),
        "prefetch": ada.go(PAGE, headers={"Purpose": "prefetch"}),
        "fetch": ada.go(PAGE, headers={"Sec-Fetch-Mode": "cors"}),
        "htmx": ada.go(PAGE, headers={"HX-Request": "true"}),
        "error in the loader": broken.go(PAGE),
        "redirect in the loader": elsewhere.go(PAGE),
        "switched off": stranger(FEEDBACKCHIMP_ENABLED=False).go(PAGE),
        "mounted": ada.go(PAGE, SCRIPT_NAME="/shop"),
        **{
            method: ada.go(PAGE, method=method)
            for method in ("OPTIONS", "HEAD", "POST", "PUT", "DELETE", "TRACE", "FOO")
        },
    }


def test_every_answer_is_kept_out_of_caches_and_referrers() -> None:
    for name, answer in answers().items():
        assert answer.headers.getlist("Cache-Control") == ["no-store"], name
        assert answer.headers.getlist("Referrer-Policy") == ["no-referrer"], name


def test_the_answers_are_what_their_names_say() -> None:
    """Statuses of the list above, so that it goes on covering every kind."""
    statuses = {name: answer.status_code for name, answer in answers().items()}
    assert sorted(set(statuses.values())) == [200, 302, 400, 401, 403, 405, 500]
    assert statuses["error in the loader"] == 500
    assert [n for n, a in answers().items() if has_token(a)] == ["token", "mounted"]


def test_other_pages_of_the_app_keep_their_headers() -> None:
    for path in ("/login", "/missing", f"{PREFIX}/", f"{PREFIX}x"):
        answer = stranger().get(path=path)
        assert "Cache-Control" not in answer.headers
        assert "Referrer-Policy" not in answer.headers


# Within an app


@pytest.mark.parametrize("user_id", ["ada", None])
def test_switched_off_everybody_is_led_to_the_plain_page(user_id: str | None) -> None:
    app = make_app(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_JWT_SECRET=...)
    browser = Browser(app, user_id)
    answer = browser.go(PAGE)
    assert (answer.status_code, answer.location) == (302, PAGE)
    assert browser.get().location == f"{BOARD}/"
    assert len(answer.data) <= 64
    assert browser.get(BAD).status_code == 400
    assert told(browser.go(PAGE, method="POST")) == "method"


def test_switched_off_needs_no_login_manager() -> None:
    app = Flask("bare")
    app.config.update(FEEDBACKCHIMP_ENABLED=False, FEEDBACKCHIMP_ORGANIZATION="acme")
    FeedbackChimp(app)
    assert Browser(app).go(PAGE).location == PAGE


def test_switched_off_the_fixed_endpoint_is_not_used() -> None:
    app = make_app(
        FEEDBACKCHIMP_ENABLED=False,
        FEEDBACKCHIMP_SSO_ENDPOINT="https://login.example.com/sso",
    )
    assert Browser(app, "ada").go(PAGE).location == PAGE


def test_csrf_protection_on_the_app_does_not_get_in_the_way() -> None:
    if find_spec("flask_wtf") is None:
        missing("Flask-WTF", "pip install flask-wtf")
    app = make_app()
    import_module("flask_wtf").CSRFProtect(app)
    browser = Browser(app, "ada")
    assert told(browser.go(PAGE)) == "token"
    assert told(browser.get(BAD)) == "page"
    assert told(browser.go(PAGE, method="POST")) == "method"
    assert told(Browser(app).go(PAGE)) == "login"


def test_two_apps_of_one_extension_object_keep_apart() -> None:
    """Each app has its own board, prefix and names; the loader is shared."""
    shared = FeedbackChimp()
    shared.identity_loader(lambda user: Identity(user.email, "Shared"))
    one = visitor(feedbackchimp=shared)
    other = visitor(
        User("bob"),
        feedbackchimp=shared,
        FEEDBACKCHIMP_JWT_SECRET="another-secret-of-more-than-32-bytes",
        FEEDBACKCHIMP_ORGANIZATION="other",
        FEEDBACKCHIMP_URL_PREFIX="/go",
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
    )
    first, second = one.get(), other.get(path="/go")
    assert claims_of(sent_token(first))["name"] == "Shared"
    assert first.location.startswith(f"{BOARD}/?ssoToken=")
    assert second.location.startswith("https://other.feedbackchimp.space/?jwt=")
    token = sent_token(second, "jwt")
    claims = claims_of(token, "another-secret-of-more-than-32-bytes")
    assert claims["email"] == "bob@example.com"
    assert one.go("https://other.feedbackchimp.space/").status_code == 400
    assert other.go(f"{BOARD}/", path="/go").status_code == 400
    assert one.get(path="/go").status_code == other.get().status_code == 404
    assert "Cache-Control" not in other.get().headers


@pytest.mark.parametrize("path", [f"{PREFIX}/", f"{PREFIX}/x", "/sso", "/SSO/x"])
def test_other_paths_are_not_the_endpoint(path: str) -> None:
    answer = visitor().go(PAGE, path=path)
    assert (answer.status_code, has_token(answer)) == (404, False)


def test_a_doubled_slash_is_no_way_in() -> None:
    """Werkzeug redirects to the one spelling, on this host, and without a token."""
    answer = visitor().go(PAGE, path=PREFIX.replace("/f", "//f"))
    assert answer.status_code == 308
    assert urlsplit(answer.location).path == PREFIX
    assert not has_token(answer)


def test_the_endpoint_has_a_name_for_url_for(app: Flask) -> None:
    app.add_url_rule("/page", view_func=lambda: redirect("/"), endpoint="page")
    with app.test_request_context():
        assert app.url_for("feedbackchimp.redirect") == PREFIX


def test_url_defaults_and_preprocessors_of_the_app_do_no_harm() -> None:
    app = make_app()
    app.url_defaults(lambda endpoint, values: values.update(lang="en"))
    app.url_value_preprocessor(lambda endpoint, values: None)
    assert told(Browser(app, "ada").go(PAGE)) == "token"


def test_an_apps_blueprints_and_login_managers_are_its_own() -> None:
    """A LoginManager that came later, and other blueprints, change nothing."""
    app = Flask("shop")
    app.config.update(
        SECRET_KEY="k" * 40,
        FEEDBACKCHIMP_JWT_SECRET=SECRET,
        FEEDBACKCHIMP_ORGANIZATION="acme",
    )
    FeedbackChimp(app)
    app.register_blueprint(Blueprint("shop", __name__), url_prefix="/sso")
    manager = LoginManager(app)
    manager.request_loader(lambda request: User())
    answer = Browser(app).go(PAGE)
    assert told(answer) == "token"
    assert not SimpleCookie(answer.headers.get("Set-Cookie", ""))


# The same from Python


def test_sso_url_leads_where_the_endpoint_leads(app: Flask) -> None:
    """For the signed-in user, or for the one that is given."""
    feedbackchimp = app.feedbackchimp

    @app.get("/api/board")
    def board() -> str:
        return feedbackchimp.sso_url(PAGE) + " " + feedbackchimp.create_token()

    url, _, token = (
        Browser(app, "ada").get(path="/api/board").data.decode().partition(" ")
    )
    assert url.startswith(f"{BOARD}/board/1002-feature-requests?a=1&b=2&ssoToken=")
    assert claims_of(token)["email"] == "ada@example.com"
    with app.app_context():
        given = feedbackchimp.sso_url(user=User("bob"))
    assert given.startswith(f"{BOARD}/?ssoToken=")


@pytest.mark.parametrize(
    ("page", "user", "status", "reason"),
    [
        (f"https://{EVIL}/", None, 400, "page_foreign"),
        (PAGE, None, 401, "not_signed_in"),
        (PAGE, plain(is_anonymous=True), 401, "not_signed_in"),
        (PAGE, InactiveUser(), 403, "inactive"),
        (PAGE, User(email=""), 403, "email_unusable"),
    ],
)
def test_the_python_api_refuses_as_the_endpoint_does(
    app: Flask, page: str, user: Any, status: int, reason: str
) -> None:
    """In the same order: a foreign page is 400 for nobody, too."""
    with app.test_request_context():
        with pytest.raises(SignInRefused) as caught:
            app.feedbackchimp.sso_url(page, user)
        assert (caught.value.status, caught.value.reason) == (status, reason)
        if page == PAGE:
            with pytest.raises(SignInRefused) as caught:
                app.feedbackchimp.create_token(user)
            assert (caught.value.status, caught.value.reason) == (status, reason)


def test_nothing_is_signed_while_switched_off() -> None:
    app = make_app(FEEDBACKCHIMP_ENABLED=False)
    with app.test_request_context():
        for make in (app.feedbackchimp.sso_url, app.feedbackchimp.create_token):
            with pytest.raises(TokenError, match="FEEDBACKCHIMP_ENABLED") as caught:
                make(user=User())
            assert caught.value.reason == "disabled"
