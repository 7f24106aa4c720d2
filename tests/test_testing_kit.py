"""The test kit, used as users use it: on their own apps, without a network."""

import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, abort, redirect, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_feedbackchimp import NotInitializedError
from flask_feedbackchimp.testing import StandInBoard, Visit
from flask_feedbackchimp.testing.reading import read_page
from support.apps import BOARD, PREFIX, SECRET, User, logged_in, make_app

DEEP_LINK = "/board/1002-feature-requests?sort=new&q=a%26b#top"
NAV = """
    <title>Shop</title><style>a { color: teal }</style>
    <nav><a name="x">Anchor</a> <a href="/about">About <b>us</b></a>
    {{ feedbackchimp_link("Feedback & ideas", class_="nav-link") }}
    {{ feedbackchimp_link("Feedback & ideas") }}</nav>
    <p>{{ feedbackchimp_link("Feature requests", deep_link) }}</p>
"""
ABOUT = "<a href='about'>About <b>us</b></a>"


def make_shop(
    *users: Any, page: str = "{{ feedbackchimp_link('Feedback') }}", **config: Any
) -> Flask:
    """An app with a home page that holds a link to the board."""
    app = make_app(*users, **config)
    home = partial(render_template_string, page, deep_link=DEEP_LINK)
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/start", "start", partial(redirect, "/"))
    return app


def click(app: Flask, id: str = "ada", **choice: Any) -> Visit:
    """The visit of somebody who is logged in and clicks the link."""
    return StandInBoard(app).click_link(logged_in(app, id), **choice)


def walk(app: Flask) -> tuple[StandInBoard, Any]:
    """The app's board, and the client of somebody who is logged in to the app."""
    return StandInBoard(app), logged_in(app)


def signed_url(app: Flask, page: str | None = None) -> str:
    """The URL of the board, with a token, that a JSON client would get."""
    with app.app_context():
        return app.feedbackchimp.sso_url(page, user=User())


def ending(visit: Visit) -> tuple[Any, ...]:
    """Who refused it, why, and with which status."""
    return visit.refused_by, visit.reason, visit.status


def test_click_link():
    """The next visit is a new browser's."""
    board, client = walk(make_shop())
    visit = board.click_link(client)
    assert (visit.signed_in, board.open("/").signed_in) == (True, False)
    assert (visit.page, visit.location) == ("/", None)
    assert ending(visit) == (None, None, 200)
    assert {"email", "name", "jti", "iat", "exp"} == set(visit.claims)
    assert visit.claims["email"] == "ada@example.com"
    assert visit.claims["name"] == "Ada Lovelace"
    assert "Signed in as" in visit.text


# Which link


@pytest.mark.parametrize(
    ("choice", "page"),
    [
        ({"text": "Feedback & ideas"}, "/"),
        ({"text": "Feature requests"}, DEEP_LINK),
        ({"page": "/"}, "/"),
        ({"page": DEEP_LINK}, DEEP_LINK),
        ({"page": f"{BOARD}{DEEP_LINK}"}, DEEP_LINK),
        ({"page": "/", "on": "/start"}, "/"),
    ],
)
def test_link_is_chosen(choice, page):
    """By what it says, or where it leads; redirects to it are followed."""
    visit = click(make_shop(page=NAV), **choice)
    assert (visit.signed_in, visit.page) == (True, page)


@pytest.mark.parametrize(
    ("page", "choice", "said"),
    [
        (NAV, {}, "On /: More than one link is meant: give text or page"),
        (NAV, {}, f"“Feedback & ideas” to {PREFIX}, “Feedback & ideas” to "),
        (NAV, {"text": "Vote"}, "No link is meant: give text or page of one. The page"),
        (NAV, {"page": "/board/1"}, "No link is meant"),
        (NAV, {"text": "About us"}, "No link is meant"),
        (NAV, {"on": "/unknown"}, "/unknown answered 404"),
        (ABOUT, {}, f"On /: No link leads to {PREFIX}"),
        (ABOUT, {}, "The page has: “About us” to /about."),
        (f"<a href='https://a.b{PREFIX}'>x</a>", {}, "The page has: no link"),
    ],
)
def test_no_such_link(page, choice, said):
    """An assertion says what there is instead."""
    with pytest.raises(AssertionError) as caught:
        click(make_shop(page=page), **choice)
    assert said in str(caught.value)
    assert page is not NAV or "About us" not in str(caught.value)


def test_page_elsewhere():
    board, client = walk(make_shop())
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.click_link(client, page="https://evil.example/")
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.log_in(client, "https://evil.example/")
    for url in ("https://evil.example/", f"{BOARD}:8/", f"{BOARD}.x/", "x"):
        with pytest.raises(ValueError, match=r"is not on https://acme"):
            board.open(url)


# Other ways


def test_login_comes_first():
    """Somebody who is logged out goes there, and the deep link survives it."""
    app = make_shop(page=NAV)
    back = f"{PREFIX}?redirect={quote(BOARD + DEEP_LINK, safe='')}"
    app.add_url_rule("/in", "in", partial(redirect, back))
    board, client = StandInBoard(app), app.test_client()
    visits = board.click_link(client, page=DEEP_LINK), board.log_in(client, DEEP_LINK)
    for visit in visits:
        assert (visit.signed_in, visit.status, visit.page) == (False, 302, None)
        assert visit.location.startswith("/login?next=")
        assert repr(visit).startswith("<Visit: not signed in, but sent to /login?next=")
    client.get("/login/ada")
    visit = board.visit(client, client.get("/in").location)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/", 200),
        (DEEP_LINK, 200),
        (f"{BOARD}/board//1002-feature-requests", 200),
        ("/board/77-ideas", 404),
    ],
)
def test_log_in(page, status):
    """It comes back to that page, one that the stand-in lacks, too."""
    board, client = walk(make_shop())
    visit = board.log_in(client, page)
    assert visit.signed_in
    assert (visit.page, visit.status) == (page.removeprefix(BOARD), status)


def test_open():
    """Pages of the board need no signing in."""
    board = StandInBoard(make_shop())
    visit = board.open("/board/1003-bug-reports#top")
    assert (visit.page, visit.status) == ("/board/1003-bug-reports#top", 200)
    assert (visit.signed_in, visit.claims) == (False, {})
    assert board.open(f"{BOARD}?a=1").page == "/?a=1"


# The app's own settings


#: Each that the contract promises; what only the board issues is handed on in two.
RETURN_URLS = [
    "{page}?ssoToken={token}",
    "{page}?jwt={token}&v=2",
    "/api/redirects/sso?companyID={companyID}&ssoToken={token}&redirect={page}",
    "https://login.example.net/access/jwt?jwt={token}&return_to={page}",
    "/sso/{token}?to={page}",
    "/login?token={token}&state={state}",
]


@pytest.mark.parametrize("return_url", RETURN_URLS)
def test_return_url(return_url):
    """*Log in* on the board, by way of the app's login, leads back to that page."""
    board, client = walk(make_shop(page=NAV, FEEDBACKCHIMP_RETURN_URL=return_url))
    visit = board.log_in(client, DEEP_LINK)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)
    assert board.log_in(client).page == "/"
    clicked = board.click_link(client, page=DEEP_LINK)
    if "state" in return_url or "company" in return_url:
        assert ending(clicked) == ("board", "value_missing", 400)
    else:
        assert clicked.page == DEEP_LINK


@pytest.mark.parametrize("return_url", RETURN_URLS[1:2] + RETURN_URLS[3:5])
def test_url_for_a_client(return_url):
    """It signs in once."""
    app = make_shop(page=NAV, FEEDBACKCHIMP_RETURN_URL=return_url)
    url, (board, _) = signed_url(app, DEEP_LINK), walk(app)
    visit, again = board.open(url), board.open(url)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)
    assert ending(again) == ("board", "jti_used", 403)
    assert "refused by the board (403 jti_used)" in repr(again)


def test_settings_are_the_apps():
    shop = make_shop(
        page=NAV,
        FEEDBACKCHIMP_ORGANIZATION=...,
        FEEDBACKCHIMP_BOARD_URL="http://localhost:5001",
        FEEDBACKCHIMP_URL_PREFIX="/go",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_RETURN_URL="{page}?jwt={token}",
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
    )
    board, client = walk(shop)
    visit = board.click_link(client, text="Feature requests")
    assert visit.page == DEEP_LINK
    assert set(visit.claims) == {"email", "name", "jti"}
    assert board.log_in(client, DEEP_LINK).page == DEEP_LINK


def test_root_path():
    for root in ("/", "/shop", "/a b/c"):
        assert click(make_shop(APPLICATION_ROOT=root)).signed_in


def test_mounted_app():
    app = make_shop()
    app.wsgi_app = DispatcherMiddleware(Flask("other"), {"/shop": app.wsgi_app})
    client = app.test_client()
    client.get("/shop/login/ada")
    assert StandInBoard(app).click_link(client, on="/shop/").signed_in


def test_other_host_of_the_app():
    """It keeps its host and cookies."""
    app = make_shop(SESSION_COOKIE_SECURE=True)
    board, client = StandInBoard(app), app.test_client()
    client.get("https://shop.example/login/ada")
    assert board.click_link(client, on="https://shop.example/").signed_in
    assert board.click_link(client, on="/").location.startswith("/login")
    assert board.visit(client, f"https://shop.example{PREFIX}").signed_in


def test_two_apps_have_two_boards():
    url = signed_url(make_shop(FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1]))
    assert StandInBoard(make_shop()).open(url).reason == "bad_signature"


def test_no_board():
    app = make_shop(FEEDBACKCHIMP_ENABLED=False)
    with pytest.raises(ValueError, match=r"FEEDBACKCHIMP_ENABLED of the app 'shop'"):
        StandInBoard(app)
    with pytest.raises(NotInitializedError, match="init_app"):
        StandInBoard(Flask("bare"))


# How it ends


def click_with(loader: Callable[[Any], Any]) -> Visit:
    """The visit of somebody whom an identity loader judges."""
    app = make_shop()
    app.feedbackchimp.identity_loader(loader)
    return click(app)


def click_unauthorized(handler: Callable[[], Any]) -> Visit:
    """The visit of somebody who is not logged in, in an app with its own answer."""
    app = make_shop()
    app.login_manager.unauthorized_handler(handler)
    return StandInBoard(app).click_link(app.test_client())


def test_refusal_by_the_app():
    visit = click(make_shop(User(name=" ")))
    assert not visit.signed_in
    assert ending(visit) == ("app", "name_unusable", 403)
    assert "You were not signed in to the feedback board" in visit.text
    said = "<Visit: not signed in, refused by the app (403 name_unusable): You were not"
    assert repr(visit).startswith(said)


def test_redirect_of_the_loader():
    visit = click_with(lambda user: abort(redirect("/verify")))
    assert (*ending(visit), visit.location) == (None, None, 302, "/verify")
    visit = click_with(lambda user: abort(redirect(f"{BOARD}?a=1")))
    assert (visit.signed_in, visit.page) == (False, "/?a=1")
    assert repr(visit) == "<Visit: not signed in, on /?a=1 of the board (200)>"


def test_error_of_the_app():
    """An exception reaches the test."""
    visit = click_with(lambda user: abort(410))
    assert ending(visit) == ("app", "aborted", 410)
    assert "refused by the app (410 aborted): Gone" in repr(visit)
    with pytest.raises(ZeroDivisionError):
        click_with(lambda user: 1 / 0)
    visit = click_unauthorized(lambda: abort(410))
    assert ending(visit) == ("app", None, 410)
    assert "refused by the app (410): Gone" in repr(visit)


def test_login_form_in_place():
    visit = click_unauthorized(lambda: "<h1>Log in</h1><p>please</p>")
    assert (*ending(visit), visit.text) == (None, None, 200, "Log in please")
    assert repr(visit) == "<Visit: not signed in, not sent on (200): Log in please>"


def test_admin():
    """Refused by the board, unless the app knows."""
    for known, by in (([], "board"), (["boss@example.com"], "app")):
        app = make_shop(User("boss"), FEEDBACKCHIMP_ADMIN_EMAILS=known)
        board = StandInBoard(app, admins=["BOSS@example.com"])
        visit = board.click_link(logged_in(app, "boss"))
        assert (*ending(visit), visit.page) == (by, "admin", 403, None)


def test_private_board():
    app = make_shop()
    board = StandInBoard(app, private=True)
    stranger = board.open(DEEP_LINK)
    assert stranger.status == 302
    assert stranger.location.startswith(f"http://localhost{PREFIX}?redirect=")
    assert board.log_in(logged_in(app), DEEP_LINK).page == DEEP_LINK


def test_nothing_shows_a_token(caplog):
    caplog.set_level(logging.DEBUG)
    app = make_shop()
    board, url = StandInBoard(app), signed_url(app)
    token = url.partition("ssoToken=")[2]
    visits = [
        board.open(url),
        board.open(url),
        board.visit(app.test_client(), f"{PREFIX}?ssoToken={token}"),
        board.click_link(logged_in(app)),
    ]
    for shown in (*map(repr, visits), repr(board), caplog.text):
        assert token not in shown
        assert SECRET not in shown
    assert "sent to /login?next=" in repr(visits[2])
    assert "[token]" in repr(visits[2])


def test_visit_is_one_line():
    signed_in = Visit(200, page="/x", claims={"email": "ada@example.com"})
    assert repr(signed_in) == "<Visit: signed in as ada@example.com on /x>"
    long = Visit(403, "word " * 500, refused_by="app", reason="admin")
    assert repr(long).endswith("word word …>")
    assert len(repr(long)) < 400
    assert "\n" not in repr(long)


def test_public_interface_is_documented():
    names = ("click_link", "log_in", "visit", "open")
    assert all(inspect.getdoc(getattr(StandInBoard, name)) for name in names)


def test_pages_are_read_as_people_do():
    page = read_page(
        "</script><title>No</title><h1>One</h1>two<br>th<b>r</b>ee &amp;\n four"
        "<script>no()</script><a href='/a'>A <i>b</i></a></a><a href=''>c</a>"
        "<a href>, d</a>"
    )
    assert page.text == "One two three & four A bc, d"
    assert page.links == [("/a", "A b"), ("", "c")]
