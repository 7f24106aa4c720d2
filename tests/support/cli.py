"""Running ``flask feedbackchimp …``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo


def _runner(**options: Any) -> CliRunner:
    if "mix_stderr" in inspect.signature(CliRunner).parameters:  # click before 8.2
        options["mix_stderr"] = False
    return CliRunner(**options)


def run(app: Flask, *args: str, charset: str = "utf-8", **options: Any) -> Any:
    """The result of a command for an app."""
    return run_factory(lambda: app, *args, charset=charset, **options)


def run_factory(
    factory: Callable[[], Flask], *args: str, charset: str = "utf-8", **options: Any
) -> Any:
    """The result of a command for the app that a factory makes, if it makes one."""
    group = FlaskGroup(add_default_commands=False, load_dotenv=False)
    info = ScriptInfo(create_app=factory)
    return _runner(charset=charset).invoke(
        group, ["feedbackchimp", *args], obj=info, **options
    )


def words(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())
