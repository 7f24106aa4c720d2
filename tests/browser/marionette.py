"""Firefox spoken to directly, because geckodriver is not packaged."""

import json
import socket
from typing import Any

from selenium.webdriver.remote.command import Command

_COMMANDS = {
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
        message = json.dumps([0, 0, _COMMANDS[command], params]).encode()
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
