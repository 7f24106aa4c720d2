"""The test kit, used as users use it: on apps of their own, without a network."""

from __future__ import annotations

import inspect
import logging
from urllib.parse import quote

import pytest
from flask import Flask, abort, redirect, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from apps import BOARD, PREFIX, SECRET, User, logged_in, make_app
from flask_feedbackchimp import Identity, NotInitializedError, SignInRefused
from flask_feedbackchimp.testing import StandInBoard, Visit
from flask_feedbackchimp.testing.reading import read_page

DEEP_LINK = "/board/1002-feature-requests?sort=new&q=a%26b#top"
NAV = """
    <title>Shop</title><style>a { color: teal }</style>
    <nav><a name="x">Anchor</a> <a href="/about">About <b>us</b></a>
    {{ feedbackchimp_link("Feedback & ideas", class_="nav-link") }}
    {{ feedbackchimp_link("Feedback & ideas") }}</nav>
    <p>{{ feedbackchimp_link("Feature requests", deep_link) }}</p>
"""


def make_shop(*users, page="{{ feedbackchimp_link('Feedback') }}", **config):
    """An app with a home page that holds a link to the board."""
    app = make_app(*users, **config)

    @app.get("/")
    def home():
        return render_template_string(page, deep_link=DEEP_LINK)

    @app.get("/start")
    def start():
        return redirect("/")

    return app


def test_the_nav_link_signs_the_user_in_on_the_board():
    app = make_shop()
    visit = StandInBoard(app).click_link(logged_in(app), on="/")
    assert visit.signed_in
    assert visit.page == "/"
    assert visit.status == 200
    assert {"email", "name", "jti", "iat", "exp"} == set(visit.claims)
    assert visit.claims["email"] == "ada@example.com"
    assert visit.claims["name"] == "Ada Lovelace"
    assert "Signed in as" in visit.text
    assert (visit.refused_by, visit.reason, visit.location) == (None, None, None)


def test_a_deep_link_ends_on_that_page_with_its_query_and_fragment():
    app = make_shop(page=NAV)
    visit = StandInBoard(app).click_link(logged_in(app), page=DEEP_LINK)
    assert visit.signed_in
    assert visit.page == DEEP_LINK


def test_of_several_links_one_is_chosen_by_what_it_says_or_where_it_leads():
    app = make_shop(page=NAV)
    board, client = StandInBoard(app), logged_in(app)
    assert board.click_link(client, text="Feedback & ideas").page == "/"
    assert board.click_link(client, text="Feature requests").page == DEEP_LINK
    assert board.click_link(client, page="/").page == "/"
    assert board.click_link(client, page=f"{BOARD}{DEEP_LINK}").page == DEEP_LINK


def test_more_than_one_link_is_an_assertion_that_lists_them():
    app = make_shop(page=NAV)
    with pytest.raises(AssertionError) as caught:
        StandInBoard(app).click_link(logged_in(app))
    assert "On /: More than one link is meant: give text or page" in str(caught.value)
    assert f"“Feedback & ideas” to {PREFIX}, " in str(caught.value)
    assert "About" not in str(caught.value)


def test_a_choice_that_fits_no_link_is_an_assertion_that_lists_them():
    app = make_shop(page=NAV)
    board, client = StandInBoard(app), logged_in(app)
    for choice in ({"text": "Vote"}, {"page": "/board/1"}, {"text": "About us"}):
        with pytest.raises(AssertionError, match=r"No link is meant.*Feedback & ideas"):
            board.click_link(client, **choice)


def test_a_page_without_a_link_is_an_assertion_that_lists_the_others():
    app = make_shop(page="<a href='about'>About <b>us</b></a><a href=''>Top</a>")
    with pytest.raises(AssertionError) as caught:
        StandInBoard(app).click_link(logged_in(app))
    assert f"On /: No link leads to {PREFIX}" in str(caught.value)
    assert "“About us” to /about, “Top” to /" in str(caught.value)


def test_links_to_other_hosts_are_not_taken_for_the_apps_own():
    app = make_shop(page=f"<a href='https://other.example{PREFIX}'>Feedback</a>")
    with pytest.raises(AssertionError, match="The page has: no link"):
        StandInBoard(app).click_link(logged_in(app))


def test_a_page_that_does_not_answer_with_a_page_is_an_assertion():
    app = make_shop()
    with pytest.raises(AssertionError, match="/unknown answered 404"):
        StandInBoard(app).click_link(logged_in(app), on="/unknown")


def test_redirects_to_the_page_with_the_link_are_followed():
    app = make_shop()
    assert StandInBoard(app).click_link(logged_in(app), on="/start").signed_in


def test_a_page_that_is_not_on_the_board_is_a_value_error():
    app = make_shop()
    board, client = StandInBoard(app), logged_in(app)
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.click_link(client, page="https://evil.example/")
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.log_in(client, "https://evil.example/")
    for url in ("https://evil.example/", "https://acme.feedbackchimp.space:8/", "x"):
        with pytest.raises(ValueError, match=r"is not on https://acme"):
            board.open(url)


def test_somebody_who_is_logged_out_is_sent_to_the_login_page():
    app = make_shop(page=NAV)
    visit = StandInBoard(app).click_link(app.test_client(), page=DEEP_LINK)
    assert not visit.signed_in
    assert visit.status == 302
    assert visit.location.startswith("/login?next=")
    assert visit.page is None
    assert repr(visit).startswith("<Visit: not signed in, but sent to /login?next=")


def test_the_deep_link_survives_the_login():
    app = make_shop()

    @app.post("/login")
    def submit():
        return redirect(f"{PREFIX}?redirect={quote(BOARD + DEEP_LINK, safe='')}")

    board, client = StandInBoard(app), app.test_client()
    assert board.log_in(client, DEEP_LINK).location.startswith("/login?next=")
    client.get("/login/ada")
    visit = board.visit(client, client.post("/login").location)
    assert visit.signed_in
    assert visit.page == DEEP_LINK


def test_log_in_on_the_board_comes_back_to_that_page():
    app = make_shop()
    board, client = StandInBoard(app), logged_in(app)
    assert board.log_in(client).page == "/"
    assert board.log_in(client, DEEP_LINK).page == DEEP_LINK
    assert board.log_in(client, f"{BOARD}/board//1").page == "/board//1"


def test_a_page_that_the_stand_in_lacks_is_signed_in_on_all_the_same():
    app = make_shop()
    visit = StandInBoard(app).log_in(logged_in(app), "/board/77-ideas")
    assert visit.signed_in
    assert (visit.page, visit.status) == ("/board/77-ideas", 404)


@pytest.mark.parametrize("endpoint", [None, f"{BOARD}/return"])
def test_a_page_that_begins_with_two_slashes_is_not_taken_for_a_host(endpoint):
    app = make_shop(FEEDBACKCHIMP_SSO_ENDPOINT=endpoint)
    visit = StandInBoard(app).log_in(logged_in(app), f"{BOARD}//board/9?a=1#b")
    assert visit.signed_in
    assert visit.page.lstrip("/") == "board/9?a=1#b"
    assert "This stand-in has no such page" in visit.text


def test_every_visit_is_a_new_token_and_a_new_browser():
    app = make_shop()
    board, client = StandInBoard(app), logged_in(app)
    first, second = board.click_link(client), board.click_link(client)
    assert first.claims["jti"] != second.claims["jti"]
    assert not board.open("/").signed_in


@pytest.mark.parametrize(
    "endpoint",
    [
        f"{BOARD}/sso",
        f"{BOARD}/api/return?tenant=acme",
        "https://login.example/a/b",
    ],
)
def test_a_fixed_endpoint_delivers_wherever_it_is(endpoint):
    app = make_shop(page=NAV, FEEDBACKCHIMP_SSO_ENDPOINT=endpoint)
    board, client = StandInBoard(app), logged_in(app)
    visit = board.click_link(client, page=DEEP_LINK)
    assert visit.signed_in
    assert visit.page == DEEP_LINK
    assert board.click_link(client, page="/").page == "/"


@pytest.mark.parametrize("endpoint", [None, f"{BOARD}/return"])
def test_all_of_the_apps_settings_are_honoured(endpoint):
    app = make_shop(
        page=NAV,
        FEEDBACKCHIMP_ORGANIZATION=...,
        FEEDBACKCHIMP_BOARD_URL="http://localhost:5001",
        FEEDBACKCHIMP_URL_PREFIX="/go",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_TOKEN_PARAM="jwt",
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
        FEEDBACKCHIMP_SSO_ENDPOINT=endpoint,
    )
    board, client = StandInBoard(app), logged_in(app)
    visit = board.click_link(client, text="Feature requests")
    assert visit.page == DEEP_LINK
    assert set(visit.claims) == {"email", "name", "jti"}
    assert board.log_in(client, DEEP_LINK).page == DEEP_LINK


@pytest.mark.parametrize("root", ["/", "/shop", "/a b/c"])
def test_an_app_with_a_root_path_of_its_own_is_clicked_through(root):
    app = make_shop(APPLICATION_ROOT=root)
    visit = StandInBoard(app).click_link(logged_in(app))
    assert visit.signed_in


def test_an_app_that_is_mounted_below_another_is_clicked_through():
    app = make_shop()
    app.wsgi_app = DispatcherMiddleware(Flask("other"), {"/shop": app.wsgi_app})
    client = app.test_client()
    client.get("/shop/login/ada")
    assert StandInBoard(app).click_link(client, on="/shop/").signed_in


def test_a_page_of_another_host_of_the_app_keeps_its_host_and_cookies():
    app = make_shop(SESSION_COOKIE_SECURE=True)
    client = app.test_client()
    client.get("https://shop.example/login/ada")
    board = StandInBoard(app)
    assert board.click_link(client, on="https://shop.example/").signed_in
    assert board.click_link(client, on="/").location.startswith("/login")
    assert board.visit(client, f"https://shop.example{PREFIX}").signed_in


def test_a_refusal_by_the_app_says_why():
    app = make_shop(User(name=" "))

    visit = StandInBoard(app).click_link(logged_in(app))
    assert not visit.signed_in
    assert (visit.refused_by, visit.reason) == ("app", "name_unusable")
    assert visit.status == 403
    assert "You were not signed in on the feedback board" in visit.text
    assert repr(visit).startswith(
        "<Visit: not signed in, refused by the app (403 name_unusable): You were not"
    )


def test_a_refusal_by_the_identity_loader_says_what_it_says():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        raise SignInRefused("Verify your e-mail address first.", reason="unverified")

    visit = StandInBoard(app).click_link(logged_in(app))
    assert (visit.refused_by, visit.reason) == ("app", "unverified")
    assert "Verify your e-mail address first." in visit.text


def test_an_identity_loader_that_sends_people_elsewhere_is_told():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        abort(redirect("/verify"))

    visit = StandInBoard(app).click_link(logged_in(app))
    assert (visit.status, visit.location) == (302, "/verify")
    assert visit.refused_by is None


def test_an_identity_loader_that_sends_people_to_the_board_signs_nobody_in():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        abort(redirect(f"{BOARD}?a=1"))

    visit = StandInBoard(app).click_link(logged_in(app))
    assert not visit.signed_in
    assert visit.page == "/?a=1"
    assert repr(visit) == "<Visit: not signed in, on /?a=1 of the board (200)>"


def test_an_error_of_the_apps_own_has_no_reason():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        abort(410)

    visit = StandInBoard(app).click_link(logged_in(app))
    assert (visit.refused_by, visit.reason, visit.status) == ("app", None, 410)
    assert "refused by the app (410): Gone" in repr(visit)


def test_an_app_that_shows_its_login_form_in_place_is_told():
    app = make_shop()
    app.login_manager.unauthorized_handler(lambda: "<h1>Log in</h1><p>please</p>")
    visit = StandInBoard(app).click_link(app.test_client())
    assert (visit.status, visit.refused_by) == (200, None)
    assert visit.text == "Log in please"
    assert repr(visit) == "<Visit: not signed in, not sent on (200): Log in please>"


def test_exceptions_of_the_app_reach_the_test():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        raise LookupError("no such tenant")

    with pytest.raises(LookupError, match="no such tenant"):
        StandInBoard(app).click_link(logged_in(app))


def test_an_admin_is_refused_by_the_board_unless_the_app_knows():
    boss = User("boss")
    plain, careful = (
        make_shop(boss, FEEDBACKCHIMP_ADMIN_EMAILS=emails)
        for emails in ([], ["boss@example.com"])
    )
    refusals = []
    for app in (plain, careful):
        board = StandInBoard(app, admins=["BOSS@example.com"])
        visit = board.click_link(logged_in(app, "boss"))
        refusals.append((visit.refused_by, visit.reason, visit.status, visit.page))
    assert refusals == [("board", "admin", 403, None), ("app", "admin", 403, None)]


def test_a_private_board_sends_strangers_to_the_app_and_lets_users_in():
    app = make_shop()
    board = StandInBoard(app, private=True)
    stranger = board.open(DEEP_LINK)
    assert stranger.status == 302
    assert stranger.location.startswith(f"http://localhost{PREFIX}?redirect=")
    assert board.log_in(logged_in(app), DEEP_LINK).page == DEEP_LINK


@pytest.mark.parametrize("endpoint", [None, f"{BOARD}/return?x=1"])
def test_a_url_made_for_a_json_client_is_opened(endpoint):
    app = make_shop(FEEDBACKCHIMP_SSO_ENDPOINT=endpoint)
    board = StandInBoard(app)
    with app.app_context():
        url = app.feedbackchimp.sso_url(f"{BOARD}{DEEP_LINK}", user=User())
    visit = board.open(url)
    assert visit.signed_in
    assert visit.page == DEEP_LINK
    again = board.open(url)
    assert (again.refused_by, again.reason) == ("board", "jti_used")
    assert "refused by the board (403 jti_used)" in repr(again)


def test_pages_of_the_board_are_opened_without_signing_in():
    visit = StandInBoard(make_shop()).open("/board/1003-bug-reports#top")
    assert (visit.page, visit.status) == ("/board/1003-bug-reports#top", 200)
    assert not visit.signed_in
    assert visit.claims == {}


def test_extra_claims_are_what_the_board_was_told():
    app = make_shop()

    @app.feedbackchimp.identity_loader
    def identity(user):
        return Identity(user.email, user.name, claims={"company": "Engines"})

    visit = StandInBoard(app).click_link(logged_in(app))
    assert visit.claims["company"] == "Engines"


def test_an_app_that_is_switched_off_is_refused_with_the_remedy():
    app = make_shop(FEEDBACKCHIMP_ENABLED=False)
    with pytest.raises(ValueError, match=r"FEEDBACKCHIMP_ENABLED of the app 'shop'"):
        StandInBoard(app)


def test_an_app_without_the_extension_is_refused():
    with pytest.raises(NotInitializedError, match="init_app"):
        StandInBoard(Flask("bare"))


def test_two_apps_have_two_boards():
    first, second = (
        make_shop(FEEDBACKCHIMP_JWT_SECRET=secret) for secret in (SECRET, SECRET[::-1])
    )
    with second.app_context():
        url = second.feedbackchimp.sso_url(user=User())
    assert StandInBoard(first).open(url).reason == "bad_signature"
    assert StandInBoard(second).open(url).signed_in


def test_no_token_or_secret_is_shown_or_logged(caplog):
    caplog.set_level(logging.DEBUG)
    app = make_shop()
    board, client = StandInBoard(app), logged_in(app)
    with app.app_context():
        url = app.feedbackchimp.sso_url(user=User())
    token = url.partition("ssoToken=")[2]
    visits = [
        board.open(url),
        board.open(url),
        board.visit(app.test_client(), f"{PREFIX}?ssoToken={token}"),
        board.click_link(client),
    ]
    for shown in (*map(repr, visits), repr(board), caplog.text):
        assert token not in shown
        assert SECRET not in shown
    assert "sent to /login?next=" in repr(visits[2])
    assert "[token]" in repr(visits[2])


def test_every_visit_says_in_one_line_how_it_ended():
    signed_in = Visit(200, page="/x", claims={"email": "ada@example.com"})
    assert repr(signed_in) == "<Visit: signed in as ada@example.com on /x>"
    long = Visit(403, "word " * 500, refused_by="app", reason="admin")
    assert len(repr(long)) < 400
    assert "\n" not in repr(long)


def test_the_public_interface_is_documented():
    names = ("click_link", "log_in", "visit", "open")
    assert all(inspect.getdoc(getattr(StandInBoard, name)) for name in names)


def test_pages_are_read_as_people_read_them():
    page = read_page(
        "</script><title>No</title><h1>One</h1>two<br>th<b>r</b>ee &amp;\n four"
        "<script>no()</script><a href='/a'>A <i>b</i></a></a><a href=''>c</a>"
        "<a href>, d</a>"
    )
    assert page.text == "One two three & four A bc, d"
    assert page.links == [("/a", "A b"), ("", "c")]
