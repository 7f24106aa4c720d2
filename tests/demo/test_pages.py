"""The demo's pages in a browser: accessible, valid, and no wider than a phone."""

import shutil
import subprocess
from typing import Any
from urllib.parse import urljoin

import pytest

from support.outside import missing, npm_packages

PHONE = {"width": 360, "height": 640}
#: Who looks at which page of the app; nobody has to log in for the first ones.
PAGES = [
    (None, "/"),
    (None, "/whats-new"),
    (None, "/login"),
    (None, "/no-such-page"),
    (None, "/sso/feedbackchimp?redirect=https://evil.example/"),
    ("Ada Lovelace", "/"),
    ("Ada Lovelace", "/tasks"),
    ("Grace Hopper", "/sso/feedbackchimp"),
    ("Betty Boss", "/sso/feedbackchimp"),
]
BOARD_PAGES = [
    "/",
    "/board/1002-feature-requests",
    "/board/1002-feature-requests/34-export-to-csv",
    "/validate",
    "/no-such-page",
    f"/?ssoToken={'unbroken' * 30}",
]


def log_in(page: Any, url: str, person: str | None) -> None:
    if person is not None:
        page.goto(f"{url}/login")
        page.get_by_role("button", name=f"Log in as {person}").click()
        page.get_by_role("button", name="Log out").wait_for()


def width_of(page: Any) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def violations(page: Any) -> Any:
    """What axe finds on the page that is shown."""
    axe = npm_packages("axe-core") / "axe-core" / "axe.min.js"

    def violations() -> list[tuple[str, str]]:
        page.evaluate(axe.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        return [(v["id"], node["html"]) for v in found for node in v["nodes"]]

    return violations


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("person", "path"), PAGES)
def test_page_of_the_app(page, violations, demo, person, path, scheme):
    """The policy of the app lets it have its own style."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE)
    log_in(page, demo.app, person)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(demo.app + path)
    assert violations() == []
    assert width_of(page) == PHONE["width"]
    assert not [text for text in complaints if "Content Security Policy" in text]


def test_forms_with_problems(page, violations, demo):
    """And a task as long as a task can be, without a space."""
    page.set_viewport_size(PHONE)
    page.goto(f"{demo.app}/login")
    page.get_by_label("Password").press("Enter")
    page.get_by_text("Enter your password.").wait_for()
    assert violations() == []
    log_in(page, demo.app, "Ada Lovelace")
    page.goto(f"{demo.app}/tasks")
    page.get_by_label("New task").fill("unbroken" * 15)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("unbroken").first.wait_for()
    page.get_by_label("New task").press("Enter")
    page.get_by_text("Say what there is to do.").wait_for()
    assert violations() == []
    assert width_of(page) == PHONE["width"]


@pytest.mark.parametrize("path", BOARD_PAGES)
def test_page_of_the_board(page, demo, path):
    page.set_viewport_size(PHONE)
    page.goto(demo.board + path)
    assert width_of(page) == PHONE["width"]


def test_html_is_valid(page, demo, tmp_path):
    """By the Nu Html Checker, which knows no attribute of htmx's."""
    java = shutil.which("java") or missing("Java", "install default-jre-headless")
    jar = npm_packages("vnu-jar") / "vnu-jar" / "build" / "dist" / "vnu.jar"
    for number, (person, path) in enumerate(PAGES):
        page.context.clear_cookies()
        log_in(page, demo.app, person)
        html = page.request.get(urljoin(demo.app, path)).body()
        (tmp_path / f"{number}.html").write_bytes(html)
    pages = sorted(map(str, tmp_path.glob("*.html")))
    checked = subprocess.run(
        [java, "-jar", str(jar), "--filterpattern", ".*hx-boost.*", *pages],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stderr == ""
    assert checked.returncode == 0
