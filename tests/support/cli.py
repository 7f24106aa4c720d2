"""Running ``flask feedbackchimp …``."""

import inspect
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

# Click before 8.2 mixes both outputs unless it is told not to.
_SEPARATE: dict[str, Any] = {}
if "mix_stderr" in inspect.signature(CliRunner).parameters:
    _SEPARATE = {"mix_stderr": False}


def run(app: Flask, *args: str, **options: Any) -> Any:
    """The result of a command for an app."""
    return run_factory(lambda: app, *args, **options)


def run_factory(
    factory: Callable[[], Flask], *args: str, charset: str = "utf-8", **options: Any
) -> Any:
    """The result of a command for the app that a factory makes, if it makes one."""
    runner = CliRunner(charset=charset, **_SEPARATE)
    group = FlaskGroup(add_default_commands=False, load_dotenv=False)
    info = ScriptInfo(create_app=factory)
    return runner.invoke(group, ["feedbackchimp", *args], obj=info, **options)


def words(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())
