"""The difference sketch: local bits that a mask can only hide, never change.

The grid is pooled to 16x16; each of the 480 pairs of neighbouring pools gives one bit, the sign of their
difference. An enrolled sketch keeps the clearest bits that touch no masked cell and codes every position in
two bits, so that masked matching becomes a plain Hamming distance:

    enrolled 0 -> 00, 1 -> 11, don't care -> 01        query 0 -> 00, 1 -> 11

    hamming(enrolled, query) = 2 * mismatches + don't-cares

A kept bit costs an unrelated picture 0 or 2 with equal chance and a don't-care costs it 1, so unrelated
pictures lie at 480 on average however many bits are kept.

The positions are ordered as on a chequerboard: the first 240 (60 coded bytes) are every second pair, spread
evenly over the picture. They are a sketch of their own, which a search reads before the other half.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid, MaskGrid

POOLS = 16
POSITIONS = 2 * POOLS * (POOLS - 1)
SKETCH_BYTES = 2 * POSITIONS // 8
HALF_POSITIONS = POSITIONS // 2
HALF_BYTES = SKETCH_BYTES // 2

# A half is kept in eight whole words, for which faiss has its quickest loop; the last bytes are zero.
HALF_ROW = 64

# A sketch keeps its clearest bits up to this many: more of them would be the ones that noise flips.
KEPT_AT_MOST = 160

# Grey levels between two pools below which their order is noise rather than picture.
CLEAR_STEP = np.float32(0.5)

Sketches = NDArray[np.uint8]
Signs = NDArray[np.int8]


def _chequered() -> NDArray[np.intp]:
    """Return the 480 pairs, steps to the right (16x15) then down (15x16), in the order that sketches use."""
    right = np.indices((POOLS, POOLS - 1)).sum(axis=0) % 2
    down = 1 - np.indices((POOLS - 1, POOLS)).sum(axis=0) % 2
    return np.argsort(np.concatenate([right.ravel(), down.ravel()]), kind="stable")


_ORDER = _chequered()


def in_order(right: NDArray[Any], down: NDArray[Any]) -> NDArray[Any]:
    """Return [n, 480] of what belongs to steps to the right [n, 16, 15] and down [n, 15, 16]."""
    half = len(_ORDER) // 2
    # Taken, not indexed: rows of an indexed array lie across memory, and whatever reads them crawls.
    return np.concatenate([right.reshape(-1, half), down.reshape(-1, half)], axis=1).take(_ORDER, axis=1)


def steps(grids: Grid) -> NDArray[np.float32]:
    """Return float32 [n, 480]: the grey-level steps to the right or down between neighbouring pools."""
    pools = pooled(grids)
    return in_order(np.diff(pools, axis=2), np.diff(pools, axis=1))


def pooled(grids: Grid) -> Grid:
    """Return grids [n, 64, 64] averaged to [n, 16, 16]."""
    side = SIZE // POOLS
    # Slices are added up several times as fast as a mean is taken over such short axes.
    rows = sum((grids[:, at::side] for at in range(1, side)), start=grids[:, ::side])
    pools: Grid = sum((rows[:, :, at::side] for at in range(1, side)), start=rows[:, :, ::side])
    return pools * np.float32(1 / side**2)


def visible_positions(mask: MaskGrid) -> NDArray[np.bool_]:
    """Return bool [480]: positions whose two pools hold no masked cell of mask [64, 64]."""
    visible: NDArray[np.bool_] = all_visible_positions(np.packbits(mask)[None])[0]
    return visible


def all_visible_positions(masks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return bool [n, 480] for packed masks uint8 [n, 512]: what ``visible_positions`` returns for each."""
    # A row of a mask is one word, four of them a row of pools, and each byte of it then two pools.
    rows = masks.view(np.uint64)
    rows = rows[:, 0::4] | rows[:, 1::4] | rows[:, 2::4] | rows[:, 3::4]
    pools = rows.view(np.uint8).reshape(len(masks), POOLS, POOLS // 2)
    hidden = np.empty((len(masks), POOLS, POOLS), np.bool_)
    np.not_equal(pools & 0xF0, 0, out=hidden[:, :, 0::2])
    np.not_equal(pools & 0x0F, 0, out=hidden[:, :, 1::2])
    right = hidden[:, :, 1:] | hidden[:, :, :-1]
    down = hidden[:, 1:] | hidden[:, :-1]
    visible: NDArray[np.bool_] = ~in_order(right, down)
    return visible


def clear_positions(grid: Grid, mask: MaskGrid) -> NDArray[np.bool_]:
    """Return bool [480]: positions of grid [64, 64] that are visible and whose step is more than noise."""
    clear: NDArray[np.bool_] = np.abs(steps(grid[None])[0]) >= CLEAR_STEP
    return clear & visible_positions(mask)


def enrolled_signs(grid: Grid, mask: MaskGrid) -> Signs:
    """Return int8 [480]: +1 or -1 at the ``KEPT_AT_MOST`` largest clear steps, 0 (don't care) elsewhere.

    The largest steps are the ones that recompression, noise or an adversary must change most to flip.
    """
    values = steps(grid[None])[0]
    clear = clear_positions(grid, mask)
    largest = np.argsort(np.where(clear, -np.abs(values), 0), kind="stable")[:KEPT_AT_MOST]
    kept = largest[clear[largest]]
    signs = np.zeros(POSITIONS, np.int8)
    signs[kept] = np.where(values[kept] > 0, 1, -1)
    return signs


def query_signs(grids: Grid) -> Signs:
    """Return int8 [n, 480] of +1 and -1: every bit of a public photo, computed once and without any mask."""
    return np.where(steps(grids) > 0, 1, -1).astype(np.int8)


def window_signs(pools: Grid, inside: NDArray[np.bool_]) -> Signs:
    """Return int8 [w, 480]: sketches of a frame that is known in part, 0 where it is not.

    ``pools`` [w, 16, 16] are the means of the frame's pools, ``inside`` bool [w, 16, 16] which are known.
    """
    signs = in_order(np.sign(np.diff(pools, axis=2)), np.sign(np.diff(pools, axis=1)))
    known: NDArray[np.bool_] = in_order(inside[:, :, 1:] & inside[:, :, :-1], inside[:, 1:] & inside[:, :-1])
    return signs.astype(np.int8) * known


def half_rows(sketches: Sketches) -> tuple[Sketches, Sketches]:
    """Return coded sketches uint8 [n, 120] as two contiguous halves uint8 [n, 64]."""
    halves = np.zeros((2, len(sketches), HALF_ROW), np.uint8)
    halves[0, :, :HALF_BYTES] = sketches[:, :HALF_BYTES]
    halves[1, :, :HALF_BYTES] = sketches[:, HALF_BYTES:]
    return halves[0], halves[1]


def coded(signs: Signs) -> Sketches:
    """Return uint8 [n, 120], two bits for each of the 480 signs [n, 480]."""
    return np.packbits(_two_bits(signs).reshape(len(signs), 2 * POSITIONS), axis=1)


def _two_bits(signs: Signs) -> NDArray[np.bool_]:
    pairs = np.empty((*signs.shape, 2), np.bool_)
    pairs[..., 0] = signs > 0
    pairs[..., 1] = signs >= 0
    return pairs


def decoded(sketches: Sketches) -> Signs:
    """Return the signs int8 [n, 480] of coded sketches uint8 [n, 120]; the unused code 10 is a don't care."""
    return _signs_of_bytes().take(sketches).view(np.int8)


def decoded_halves(rows: Sketches) -> Signs:
    """Return the signs int8 [n, 240] of coded halves uint8 [n, 64]."""
    return decoded(rows[:, :HALF_BYTES])


@lru_cache(maxsize=1)
def _signs_of_bytes() -> NDArray[np.uint32]:
    """Return uint32 [256]: the four signs, a byte each, that each byte of a coded sketch tells."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int8).reshape(256, 4, 2)
    return (bits[..., 0] + bits[..., 1] - np.int8(1)).view(np.uint32).ravel()
