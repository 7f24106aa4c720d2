"""A walk through ``make demo``, as its visitors see it: with scripts, and without."""

import os
import re
import signal
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")
POST = "/board/1002-feature-requests/34-export-to-csv?sort=new"
COMMENTS = f"{POST}#comments"


def assert_signed_in(visitor: Any, url: str) -> None:
    """The board shows a page to Ada; the token was only in one ``Location``."""
    assert (visitor.url, visitor.status) == (url, 200)
    assert "<strong><bdi>Ada Lovelace</bdi></strong>" in visitor.html
    [token] = TOKEN.findall(" ".join(visitor.locations))
    assert token not in visitor.html
    assert token not in str(visitor.page.context.cookies())


def assert_refused(visitor: Any, reason: str) -> None:
    """The app tells why there is no token."""
    assert urlsplit(visitor.url).path == "/sso/feedbackchimp"
    assert visitor.status == 403
    assert f"Reason: <code>{reason}</code>" in visitor.html
    assert TOKEN.search(" ".join(visitor.locations)) is None


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_greeting(demo):
    """It says where to go, and who to be."""
    assert f"Daybook, the example app:  {demo.app}\n" in demo.said
    assert f"A stand-in for its board:  {demo.board}\n" in demo.said
    for text in ("“lovelace”", "ada@", "grace@", "boss@"):
        assert text in demo.said


def test_log_in_and_click_feedback(visitor, demo):
    """The login page says who to be; the two servers' cookies do not collide."""
    visitor.visit(f"{demo.app}/login")
    for text in ("lovelace", "ada@example.com", "grace@example.com"):
        assert f"<code>{text}</code>" in visitor.html
    visitor.log_in("ada@example.com")
    assert visitor.url == f"{demo.app}/"
    visitor.click("Feedback")
    assert_signed_in(visitor, f"{demo.board}/")
    visitor.visit(f"{demo.app}/tasks")
    assert "<bdi>Ada Lovelace</bdi>" in visitor.html
    assert "Water the plants" in visitor.html
    visitor.visit(demo.board)
    assert "<bdi>Ada Lovelace</bdi>" in visitor.html


def test_click_a_deep_link_and_log_in(visitor, demo):
    """The login keeps the page, its query and its fragment."""
    visitor.visit(f"{demo.app}/whats-new")
    visitor.click("Tell us under the post")
    assert visitor.url.startswith(f"{demo.app}/login?next=")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, demo.board + COMMENTS)


def test_log_in_from_the_board(visitor, demo):
    """Back to the same post; to the same comments where scripts run."""
    post = demo.board + (COMMENTS if visitor.runs_scripts else POST)
    visitor.visit(post)
    visitor.click("Log in")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, post)


def test_token_works_once(visitor, demo):
    """The board refuses it the second time, whoever comes with it."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("ada@example.com")
    [used] = filter(TOKEN.search, visitor.locations)
    visitor.visit(used)
    assert visitor.status == 403
    assert "<code>jti_used</code>" in visitor.html


def test_unverified(visitor, demo):
    """They can go back to the app, or ask for the mail again."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("grace@example.com")
    assert_refused(visitor, "email_unverified")
    assert "Please verify your e-mail address first" in visitor.html
    visitor.click("Back to Daybook")
    assert visitor.url == f"{demo.app}/"
    visitor.click("Feedback")
    visitor.click("Send me the mail again")
    assert visitor.url == f"{demo.app}/"
    assert "We have sent a new mail to grace@example.com." in visitor.html


def test_administrator(visitor, demo):
    """She is sent to the board, to sign in there by hand."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("boss@example.com")
    assert_refused(visitor, "admin")
    assert "sign in to FeedbackChimp by hand" in visitor.html
    visitor.click("Sign in to FeedbackChimp")
    assert (visitor.url, visitor.status) == (f"{demo.board}/", 200)


def test_private_board_gets_ada_back(visitor, private_demo):
    """On the page that she asked for."""
    visitor.visit(private_demo.board + POST)
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, private_demo.board + POST)


@pytest.mark.parametrize(
    ("who", "reason"), [("grace", "email_unverified"), ("boss", "admin")]
)
def test_no_ping_pong(visitor, private_demo, who, reason):
    """A private board sends people to the app's refusal; that is the end of it."""
    visitor.visit(private_demo.board)
    visitor.log_in(f"{who}@example.com")
    assert_refused(visitor, reason)
    visitor.visit(private_demo.board)
    assert_refused(visitor, reason)
    assert len(visitor.locations) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_phone(page, demo, scheme):
    """No page is wider than 360 CSS pixels; and each has its one heading."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})

    def assert_fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 360, page.url
        assert page.locator("h1").count() == 1

    for path in ("/", "/whats-new", "/none", "/login"):
        page.goto(f"{demo.app}{path}")
        assert_fits()
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("lovelace")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_label("New task").fill("unbroken" * 15)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("unbroken").first.wait_for()
    assert_fits()
    refused = f"/?ssoToken={'unbroken' * 30}"
    for path in ("/", POST.rpartition("/")[0], POST, "/validate", "/none", refused):
        page.goto(f"{demo.board}{path}")
        assert_fits()


def test_stop_and_start(launch, visitor, tmp_path):
    """Ctrl-C and TERM: a word of goodbye, nothing left running, no token printed."""
    demo = launch(tmp_path).once_ready()
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, f"{demo.board}/")
    os.killpg(demo.make.pid, signal.SIGINT)  # as a terminal sends it to the group
    demo.make.wait(60)
    again = launch(tmp_path).once_ready()
    visitor.visit(f"{again.app}/tasks")
    assert "<bdi>Ada Lovelace</bdi>" in visitor.html
    assert visitor.html.count("Water the plants") == 1
    again.terminate()
    for stopped in (demo, again):
        assert "\nBoth servers are stopped.\n" in stopped.said
        assert "Traceback" not in stopped.said
        assert TOKEN.search(stopped.said) is None
        assert all(map(is_free, stopped.ports))
        with pytest.raises(ProcessLookupError):
            os.killpg(stopped.make.pid, 0)


def test_stop_while_it_starts(launch, tmp_path):
    """The database is finished first, and the next start finds it whole."""
    demo = launch(tmp_path).once((tmp_path / "feedbackchimp_jwt_secret").exists)
    demo.terminate()
    assert "\nBoth servers are stopped.\n" in demo.said
    launch(tmp_path).once_ready()


@pytest.mark.parametrize("taken", [0, 1], ids=["app", "board"])
def test_taken_port(launch, demo, tmp_path, taken):
    """A second demo ends, nothing of it is left, and the first goes on."""
    variable = ("DEMO_APP_PORT", "DEMO_BOARD_PORT")[taken]
    second = launch(tmp_path, f"{variable}={demo.ports[taken]}")
    assert second.make.wait(60) != 0
    assert f"Port {demo.ports[taken]} is taken by another program." in second.said
    assert "make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081" in second.said
    assert "Traceback" not in second.said
    assert is_free(second.ports[1 - taken])
    assert not is_free(demo.ports[taken])


def test_wrong_setting(launch, tmp_path, monkeypatch):
    """It is a sentence, as every command of Flask's shows it."""
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_TOKEN_LIFETIME", "5")
    demo = launch(tmp_path)
    assert demo.make.wait(60) != 0
    assert "FEEDBACKCHIMP_TOKEN_LIFETIME must be between 30 and 3600" in demo.said
    assert "Traceback" not in demo.said
