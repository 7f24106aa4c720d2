"""Three engines behind the same few verbs: Blink, Gecko and WebKit.

All three are packages of Debian, driven by Selenium, and nothing is downloaded. Firefox
is spoken to directly, because geckodriver is not packaged.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException as NotThere
from selenium.common.exceptions import StaleElementReferenceException as Stale
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection

from support.outside import missing

SECONDS = 10  # until something is said never to happen

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
            return self.url() == url and self.run("return document.readyState") in (
                "interactive",
                "complete",
            )

        wait_until(is_there, lambda: f"{url} was expected, this came: {self.url()}")

    def forget(self) -> None:
        """Delete the cookies of the site that is open; WebKit takes its time."""
        self._driver.delete_all_cookies()
        wait_until(lambda: not self._driver.get_cookies())

    def resize(self, width: int, height: int) -> None:
        self._driver.set_window_size(width, height)

    def cdp(self, command: str, **params: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self._driver.execute_cdp_cmd(command, params)

    def _with(self, css: str, do: Callable[[Any], T]) -> T:
        """Do something with an element, found again where a script replaced it."""
        results: list[T] = []

        def try_it() -> bool:
            with suppress(NotThere, Stale):
                results.append(do(self._driver.find_element(By.CSS_SELECTOR, css)))
            return bool(results)

        wait_until(try_it, lambda: f"{css} is not on {self.url()}")
        return results[0]


def wait_until(
    condition: Callable[[], Any], complaint: Callable[[], str] = lambda: "Never."
) -> None:
    """Ask again until something holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.02)


def _program(name: str, package: str) -> str:
    return shutil.which(name) or missing(name, f"apt-get install {package}")


@contextmanager
def chromium() -> Iterator[Any]:
    """Blink, by chromedriver."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program(
        os.environ.get("CHROMIUM", "chromium"), "chromium"
    )
    # Without a sandbox, because the tests may run as root in a container.
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"):
        options.add_argument(flag)
    service = webdriver.ChromeService(_program("chromedriver", "chromium-driver"))
    with webdriver.Chrome(options, service) as driver:
        yield driver


@contextmanager
def webkit() -> Iterator[Any]:
    """WebKit, by its own driver; GTK needs a display, if only a virtual one."""
    program = _program("WebKitWebDriver", "webkit2gtk-driver")
    display = [_program("Xvfb", "xvfb"), "-displayfd", "1", "-nolisten", "tcp"]
    with subprocess.Popen(
        display, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as xvfb:
        assert xvfb.stdout is not None
        environ = {**os.environ, "DISPLAY": f":{xvfb.stdout.readline().strip()}"}
        try:
            service = webdriver.WebKitGTKService(program, env=environ)
            service.start()
            # Not webdriver.WebKitGTK: it warns of a deprecation in Selenium itself.
            config = ClientConfig(service.service_url)
            connection = RemoteConnection(client_config=config)
            options = webdriver.WebKitGTKOptions()
            with webdriver.Remote(connection, options=options) as driver:
                yield driver
            service.stop()
        finally:
            xvfb.terminate()


@contextmanager
def firefox() -> Iterator[Any]:
    """Gecko, by Marionette."""
    program = _program("firefox-esr", "firefox-esr")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        settings = Path(profile, "user.js")
        settings.write_text('user_pref("marionette.port", 0);\n')  # any that is free
        argv = [program, "--headless", "--marionette", "--no-remote"]
        with subprocess.Popen(
            [*argv, "--profile", profile],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            port = Path(profile, "MarionetteActivePort")
            try:
                wait_until(lambda: port.exists() and port.read_text())
                connection = Marionette(int(port.read_text()))
                options = webdriver.FirefoxOptions()
                with webdriver.Remote(connection, options=options) as driver:
                    yield driver
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


_IN_MARIONETTE = {
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "Marionette:Quit",
    Command.GET: "WebDriver:Navigate",
    Command.GET_CURRENT_URL: "WebDriver:GetCurrentURL",
    Command.GO_BACK: "WebDriver:Back",
    Command.GO_FORWARD: "WebDriver:Forward",
    Command.FIND_ELEMENT: "WebDriver:FindElement",
    Command.CLICK_ELEMENT: "WebDriver:ElementClick",
    Command.GET_ELEMENT_TEXT: "WebDriver:GetElementText",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.W3C_ACTIONS: "WebDriver:PerformActions",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
    Command.GET_ALL_COOKIES: "WebDriver:GetCookies",
    Command.DELETE_ALL_COOKIES: "WebDriver:DeleteAllCookies",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
}


class Marionette:
    """Carries Selenium's commands to Firefox, as geckodriver would.

    Marionette is Firefox's own form of WebDriver: JSON behind its length, over TCP.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._answers = self._socket.makefile("rb")
        self._read()  # its greeting

    def execute(self, command: str, params: dict[str, Any] | None) -> dict[str, Any]:
        """The answer, as Selenium's own connection gives it."""
        params = params or {}
        params = params.get("capabilities", {}).get("alwaysMatch", params)
        message = json.dumps([0, 0, _IN_MARIONETTE[command], params]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        if isinstance(result, dict) and list(result) == ["value"]:
            result = result["value"]
        return {"value": result}

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (digit := self._answers.read(1)) != b":":
            assert digit, "Firefox has ended."
            length += digit
        return json.loads(self._answers.read(int(length)))
