"""Second looks: a photo as it may have been before somebody turned, zoomed or captioned it.

A guess undoes one such edit on the grid: every cell is read from where it would have been, edges repeated. A
bar over one side hides what is under it, so it is filled from the cells beside it and its sketch bits do not
count. A photo's shape is not known here; turns take it for square, which is near enough for two degrees.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid
from matching.engine.sketch import visible_positions

_TURNS = (math.radians(2), math.radians(-2))

# A frame of 5 % on every side leaves the picture this share of the side; a crop of 4 % enlarges it so.
_ZOOMS = (1 / 1.1, 1 / 0.96)

_BAR = SIZE // 8
_BARS = (np.s_[:_BAR, :], np.s_[-_BAR:, :], np.s_[:, :_BAR], np.s_[:, -_BAR:])

GUESSES = len(_TURNS) + len(_ZOOMS) + len(_BARS)

Corners = NDArray[np.intp]
Weights = NDArray[np.float32]


def guessed(grid: Grid) -> Grid:
    """Return float32 [GUESSES, 64, 64]: one grid [64, 64] with each guess undone."""
    corners, weights = _samples()
    cells = np.ascontiguousarray(grid).ravel().take(corners)
    looks: Grid = np.einsum("gcn,gcn->gn", cells, weights).reshape(GUESSES, SIZE, SIZE)
    return looks


@lru_cache(maxsize=1)
def counted_positions() -> NDArray[np.bool_]:
    """Return bool [GUESSES, 480]: the sketch positions that each guess leaves to be compared."""
    hidden = np.zeros((GUESSES, SIZE, SIZE), np.bool_)
    for mask, bar in zip(hidden[-len(_BARS) :], _BARS, strict=True):
        mask[bar] = True
    counted = np.stack([visible_positions(mask) for mask in hidden])
    counted.flags.writeable = False
    return counted


@lru_cache(maxsize=1)
def _samples() -> tuple[Corners, Weights]:
    """Return [GUESSES, 4, 4096] twice: the four cells that each is read between, and weights."""
    down, across = np.clip(_sources(), 0, SIZE - 1).reshape(GUESSES, 2, -1).swapaxes(0, 1)
    top, left = (np.minimum(np.floor(at), SIZE - 2).astype(np.intp) for at in (down, across))
    low, right = down - top, across - left
    corner = top * SIZE + left
    corners = np.stack([corner, corner + 1, corner + SIZE, corner + SIZE + 1], axis=1)
    weights = np.stack([(1 - low) * (1 - right), (1 - low) * right, low * (1 - right), low * right], axis=1)
    return corners, weights.astype(np.float32)


def _sources() -> NDArray[np.float64]:
    """Return [GUESSES, 2, 64, 64]: the row and the column that each cell is read at."""
    cells = np.indices((SIZE, SIZE)).astype(np.float64)
    middle = (SIZE - 1) / 2
    matrices = [np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) for a in _TURNS]
    matrices += [zoom * np.eye(2) for zoom in _ZOOMS]
    moved = [np.tensordot(matrix, cells - middle, axes=1) + middle for matrix in matrices]
    down, across = cells
    last = SIZE - 1 - _BAR
    barred = [
        np.stack(source)
        for source in (
            (np.maximum(down, _BAR), across),
            (np.minimum(down, last), across),
            (down, np.maximum(across, _BAR)),
            (down, np.minimum(across, last)),
        )
    ]
    return np.stack(moved + barred)
