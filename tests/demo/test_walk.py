"""A walk through ``make demo``, as its visitors see it: over HTTP and in Chromium."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")
POST = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"
VERIFY = "Please verify your e-mail address first"
BY_HAND = "sign in to FeedbackChimp by hand"

by_those_refused = pytest.mark.parametrize(
    ("email", "reason"),
    [("grace@example.com", "email_unverified"), ("boss@example.com", "admin")],
    ids=["unverified", "admin"],
)


def assert_signed_in(visitor: Any, url: str) -> None:
    """The board shows a page to Ada; the token was only in one ``Location``."""
    assert (visitor.url, visitor.status) == (url, 200)
    assert "<strong><bdi>Ada Lovelace</bdi></strong>" in visitor.html
    [token] = TOKEN.findall(" ".join(visitor.locations))
    assert token not in visitor.html
    assert token not in visitor.cookies


def assert_refused(visitor: Any, reason: str) -> None:
    """The app tells why there is no token."""
    assert urlsplit(visitor.url).path == "/sso/feedbackchimp"
    assert visitor.status == 403
    assert f"Reason: <code>{reason}</code>" in visitor.html
    assert TOKEN.search(" ".join(visitor.locations)) is None


def is_free(port: int) -> bool:
    """Whether another program could have a port now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


# The public board


def test_it_says_where_to_go_and_who_to_be(demo: Any) -> None:
    """On the terminal."""
    assert f"Daybook, the example app:  {demo.app}\n" in demo.said
    assert f"A stand-in for its board:  {demo.board}\n" in demo.said
    for text in ("“lovelace”", "ada@", "grace@", "boss@"):
        assert text in demo.said


def test_log_in_and_click_feedback(visitor: Any, demo: Any) -> None:
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


def test_click_a_deep_link_and_log_in(visitor: Any, demo: Any) -> None:
    """The login keeps the page, its query and its fragment."""
    visitor.visit(f"{demo.app}/whats-new")
    visitor.click("Tell us under the post")
    assert visitor.url.startswith(f"{demo.app}/login?next=")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, demo.board + POST)


def test_log_in_from_the_board(visitor: Any, demo: Any) -> None:
    """Back to the same post; to the same comments where scripts run."""
    post = demo.board + (POST if visitor.runs_scripts else POST.partition("#")[0])
    visitor.visit(post)
    visitor.click("Log in")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, post)


def test_a_token_works_once(visitor: Any, demo: Any) -> None:
    """The board refuses it the second time, whoever comes with it."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("ada@example.com")
    [used] = filter(TOKEN.search, visitor.locations)
    visitor.visit(used)
    assert visitor.status == 403
    assert "<code>jti_used</code>" in visitor.html


def test_the_unverified_can_ask_for_the_mail_again(visitor: Any, demo: Any) -> None:
    """Or go back to the app."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("grace@example.com")
    assert_refused(visitor, "email_unverified")
    assert VERIFY in visitor.html
    visitor.click("Back to Daybook")
    assert visitor.url == f"{demo.app}/"
    visitor.click("Feedback")
    visitor.click("Send me the mail again")
    assert visitor.url == f"{demo.app}/"
    assert "We have sent a new mail to grace@example.com." in visitor.html


def test_administrators_are_sent_to_the_board(visitor: Any, demo: Any) -> None:
    """To sign in to FeedbackChimp by hand."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("boss@example.com")
    assert_refused(visitor, "admin")
    assert BY_HAND in visitor.html
    visitor.click("Sign in to FeedbackChimp")
    assert (visitor.url, visitor.status) == (f"{demo.board}/", 200)


# The private board


def test_a_private_board_gets_ada_back(visitor: Any, private_demo: Any) -> None:
    """On the page that she asked for."""
    visitor.visit(private_demo.board + POST.partition("#")[0])
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, private_demo.board + POST.partition("#")[0])


@by_those_refused
def test_a_private_board_and_its_app_do_not_play_ping_pong(
    visitor: Any, private_demo: Any, email: str, reason: str
) -> None:
    """The board sends people to the app's refusal; that is the end of it."""
    visitor.visit(private_demo.board)
    visitor.log_in(email)
    assert_refused(visitor, reason)
    visitor.visit(private_demo.board)
    assert_refused(visitor, reason)
    assert len(visitor.locations) == 1


# Phones


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_small_phone(page: Any, demo: Any, scheme: str) -> None:
    """360 CSS pixels; and each page has its one heading."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})

    def assert_fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 360, page.url
        assert page.locator("h1").count() == 1

    for path in ("/", "/login", "/whats-new", "/none"):
        page.goto(f"{demo.app}{path}")
        assert_fits()
    page.goto(f"{demo.app}/login")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("lovelace")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_label("New task").fill("unbroken" * 15)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("unbroken").first.wait_for()
    assert_fits()
    for path in ("/", "/board/1002-feature-requests", POST, "/validate", "/none"):
        page.goto(f"{demo.board}{path}")
        assert_fits()
    page.goto(f"{demo.board}/?ssoToken={'unbroken' * 30}")
    assert_fits()


# Starting and stopping


def test_it_stops_when_told_and_remembers_at_the_next_start(
    launch: Any, visitor: Any, tmp_path: Any
) -> None:
    """Ctrl-C and TERM: a word of goodbye, nothing left running, no token printed."""
    demo = launch(tmp_path)
    demo.wait_until_ready()
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.log_in("ada@example.com")
    assert_signed_in(visitor, f"{demo.board}/")
    demo.press_ctrl_c()
    again = launch(tmp_path)
    again.wait_until_ready()
    visitor.visit(f"{again.app}/tasks")
    assert "<bdi>Ada Lovelace</bdi>" in visitor.html
    assert visitor.html.count("Water the plants") == 1
    again.terminate()
    for stopped in (demo, again):
        assert "\nBoth servers are stopped.\n" in stopped.said
        assert "Traceback" not in stopped.said
        assert TOKEN.search(stopped.said) is None
        assert not stopped.has_processes()
        assert all(map(is_free, stopped.ports))


def test_a_stop_while_it_starts_leaves_nothing_half_made(
    launch: Any, tmp_path: Any
) -> None:
    """The database is finished first, and the next start finds it whole."""
    demo = launch(tmp_path)
    demo.wait_until((tmp_path / "feedbackchimp_jwt_secret").exists)
    demo.terminate()
    assert "\nBoth servers are stopped.\n" in demo.said
    again = launch(tmp_path)
    again.wait_until_ready()


@pytest.mark.parametrize(
    ("taken", "variable"), [(0, "DEMO_APP_PORT"), (1, "DEMO_BOARD_PORT")]
)
def test_a_taken_port_is_one_sentence(
    launch: Any, demo: Any, tmp_path: Any, taken: int, variable: str
) -> None:
    """A second demo ends, nothing of it is left, and the first goes on."""
    second = launch(tmp_path, f"{variable}={demo.ports[taken]}")
    assert second.make.wait(60) != 0
    assert f"Port {demo.ports[taken]} is taken by another program." in second.said
    assert "make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081" in second.said
    assert "Traceback" not in second.said
    assert is_free(second.ports[1 - taken])
    assert not is_free(demo.ports[taken])


def test_a_wrong_setting_is_a_sentence(
    launch: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every command of Flask's shows it, without a traceback."""
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_TOKEN_LIFETIME", "5")
    demo = launch(tmp_path)
    assert demo.make.wait(60) != 0
    assert "FEEDBACKCHIMP_TOKEN_LIFETIME must be between 30 and 3600" in demo.said
    assert "Traceback" not in demo.said
