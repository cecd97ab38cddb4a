"""A plot of shares, drawn without a plotting library."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_INK, _PALE, _BAR = (30, 30, 40), (215, 215, 222), (70, 110, 180)


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
