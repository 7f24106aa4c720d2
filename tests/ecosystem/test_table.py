"""docs/works-with.md has a row for everything that is tried, and no other."""

from __future__ import annotations

from ecosystem.rows import ROWS
from support.documents import ROOT, table


def test_the_rows_of_the_page_are_those_that_are_tried():
    """The versions are what a run printed on the page's day."""
    assert list(table(ROOT / "docs" / "works-with.md", "with")) == ROWS
