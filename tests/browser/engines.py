"""Three engines behind the same few verbs: Blink, Gecko and WebKit.

All three are packages of Debian, driven by Selenium; nothing is downloaded.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    NoSuchFrameException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection

from browser.marionette import Marionette
from support.outside import missing

LOADED = "return document.readyState !== 'loading'"
SECONDS = 10  # until something is said never to happen

#: What is said of a page that is about to go, the second by WebKit; ask again.
PASSING = (
    NoSuchElementException,
    NoSuchFrameException,
    StaleElementReferenceException,
)

T = TypeVar("T")


class Visitor:
    """Somebody at a browser with one tab."""

    def __init__(self, engine: str, driver: Any) -> None:
        self.engine, self._driver = engine, driver

    def open(self, url: str) -> None:
        """Type a URL into the address bar."""
        self._driver.get(url)

    def url(self) -> str:
        """What the address bar shows."""
        return str(self._driver.current_url)

    def text(self, css: str = "body") -> str:
        """The visible text of the first element that matches."""
        return str(self._with(css, lambda element: element.text))

    def click(self, css: str) -> None:
        """Click the first element that matches."""
        self._with(css, lambda element: element.click())

    def fill(self, css: str, text: str) -> None:
        """Type text into a field."""
        self._with(css, lambda element: element.send_keys(text))

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self._driver).send_keys(*keys).perform()

    def hesitate(self, css: str, seconds: float) -> None:
        """Rest on an element, press the button, and let go of it elsewhere."""

        def touch(element: Any) -> None:
            actions = ActionChains(self._driver).move_to_element(element)
            actions.pause(seconds).click_and_hold().move_by_offset(200, 200)
            actions.release().perform()

        self._with(css, touch)

    def back(self) -> None:
        self._driver.back()

    def forward(self) -> None:
        self._driver.forward()

    def run(self, script: str, *args: Any) -> Any:
        """What a script in the page returns."""
        return self._driver.execute_script(script, *args)

    def arrive(self, url: str) -> None:
        """Wait until the address bar shows a URL, and the page has loaded."""

        def is_there() -> bool:
            with suppress(*PASSING):
                return self.url() == url and self.run(LOADED)
            return False

        wait_until(is_there, lambda: f"{url} was expected, this came: {self.url()}")

    def forget(self) -> None:
        """Delete the cookies of the site that is open; WebKit takes its time."""
        self._driver.delete_all_cookies()
        wait_until(lambda: not self._driver.get_cookies())

    def cdp(self, command: str, **params: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self._driver.execute_cdp_cmd(command, params)

    def _with(self, css: str, do: Callable[[Any], T]) -> T:
        """Do something with an element, found again where a script replaced it."""
        results: list[T] = []

        def try_it() -> bool:
            with suppress(*PASSING):
                results.append(do(self._driver.find_element(By.CSS_SELECTOR, css)))
            return bool(results)

        wait_until(try_it, lambda: f"{css} is not on {self.url()}")
        return results[0]


def wait_until(
    condition: Callable[[], Any],
    complaint: Callable[[], str] = lambda: "It never came to pass.",
    seconds: int = SECONDS,
) -> None:
    """Ask again until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.02)


@contextmanager
def chromium() -> Iterator[Any]:
    """Blink, by chromedriver."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium", "chromium")
    # Without a sandbox, because the tests may run as root in a container.
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"):
        options.add_argument(flag)
    service = webdriver.ChromeService(_program("chromedriver", "chromium-driver"))
    with webdriver.Chrome(options, service) as driver:
        yield driver


@contextmanager
def firefox() -> Iterator[Any]:
    """Gecko, by Marionette."""
    program = _program("firefox-esr", "firefox-esr")
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        settings = Path(profile, "user.js")
        settings.write_text('user_pref("marionette.port", 0);\n')  # any that is free
        port = Path(profile, "MarionetteActivePort")
        argv = [program, "--headless", "--marionette", "--no-remote"]
        with _running(*argv, "--profile", profile):
            wait_until(lambda: port.exists() and port.read_text(), seconds=60)
            connection = Marionette(int(port.read_text()))
            options = webdriver.FirefoxOptions()
            with webdriver.Remote(connection, options=options) as driver:
                yield driver


@contextmanager
def webkit() -> Iterator[Any]:
    """WebKit, by its own driver; GTK needs a display, if only a virtual one."""
    program = _program("WebKitWebDriver", "webkit2gtk-driver")
    xvfb = [_program("Xvfb", "xvfb"), "-displayfd", "1", "-nolisten", "tcp"]
    with _running(*xvfb, stdout=subprocess.PIPE) as display, ExitStack() as stack:
        number = display.stdout.readline().strip()
        environ = {**os.environ, "DISPLAY": f":{number}"}
        service = webdriver.WebKitGTKService(program, env=environ)
        service.start()
        stack.callback(service.stop)
        # Not webdriver.WebKitGTK, which meets a deprecation in Selenium itself.
        config = ClientConfig(service.service_url)
        connection = RemoteConnection(client_config=config)
        options = webdriver.WebKitGTKOptions()
        yield stack.enter_context(webdriver.Remote(connection, options=options))


def _program(name: str, package: str) -> str:
    """The path of a program: what ``CHROMIUM`` names, say, or else ``chromium``."""
    variable = name.partition("-")[0].upper()
    return shutil.which(os.environ.get(variable, name)) or missing(
        name, f"apt-get install {package}"
    )


@contextmanager
def _running(*argv: str, stdout: int = subprocess.DEVNULL) -> Iterator[Any]:
    """A program that is ended in the end."""
    with subprocess.Popen(
        argv, stdout=stdout, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


ENGINES = {"Chromium": chromium, "Firefox": firefox, "WebKit": webkit}


def in_engines(*names: str) -> Any:
    """Mark what only these engines can do."""
    return pytest.mark.parametrize("engine", names, indirect=True)


@contextmanager
def start(engine: str) -> Iterator[Visitor]:
    """A browser with nothing in it, closed in the end."""
    with ENGINES[engine]() as driver:
        yield Visitor(engine, driver)
