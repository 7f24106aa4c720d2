"""Our pages and the stand-in board's, judged by axe and by the HTML checker.

The example's are judged in ``tests/demo``.
"""

import shutil
import subprocess
from typing import Any

import pytest

from browser.engines import Visitor, in_engines
from browser.shop import Shop
from support.apps import PREFIX, InactiveUser
from support.outside import missing, npm_packages

#: The contract puts these on our links: htmx and Unpoly know them, HTML does not.
NOT_OF_HTML = ".*“(hx-boost|up-follow)”.*"

BOARD_PAGES = [
    "/",
    "/board/1002-feature-requests",
    "/board/1002-feature-requests/31-dark-mode",
    "/validate",
    "/no-such-page",
    "/?ssoToken=not-a-token",
]


@pytest.fixture
def shop(open_shop: Any) -> Shop:
    """A shop that refuses its only user."""
    return open_shop(user=InactiveUser())


@in_engines("Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, shop: Shop, visitor: Visitor) -> None:
    axe = npm_packages("axe-core") / "axe-core" / "axe.min.js"
    feature = {"name": "prefers-color-scheme", "value": scheme}
    visitor.cdp("Emulation.setEmulatedMedia", features=[feature])
    visitor.open(shop.log_in_at_once)
    board = [shop.board_origin + path for path in BOARD_PAGES]
    found = []
    for url in [shop.endpoint, shop.continue_page(), *board]:
        visitor.open(url)
        # axe takes a background that no style names for white, in the dark too.
        visitor.run("document.documentElement.style.backgroundColor = 'Canvas'")
        visitor.run(axe.read_text(encoding="utf-8"))
        for violation in visitor.run("return axe.run()")["violations"]:
            nodes = [node["html"] for node in violation["nodes"]]
            found.append((url, violation["id"], nodes))
    visitor.cdp("Emulation.setEmulatedMedia", features=[])
    assert found == []


def test_the_html_is_valid(shop: Shop, tmp_path: Any) -> None:
    java = shutil.which("java") or missing("Java", "install default-jre-headless")
    checker = npm_packages("vnu-jar") / "vnu-jar" / "build" / "dist" / "vnu.jar"
    ada, stranger = shop.app.test_client(), shop.board.app.test_client()
    ada.get("/log-in-at-once")
    answers = [stranger.get(path) for path in BOARD_PAGES]
    answers.append(ada.get(PREFIX))
    answers.append(ada.get(PREFIX, headers={"Sec-Fetch-Mode": "cors"}))
    pages = [tmp_path / f"{number}.html" for number in range(len(answers))]
    for page, answer in zip(pages, answers, strict=True):
        page.write_bytes(answer.data)
    check = [java, "-jar", checker, "--Werror", "--filterpattern", NOT_OF_HTML]
    done = subprocess.run([*check, *pages], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
