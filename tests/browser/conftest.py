"""A record of the tokens issued."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_feedbackchimp import token_issued


@pytest.fixture
def issued() -> Iterator[list[str]]:
    """The ``jti`` of every token issued during the test, by any app."""
    jtis: list[str] = []

    def note(app: Any, *, user: Any, jti: str) -> None:
        jtis.append(jti)

    with token_issued.connected_to(note):
        yield jtis
