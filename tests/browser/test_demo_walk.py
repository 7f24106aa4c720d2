"""The demo in Chromium: the clicks, the logins and the refusals of its visitors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from daybook import PASSWORD
from demo import Demo, running_demo

DEEP_LINK = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"
REFUSAL = re.compile(r"/sso/feedbackchimp(\?|$)")
TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")

by_those_refused = pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("grace@example.com", "verify your e-mail address first"),
        ("boss@example.com", "sign in there by hand"),
    ],
    ids=["unverified", "admin"],
)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Demo]]:
    """Start the demo with options, once for all tests that want these."""
    running: dict[tuple[str, ...], Demo] = {}
    with ExitStack() as stack:

        def start(*options: str) -> Demo:
            if options not in running:
                folder = tmp_path_factory.mktemp("instance")
                demo = stack.enter_context(running_demo(folder, *options))
                running[options] = demo
            return running[options]

        yield start


@pytest.fixture
def answers(page: Any) -> list[Any]:
    """Every answer that the tab gets."""
    seen: list[Any] = []
    page.on("response", lambda answer: seen.append(answer))
    return seen


def log_in(page: Any, email: str) -> None:
    """Fill in the login form that the tab shows."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def assert_signed_in(page: Any, url: str) -> None:
    """The tab shows a page of the board, to Ada."""
    page.wait_for_url(url)
    assert page.url == url
    assert page.locator("header").get_by_text("Ada Lovelace").is_visible()


def assert_refused(page: Any, demo: Demo, sentence: str) -> None:
    """The tab shows why there was no token, and a link to the board."""
    page.get_by_role("heading", name="You were not signed in").wait_for()
    assert REFUSAL.search(page.url)
    assert page.get_by_text(sentence).is_visible()
    link = page.get_by_role("link", name="Go to the feedback board")
    assert link.get_attribute("href") == f"{demo.board_url}/"


def test_ada_logs_in_clicks_feedback_and_is_signed_in(
    start: Any, page: Any, answers: list[Any]
) -> None:
    """The token is in one ``Location``, and not in the page that is shown."""
    demo = start()
    page.goto(f"{demo.app_url}/login")
    log_in(page, "ada@example.com")
    page.wait_for_url(f"{demo.app_url}/")
    page.get_by_role("link", name="Feedback", exact=True).click()
    assert_signed_in(page, f"{demo.board_url}/")
    locations = [answer.headers.get("location", "") for answer in answers]
    assert sum(len(TOKEN.findall(location)) for location in locations) == 1
    assert TOKEN.search(page.content()) is None


def test_a_deep_link_survives_the_login(start: Any, page: Any) -> None:
    """Query and fragment included: the browser scrolls to the comments."""
    demo = start()
    page.goto(f"{demo.app_url}/whats-new")
    page.get_by_role("link", name="Tell us under the post").click()
    page.wait_for_url(f"{demo.app_url}/login?next=*")
    log_in(page, "ada@example.com")
    assert_signed_in(page, demo.board_url + DEEP_LINK)
    assert page.locator("#comments:target").count() == 1


def test_log_in_on_a_post_of_the_board_leads_back_to_that_post(
    start: Any, page: Any
) -> None:
    """The fragment too, which no server is ever told."""
    demo = start()
    page.goto(demo.board_url + DEEP_LINK)
    page.get_by_role("link", name="Log in", exact=True).first.click()
    log_in(page, "ada@example.com")
    assert_signed_in(page, demo.board_url + DEEP_LINK)


def test_logging_out_and_in_as_somebody_else_changes_who_the_board_knows(
    start: Any, page: Any
) -> None:
    """Each app has its own session, though both are on localhost."""
    demo = start()
    page.goto(f"{demo.app_url}/login")
    log_in(page, "ada@example.com")
    page.get_by_role("link", name="Feedback", exact=True).click()
    assert_signed_in(page, f"{demo.board_url}/")
    page.goto(demo.app_url)
    assert page.get_by_text("Ada Lovelace").is_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("You are logged out.").wait_for()
    page.goto(demo.board_url)
    assert page.locator("header").get_by_text("Ada Lovelace").is_visible()


@by_those_refused
def test_those_turned_away_are_told_why(
    start: Any, page: Any, email: str, sentence: str
) -> None:
    """In the app's own look, so that they can log out again."""
    demo = start()
    page.goto(demo.app_url)
    page.get_by_role("link", name="Feedback", exact=True).click()
    log_in(page, email)
    assert_refused(page, demo, sentence)
    assert page.get_by_role("button", name="Log out").is_visible()


@by_those_refused
def test_those_turned_away_from_a_private_board_never_loop(
    start: Any, page: Any, answers: list[Any], email: str, sentence: str
) -> None:
    """The link to the board leads them to the same page, by one redirect."""
    demo = start("--private")
    page.goto(demo.board_url + DEEP_LINK)
    log_in(page, email)
    assert_refused(page, demo, sentence)
    answers.clear()
    page.get_by_role("link", name="Go to the feedback board").click()
    page.wait_for_load_state("networkidle")
    assert_refused(page, demo, sentence)
    asked = [a.status for a in answers if a.request.is_navigation_request()]
    assert asked == [302, 403]


def test_a_private_board_gets_ada_back(start: Any, page: Any) -> None:
    """On the page that she asked for."""
    demo = start("--private")
    page.goto(demo.board_url + DEEP_LINK)
    log_in(page, "ada@example.com")
    assert_signed_in(page, demo.board_url + DEEP_LINK)


@pytest.mark.parametrize("path", ["/", "/login", "/whats-new", "/tasks", "/none"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_app_is_wider_than_a_small_phone(
    start: Any, page: Any, path: str, scheme: str
) -> None:
    """360 CSS pixels; and every page has its one heading."""
    demo = start()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{demo.app_url}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("h1").count() == 1
