"""The extended sketch: all visible difference bits at 32x32, for crops, frames and zooms. Opt-in.

A copy that was cropped or framed shows the enrolled frame through a window. For a supposed window the copy's
grid is resampled into the enrolled frame; bits outside it are unknown. Both sides are kept as two planes of
1,984 bits, values and known, and compare where both are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.engine.bank import bank
from matching.engine.grid import SIZE, Grid, MaskGrid
from matching.engine.sketch import CLEAR_STEP

POOLS = 32
POSITIONS = 2 * POOLS * (POOLS - 1)
PLANE_BYTES = POSITIONS // 8
EXTENDED_BYTES = 2 * PLANE_BYTES

Planes = NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """Where a copy lies in the enrolled frame: shares cut off at each side, negative for a border added."""

    top: float
    bottom: float
    left: float
    right: float


def extended_planes(grid: Grid, mask: MaskGrid) -> Planes:
    """Return uint8 [2, 248], values and known bits, of a covered grid and mask [64, 64]."""
    values, clear = _steps(_pooled(grid[None]))
    known = clear[0] & _visible(mask)
    return np.packbits(np.stack([values[0] & known, known]), axis=1)


def visible_bits(mask: MaskGrid) -> Planes:
    """Return uint8 [248]: the bits whose two pools hold no masked cell of mask [64, 64]."""
    return np.packbits(_visible(mask))


def query_planes(grid: Grid, windows: Sequence[Window]) -> Planes:
    """Return uint8 [w, 2, 248] of a public grid [64, 64], supposed to show the frame through each window."""
    values, _ = _steps(resampled(grid, windows, POOLS))
    known = _between(inside(windows, POOLS))
    return np.packbits(np.stack([values & known, known], axis=1), axis=2)


def resampled(grids: Grid, windows: Sequence[Window], pools: int) -> Grid:
    """Return [w, pools, pools], the frame's pools seen through each window: area means of one grid [64, 64],
    or of as many grids as windows [w, 64, 64]. Outside a window stands what is at its edge."""
    down = np.stack([_weights(window.top, window.bottom, pools) for window in windows])
    across = np.stack([_weights(window.left, window.right, pools) for window in windows])
    return (down @ grids @ across.swapaxes(1, 2)).astype(np.float32, copy=False)


def inside(windows: Sequence[Window], pools: int) -> NDArray[np.bool_]:
    """Return bool [w, pools, pools]: pools of the frame that lie within each window, but for a twentieth."""
    down = np.stack([_covered(window.top, window.bottom, pools) for window in windows])
    across = np.stack([_covered(window.left, window.right, pools) for window in windows])
    both: NDArray[np.bool_] = down[:, :, None] & across[:, None, :]
    return both


def agreement(enrolled: Planes, seen: Planes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (agreeing less differing bits, bits compared) int64 [n] of planes [n, 2, 248] (broadcasting)."""
    left, right = enrolled.view(np.uint64), seen.view(np.uint64)
    known = left[..., 1, :] & right[..., 1, :]
    differing = (left[..., 0, :] ^ right[..., 0, :]) & known
    compared = np.bitwise_count(known).sum(axis=-1, dtype=np.int64)
    return compared - 2 * np.bitwise_count(differing).sum(axis=-1, dtype=np.int64), compared


def extended_spread(planes: Planes) -> float:
    """Return the spread of ``agreement`` between enrolled planes [2, 248] and the bank."""
    agree, _ = agreement(planes[None], bank_planes())
    return float(np.sqrt(np.mean(agree.astype(np.float64) ** 2)))


@lru_cache(maxsize=1)
def bank_planes() -> Planes:
    """Return uint8 [500, 2, 248]: the extended sketch of every field of the bank, all known."""
    values, _ = _steps(_pooled(bank()))
    planes = np.packbits(np.stack([values, np.ones_like(values)], axis=1), axis=2)
    planes.flags.writeable = False
    return planes


def _pooled(grids: Grid) -> Grid:
    side = SIZE // POOLS
    pools: Grid = grids.reshape(-1, POOLS, side, POOLS, side).mean(axis=(2, 4))
    return pools


def _steps(pools: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (rising, clear) bool [n, positions] of steps to the right, then down."""
    right = np.diff(pools, axis=2).reshape(len(pools), -1)
    down = np.diff(pools, axis=1).reshape(len(pools), -1)
    steps = np.concatenate([right, down], axis=1)
    return steps > 0, np.abs(steps) >= CLEAR_STEP


def _visible(mask: MaskGrid) -> NDArray[np.bool_]:
    side = SIZE // POOLS
    hidden = np.logical_or.reduce(mask.reshape(POOLS, side, POOLS, side), axis=(1, 3))
    visible: NDArray[np.bool_] = _between(~hidden[None])[0]
    return visible


def _between(pools: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool [n, positions]: steps between two set pools of bool [n, pools, pools]."""
    right, down = pools[:, :, 1:] & pools[:, :, :-1], pools[:, 1:] & pools[:, :-1]
    return np.concatenate([right.reshape(len(pools), -1), down.reshape(len(pools), -1)], axis=1)


@lru_cache(maxsize=4096)
def _weights(before: float, after: float, pools: int) -> NDArray[np.float32]:
    """Return [pools, 64]: the share of each grid cell in each pool of a frame cut at both ends."""
    edges = (np.linspace(0, 1, pools + 1) - before) / (1 - before - after) * SIZE
    edges = np.clip(edges, 0, SIZE)
    low = np.minimum(edges[:-1], SIZE - 1e-3)
    high = np.maximum(edges[1:], low + 1e-3)
    cells = np.arange(SIZE)
    overlap = np.minimum(high[:, None], cells + 1) - np.maximum(low[:, None], cells)
    shares = np.clip(overlap, 0, None)
    weights: NDArray[np.float32] = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


@lru_cache(maxsize=4096)
def _covered(before: float, after: float, pools: int) -> NDArray[np.bool_]:
    edges, slack = np.linspace(0, 1, pools + 1), 0.05 / pools
    within: NDArray[np.bool_] = (edges[:-1] >= before - slack) & (edges[1:] <= 1 - after + slack)
    return within
