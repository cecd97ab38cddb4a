"""The extended sketch: all visible difference bits at 32x32, for crops, frames and zooms. Opt-in.

A copy that was cropped or framed shows the enrolled frame through a window. For a supposed window the copy's
grid is resampled into the enrolled frame; bits outside it are unknown. Both sides are kept as two planes of
1,984 bits, values and known, and compare where both are known.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.engine.bank import bank
from matching.engine.grid import SIZE, Grid, MaskGrid
from matching.engine.sketch import CLEAR_STEP, Signs, in_order

POOLS = 32
POSITIONS = 2 * POOLS * (POOLS - 1)
PLANE_BYTES = POSITIONS // 8
EXTENDED_BYTES = 2 * PLANE_BYTES

_ACROSS = POSITIONS // 2

Planes = NDArray[np.uint8]
Bits = NDArray[np.float32]
Shares = NDArray[np.float64]


class Window(NamedTuple):
    """Where a copy lies in the enrolled frame: shares cut off at each side, negative for a border added."""

    top: float
    bottom: float
    left: float
    right: float

    def moved(self, axis: int, before: float, after: float) -> "Window":
        """Return the window with that much more cut off above and below (axis 0) or left and right."""
        if axis == 0:
            return Window(self.top + before, self.bottom + after, self.left, self.right)
        return Window(self.top, self.bottom, self.left + before, self.right + after)


def extended_planes(grid: Grid, mask: MaskGrid) -> Planes:
    """Return uint8 [2, 248], values and known bits, of a covered grid and mask [64, 64]."""
    pools = _pooled(grid[None])
    known = _clear(pools)[0] & _visible(mask)
    return np.packbits(np.stack([_rising(pools)[0] & known, known]), axis=1)


def visible_bits(mask: MaskGrid) -> Planes:
    """Return uint8 [248]: the bits whose two pools hold no masked cell of mask [64, 64]."""
    return np.packbits(_visible(mask))


def query_planes(grids: Grid, windows: Sequence[Window]) -> Planes:
    """Return uint8 [w, 2, 248] of a public grid [64, 64], supposed to show the frame through each window,
    or of as many grids as windows [w, 64, 64]."""
    values = _rising(resampled(grids, windows, POOLS))
    known = _between(inside(windows, POOLS))
    return np.packbits(np.stack([values & known, known], axis=1), axis=2)


def resampled(grids: Grid, windows: Sequence[Window], pools: int) -> Grid:
    """Return [w, pools, pools], the frame's pools seen through each window: area means of one grid [64, 64],
    or of as many grids as windows [w, 64, 64]. Outside a window stands what is at its edge."""
    down = np.stack([_weights(each.top, each.bottom, pools) for each in windows])
    across = np.stack([_weights(each.left, each.right, pools) for each in windows])
    return (down @ grids @ across.swapaxes(1, 2)).astype(np.float32, copy=False)


def inside(windows: Sequence[Window], pools: int) -> NDArray[np.bool_]:
    """Return bool [w, pools, pools]: pools of the frame that lie within each window, but for a twentieth."""
    top, bottom, left, right = np.array(windows).reshape(-1, 4).T
    down, across = _covered(top, bottom, pools), _covered(left, right, pools)
    both: NDArray[np.bool_] = down[:, :, None] & across[:, None, :]
    return both


def agreement(enrolled: Planes, seen: Planes) -> tuple[Bits, Bits]:
    """Return (agreeing less differing bits, bits compared) [n] of planes [n, 2, 248] (broadcasting)."""
    left, right = enrolled.view(np.uint64), seen.view(np.uint64)
    known = left[..., 1, :] & right[..., 1, :]
    differing = (left[..., 0, :] ^ right[..., 0, :]) & known
    compared = _counted(known)
    return compared - 2 * _counted(differing), compared


def _counted(words: NDArray[np.uint64]) -> Bits:
    """Return how many bits are set in each row of words [n, m]; a product adds up short rows quickest."""
    counts: Bits = np.bitwise_count(words).astype(np.float32) @ np.ones(words.shape[-1], np.float32)
    return counts


def coarse_signs(planes: Planes) -> Signs:
    """Return int8 [n, 480]: the 16x16 sketches that planes [n, 2, 248] tell of, 0 where unknown.

    A step between two pools of 16x16 is the sum of the steps between the 32x32 pools in them. Of those only
    the signs are left, so the majority decides. All that is visible takes part, not only the clearest steps.
    """
    values, known = np.unpackbits(planes, axis=2).view(np.int8).swapaxes(0, 1)
    fine = 2 * values - known
    right = fine[:, :_ACROSS].reshape(-1, POOLS, POOLS - 1)
    down = fine[:, _ACROSS:].reshape(-1, POOLS - 1, POOLS)
    right, down = right[:, ::2] + right[:, 1::2], down[:, :, ::2] + down[:, :, 1::2]
    return in_order(
        np.sign(right[:, :, :-1:2] + 2 * right[:, :, 1::2] + right[:, :, 2::2]),
        np.sign(down[:, :-1:2] + 2 * down[:, 1::2] + down[:, 2::2]),
    )


def extended_spread(planes: Planes) -> float:
    """Return the spread of ``agreement`` between enrolled planes [2, 248] and the bank."""
    agree, _ = agreement(planes[None], bank_planes())
    return float(np.sqrt(np.mean(agree.astype(np.float64) ** 2)))


@lru_cache(maxsize=1)
def bank_planes() -> Planes:
    """Return uint8 [500, 2, 248]: the extended sketch of every field of the bank, all known."""
    values = _rising(_pooled(bank()))
    planes = np.packbits(np.stack([values, np.ones_like(values)], axis=1), axis=2)
    planes.flags.writeable = False
    return planes


def _pooled(grids: Grid) -> Grid:
    side = SIZE // POOLS
    pools: Grid = grids.reshape(-1, POOLS, side, POOLS, side).mean(axis=(2, 4))
    return pools


def _rising(pools: Grid) -> NDArray[np.bool_]:
    """Return bool [n, positions]: whether pools [n, 32, 32] rise to the next, to the right, then down."""
    return _joined(pools[:, :, 1:] > pools[:, :, :-1], pools[:, 1:] > pools[:, :-1])


def _clear(pools: Grid) -> NDArray[np.bool_]:
    """Return bool [n, positions]: whether the step to the next pool is more than noise."""
    right, down = np.abs(np.diff(pools, axis=2)), np.abs(np.diff(pools, axis=1))
    return _joined(right >= CLEAR_STEP, down >= CLEAR_STEP)


def _visible(mask: MaskGrid) -> NDArray[np.bool_]:
    side = SIZE // POOLS
    hidden = np.logical_or.reduce(mask.reshape(POOLS, side, POOLS, side), axis=(1, 3))
    visible: NDArray[np.bool_] = _between(~hidden[None])[0]
    return visible


def _between(pools: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool [n, positions]: steps between two set pools of bool [n, pools, pools]."""
    return _joined(pools[:, :, 1:] & pools[:, :, :-1], pools[:, 1:] & pools[:, :-1])


def _joined(right: NDArray[np.bool_], down: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool [n, positions] of what belongs to steps to the right, then down."""
    return np.concatenate([right.reshape(len(right), -1), down.reshape(len(down), -1)], axis=1)


# The windows of the lattice come again with every photo, those near them often: 16 MB of weights at most.
@lru_cache(maxsize=2048)
def _weights(before: float, after: float, pools: int) -> NDArray[np.float32]:
    """Return [pools, 64]: the share of each grid cell in each pool of a frame cut at both ends."""
    edges = (np.linspace(0, 1, pools + 1) - before) / (1 - before - after) * SIZE
    edges = np.clip(edges, 0, SIZE).astype(np.float32)
    low = np.minimum(edges[:-1], np.float32(SIZE - 1e-3))[:, None]
    high = np.maximum(edges[1:, None], low + np.float32(1e-3))
    cells = np.arange(SIZE, dtype=np.float32)
    shares: NDArray[np.float32] = np.maximum(np.minimum(high, cells + 1) - np.maximum(low, cells), 0)
    shares /= shares.sum(axis=1, keepdims=True)
    shares.flags.writeable = False
    return shares


def _covered(before: Shares, after: Shares, pools: int) -> NDArray[np.bool_]:
    """Return bool [n, pools]: pools of the frame that neither end cuts, but for a twentieth."""
    edges, slack = np.linspace(0, 1, pools + 1), 0.05 / pools
    within: NDArray[np.bool_] = (edges[:-1] >= before[:, None] - slack) & (
        edges[1:] <= 1 - after[:, None] + slack
    )
    return within
