"""A shop with its board, and a record of the tokens issued."""

from collections.abc import Iterator
from typing import Any

import pytest

from flask_feedbackchimp import token_issued
from support.shop import Shop, open_shop


@pytest.fixture
def issued() -> Iterator[list[str]]:
    """The ``jti`` of every token issued during the test, by any app."""
    jtis: list[str] = []
    with token_issued.connected_to(lambda app, user, jti: jtis.append(jti)):
        yield jtis


@pytest.fixture
def shop(serve: Any, issued: list[str]) -> Shop:
    """A shop with Ada as its user, and its board."""
    return open_shop(serve)
