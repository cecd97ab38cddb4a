"""Draws the grids that the engine's tests use: smooth fields with hard-edged things in them, as photos are.

Everything is deterministic: the same number gives the same picture, mask and fingerprint.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.engine.fingerprint import Fingerprint, make_fingerprint
from matching.engine.grid import SIZE, Grid, MaskGrid

_DRAWN_SIDE = 100


def draw_field(seed: int) -> NDArray[np.float64]:
    """A non-periodic field [64, 64] of spectrum 1/f^2.5, mean 0 and standard deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(_DRAWN_SIDE)[:, None], np.fft.rfftfreq(_DRAWN_SIDE)[None])
    frequency[0, 0] = np.inf
    noise = np.random.default_rng(seed).standard_normal((_DRAWN_SIDE, _DRAWN_SIDE))
    field = np.fft.irfft2(np.fft.rfft2(noise) * frequency**-1.25, s=(_DRAWN_SIDE, _DRAWN_SIDE))[:SIZE, :SIZE]
    scaled: NDArray[np.float64] = (field - field.mean()) / field.std()
    return scaled


@lru_cache(maxsize=2048)
def draw_grid(seed: int) -> Grid:
    """A photo's grid; read-only, as it is drawn once."""
    grid = 120 + 40 * draw_field(seed)
    random = np.random.default_rng(seed)
    for _ in range(4):
        top, left = random.integers(0, SIZE - 8, 2)
        height, width = random.integers(4, 20, 2)
        grid[top : top + height, left : left + width] = random.uniform(10, 240)
    drawn: Grid = grid.clip(0, 255).astype(np.float32)
    drawn.flags.writeable = False
    return drawn


def draw_mask(seed: int) -> MaskGrid:
    """A mask of one to three boxes that hide at most half of the picture."""
    random = np.random.default_rng(seed)
    mask = np.zeros((SIZE, SIZE), np.bool_)
    for _ in range(random.integers(1, 4)):
        top, left = random.integers(0, SIZE - 10, 2)
        height, width = random.integers(8, 26, 2)
        mask[top : top + height, left : left + width] = True
    return mask


@lru_cache(maxsize=256)
def enroll(seed: int) -> Fingerprint:
    """The fingerprint of photo ``seed`` under mask ``seed``, painted before the engine sees it."""
    mask = draw_mask(seed)
    return make_fingerprint(np.where(mask, np.float32(191), draw_grid(seed)), mask)


@lru_cache(maxsize=256)
def enroll_extended(seed: int) -> Fingerprint:
    """The same with an extended sketch."""
    mask = draw_mask(seed)
    return make_fingerprint(np.where(mask, np.float32(191), draw_grid(seed)), mask, extended=True)
