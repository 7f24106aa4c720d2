"""Daybook, the example app: its settings, its logins, and its ways to the board."""

import pytest
from click import ClickException
from flask_login import FlaskLoginClient

from example_app.models import User
from flask_feedbackchimp import ConfigError
from flask_feedbackchimp.testing import StandInBoard

DEEP_LINK = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"


@pytest.fixture(autouse=True)
def set_variables(monkeypatch):
    """Set variables for Flask, and nothing of the developer's own environment."""
    monkeypatch.delenv("FLASK_DEBUG", raising=False)

    def set_variables(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"FLASK_{name}", value)

    return set_variables


def test_debug_mode_needs_no_settings(make_daybook, set_variables):
    """The board is the stand-in, at the address where its command serves it."""
    set_variables(DEBUG="1")
    app = make_daybook()
    assert StandInBoard(app).open("/").status == 200
    assert app.config["FEEDBACKCHIMP_BOARD_URL"] == "http://localhost:5001"


def test_environment_wins_in_debug_mode(make_daybook, set_variables):
    """So a developer can try a real board."""
    set_variables(DEBUG="1", FEEDBACKCHIMP_BOARD_URL="https://feedback.example.com")
    app = make_daybook()
    assert app.config["FEEDBACKCHIMP_BOARD_URL"] == "https://feedback.example.com"


def test_server_needs_its_secret_key(make_daybook):
    """None is made up, and none that everybody can read is used."""
    with pytest.raises(ClickException, match=r"^Set FLASK_SECRET_KEY.*--debug"):
        make_daybook()


def test_server_needs_its_board(make_daybook, set_variables):
    set_variables(SECRET_KEY="a key for the tests")
    missing = r"(?s)FEEDBACKCHIMP_JWT_SECRET.*FEEDBACKCHIMP_ORGANIZATION"
    with pytest.raises(ConfigError, match=missing):
        make_daybook()


def test_colleague_needs_no_board(make_daybook, set_variables):
    """Switched off, the extension asks for nothing; the links are still there."""
    set_variables(SECRET_KEY="a key for the tests", FEEDBACKCHIMP_ENABLED="false")
    home = make_daybook().test_client().get("/").text
    assert 'href="/sso/feedbackchimp"' in home


def test_environment_configures_a_server(make_daybook, set_variables):
    """With the four variables of the README; nobody has an account there."""
    set_variables(SECRET_KEY="a key for the tests", SESSION_COOKIE_SECURE="true")
    secret = "from-the-environment-" * 2
    set_variables(FEEDBACKCHIMP_JWT_SECRET=secret, FEEDBACKCHIMP_ORGANIZATION="acme")
    app = make_daybook()
    login = app.test_client().get("/login", base_url="https://localhost")
    assert "Secure; HttpOnly" in login.headers["Set-Cookie"]
    with app.app_context():
        assert User.query.count() == 0


def test_add_user(make_daybook, set_variables):
    """Once; the password is stored as a salted hash, and logs in."""
    set_variables(DEBUG="1")
    app = make_daybook()
    app.test_client_class = FlaskLoginClient
    run = app.test_cli_runner().invoke
    command = ["add-user", "Jean@Example.com", "Jean Bartik", "--verified"]
    assert run(args=command, input="eniac\neniac\n").exit_code == 0
    again = run(args=command, input="eniac\neniac\n")
    assert again.exit_code == 2
    assert "Jean@Example.com has an account already." in again.output
    with app.app_context():
        jean = User.with_password("jean@example.com", "eniac")
        assert User.with_password("jean@example.com", "ENIAC") is None
        assert jean.password_hash.startswith(("scrypt:", "pbkdf2:"))
        client = app.test_client(user=jean)
        visit = StandInBoard(app).click_link(client, text="Feedback")
    assert visit.claims["name"] == "Jean Bartik"


def test_password_logs_in(visitor):
    """The case of the address and the spaces around it do not matter."""
    assert visitor.log_in(" Ada@Example.COM ").location == "/"
    assert "Ada Lovelace" in visitor.get("/").text


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_failed_login(visitor, email):
    """It does not tell who has an account."""
    response = visitor.log_in(email, password="wrong")
    assert response.status_code == 200
    assert "The e-mail address or the password is wrong." in response.text
    assert visitor.get("/tasks").location == "/login?next=%2Ftasks"


def test_empty_form(visitor):
    """It says what to enter, also to those who do not see the page."""
    page = visitor.log_in("", password="").text
    assert "Enter your e-mail address." in page
    assert "Enter your password." in page
    assert 'aria-describedby="email-problems"' in page
    assert 'id="email-problems"' in page


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/logout",
        "/tasks",
        "/tasks/1/toggle",
        "/confirmation-mail",
    ],
)
def test_form_without_its_csrf_token(ada, path):
    """It is refused with a page of the app."""
    response = ada.post(path)
    assert response.status_code == 400
    assert "The CSRF token is missing." in response.text
    assert "Ada Lovelace" in response.text


def test_logging_out(ada):
    """It is a form, so no link or image can log anybody out."""
    assert ada.get("/logout").status_code == 405
    ada.send("/logout")
    home = ada.get("/").text
    assert "You are logged out." in home
    assert "Ada Lovelace" not in home
    assert ada.get("/tasks").location == "/login?next=%2Ftasks"


@pytest.mark.parametrize("on", ["/", "/whats-new", "/tasks"])
def test_navigation_leads_to_the_board(daybook, ada, on):
    """Its macro is imported without context."""
    visit = StandInBoard(daybook).click_link(ada, on, text="Feedback")
    assert visit.signed_in
    assert visit.page == "/"
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
def test_links_to_the_board(daybook, ada, on, page):
    """The stand-in has each of these pages; a link to a missing one looks broken."""
    visit = StandInBoard(daybook).click_link(ada, on, page=page)
    assert visit.signed_in
    assert visit.page == page
    assert visit.status == 200


def assert_refused(daybook, visitor, reason: str) -> str:
    """The app refuses the visitor; gives its page."""
    visit = StandInBoard(daybook).click_link(visitor, text="Feedback")
    assert (visit.refused_by, visit.status, visit.reason) == ("app", 403, reason)
    page = visitor.get("/sso/feedbackchimp").text
    assert '<a href="/">Back to Daybook</a>' in page
    assert page.count('href="http://localhost:5001/"') == 1
    return page


def test_unverified(daybook, grace):
    """She is told why, and can ask for the mail again."""
    page = assert_refused(daybook, grace, "email_unverified")
    assert "verify your e-mail address first" in page
    assert '<button type="submit">Send me the mail again</button>' in page


def test_administrator(daybook, visitor):
    """She is told to sign in by hand, with a button that leads there."""
    visitor.log_in("boss@example.com")
    page = assert_refused(daybook, visitor, "admin")
    assert "sign in to FeedbackChimp by hand" in page
    assert 'class="button" href="http://localhost:5001/">Sign in to Feed' in page


def test_foreign_page(visitor):
    """It is refused in the app's own look, with a link to the board and no button."""
    page = visitor.get("/sso/feedbackchimp?redirect=https://evil.example/").text
    assert '<a href="http://localhost:5001/">Go to the feedback board</a>' in page
    assert '<a href="/">Back to Daybook</a>' in page
    assert "button" not in page
    assert "Reason: <code>page_foreign</code>" in page


def test_continue_page(ada):
    """It has no style of its own, which the app's policy would not let in."""
    page = ada.get("/sso/feedbackchimp?a=1", headers={"Sec-Fetch-Mode": "cors"}).text
    assert '<a class="button" href="/sso/feedbackchimp?a=1">Continue</a>' in page
    assert "<style" not in page


def test_mail_is_sent_again(grace, visitor):
    """It only seems to be; and only to people who are logged in."""
    assert grace.send("/confirmation-mail").location == "/"
    assert "We have sent a new mail to grace@example.com." in grace.get("/").text
    assert "/login" in visitor.send("/confirmation-mail").location


def add_task(visitor, text: str) -> str:
    """The number of a task that somebody adds."""
    assert visitor.send("/tasks", text=text).location == "/tasks"
    return visitor.get("/tasks").text.rpartition('id="task-')[2].partition('"')[0]


def test_task_is_added_and_ticked_off(ada):
    """Whatever it says is shown as text."""
    number = add_task(ada, " <b>Feed & water</b> ")
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</span>" in ada.get("/tasks").text
    ada.send(f"/tasks/{number}/toggle")
    assert ">&lt;b&gt;Feed &amp; water&lt;/b&gt;</s>" in ada.get("/tasks").text


def test_blank_task(ada):
    """The form says what it wants instead."""
    before = ada.get("/tasks").text.count("/toggle")
    assert "Say what there is to do." in ada.send("/tasks", text="  ").text
    assert ada.get("/tasks").text.count("/toggle") == before


def test_task_of_somebody_else(ada, grace):
    """It looks as if it did not exist."""
    number = add_task(ada, "Mine")
    assert grace.send(f"/tasks/{number}/toggle").status_code == 404
    assert f'<s id="task-{number}"' not in ada.get("/tasks").text
    assert "Mine" not in grace.get("/tasks").text


@pytest.mark.parametrize("number", ["9999", "99999999999999999999"])
def test_no_such_task(ada, number):
    """The second number is larger than any in a database."""
    assert ada.send(f"/tasks/{number}/toggle").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/no-such-page",
        "/static/style.css",
        "/sso/feedbackchimp",
        "/sso/feedbackchimp?redirect=https://evil.example/",
    ],
)
def test_security_headers(visitor, path):
    """Every answer carries them, the extension's included."""
    with visitor.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
