"""A walk through the demo, as its visitors see it: with scripts, and without."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")
POST = "/board/1002-feature-requests/34-export-to-csv?sort=new"
COMMENTS = f"{POST}#comments"
ADA = "Log in as Ada Lovelace"
GRACE = "Log in as Grace Hopper"
BOSS = "Log in as Betty Boss"


def assert_signed_in(visitor: Any, url: str) -> None:
    """The board shows a page to Ada; the token was only in one ``Location``."""
    visitor.wait_for(url, "Ada Lovelace")
    assert visitor.status == 200
    [token] = TOKEN.findall(" ".join(visitor.locations))
    assert token not in visitor.html
    assert token not in str(visitor.page.context.cookies())


def assert_refused(visitor: Any, reason: str) -> None:
    """The app tells why there is no token."""
    visitor.wait_for("**/sso/feedbackchimp**", reason)
    assert visitor.status == 403
    assert TOKEN.search(" ".join(visitor.locations)) is None


def test_type_the_password_and_click_feedback(visitor, demo):
    """The two servers' cookies do not collide."""
    visitor.visit(f"{demo.app}/login")
    visitor.page.get_by_label("E-mail address").fill("ada@example.com")
    visitor.page.get_by_label("Password").fill("lovelace")
    with visitor.page.expect_navigation():
        visitor.page.get_by_label("Password").press("Enter")
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
    visitor.click(ADA)
    assert_signed_in(visitor, demo.board + COMMENTS)


def test_log_in_from_the_board(visitor, demo):
    """Back to the same post; to the same comments where scripts run."""
    post = demo.board + (COMMENTS if visitor.runs_scripts else POST)
    visitor.visit(post)
    visitor.click("Log in")
    visitor.click(ADA)
    assert_signed_in(visitor, post)


def test_token_works_once(visitor, demo):
    """The board refuses it the second time, whoever comes with it."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.click(ADA)
    assert_signed_in(visitor, f"{demo.board}/")
    [used] = filter(TOKEN.search, visitor.locations)
    visitor.visit(used)
    assert visitor.status == 403
    assert "<code>jti_used</code>" in visitor.html


def test_unverified(visitor, demo):
    """They can go back to the app, or ask for the mail again."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.click(GRACE)
    assert_refused(visitor, "email_unverified")
    visitor.click("Back to Daybook")
    assert visitor.url == f"{demo.app}/"
    visitor.click("Feedback")
    visitor.click("Send me the mail again")
    assert visitor.url == f"{demo.app}/"
    assert "We have sent a new mail to grace@example.com." in visitor.html


def test_administrator(visitor, demo):
    """She is sent to the board, to sign in there by hand."""
    visitor.visit(f"{demo.app}/sso/feedbackchimp")
    visitor.click(BOSS)
    assert_refused(visitor, "admin")
    visitor.click("Sign in to FeedbackChimp")
    assert visitor.url == f"{demo.board}/"
    assert visitor.status == 200


def test_private_board_gets_ada_back(visitor, private_demo):
    """On the page that she asked for."""
    visitor.visit(private_demo.board + POST)
    visitor.click(ADA)
    assert_signed_in(visitor, private_demo.board + POST)


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        (GRACE, "email_unverified"),
        (BOSS, "admin"),
    ],
)
def test_no_ping_pong(visitor, private_demo, button, reason):
    """A private board sends people to the app's refusal; that is the end of it."""
    visitor.visit(private_demo.board)
    visitor.click(button)
    assert_refused(visitor, reason)
    visitor.visit(private_demo.board)
    assert_refused(visitor, reason)
    assert [urlsplit(url).path for url in visitor.locations] == ["/sso/feedbackchimp"]
