from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.globals import app_ctx, request_ctx

from apps import make_app


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
