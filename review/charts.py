"""Small bar charts as numbers for a template: no script, no style attribute, so that a strict CSP holds."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 180
_TOP, _BASE = 24, 150
_LABEL_BELOW, _VALUE_ABOVE = 20, 6
_BAR_SHARE = 0.7
# More labels than this would run into each other; then every second, third... is written.
_MOST_LABELS = 8


@dataclass(frozen=True)
class Bar:
    """One bar in the chart's own units; ``label`` is empty where there is no room for it."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    value_y: float
    label: str
    value: str


@dataclass(frozen=True)
class BarChart:
    """A chart of WIDTH x HEIGHT: its bars, the line they stand on, and the height of their labels."""

    bars: list[Bar]
    base: int = _BASE
    label_y: int = _BASE + _LABEL_BELOW
    width: int = WIDTH
    height: int = HEIGHT


def bar_chart(values: Sequence[tuple[str, int]]) -> BarChart:
    """Bars of (label, value from 0), side by side; the largest reaches the top."""
    largest = max((value for _, value in values), default=0) or 1
    slot = WIDTH / max(len(values), 1)
    every = -(-len(values) // _MOST_LABELS)
    bars = []
    for place, (label, value) in enumerate(values):
        height = round((_BASE - _TOP) * value / largest, 1)
        top = round(_BASE - height, 1)
        bars.append(
            Bar(
                x=round(slot * (place + (1 - _BAR_SHARE) / 2), 1),
                y=top,
                width=round(slot * _BAR_SHARE, 1),
                height=height,
                middle=round(slot * (place + 0.5), 1),
                value_y=top - _VALUE_ABOVE,
                label=label if place % every == 0 else "",
                value=str(value) if value else "",
            )
        )
    return BarChart(bars)
