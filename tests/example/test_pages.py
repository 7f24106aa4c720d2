"""Daybook, the example app: its settings, its logins, and its ways to the board."""

from __future__ import annotations

import pytest
from click import ClickException
from flask_login import FlaskLoginClient

from flask_feedbackchimp import ConfigError
from flask_feedbackchimp.testing import StandInBoard

PAGES = ("/", "/login", "/whats-new", "/tasks", "/no-such-page")
DEEP_LINK = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"


# Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Nothing of the developer's own environment."""
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    return monkeypatch


def test_in_debug_mode_it_runs_without_further_settings(make_daybook, environment):
    """Beside the stand-in board, at the address where its command serves it."""
    environment.setenv("FLASK_DEBUG", "1")
    app = make_daybook()
    board = StandInBoard(app)
    assert board.open("/").status == 200
    assert app.config["FEEDBACKCHIMP_BOARD_URL"] == "http://localhost:5001"


def test_without_debug_mode_every_secret_must_be_set(make_daybook, environment):
    """No secret that everybody can read, and none that is made up."""
    with pytest.raises(ClickException, match=r"^FLASK_SECRET_KEY is not set.*--debug"):
        make_daybook()
    environment.setenv("FLASK_SECRET_KEY", "a key for the tests")
    with pytest.raises(ConfigError) as caught:
        make_daybook()
    problems = " ".join(caught.value.problems)
    assert "FEEDBACKCHIMP_JWT_SECRET" in problems
    assert "FEEDBACKCHIMP_ORGANIZATION" in problems


def test_a_real_board_never_gets_the_published_secret(make_daybook, environment):
    """Not even in debug mode."""
    environment.setenv("FLASK_DEBUG", "1")
    environment.setenv("FLASK_SECRET_KEY", "a key for the tests")
    environment.setenv("FLASK_FEEDBACKCHIMP_ORGANIZATION", "acme")
    with pytest.raises(ConfigError, match="FEEDBACKCHIMP_JWT_SECRET"):
        make_daybook()


def test_the_environment_configures_a_server(make_daybook, environment):
    """With the four variables of the README; nobody has an account there."""
    environment.setenv("FLASK_SECRET_KEY", "a key for the tests")
    environment.setenv("FLASK_FEEDBACKCHIMP_JWT_SECRET", "from-the-environment-" * 2)
    environment.setenv("FLASK_FEEDBACKCHIMP_ORGANIZATION", "acme")
    environment.setenv("FLASK_SESSION_COOKIE_SECURE", "true")
    app = make_daybook()
    login = app.test_client().get("/login", base_url="https://localhost")
    assert "Secure; HttpOnly" in login.headers["Set-Cookie"]
    assert "example.com" not in login.text
    from example_app.models import User

    with app.app_context():
        assert User.query.count() == 0


def test_add_user_adds_somebody_who_can_log_in(make_daybook, environment):
    """Once; the password is stored as a salted hash."""
    environment.setenv("FLASK_DEBUG", "1")
    app = make_daybook()
    run = app.test_cli_runner().invoke
    command = ["add-user", "Jean@Example.com", "Jean Bartik", "--verified"]
    assert run(args=command, input="eniac\neniac\n").exit_code == 0
    again = run(args=command, input="eniac\neniac\n")
    assert again.exit_code == 2
    assert "Jean@Example.com has an account already." in again.output
    from example_app.models import User

    with app.app_context():
        jean = User.with_password("jean@example.com", "eniac")
        assert (jean.name, jean.email_verified) == ("Jean Bartik", True)
        assert User.with_password("jean@example.com", "ENIAC") is None
        assert jean.password_hash.startswith(("scrypt:", "pbkdf2:"))
        app.test_client_class = FlaskLoginClient
        visit = StandInBoard(app).click_link(
            app.test_client(user=jean), text="Feedback"
        )
    assert visit.claims["name"] == "Jean Bartik"


# Logging in and out


@pytest.mark.parametrize("email", ["ada@example.com", " Ada@Example.COM "])
def test_a_password_logs_in(visitor, email):
    """The case of the address and the spaces around it do not matter."""
    assert visitor.log_in(email).location == "/"
    assert "Ada Lovelace" in visitor.get("/").text


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_failed_login_does_not_tell_what_was_wrong(visitor, email):
    """Otherwise it would tell who has an account."""
    response = visitor.log_in(email, password="wrong")
    assert response.status_code == 200
    assert "The e-mail address or the password is wrong." in response.text
    assert visitor.get("/tasks").status_code == 302


def test_an_empty_form_says_what_to_enter(visitor):
    """Beside each field, and tied to it for those who do not see the page."""
    page = visitor.log_in("", password="").text
    assert "Enter your e-mail address." in page
    assert "Enter your password." in page
    assert 'aria-describedby="email-problems"' in page
    assert 'id="email-problems"' in page


@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/tasks", "/tasks/1/toggle", "/confirmation-mail"]
)
def test_a_form_without_its_csrf_token_is_refused(ada, path):
    """With a page of the app."""
    response = ada.client.post(path, data={"email": "grace@example.com"})
    assert response.status_code == 400
    assert "The CSRF token is missing." in response.text
    assert "Ada Lovelace" in response.text


def test_logging_out_ends_the_session(ada):
    """It is a form, so no link or image can log anybody out."""
    assert ada.get("/logout").status_code == 405
    ada.send("/logout")
    home = ada.get("/").text
    assert "You are logged out." in home
    assert "Ada Lovelace" not in home
    assert ada.get("/tasks").location == "/login?next=%2Ftasks"


# The ways to the board


@pytest.mark.parametrize("page", ["/", "/whats-new", "/tasks"])
def test_the_nav_link_of_every_page_signs_in(daybook, ada, page):
    """It comes from a macro that is imported without context."""
    visit = StandInBoard(daybook).click_link(ada.client, on=page, text="Feedback")
    assert (visit.signed_in, visit.page) == (True, "/")
    assert visit.claims["email"] == "ada@example.com"
    assert visit.claims["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("on", "page"),
    [
        ("/", "/board/1002-feature-requests"),
        ("/whats-new", DEEP_LINK),
        ("/whats-new", "/board/1004-integrations/5-calendar-subscription"),
    ],
)
def test_every_deep_link_leads_to_a_page_that_is_there(daybook, ada, on, page):
    """A link to a post that the stand-in does not have would look broken."""
    visit = StandInBoard(daybook).click_link(ada.client, on=on, page=page)
    assert (visit.signed_in, visit.page, visit.status) == (True, page, 200)


@pytest.mark.parametrize(
    ("email", "reason", "sentence", "button"),
    [
        (
            "grace@example.com",
            "email_unverified",
            "verify your e-mail address first",
            '<button type="submit">Send me the mail again</button>',
        ),
        (
            "boss@example.com",
            "admin",
            "sign in to FeedbackChimp by hand",
            '<a class="button" href="http://localhost:5001/">Sign in to FeedbackChimp<',
        ),
    ],
    ids=["unverified", "admin"],
)
def test_those_turned_away_are_told_why_and_have_a_way_on(
    daybook, visitor, email, reason, sentence, button
):
    """By the app, before there is a token."""
    visitor.log_in(email)
    visit = StandInBoard(daybook).click_link(visitor.client, text="Feedback")
    assert (visit.refused_by, visit.status, visit.reason) == ("app", 403, reason)
    page = visitor.get("/sso/feedbackchimp").text
    assert sentence in page
    assert button in page
    assert '<a href="/">Back to Daybook</a>' in page
    assert page.count('href="http://localhost:5001/"') == 1


def test_a_foreign_page_is_refused_in_the_apps_own_look(visitor):
    """With a link to the board, and no button."""
    page = visitor.get("/sso/feedbackchimp?redirect=https://evil.example/").text
    assert '<a href="http://localhost:5001/">Go to the feedback board</a>' in page
    assert '<a href="/">Back to Daybook</a>' in page
    assert "button" not in page
    assert "Reason: <code>page_foreign</code>" in page


def test_the_mail_can_be_asked_for_again(grace):
    """It only seems to be sent."""
    assert grace.send("/confirmation-mail").location == "/"
    assert "We have sent a new mail to grace@example.com." in grace.get("/").text


def test_only_people_who_are_logged_in_can_ask_for_a_mail(visitor):
    """Otherwise there is no address to send it to."""
    assert "/login" in visitor.send("/confirmation-mail").location


# The planner


def test_a_task_is_added_and_ticked_off(ada):
    """Whatever it says is shown as text."""
    assert ada.send("/tasks", text=" <b>Feed & water</b> ").location == "/tasks"
    page = ada.get("/tasks").text
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</span>" in page
    number = page.rpartition('id="task-')[2].partition('"')[0]
    ada.send(f"/tasks/{number}/toggle")
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</s>" in ada.get("/tasks").text


def test_a_blank_task_is_not_added(ada):
    """The form says what it wants instead."""
    before = ada.get("/tasks").text.count("/toggle")
    assert "Say what there is to do." in ada.send("/tasks", text="  ").text
    assert ada.get("/tasks").text.count("/toggle") == before


def test_nobody_can_touch_the_tasks_of_somebody_else(ada, grace):
    """They look as if they did not exist."""
    ada.send("/tasks", text="Mine")
    number = ada.get("/tasks").text.rpartition('id="task-')[2].partition('"')[0]
    for task in (number, "9999"):
        assert grace.send(f"/tasks/{task}/toggle").status_code == 404
    assert f'<s id="task-{number}"' not in ada.get("/tasks").text
    assert "Mine" not in grace.get("/tasks").text


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_anything_from_elsewhere(ada, page):
    """No address but the board's, which is a link."""
    text = ada.get(page, follow_redirects=True).text
    assert 'src="http' not in text
    assert 'href="http' not in text
    assert 'href="/static/style.css"' in text
