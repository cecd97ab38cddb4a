"""The canonical grid: every photo as 64x64 cells of mean luma, every mask as 64x64 bits.

Area averaging keeps painted and visible cells apart: a cell outside the mask never mixes with a painted
pixel, so the grid of a covered photo and the grid of its public copy agree there whatever is under the paint.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SIZE = 64

_BAND = 16

Grid = NDArray[np.float32]
MaskGrid = NDArray[np.bool_]
Luma = NDArray[np.uint8]


@lru_cache(maxsize=256)
def _bands(length: int) -> tuple[tuple[slice, slice, NDArray[np.float32]], ...]:
    """Return (cells, pixels under them, weights [cells, pixels]) of ``length`` pixels, 16 cells at a time.

    A weight is the share of a cell that a pixel fills; rows sum to one. A matrix of all cells would hold
    little but noughts.
    """
    edges = np.linspace(0.0, length, SIZE + 1)
    bands = []
    for first in range(0, SIZE, _BAND):
        low, high = edges[first : first + _BAND], edges[first + 1 : first + _BAND + 1]
        start, end = int(low[0]), min(math.ceil(high[-1]), length)
        pixels = np.arange(start, end)
        overlap = np.minimum(high[:, None], pixels + 1) - np.maximum(low[:, None], pixels)
        weights = (np.clip(overlap, 0.0, None) * (SIZE / length)).astype(np.float32)
        weights.flags.writeable = False
        bands.append((slice(first, first + _BAND), slice(start, end), weights))
    return tuple(bands)


def _averaged(pixels: Luma | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return [64, n], the means of pixels [length, n] under each cell of the first axis."""
    means = np.empty((SIZE, pixels.shape[1]), np.float32)
    for cells, under, weights in _bands(len(pixels)):
        np.matmul(weights, pixels[under].astype(np.float32, copy=False), out=means[cells])
    return means


def luma_grid(luma: Luma) -> Grid:
    """Return float32 [64, 64], the exact area mean of Rec. 601 luma [H, W] under each cell; any H, W >= 1."""
    return np.ascontiguousarray(_averaged(_averaged(luma).T).T)


def mask_grid(mask: NDArray[np.bool_]) -> MaskGrid:
    """Return bool [64, 64]: cells with any painted pixel under them, grown by one cell on every side.

    The growth takes in the antialiased and JPEG-smeared edge of the paint.
    """
    rows = np.stack([mask[start:end].any(axis=0) for start, end in _cells(mask.shape[0])])
    touched = np.stack([rows[:, start:end].any(axis=1) for start, end in _cells(mask.shape[1])], axis=1)
    return grow(touched)


def _cells(length: int) -> list[tuple[int, int]]:
    """The first pixel under each cell, and the one after its last, of ``length`` pixels."""
    return [(cell * length // SIZE, -(-(cell + 1) * length // SIZE)) for cell in range(SIZE)]


def grow(mask: MaskGrid) -> MaskGrid:
    """Return the mask [H, W] with all eight neighbours of every set cell set too."""
    framed = np.pad(mask, 1)
    rows = framed[:-2] | framed[1:-1] | framed[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]


def mirrored(grids: Grid) -> Grid:
    """Return grids [..., 64, 64] flipped left to right."""
    return grids[..., ::-1]
