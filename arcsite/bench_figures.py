"""What was measured, beside what was to be reached."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table; ``held`` is None where there is no goal."""

    name: str
    measured: str
    goal: str = ""
    held: bool | None = None


def table(figures: Sequence[Figure]) -> list[str]:
    """Lines for a person, the goals beside."""
    verdicts = {True: "held", False: "MISSED", None: ""}
    rows = [("", "measured", "goal", "")]
    rows += [(figure.name, figure.measured, figure.goal, verdicts[figure.held]) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
