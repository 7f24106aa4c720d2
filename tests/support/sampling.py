"""How much is tried: all of it where ``CI`` is set, and a fair sample elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

#: The one switch, which continuous integration sets.
THOROUGH = bool(os.environ.get("CI"))
#: One case of this many is tried elsewhere.
ONE_OF = 8


def sample(cases: Sequence[T]) -> list[T]:
    """Every case, or every eighth."""
    return list(cases[:: 1 if THOROUGH else ONE_OF])
