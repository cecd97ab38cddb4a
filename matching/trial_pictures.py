"""The drawn pictures that a new partner tries its connection with, and their fingerprints.

Drawn from waves, with no random number in them: the picture that a partner downloads today is the one whose
fingerprint was planted last year, whatever was updated in between.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from enrollment.plain_png import packed_png
from matching.engine.fingerprint import Fingerprint, fingerprint_photo

COUNT = 3
WIDTH, HEIGHT = 480, 360
_WAVES = 90
_GOLDEN = (5**0.5 - 1) / 2
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@cache
def png(number: int) -> bytes:
    """The uncovered picture of that number as a file."""
    return packed_png(picture(number))


def picture(number: int) -> NDArray[np.uint8]:
    """The uncovered picture, RGB uint8 [HEIGHT, WIDTH, 3]; ``number`` from 0 to COUNT - 1."""
    wave = np.arange(1, _WAVES + 1)
    turn, phase = 2 * np.pi * wave * _GOLDEN, 2 * np.pi * wave * wave * _GOLDEN * (number + 2)
    pace = 0.7 + wave / 6
    # A wave in a slanting direction is the product of one across and one down.
    down, across = (
        np.exp(2j * np.pi * np.outer(np.arange(pixels) / HEIGHT, pace * share))
        for pixels, share in ((HEIGHT, np.sin(turn)), (WIDTH, np.cos(turn)))
    )
    light = ((down * (np.exp(1j * phase) / pace)) @ across.T).real
    light *= 40 / light.std()
    tints = [118 + light, 112 + 0.9 * light, 124 + 0.8 * light]
    pixels: NDArray[np.uint8] = np.stack(tints, axis=-1).clip(0, 255).astype(np.uint8)
    return pixels


def painted(number: int) -> NDArray[np.bool_]:
    """Which of its pixels the sender would have covered, bool [HEIGHT, WIDTH]: an ellipse."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = (across - WIDTH * (2 + number) / 6) / (WIDTH / 6), (down - HEIGHT / 2) / (HEIGHT / 4)
    inside: NDArray[np.bool_] = x * x + y * y < 1
    return inside


def fingerprint(number: int) -> Fingerprint:
    """What would be kept of the covered picture."""
    luma = (picture(number) @ np.array(_LUMA)).round().astype(np.uint8)
    return fingerprint_photo(luma, painted(number))
