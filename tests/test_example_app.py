"""Daybook, the example app: its logins, its pages, and its ways to the board."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from daybook import (
    PASSWORD,
    SESSION_COOKIE,
    close,
    csrf_token,
    db,
    log_in,
    logged_in,
    make_daybook,
)
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.testing import StandInBoard

PAGES = ("/", "/login", "/whats-new", "/tasks", "/no-such-page")
VERIFY = "verify your e-mail address first"
BY_HAND = "sign in there by hand"
DEEP_LINK = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"

by_those_refused = pytest.mark.parametrize(
    ("email", "reason", "sentence"),
    [
        ("grace@example.com", "email_unverified", VERIFY),
        ("boss@example.com", "admin", BY_HAND),
    ],
    ids=["unverified", "admin"],
)


@pytest.fixture
def daybook(tmp_path: Path) -> Iterator[Flask]:
    """The app after its first start."""
    app = make_daybook(tmp_path)
    yield app
    close(app)


# Logging in and out


@pytest.mark.parametrize("email", ["ada@example.com", " Ada@Example.COM "])
def test_a_password_logs_in_and_the_nav_bar_says_who(daybook, email):
    """The case of the address and the spaces around it do not matter."""
    client = daybook.test_client()
    assert log_in(client, email).location == "/"
    assert "Ada Lovelace" in client.get("/").text


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "Lovelace"), ("nobody@example.com", PASSWORD)],
    ids=["wrong password", "unknown address"],
)
def test_a_failed_login_does_not_tell_which_of_the_two_was_wrong(
    daybook, email, password
):
    """An answer that did would tell who has an account."""
    client = daybook.test_client()
    response = log_in(client, email, password=password)
    assert response.status_code == 200
    assert "The e-mail address or the password is wrong." in response.text
    assert client.get("/tasks").status_code == 302


def test_an_empty_form_says_what_to_enter(daybook):
    """Beside each field, and tied to it for those who do not see the page."""
    page = log_in(daybook.test_client(), "", password="").text
    assert "Enter your e-mail address." in page
    assert "Enter your password." in page
    assert 'aria-describedby="email-problems"' in page
    assert 'id="email-problems"' in page


@pytest.mark.parametrize("path", ["/login", "/logout", "/tasks"])
def test_a_form_without_its_csrf_token_is_refused_with_a_page(daybook, path):
    """400, and nobody is logged in or out by it."""
    client = logged_in(daybook)
    response = client.post(path, data={"email": "grace@example.com"})
    assert response.status_code == 400
    assert "The CSRF token is missing." in response.text
    assert "Ada Lovelace" in client.get("/").text


def test_logging_out_ends_the_session(daybook):
    """It is a form, so no link or image can log anybody out."""
    client = logged_in(daybook)
    assert client.get("/logout").status_code == 405
    token = csrf_token(client.get("/"))
    response = client.post("/logout", data={"csrf_token": token}, follow_redirects=True)
    assert "You are logged out." in response.text
    assert "Ada Lovelace" not in response.text
    assert client.get("/tasks").location == "/login?next=%2Ftasks"


def test_the_login_page_lists_the_demo_users_and_their_password(daybook):
    """So that nobody has to look for them."""
    page = daybook.test_client().get("/login").text
    for text in ("ada@example.com", "grace@example.com", "boss@example.com", PASSWORD):
        assert f"<code>{text}</code>" in page


# What is stored


def test_passwords_are_stored_as_hashes_alone(daybook, tmp_path):
    """Each with a salt of its own, so that equal passwords do not look equal."""
    stored = (tmp_path / "daybook.db").read_bytes()
    assert PASSWORD.encode() not in stored
    with daybook.app_context():
        hashes = set(db.session.scalars(db.text("select password_hash from user")))
    assert len(hashes) == 3


def test_a_second_start_keeps_the_people_their_tasks_and_their_sessions(
    daybook, tmp_path
):
    """The database and the secrets of the first start are used again."""
    client = logged_in(daybook)
    form = {"csrf_token": csrf_token(client.get("/tasks")), "text": "Sharpen pencils"}
    client.post("/tasks", data=form)
    again = make_daybook(tmp_path)
    later = again.test_client()
    later.set_cookie(SESSION_COOKIE, client.get_cookie(SESSION_COOKIE).value)
    assert later.get("/tasks").text.count("Sharpen pencils") == 1
    close(again)


def test_every_installation_makes_secrets_of_its_own(daybook, tmp_path):
    """Two of them, different, long enough, and readable for the owner alone."""
    other = make_daybook(tmp_path / "other")
    keys = ("SECRET_KEY", "FEEDBACKCHIMP_JWT_SECRET")
    secrets = {app.config[key] for app in (daybook, other) for key in keys}
    close(other)
    assert len(secrets) == 4
    assert min(len(secret) for secret in secrets) >= 32
    for key in keys:
        assert stat.S_IMODE((tmp_path / key.lower()).stat().st_mode) == 0o600


# Configuration


def test_the_environment_configures_the_app(tmp_path, monkeypatch):
    """An organization takes the place of the stand-in board."""
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_ORGANIZATION", "acme")
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_JWT_SECRET", "from-the-environment-" * 2)
    app = make_daybook(tmp_path)
    location = logged_in(app).get("/sso/feedbackchimp").location
    close(app)
    assert location.startswith("https://acme.feedbackchimp.space/?ssoToken=")
    assert not (tmp_path / "feedbackchimp_jwt_secret").exists()


def test_the_session_cookie_does_not_collide_with_the_stand_ins(daybook):
    """Both are on localhost, and cookies ignore ports."""
    sandbox = create_sandbox(
        "s" * 32, sso_url="http://localhost:5000/sso/feedbackchimp"
    )
    name = daybook.config["SESSION_COOKIE_NAME"]
    assert name not in ("session", sandbox.config["SESSION_COOKIE_NAME"])
    cookie = logged_in(daybook).get_cookie(name)
    assert cookie.http_only
    assert cookie.same_site == "Lax"


# The ways to the board


@pytest.mark.parametrize("page", PAGES[:4])
def test_the_nav_link_of_every_page_signs_ada_in(daybook, page):
    """It comes from a macro that is imported without context."""
    visit = StandInBoard(daybook).click_link(
        logged_in(daybook), on=page, text="Feedback"
    )
    assert visit.signed_in
    assert visit.page == "/"
    assert visit.claims["email"] == "ada@example.com"
    assert visit.claims["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    "page",
    [
        DEEP_LINK,
        "/board/1002-feature-requests",
        "/board/1004-integrations/5-calendar-subscription",
    ],
)
def test_every_deep_link_leads_to_a_page_that_is_there(daybook, page):
    """A link to a post that the stand-in does not have would look broken."""
    on = "/whats-new" if page.count("/") == 3 else "/"
    visit = StandInBoard(daybook).click_link(logged_in(daybook), on=on, page=page)
    assert (visit.signed_in, visit.page, visit.status) == (True, page, 200)


def test_a_deep_link_survives_the_login(daybook):
    """Somebody who is logged out ends signed in on exactly that post."""
    client, board = daybook.test_client(), StandInBoard(daybook)
    asked = board.click_link(client, on="/whats-new", page=DEEP_LINK)
    assert not asked.signed_in
    response = log_in(client, "ada@example.com", at=asked.location)
    visit = board.visit(client, response.location)
    assert visit.signed_in
    assert visit.page == DEEP_LINK


@by_those_refused
def test_those_turned_away_are_told_why_and_shown_the_board(
    daybook, email, reason, sentence
):
    """By the app, before there is a token."""
    client = logged_in(daybook, email)
    visit = StandInBoard(daybook).click_link(client, text="Feedback")
    assert (visit.refused_by, visit.status, visit.reason) == ("app", 403, reason)
    assert sentence in visit.text
    page = client.get("/sso/feedbackchimp").text
    assert '<a class="button" href="http://localhost:5001/">' in page
    assert "eyJ" not in page


@by_those_refused
def test_those_turned_away_stay_on_the_refusal_of_a_private_board(
    daybook, email, reason, sentence
):
    """The board sends them to the app at once; the app does not send them back."""
    board = StandInBoard(daybook, admins=["boss@example.com"], private=True)
    client = daybook.test_client()
    sent = board.open("/")
    assert sent.location.startswith("http://localhost/sso/feedbackchimp?redirect=")
    asked = board.visit(client, sent.location)
    visit = board.visit(client, log_in(client, email, at=asked.location).location)
    assert (visit.refused_by, visit.location, visit.reason) == ("app", None, reason)
    assert sentence in visit.text


# The planner


def test_a_task_is_added_and_ticked_off(daybook):
    """Whatever it says is shown as text."""
    client = logged_in(daybook)
    token = csrf_token(client.get("/tasks"))
    form = {"csrf_token": token, "text": " <b>Feed & water</b> "}
    assert client.post("/tasks", data=form).location == "/tasks"
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</span>" in client.get("/tasks").text
    client.post("/tasks/10/toggle", data={"csrf_token": token})
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</s>" in client.get("/tasks").text


def test_a_blank_task_is_not_added(daybook):
    """The form says what it wants instead."""
    client = logged_in(daybook)
    form = {"csrf_token": csrf_token(client.get("/tasks")), "text": "  "}
    assert "Say what there is to do." in client.post("/tasks", data=form).text
    assert client.get("/tasks").text.count("/toggle") == 3


def test_nobody_can_touch_the_tasks_of_somebody_else(daybook):
    """They look as if they did not exist."""
    client = logged_in(daybook, "grace@example.com")
    token = csrf_token(client.get("/tasks"))
    for task_id in (1, 9999):
        response = client.post(f"/tasks/{task_id}/toggle", data={"csrf_token": token})
        assert response.status_code == 404
    assert "<s " not in logged_in(daybook).get("/tasks").text


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_anything_from_elsewhere(daybook, page):
    """No address but the board's, which is a link."""
    text = logged_in(daybook).get(page, follow_redirects=True).text
    assert 'src="http' not in text
    assert 'href="http' not in text
    assert 'href="/static/style.css"' in text
