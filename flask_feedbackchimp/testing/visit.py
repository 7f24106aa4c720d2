"""What a test asserts on: how a visit ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# A run of what tokens are made of: one after the other, in time that grows linearly.
_RUN = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """How a visit ended: on the board, signed in or not, or before it.

    Its ``repr``, which a failed assertion shows, says so in one line.

    :param status: the HTTP status of the last answer.
    :param text: what the last page says, white space collapsed.
    :param page: where the visitor is on the board, as path, query and fragment;
        ``None`` for somebody who did not get to a page of it.
    :param claims: what the board was told; empty unless it signed the visitor in.
    :param refused_by: who turned the visitor away, if anybody did.
    :param reason: the stable code of a refusal, ``"aborted"`` where the identity loader
        called ``abort()``; ``None`` where the app answered with another error.
    :param location: where the visitor was sent instead, such as the app's login page.
    """

    status: int
    text: str = ""
    page: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict)
    refused_by: Literal["app", "board"] | None = None
    reason: str | None = None
    location: str | None = None

    @property
    def signed_in(self) -> bool:
        """Whether the board signed the visitor in."""
        return bool(self.claims)

    def __repr__(self) -> str:
        return _RUN.sub(_mask_token, f"<Visit: {self._ending()}>")

    def _ending(self) -> str:
        if self.signed_in:
            return f"signed in as {self.claims['email']} on {self.page}"
        if self.location is not None:
            return f"not signed in, but sent to {self.location} ({self.status})"
        if self.page is not None:
            return f"not signed in, on {self.page} of the board ({self.status})"
        code = self.status if self.reason is None else f"{self.status} {self.reason}"
        who = f"refused by the {self.refused_by}" if self.refused_by else "not sent on"
        return f"not signed in, {who} ({code}): {_cut(self.text)}"


def _cut(text: str) -> str:
    """The beginning of a text, in whole words: no part of a token stays."""
    return text if len(text) <= 300 else f"{text[:300].rpartition(' ')[0]} …"


def _mask_token(run: re.Match[str]) -> str:
    text = run[0]
    return "[token]" if "eyJ" in text and text.count(".") >= 2 else text
