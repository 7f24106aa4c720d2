from collections.abc import Callable, Iterator

import pytest
from flask import Flask, has_app_context, has_request_context
from hypothesis import settings

from support import apps
from support.chromium import browser, page  # noqa: F401  fixtures
from support.live import serve  # noqa: F401  a fixture
from support.sampling import THOROUGH

# A machine under load is no reason to fail, so nothing here has a deadline.
settings.register_profile("any", deadline=None, max_examples=100 if THOROUGH else 20)
settings.load_profile("any")


@pytest.fixture
def make_app() -> Callable[..., Flask]:
    """Makes an app for a test: ``make_app(FEEDBACKCHIMP_ENABLED=False)``."""
    return apps.make_app


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app with the default configuration."""
    return make_app()


@pytest.fixture(autouse=True)
def no_leaked_context() -> Iterator[None]:
    """No test leaves an app or request context behind."""
    yield
    assert not has_app_context(), "an app context was left behind"
    assert not has_request_context(), "a request context was left behind"


def _refuse_skip() -> Iterator[None]:
    report = yield
    if THOROUGH and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped where CI is set: {report.longrepr}"
    return report


pytest_runtest_makereport = pytest.hookimpl(wrapper=True)(_refuse_skip)
pytest_make_collect_report = pytest.hookimpl(wrapper=True)(_refuse_skip)
