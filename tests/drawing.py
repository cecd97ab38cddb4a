"""Draws the pictures that the tests use: natural-looking photos, covers painted on them, files of both.

Everything is deterministic: the same arguments give the same pixels. Pictures are uint8 [H, W, 3].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

ARC = (255, 168, 230)
SMOOTHING = 4  # an antialiased shape is drawn this many times larger, then averaged

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Shape:
    """An ellipse or rectangle; its box in shares of the picture: left, top, right, bottom."""

    kind: Literal["ellipse", "rectangle"]
    box: tuple[float, float, float, float]


FACE = Shape("ellipse", (0.35, 0.12, 0.65, 0.48))
BODY = Shape("rectangle", (0.3, 0.55, 0.72, 0.9))
FACE_AND_BODY = (FACE, BODY)


def _field(seed: int, width: int, height: int, exponent: float) -> NDArray[np.float32]:
    """A non-periodic random field [H, W] with power spectrum 1/f^exponent, mean 0 and s.d. 1."""
    rows, columns = height + height // 4, width + width // 4
    fy = np.fft.fftfreq(rows, 1 / rows).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(columns, 1 / columns).astype(np.float32)[None]
    power = fy**2 + fx**2
    power[0, 0] = np.inf
    noise = np.random.default_rng(seed).standard_normal((rows, columns), dtype=np.float32)
    field = np.fft.irfft2(np.fft.rfft2(noise) * power ** np.float32(-exponent / 4), s=(rows, columns))
    field = field[:height, :width]
    spread: NDArray[np.float32] = (field - field.mean()) / field.std()
    return spread


def _smooth_field(seed: int, width: int, height: int) -> NDArray[np.float32]:
    """A field without detail, so it is drawn at a quarter of the size and enlarged."""
    small = Image.fromarray(_field(seed, -(-width // 4), -(-height // 4), 3.5))
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


@lru_cache(maxsize=64)
def _natural(seed: int, width: int, height: int) -> Picture:
    random = np.random.default_rng(seed)
    light = _field(seed, width, height, random.uniform(2.0, 3.0))
    rgb = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        tint = _smooth_field(seed * 3 + channel + 1_000_003, width, height)
        rgb[:, :, channel] = 118 + 42 * light + 14 * tint + random.uniform(-12, 12)
    image = Image.fromarray(rgb.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = random.uniform(0, width), random.uniform(0, height)
        w, h = random.uniform(0.03, 0.2) * width, random.uniform(0.03, 0.2) * height
        colour = tuple(int(c) for c in random.integers(20, 200, 3))
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), fill=colour)
    return np.asarray(image)


def natural(seed: int = 1, width: int = 640, height: int = 480) -> Picture:
    """A picture with the statistics of a photo (1/f light, soft colours) and some hard-edged things."""
    return _natural(seed, width, height).copy()


def shape_mask(shapes: Sequence[Shape], width: int, height: int, scale: int = 1) -> Mask:
    """The pixels [H, W] that the shapes hide, drawn `scale` times larger."""
    image = Image.new("1", (width * scale, height * scale))
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        left, top, right, bottom = shape.box
        box = (left * image.width, top * image.height, right * image.width - 1, bottom * image.height - 1)
        (draw.ellipse if shape.kind == "ellipse" else draw.rectangle)(box, fill=1)
    return np.asarray(image)


def cover(
    rgb: Picture,
    shapes: Sequence[Shape] = FACE_AND_BODY,
    *,
    colour: Colour = ARC,
    opacity: float = 1.0,
    antialias: bool = True,
) -> Picture:
    """The picture with the shapes painted on it, as a basic editor does."""
    height, width, _ = rgb.shape
    if antialias:
        large = Image.fromarray(shape_mask(shapes, width, height, SMOOTHING)).convert("L")
        alpha = np.asarray(large.reduce(SMOOTHING), np.float32) / 255
    else:
        alpha = shape_mask(shapes, width, height).astype(np.float32)
    return blend(rgb, alpha * opacity, colour)


def blend(rgb: Picture, alpha: NDArray[np.floating[Any]], colour: Colour = ARC) -> Picture:
    """The picture with `colour` laid over it at strength alpha [H, W], 0 to 1."""
    mixed = rgb + (np.array(colour, np.float32) - rgb) * alpha[:, :, None].astype(np.float32)
    return mixed.round().astype(np.uint8)


def random_shapes(seed: int, share: float) -> tuple[Shape, ...]:
    """Ellipses and rectangles, a little apart from the edge, that hide about `share` of a picture."""
    random = np.random.default_rng(seed)
    shapes: list[Shape] = []
    while shape_mask(shapes, 160, 120).mean() < share:
        w, h = random.uniform(0.12, 0.35, 2) * (0.6 + share)
        left, top = random.uniform(0.02, 0.98 - w), random.uniform(0.02, 0.98 - h)
        kind: Literal["ellipse", "rectangle"] = "ellipse" if random.random() < 0.6 else "rectangle"
        shapes.append(Shape(kind, (left, top, left + w, top + h)))
    return tuple(shapes)


def halved(rgb: Picture) -> Picture:
    """Half the size, with the ringing resampler most editors use."""
    height, width, _ = rgb.shape
    return np.asarray(Image.fromarray(rgb).resize((width // 2, height // 2), Image.Resampling.LANCZOS))


def jpeg(rgb: Picture, quality: int = 90, *, subsampling: int = 2, **options: object) -> bytes:
    """A JPEG file, chroma 4:2:0 unless told otherwise."""
    return saved(Image.fromarray(rgb), "JPEG", quality=quality, subsampling=subsampling, **options)


def png(rgb: Picture, **options: object) -> bytes:
    """A PNG file, quickly packed unless told otherwise."""
    return saved(Image.fromarray(rgb), "PNG", **{"compress_level": 1, **options})


def webp(rgb: Picture, quality: int = 80, **options: object) -> bytes:
    """A WebP file, lossy unless told otherwise."""
    return saved(Image.fromarray(rgb), "WEBP", quality=quality, **options)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    """The bytes of an image saved in a format."""
    target = BytesIO()
    image.save(target, format, **options)
    return target.getvalue()
