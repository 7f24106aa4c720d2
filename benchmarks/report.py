"""What was measured, as a table for people and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

_HEADINGS = ("figure", "packages", "measured", "against", "ratio", "goal", "")
_LEFT = 2  # columns of words; the others are numbers


@dataclass(frozen=True)
class Row:
    """One figure.

    :param this: what was measured; a count unless there is a unit.
    :param other: what it is held against, where there is such a thing.
    :param goal: the highest ratio that is wanted.
    :param most: the most that is wanted of ``this``, where it is not the ratio.
    """

    figure: str
    packages: str
    this: float
    other: float | None = None
    unit: str = ""
    goal: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float | None:
        """This by the other."""
        return self.this / self.other if self.other else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached, or ``None`` without one."""
        if self.goal is not None and self.ratio is not None:
            return self.ratio <= self.goal
        return None if self.most is None else self.this <= self.most


def as_text(rows: Sequence[Row]) -> str:
    """The table in columns."""
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in lines)


def as_markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    rule = ["---"] * _LEFT + ["---:"] * 4 + ["---"]
    lines = [_HEADINGS, rule, *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_data(rows: Sequence[Row]) -> list[dict[str, object]]:
    """The table as plain data."""
    return [asdict(row) | {"ratio": row.ratio, "is_met": row.is_met} for row in rows]


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if index < _LEFT else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    goal = ""
    if row.goal is not None:
        goal = f"≤ {row.goal:.2f}"
    elif row.most is not None:
        goal = f"≤ {row.most} {row.unit}".rstrip()
    return (
        row.figure,
        row.packages,
        _quantity(row.this, row.unit),
        _quantity(row.other, row.unit),
        "" if row.ratio is None else f"{row.ratio:.3f}",
        goal,
        {None: "", True: "met", False: "missed"}[row.is_met],
    )


def _quantity(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit:
        return f"{value:.2f} {unit}"
    return f"{value:,.0f}".replace(",", " ")
