"""How a step of the walk went."""

from __future__ import annotations


class WalkFailed(Exception):
    """A step did not go as it should; the text says how it went."""


class Walk:
    """Counts the steps that went well."""

    def __init__(self) -> None:
        self.steps = 0

    def saw(self, what: str) -> None:
        """Tell that a step went well."""
        self.steps += 1
        print(f"ok {self.steps:2}  {what}", flush=True)


def expect(fact: object, otherwise: str) -> None:
    """Go on if something holds, and end the walk if not."""
    if not fact:
        raise WalkFailed(otherwise)
