"""Drawn pictures with the statistics of photos, for whoever measures without photos of their own.

Light is noise of spectrum 1/f^b with b between 2 and 3, as in natural scenes, with soft colours and some
hard-edged things. The same number gives the same picture.
"""

from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

_WIDTH, _HEIGHT = 640, 480


def draw_photos(folder: Path, count: int) -> None:
    """Write ``count`` JPEGs of 640x480 pixels, or upright, into a folder."""
    for number in tqdm(range(count), unit=" photo", desc="drawing", disable=None):
        drawn_photo(number).save(folder / f"{number:05}.jpg", quality=92)


def drawn_photo(number: int) -> Image.Image:
    """Return the picture of that number."""
    random = np.random.default_rng([0xFFA8E6, number])
    width, height = (_WIDTH, _HEIGHT) if random.random() < 0.7 else (_HEIGHT, _WIDTH)
    light = _field(random, width, height, random.uniform(2.0, 3.0)) * random.uniform(25, 55)
    tints = [_tint(random, width, height) * 14 + random.uniform(-15, 15) for _ in range(3)]
    pixels = np.stack([118 + light + tint for tint in tints], axis=-1)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(4, 12)):
        size = random.uniform(0.03, 0.25, 2) * (width, height)
        corner = random.uniform(0, 1, 2) * (width, height)
        colour = tuple(int(part) for part in random.integers(20, 230, 3))
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((*corner, *(corner + size)), fill=colour)
    return image


def _tint(random: Generator, width: int, height: int) -> NDArray[np.float32]:
    """Return a field too smooth to be worth drawing at full size."""
    small = Image.fromarray(_field(random, width // 8, height // 8, 3.5))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def _field(random: Generator, width: int, height: int, exponent: float) -> NDArray[np.float32]:
    """Return noise [height, width] of spectrum 1/f^exponent, mean 0, s.d. 1, cut so that it does not wrap."""
    rows, columns = height * 5 // 4, width * 5 // 4
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    frequency[0, 0] = np.inf
    white = np.fft.rfft2(random.standard_normal((rows, columns), dtype=np.float32))
    field = np.fft.irfft2(white * frequency ** (-exponent / 2), s=(rows, columns))[:height, :width]
    result: NDArray[np.float32] = ((field - field.mean()) / field.std()).astype(np.float32)
    return result
