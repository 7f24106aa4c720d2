from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.globals import app_ctx, request_ctx
from hypothesis import settings

from support.apps import make_app
from support.chromium import browser, page  # noqa: F401  fixtures
from support.live import serve  # noqa: F401  a fixture
from support.sampling import THOROUGH

# A machine under load is no reason to fail, so nothing here has a deadline.
settings.register_profile("sample", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=100)
settings.load_profile("thorough" if THOROUGH else "sample")

#: Tests that may be skipped where everything is there, each with the reason.
MAY_BE_SKIPPED: dict[str, str] = {}


@pytest.fixture
def app() -> Flask:
    """An app with the default configuration."""
    return make_app()


@pytest.fixture(autouse=True)
def no_leaked_context() -> Iterator[None]:
    """No test leaves an app or request context behind."""
    yield
    assert not app_ctx, "an app context was left behind"
    assert not request_ctx, "a request context was left behind"


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    is_known = any(name in report.nodeid for name in MAY_BE_SKIPPED)
    if THOROUGH and report.skipped and not hasattr(report, "wasxfail") and not is_known:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        report.outcome = "failed"
        report.longrepr = f"Skipped where CI is set, and no list allows it: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report
