"""The difference sketch: local bits that a mask can only hide, never change.

The grid is pooled to 16x16; each pair of neighbouring pools gives one bit, the sign of their difference.
An enrolled sketch keeps exactly ``KEPT`` bits, the clearest ones that touch no masked cell, and codes each
position in two bits, so that masked matching becomes a plain Hamming distance:

    enrolled 0 -> 00, 1 -> 11, don't care -> 01        query 0 -> 00, 1 -> 11, unknown -> 10

    hamming(enrolled, query) = 2 * mismatches + (enrolled don't-cares) + (query unknowns)
"""

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid, MaskGrid

POOLS = 16
POSITIONS = 2 * POOLS * (POOLS - 1)
SKETCH_BYTES = 2 * POSITIONS // 8

# Exactly this many positions of an enrolled sketch are informative; the offset of the coded distance is
# therefore one constant for all fingerprints.
KEPT = 128

# Grey levels between two pools below which their order is noise rather than picture.
CLEAR_STEP = np.float32(1.0)

Sketches = NDArray[np.uint8]
Signs = NDArray[np.int8]


def _pooled(grids: Grid) -> Grid:
    side = SIZE // POOLS
    return grids.reshape(-1, POOLS, side, POOLS, side).mean(axis=(2, 4))


def steps(grids: Grid) -> NDArray[np.float32]:
    """Return float32 [n, 480]: grey-level steps to the right (16x15), then down (15x16), between pools."""
    pools = _pooled(grids)
    right = np.diff(pools, axis=2).reshape(len(pools), -1)
    down = np.diff(pools, axis=1).reshape(len(pools), -1)
    return np.concatenate([right, down], axis=1)


def visible_positions(mask: MaskGrid) -> NDArray[np.bool_]:
    """Return bool [480]: positions whose two pools hold no masked cell of mask [64, 64]."""
    side = SIZE // POOLS
    hidden = mask.reshape(POOLS, side, POOLS, side).any(axis=(1, 3))
    right = hidden[:, 1:] | hidden[:, :-1]
    down = hidden[1:] | hidden[:-1]
    return ~np.concatenate([right.ravel(), down.ravel()])


def detail(grid: Grid, mask: MaskGrid) -> int:
    """Return how many of the 480 steps of grid [64, 64] are visible and clear: what the photo can be told by."""
    clear = np.abs(steps(grid[None])[0]) >= CLEAR_STEP
    return int(np.count_nonzero(clear & visible_positions(mask)))


def informative_signs(grid: Grid, mask: MaskGrid) -> Signs:
    """Return int8 [480]: +1 or -1 at the ``KEPT`` largest visible steps, 0 (don't care) elsewhere.

    The largest steps are the ones that recompression, noise or an adversary must change most to flip.
    The caller has checked that at least ``KEPT`` are visible.
    """
    values = steps(grid[None])[0]
    rank = np.where(visible_positions(mask), np.abs(values), np.float32(-1))
    kept = np.argsort(-rank, kind="stable")[:KEPT]
    signs = np.zeros(POSITIONS, np.int8)
    signs[kept] = np.where(values[kept] > 0, 1, -1)
    return signs


def query_signs(grids: Grid) -> Signs:
    """Return int8 [n, 480] of +1 and -1: every bit of a public photo, computed once and without any mask."""
    return np.where(steps(grids) > 0, 1, -1).astype(np.int8)


def coded(signs: Signs) -> Sketches:
    """Return uint8 [n, 120], two bits for each of the 480 enrolled signs [n, 480]."""
    pairs = np.empty((*signs.shape, 2), np.bool_)
    pairs[..., 0] = signs > 0
    pairs[..., 1] = signs >= 0
    return np.packbits(pairs.reshape(len(signs), -1), axis=1)


def decoded(sketches: Sketches) -> Signs:
    """Return the signs int8 [n, 480] of coded sketches uint8 [n, 120]; the code 10 counts as don't care."""
    pairs = np.unpackbits(sketches, axis=1).reshape(len(sketches), POSITIONS, 2).astype(np.int8)
    return pairs[..., 0] + pairs[..., 1] - np.int8(1)
