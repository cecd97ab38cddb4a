"""What happens to photos on their way through the internet, for measuring what is still recognised.

Deterministic: the same photo, edit and random source give the same picture. Every edit ends in a JPEG.
"""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from enrollment.arc import ARC

Picture = Image.Image
Edit = Callable[[Picture, Generator], Picture]
Mask = NDArray[np.bool_]


def saved(picture: Picture, quality: int = 85) -> Picture:
    """Return the picture as it looks after a JPEG save."""
    target = BytesIO()
    picture.save(target, "JPEG", quality=quality)
    return Image.open(target).convert("RGB")


def scaled(across: float, down: float) -> Edit:
    """Return an edit that resizes by the given factors."""
    return lambda picture, _: picture.resize(
        (max(1, round(picture.width * across)), max(1, round(picture.height * down))),
        Image.Resampling.BICUBIC,
    )


def captioned(picture: Picture, random: Generator) -> Picture:
    """A black bar with text over a tenth of the height, at the top or the bottom."""
    result, height = picture.copy(), round(picture.height * 0.1)
    top = 0 if random.random() < 0.5 else picture.height - height
    draw = ImageDraw.Draw(result)
    draw.rectangle((0, top, picture.width, top + height), fill="black")
    font = ImageFont.load_default(size=height * 0.6)
    draw.text((picture.width * 0.1, top + height * 0.15), "when nobody asked", fill="white", font=font)
    return result


def with_emoji(picture: Picture, random: Generator) -> Picture:
    """A yellow face, a fifth of the width, anywhere."""
    result, size = picture.copy(), picture.width * 0.2
    left, top = random.uniform(0, picture.width - size), random.uniform(0, max(1.0, picture.height - size))

    def box(*shares: float) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = shares
        return left + x0 * size, top + y0 * size, left + x1 * size, top + y1 * size

    draw = ImageDraw.Draw(result)
    draw.ellipse(box(0, 0, 1, 1), fill=(255, 204, 50))
    draw.ellipse(box(0.25, 0.3, 0.4, 0.5), fill=(60, 40, 10))
    draw.ellipse(box(0.6, 0.3, 0.75, 0.5), fill=(60, 40, 10))
    draw.arc(box(0.2, 0.3, 0.8, 0.8), 20, 160, fill=(60, 40, 10), width=3)
    return result


def cropped(share: float) -> Edit:
    """Return an edit that cuts off this share of either axis, at a random position."""

    def crop(picture: Picture, random: Generator) -> Picture:
        width, height = picture.width * (1 - share), picture.height * (1 - share)
        left, top = random.uniform(0, picture.width - width), random.uniform(0, picture.height - height)
        return picture.crop((round(left), round(top), round(left + width), round(top + height)))

    return crop


def framed(picture: Picture, random: Generator) -> Picture:
    """A plain frame of 5 % on every side."""
    colour = ("black", "white", "#781e1e")[random.integers(3)]
    return ImageOps.expand(picture, (round(picture.width * 0.05), round(picture.height * 0.05)), colour)


def turned(picture: Picture, random: Generator) -> Picture:
    """Two degrees to either side, corners black."""
    return picture.rotate(2 if random.random() < 0.5 else -2, Image.Resampling.BICUBIC)


def noisy(picture: Picture, random: Generator) -> Picture:
    """Gaussian noise of standard deviation 12."""
    pixels = np.asarray(picture, np.float32) + random.normal(0, 12, (picture.height, picture.width, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def sepia(picture: Picture, _: Generator) -> Picture:
    """Brown tones of the luma."""
    luma = np.asarray(picture.convert("L"), np.float32)[..., None]
    return Image.fromarray((luma * [1.07, 0.94, 0.72]).clip(0, 255).astype(np.uint8))


EDITS: dict[str, Edit] = {
    "as it is": lambda picture, _: picture,
    "JPEG q75": lambda picture, _: saved(picture, 75),
    "JPEG q30": lambda picture, _: saved(picture, 30),
    "JPEG q10": lambda picture, _: saved(picture, 10),
    "half size": scaled(0.5, 0.5),
    "fifth size": scaled(0.2, 0.2),
    "brightness x1.3": lambda picture, _: ImageEnhance.Brightness(picture).enhance(1.3),
    "brightness x0.7": lambda picture, _: ImageEnhance.Brightness(picture).enhance(0.7),
    "contrast x1.5": lambda picture, _: ImageEnhance.Contrast(picture).enhance(1.5),
    "grey": lambda picture, _: picture.convert("L").convert("RGB"),
    "sepia": sepia,
    "saturation x2": lambda picture, _: ImageEnhance.Color(picture).enhance(2),
    "blur": lambda picture, _: picture.filter(ImageFilter.GaussianBlur(2)),
    "sharpen": lambda picture, _: picture.filter(ImageFilter.UnsharpMask(2, 200, 0)),
    "noise s.d. 12": noisy,
    "aspect 0.85": scaled(0.85, 1.0),
    "mirror": lambda picture, _: ImageOps.mirror(picture),
    "caption bar 10 %": captioned,
    "emoji 20 %": with_emoji,
    "crop 2 %": cropped(0.02),
    "crop 5 %": cropped(0.05),
    "crop 10 %": cropped(0.10),
    "crop 20 %": cropped(0.20),
    "border 5 %": framed,
    "rotation 2 degrees": turned,
}


def covered(picture: Picture, random: Generator, share: float) -> tuple[Picture, Mask]:
    """Return the picture with about this share painted in ellipses and rectangles, and the painted pixels."""
    mask = Image.new("1", picture.size)
    for _ in range(200):
        hidden = float(np.asarray(mask).mean())
        if hidden >= share * 0.97:
            break
        area, aspect = max(share - hidden, 0.02) * random.uniform(0.3, 1.0), random.uniform(0.5, 2.0)
        width = min(np.sqrt(area * aspect) * 1.1, 0.9) * picture.width
        height = min(np.sqrt(area / aspect) * 1.1, 0.9) * picture.height
        left = random.uniform(-0.1 * width, picture.width - 0.9 * width)
        top = random.uniform(-0.1 * height, picture.height - 0.9 * height)
        attempt = mask.copy()
        draw = ImageDraw.Draw(attempt)
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((left, top, left + width, top + height), fill=1)
        if np.asarray(attempt).mean() <= share * 1.06:
            mask = attempt
    painted = np.asarray(mask)
    pixels = np.asarray(picture).copy()
    pixels[painted] = ARC
    return Image.fromarray(pixels), painted
