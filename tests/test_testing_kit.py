"""The test kit, used as users use it: on their own apps, without a network."""

import logging
from collections.abc import Callable
from functools import partial
from timeit import timeit
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, abort, redirect, render_template_string, request
from flask_login import login_user
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wtforms import PasswordField, StringField, SubmitField

from flask_feedbackchimp import NotInitializedError
from flask_feedbackchimp.testing import StandInBoard, Visit
from support.apps import (
    BOARD,
    PREFIX,
    REDIRECTS,
    SECRET,
    User,
    logged_in,
    make_app,
)

DEEP_LINK = "/board/1002-feature-requests?sort=new&q=a%26b#top"
NAV = """
    <title>Shop</title><style>a { color: teal }</style>
    <nav><a name="x">Anchor</a> <a href="/about">About <b>us</b></a>
    {{ feedbackchimp_link("Feedback & ideas", class_="nav-link") }}
    {{ feedbackchimp_link("Feedback & ideas") }}</nav>
    <p>{{ feedbackchimp_link("Feature requests", deep_link) }}</p>
"""


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
        return app.feedbackchimp.sso_url(page=page, user=User())


def ending(visit: Visit) -> tuple[Any, ...]:
    """Who refused it, why, and with which status."""
    return visit.refused_by, visit.reason, visit.status


def test_click_link():
    visit = click(make_shop())
    assert visit.signed_in
    assert (visit.page, visit.location) == ("/", None)
    assert ending(visit) == (None, None, 200)
    assert {"email", "name", "jti", "iat", "exp"} == set(visit.claims)
    assert visit.claims["email"] == "ada@example.com"
    assert visit.claims["name"] == "Ada Lovelace"
    assert "Ada Lovelace" in visit.text


def test_each_visit_is_a_new_browsers():
    board, client = walk(make_shop())
    assert board.click_link(client).signed_in
    assert not board.open("/").signed_in


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


def test_link_written_by_hand():
    """Its page may be a path; one that leads off the board is another link."""
    html = f"""
        <a href="{PREFIX}?redirect=https://evil.example/">Elsewhere</a>
        <a href="sso/feedbackchimp?redirect=/board/1003-bug-reports">Bugs</a>
    """
    visit = click(make_shop(page=html), page="/board/1003-bug-reports")
    assert (visit.signed_in, visit.page) == (True, "/board/1003-bug-reports")


@pytest.mark.parametrize(
    ("html", "choice", "said"),
    [
        (NAV, {}, f"/ (200 OK) has 2 links to {PREFIX} with text=None and page=None"),
        (NAV, {"text": "Vote"}, "has 0 links"),
        (NAV, {"text": "About us"}, "has 0 links"),
        (NAV, {"page": "/board/1"}, "has 0 links"),
        (NAV, {"on": "/unknown"}, "/unknown (404 NOT FOUND) has 0 links"),
        (NAV, {}, f"links: “About us” to /about, “Feedback & ideas” to {PREFIX}, “F"),
        ("Hello", {}, "All its links: none."),
        (f"<a href='https://a.example{PREFIX}'>x</a>", {}, "has 0 links"),
    ],
)
def test_no_such_link(html, choice, said):
    """An assertion says what there is instead."""
    with pytest.raises(AssertionError) as caught:
        click(make_shop(page=html), **choice)
    # Whatever the case of "Not Found", which Werkzeug 3.2 changes.
    assert said.lower() in str(caught.value).lower()


# Other ways


def test_stranger_stops_at_the_login():
    app = make_shop()
    visit = StandInBoard(app).click_link(app.test_client())
    assert (visit.signed_in, visit.page) == (False, None)
    assert visit.status in REDIRECTS
    assert visit.location.startswith("/login?next=")
    assert repr(visit).startswith("<Visit: not signed in, but sent to /login?next=")


def test_login_by_the_test_itself():
    """The continue page, which is answered after a login, leads on to the board."""
    app = make_shop()

    @app.post("/login")
    def forgetful_login():
        login_user(User())
        return redirect("/account")

    board, client = StandInBoard(app), app.test_client()
    board.log_in(client, DEEP_LINK)
    visit = board.visit(client, client.post("/login").location)
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
    """It comes back to that page, one that the sandbox lacks, too."""
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


def test_board_asked_twice_for_one_token():
    board, url = StandInBoard(make_shop()), signed_url(make_shop(), DEEP_LINK)
    assert board.open(url).page == DEEP_LINK
    again = board.open(url)
    assert ending(again) == ("board", "jti_used", 403)
    assert repr(again).startswith(
        "<Visit: not signed in, refused by the board (403 jti_used): "
    )


def test_refused_twice_for_one_reason():
    board = StandInBoard(make_shop())
    assert board.open("/?ssoToken=x").reason == "malformed"
    assert board.open("/?ssoToken=x").reason == "malformed"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        f"{BOARD}:8/",
        f"{BOARD}.example/",
        f"{BOARD}@evil.example/",
        "board/1003-bug-reports",
    ],
)
def test_url_elsewhere(url):
    with pytest.raises(ValueError, match=r"is not on https://acme"):
        StandInBoard(make_shop()).open(url)


def test_page_elsewhere():
    board, client = walk(make_shop())
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.click_link(client, page="https://evil.example/")
    with pytest.raises(ValueError, match=r"is not a page of https://acme"):
        board.log_in(client, "https://evil.example/")


def test_no_url():
    """As from an answer that was not a redirect."""
    board, client = walk(make_shop())
    with pytest.raises(AssertionError, match="answer was not a redirect"):
        board.visit(client, client.get("/").location)
    with pytest.raises(AssertionError, match="answer was not a redirect"):
        board.open(client.get("/").location)


def test_failure_shows_the_line_of_the_test():
    """No frame of the kit's stands between it and the message."""
    app = make_shop(page="Nothing here")
    with pytest.raises(AssertionError) as caught:
        click(app)
    shown = [entry for entry in caught.traceback if not entry.ishidden(caught)]
    assert len(shown) < len(caught.traceback)
    assert {str(entry.path) for entry in shown} == {__file__}


def test_endless_redirect():
    """A login that leads back without logging in is not followed for ever."""
    app = make_shop()
    app.login_manager.unauthorized_handler(lambda: redirect(request.full_path))
    with pytest.raises(AssertionError, match=f"{PREFIX} leads to itself"):
        StandInBoard(app).click_link(app.test_client())


# Through a login form


class LoginForm(FlaskForm):
    """A login as Flask-WTF's documentation has one, with its CSRF token."""

    email = StringField()
    password = PasswordField()
    send = SubmitField("Log in")


ADA = {"email": "ada@example.com", "password": "enigma"}
SEARCH = "<form><input name='email'></form>"
NEWS = "<form method='post' action='/news'><input name='email'></form>"
FIELDS = "{{ form.hidden_tag() }} {{ form.email() }} {{ form.password() }}"
#: Posted to the page's own URL, which keeps ``next``.
OWN_URL = f"<form method='POST'>{FIELDS} {{{{ form.send() }}}}</form>"
OTHER_URL = f"<form method='post' action='/enter'>{FIELDS}</form>"


def make_wtf_shop(html: str = OWN_URL, **config: Any) -> Flask:
    """An app whose login form knows one user, and forgets where to go on to."""
    app = make_shop(**config)

    def enter():
        form = LoginForm()
        if form.validate_on_submit() and form.password.data == "enigma":
            login_user(User())
            return redirect("/account")
        problem = "Wrong password. " if form.is_submitted() else ""
        return render_template_string(f"<p>{problem}{html}", form=form)

    app.add_url_rule("/enter", "enter", enter, methods=["GET", "POST"])
    app.login_manager.login_view = "enter"
    return app


@pytest.mark.parametrize(
    "html",
    [
        OWN_URL,
        OTHER_URL,
        SEARCH + OWN_URL,
        NEWS + OWN_URL,
    ],
    ids=["own URL", "other URL", "after a form with GET", "after another form"],
)
def test_login_form(html):
    app = make_wtf_shop(html)
    visit = StandInBoard(app).log_in(app.test_client(), DEEP_LINK, form=ADA)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)


def test_login_form_is_told_its_page():
    """Flask-WTF refuses a form that came by https from no page of the app's."""
    app = make_wtf_shop(PREFERRED_URL_SCHEME="https")
    CSRFProtect(app)
    visit = StandInBoard(app).log_in(app.test_client(), DEEP_LINK, form=ADA)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)


def test_login_form_below_a_mount_point():
    app = make_wtf_shop(APPLICATION_ROOT="/shop")
    visit = StandInBoard(app).log_in(app.test_client(), DEEP_LINK, form=ADA)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)


def test_login_form_behind_a_redirect():
    app = make_wtf_shop()
    app.add_url_rule("/hello", "hello", partial(redirect, "/enter"))
    app.login_manager.login_view = "hello"
    assert StandInBoard(app).log_in(app.test_client(), form=ADA).signed_in


def test_login_form_in_place():
    """Answered by the endpoint itself, without a redirect."""
    app = make_wtf_shop()
    show = partial(render_template_string, OTHER_URL)
    app.login_manager.unauthorized_handler(lambda: show(form=LoginForm()))
    assert StandInBoard(app).log_in(app.test_client(), form=ADA).signed_in


def test_button_of_a_form():
    """The one that is named is sent, and no other: people click one."""
    app = make_shop()
    app.view_functions["login_page"] = lambda: (
        """
        <form method=post>
        <button name=cancel value=yes>Cancel</button>
        <button name=who value=ada>Ada</button>
        </form>
    """
    )

    @app.post("/login")
    def log_in_as():
        if "cancel" not in request.form:
            login_user(User(request.form["who"]))
        return redirect("/")

    visit = StandInBoard(app).log_in(app.test_client(), form={"who": "ada"})
    assert visit.signed_in


def test_wrong_password():
    app = make_wtf_shop()
    wrong = {"email": "ada@example.com", "password": "?"}
    visit = StandInBoard(app).log_in(app.test_client(), form=wrong)
    assert repr(visit) == "<Visit: not signed in, not sent on (200): Wrong password.>"


@pytest.mark.parametrize(
    ("html", "said"),
    [
        (OWN_URL, r"It has: one with csrf_token, email, password, send\."),
        (NEWS + NEWS, r"It has: one with email and one with email\."),
        (SEARCH, r"It has: no form that is posted\."),
        ("<input name=pin>", r"It has: no form that is posted\."),
        (f"{NEWS}<input name=pin>", r"It has: one with email\."),
    ],
)
def test_no_such_form(html, said):
    app = make_wtf_shop(html)
    board, client = StandInBoard(app), app.test_client()
    wanted = r"No form with email, pin is posted from http://localhost/enter\?next=.*"
    with pytest.raises(AssertionError, match=rf"{wanted} \(200 OK\)\. {said}"):
        board.log_in(client, form={"email": "ada@example.com", "pin": "1"})


def test_form_for_somebody_who_is_logged_in():
    board, client = walk(make_wtf_shop())
    with pytest.raises(AssertionError, match="No login page came"):
        board.log_in(client, form=ADA)


# The app's own settings


#: Each that the contract promises. What only the board issues is forwarded by two.
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
    """*Log in* on the board leads back to that page."""
    board, client = walk(make_shop(FEEDBACKCHIMP_RETURN_URL=return_url))
    visit = board.log_in(client, DEEP_LINK)
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)
    assert board.log_in(client).page == "/"


def test_value_that_only_the_board_issues():
    """A link of the app's lacks it."""
    visit = click(make_shop(FEEDBACKCHIMP_RETURN_URL=RETURN_URLS[-1]))
    assert ending(visit) == ("board", "value_missing", 400)


@pytest.mark.parametrize("return_url", [RETURN_URLS[1], *RETURN_URLS[3:5]])
def test_url_for_a_client(return_url):
    app = make_shop(FEEDBACKCHIMP_RETURN_URL=return_url)
    visit = StandInBoard(app).open(signed_url(app, DEEP_LINK))
    assert (visit.signed_in, visit.page) == (True, DEEP_LINK)


def test_board_page_where_the_token_goes_elsewhere():
    board = StandInBoard(make_shop(FEEDBACKCHIMP_RETURN_URL=RETURN_URLS[3]))
    assert board.open("/board/1003-bug-reports").status == 200


def test_settings_are_the_apps():
    shop = make_shop(
        page=NAV,
        FEEDBACKCHIMP_ORGANIZATION=...,
        FEEDBACKCHIMP_BOARD_URL="http://localhost:5001",
        FEEDBACKCHIMP_URL_PREFIX="/go",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_TOKEN_LIFETIME=None,
    )
    board, client = walk(shop)
    visit = board.click_link(client, page=DEEP_LINK)
    assert visit.page == DEEP_LINK
    assert set(visit.claims) == {"email", "name", "jti"}
    assert board.log_in(client, DEEP_LINK).page == DEEP_LINK


def test_empty_return_url():
    """It counts as not set, as for the app."""
    assert click(make_shop(FEEDBACKCHIMP_RETURN_URL="")).signed_in


@pytest.mark.parametrize("root", ["/", "/shop", "/a b/é"])
def test_root_path(root):
    # A test client does not find a cookie again whose path is not ASCII.
    assert click(make_shop(APPLICATION_ROOT=root, SESSION_COOKIE_PATH="/")).signed_in


def test_mounted_app():
    app = make_shop()
    app.wsgi_app = DispatcherMiddleware(Flask("other"), {"/shop": app.wsgi_app})
    client = app.test_client()
    client.get("/shop/login/ada")
    assert StandInBoard(app).click_link(client, on="/shop/").signed_in


def test_link_that_forgets_the_mount_point():
    """It leads out of the app, as in a browser."""
    app = make_shop(APPLICATION_ROOT="/shop")
    app.add_url_rule("/bare", "bare", lambda: f'<a href="{PREFIX}">Feedback</a>')
    client = app.test_client()
    client.get("/login/ada")
    visit = StandInBoard(app).click_link(client, on="/bare")
    assert (visit.signed_in, visit.status) == (False, 404)


def test_other_host_of_the_app():
    """It keeps its host and cookies."""
    app = make_shop(SESSION_COOKIE_SECURE=True)
    board, client = StandInBoard(app), app.test_client()
    client.get("https://shop.example/login/ada")
    assert board.click_link(client, on="https://shop.example/").signed_in
    assert board.click_link(client, on="/").location.startswith("/login")
    assert board.visit(client, f"https://shop.example{PREFIX}#top").signed_in


def test_server_name():
    app = make_shop(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https")
    board, client = walk(app)
    assert board.click_link(client).signed_in
    assert board.log_in(client).signed_in


def test_redirect_to_the_endpoint():
    """It is followed; on another host it is somebody else's endpoint."""
    app = make_shop()
    app.add_url_rule("/feedback", "feedback", partial(redirect, PREFIX))
    elsewhere = f"https://sso.example{PREFIX}"
    app.add_url_rule("/elsewhere", "elsewhere", partial(redirect, elsewhere))
    board, client = walk(app)
    assert board.visit(client, "/feedback").signed_in
    assert board.visit(client, "/elsewhere").location == elsewhere


def test_two_apps_have_two_boards():
    url = signed_url(make_shop(FEEDBACKCHIMP_JWT_SECRET=SECRET[::-1]))
    assert StandInBoard(make_shop()).open(url).reason == "bad_signature"


def test_switched_off():
    app = make_shop(FEEDBACKCHIMP_ENABLED=False)
    with pytest.raises(ValueError, match=r"FEEDBACKCHIMP_ENABLED of the app 'shop'"):
        StandInBoard(app)


def test_not_initialized():
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
    visit = click_with(lambda user: abort(redirect("/verify", 302)))
    assert ending(visit) == (None, None, 302)
    assert visit.location == "/verify"


def test_redirect_to_the_board_without_a_token():
    visit = click_with(lambda user: abort(redirect(f"{BOARD}?a=1")))
    assert not visit.signed_in
    assert repr(visit) == "<Visit: not signed in, on /?a=1 of the board (200)>"


def test_abort_of_the_loader():
    visit = click_with(lambda user: abort(410))
    assert ending(visit) == ("app", "aborted", 410)
    assert "refused by the app (410 aborted): Gone" in repr(visit)


def test_exception_reaches_the_test():
    with pytest.raises(ZeroDivisionError):
        click_with(lambda user: 1 / 0)


def test_other_error_of_the_app():
    visit = click_unauthorized(lambda: abort(410))
    assert ending(visit) == ("app", None, 410)
    assert "refused by the app (410): Gone" in repr(visit)


def test_admin_whom_only_the_board_knows():
    app = make_shop(User("boss"))
    board = StandInBoard(app, admins=["BOSS@example.com"])
    visit = board.click_link(logged_in(app, "boss"))
    assert ending(visit) == ("board", "admin", 403)
    assert visit.page is None


def test_private_board():
    app = make_shop()
    board = StandInBoard(app, private=True)
    stranger = board.open(DEEP_LINK)
    assert stranger.status == 302
    assert stranger.location.startswith(f"http://localhost{PREFIX}?redirect=")
    assert board.log_in(logged_in(app), DEEP_LINK).page == DEEP_LINK


def test_text_is_read_as_people_do():
    html = """</script><title>No</title><h1>One</h1>two<br>th<b>r</b>ee &amp;
        four<script>no("</a>")</script><template>no</template><p>five"""
    visit = click_unauthorized(lambda: html)
    assert visit.text == "One two three & four five"
    assert repr(visit).endswith("not sent on (200): One two three & four five>")


# What it shows


def test_nothing_shows_a_token(caplog):
    caplog.set_level(logging.DEBUG)
    app = make_shop()
    board, url = StandInBoard(app), signed_url(app)
    token = url.partition("ssoToken=")[2]
    endings = [
        repr(board.open(url)),
        repr(board.open(url)),
        repr(board.visit(app.test_client(), f"{PREFIX}?ssoToken={token}")),
        repr(click_unauthorized(lambda: f"next={quote(url, safe='')}")),
        repr(Visit(200, "x" * 240 + token)),
        repr(Visit(200, page=f"/x?{token}", claims={"email": "ada@example.com"})),
        repr(Visit(200, page="/x?eyJoin=surveyJson")),
    ]
    for shown in (*endings, repr(board), caplog.text):
        assert token not in shown
        assert token[:20] not in shown
        assert SECRET not in shown
    assert [ending.count("[token]") for ending in endings] == [0, 0, 1, 1, 1, 1, 0]


def test_long_text_costs_little():
    """Where a pattern would begin again at every letter, this would take minutes."""
    visit = Visit(302, location="/eyJ." + "eyJ" * 300_000)
    assert timeit(lambda: repr(visit), number=1) < 5  # seconds


def test_visit_is_one_line():
    signed_in = Visit(200, page="/x", claims={"email": "ada@example.com"})
    assert repr(signed_in) == "<Visit: signed in as ada@example.com on /x>"
    long = Visit(403, "word " * 500, refused_by="app", reason="admin")
    assert repr(long).endswith("word word …>")
    assert len(repr(long)) < 400
    assert "\n" not in repr(long)
