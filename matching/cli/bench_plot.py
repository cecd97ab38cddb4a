"""Two kinds of plot, drawn without a plotting library."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_INK, _PALE, _BAR = (30, 30, 40), (215, 215, 222), (70, 110, 180)
_COLOURS = ((70, 110, 180), (200, 90, 60), (60, 140, 90), (140, 90, 160))


def bars(path: Path, title: str, shares: Mapping[str, float]) -> None:
    """Draw one horizontal bar per name, 0 to 1, with its figure."""
    row, left, width = 26, 220, 640
    image = Image.new("RGB", (left + width + 90, row * (len(shares) + 2)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=14)
    draw.text((10, 6), title, fill=_INK, font=ImageFont.load_default(size=16))
    for at, (name, share) in enumerate(shares.items(), start=1):
        top = at * row + 10
        draw.text((10, top), name, fill=_INK, font=font)
        draw.rectangle((left, top + 2, left + width, top + 16), fill=_PALE)
        draw.rectangle((left, top + 2, left + width * share, top + 16), fill=_BAR)
        draw.text((left + width + 10, top), f"{share:.3f}", fill=_INK, font=font)
    image.save(path, "PNG")


def lines(path: Path, title: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw curves of positive (x, y) points on logarithmic axes, with a line at each power of ten."""
    width, height, margin = 860, 520, 70
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=13)
    draw.text((10, 8), title, fill=_INK, font=ImageFont.load_default(size=16))
    points = [point for curve in curves.values() for point in curve]
    x0, x1 = (f(math.log10(x) for x, _ in points) for f in (min, max))
    y0, y1 = (f(math.log10(y) for _, y in points) for f in (min, max))
    y0, y1 = math.floor(y0), max(math.ceil(y1), math.floor(y0) + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x0) / max(x1 - x0, 1e-9)
        up = (math.log10(y) - y0) / (y1 - y0)
        return margin + across * (width - 2 * margin - 150), height - margin - up * (height - 2 * margin)

    for power in range(y0, y1 + 1):
        start, end = place(10**x0, 10**power), place(10**x1, 10**power)
        draw.line((start, end), fill=_PALE)
        draw.text((8, start[1] - 8), f"{10.0**power:g}", fill=_INK, font=font)
    for x in sorted({x for x, _ in points}):
        draw.text((place(x, 10**y0)[0] - 20, height - margin + 8), f"{x:,.0f}", fill=_INK, font=font)
    for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
        placed = [place(*point) for point in curve]
        draw.line(placed, fill=colour, width=3)
        draw.text((placed[-1][0] + 8, placed[-1][1] - 8), name, fill=colour, font=font)
    image.save(path, "PNG")
