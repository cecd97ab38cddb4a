"""A plot of curves on logarithmic axes, drawn without a plotting library."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image, ImageDraw, ImageFont

_INK, _PALE = (30, 30, 40), (215, 215, 222)
_COLOURS = ((70, 110, 180), (200, 90, 60), (60, 140, 90), (140, 90, 160))
_WIDTH, _HEIGHT, _MARGIN, _FOR_NAMES = 860, 520, 70, 150

Point = tuple[float, float]


@dataclass(frozen=True)
class _Axes:
    """Logarithms of what the left, right, bottom and top of the plot stand for; whole powers upwards."""

    left: float
    right: float
    bottom: int
    top: int

    @classmethod
    def around(cls, points: Sequence[Point]) -> Self:
        across = [math.log10(x) for x, _ in points]
        up = [math.log10(y) for _, y in points]
        bottom = math.floor(min(up))
        return cls(min(across), max(across), bottom, max(math.ceil(max(up)), bottom + 1))

    def place(self, point: Point) -> Point:
        """Return where in the picture a point is drawn."""
        across = (math.log10(point[0]) - self.left) / max(self.right - self.left, 1e-9)
        up = (math.log10(point[1]) - self.bottom) / (self.top - self.bottom)
        width, height = _WIDTH - 2 * _MARGIN - _FOR_NAMES, _HEIGHT - 2 * _MARGIN
        return _MARGIN + across * width, _HEIGHT - _MARGIN - up * height


def lines(path: Path, title: str, curves: Mapping[str, Sequence[Point]]) -> None:
    """Draw curves of positive (x, y) points on logarithmic axes, with a line at each power of ten."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.text((10, 8), title, fill=_INK, font=ImageFont.load_default(size=16))
    points = [point for curve in curves.values() for point in curve]
    axes = _Axes.around(points)
    _draw_scales(draw, axes, sorted({x for x, _ in points}))
    font = ImageFont.load_default(size=13)
    for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
        placed = [axes.place(point) for point in curve]
        draw.line(placed, fill=colour, width=3)
        draw.text((placed[-1][0] + 8, placed[-1][1] - 8), name, fill=colour, font=font)
    image.save(path, "PNG")


def _draw_scales(draw: ImageDraw.ImageDraw, axes: _Axes, marks: Sequence[float]) -> None:
    font = ImageFont.load_default(size=13)
    for power in range(axes.bottom, axes.top + 1):
        start, end = (axes.place((10**side, 10.0**power)) for side in (axes.left, axes.right))
        draw.line((start, end), fill=_PALE)
        draw.text((8, start[1] - 8), f"{10.0**power:g}", fill=_INK, font=font)
    for mark in marks:
        left, _ = axes.place((mark, 10.0**axes.bottom))
        draw.text((left - 20, _HEIGHT - _MARGIN + 8), f"{mark:,.0f}", fill=_INK, font=font)
