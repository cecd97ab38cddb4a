"""Painting, mean filling and the frequency hash on the halved grid.

The hash is PDQ's last stage on our grid (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019): the 16x16 lowest frequencies of a cosine transform without the constant ones,
one bit each, set when above the median of the 256. They are slow enough to be read off the grid at half its
side, 32x32, which costs a quarter; a halved cell is masked when any of its four cells is.
"""

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid, MaskGrid

HALF = SIZE // 2
HASH_BITS = 256
HASH_BYTES = HASH_BITS // 8

# Rec. 601 luma of #FFA8E6, unrounded: what a painted cell weighs in the literal hash.
ARC_LUMA = np.float32(0.299 * 255 + 0.587 * 168 + 0.114 * 230)

Hashes = NDArray[np.uint8]


def halved(grids: Grid) -> Grid:
    """Return grids [..., 64, 64] averaged to [..., 32, 32]."""
    rows = grids[..., ::2, :] + grids[..., 1::2, :]
    # Four slices are added up ten times as fast as a mean is taken over such short axes.
    means: Grid = (rows[..., ::2] + rows[..., 1::2]) * np.float32(0.25)
    return means


def halved_masks(masks: MaskGrid) -> MaskGrid:
    """Return masks [..., 64, 64] as [..., 32, 32]: set where any of the four cells is."""
    rows = masks[..., ::2, :] | masks[..., 1::2, :]
    # Two neighbouring cells read as one number: ten times as fast as a reduction over such short axes.
    hidden: MaskGrid = rows.view(np.uint16) != 0
    return hidden


def _lowest_cosines() -> NDArray[np.float32]:
    """Return [32, 16]: orthonormal DCT-II columns of frequency 1 to 16 (no constant)."""
    position = 2 * np.arange(HALF)[:, None] + 1
    frequency = np.arange(1, 17)[None, :]
    cosines = np.cos(np.pi / (2 * HALF) * position * frequency)
    scaled: NDArray[np.float32] = (np.sqrt(2 / HALF) * cosines).astype(np.float32)
    return scaled


_COSINES = _lowest_cosines()
_DOWN = np.ascontiguousarray(_COSINES.T)


def spectra(grids: Grid) -> NDArray[np.float32]:
    """Return float32 [n, 256], the 16x16 lowest frequencies of halved grids [n, 32, 32], row by row."""
    # Columns first: what the first product leaves lies as the second, one flat product, wants it.
    down = (_DOWN @ grids).reshape(-1, HALF)
    return (down @ _COSINES).astype(np.float32, copy=False).reshape(-1, HASH_BITS)


def hash_bits(grids: Grid) -> NDArray[np.bool_]:
    """Return bool [n, 256] for halved grids [n, 32, 32]; exactly half are set unless frequencies tie."""
    return above_median(spectra(grids))


def above_median(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return bool [n, 256], which of each row's frequencies [n, 256] are above their median."""
    # numpy sorts rows this short ten times as fast as it partitions them.
    ordered = np.sort(values, axis=1)
    median = (ordered[:, HASH_BITS // 2 - 1] + ordered[:, HASH_BITS // 2]) / 2
    return values > median[:, None]


def hashes(grids: Grid) -> Hashes:
    """Return packed hashes uint8 [n, 32] of halved grids [n, 32, 32]."""
    return np.packbits(hash_bits(grids), axis=1)


def mean_filled(grids: Grid, masks: MaskGrid) -> Grid:
    """Return each of n halved grids [n, 32, 32], or one [32, 32], under each of masks [n, 32, 32]: less its
    visible mean, 0 where masked.

    That is the photo with its masked cells at the mean of the visible ones, but for a constant, which no
    frequency sees. Flat paint would dominate the spectrum and make unrelated photos under one mask look
    alike; the visible mean can be computed from the covered photo and from a painted copy alike.
    """
    visible = np.logical_not(masks).astype(np.float32)
    return filled(np.broadcast_to(grids, visible.shape).astype(np.float32), visible)


def filled(grids: Grid, visible: Grid) -> Grid:
    """Return ``mean_filled`` of grids [n, 32, 32] by which cells are visible, 1 or 0 [n, 32, 32].

    In place, and over both: arrays of its own would take longer to write than to compute.
    """
    cells, ones = (each.reshape(-1, HALF * HALF) for each in (grids, visible))
    cells *= ones
    # Products with ones add up rows quicker than sums do.
    one = np.ones(HALF * HALF, np.float32)
    mean = cells @ one / np.maximum(ones @ one, np.float32(1))
    ones *= mean[:, None]
    cells -= ones
    return grids


def masked_hashes(grids: Grid, masks: MaskGrid) -> Hashes:
    """Return the masked hashes uint8 [n, 32] of halved grids [n, 32, 32], or of one, under n masks."""
    return hashes(mean_filled(grids, masks))


def painted_hashes(grids: Grid, masks: MaskGrid) -> Hashes:
    """Return the literal hashes uint8 [n, 32]: every masked cell weighs exactly ``ARC_LUMA``, as if painted.

    The hash of the painted photo in the specification's own words, on the halved grid: cells that the paint
    only grazes count as painted, so that it does not depend on the edge of the brush.
    """
    return hashes(np.where(masks, ARC_LUMA, grids))


def least_distances(values: NDArray[np.float32], stored: Hashes) -> NDArray[np.int64]:
    """Return int64 [n]: at most the distances between ``above_median`` of [n, 256] and hashes uint8 [n, 32].

    Bits above nought and bits above the median differ only where a frequency is between the two, and there
    are as many of those as the bits above nought are more or fewer than half.
    """
    positive = np.packbits(values > 0, axis=1)
    return distances(positive, stored) - np.abs(_counted(positive.view(np.uint64)) - HASH_BITS // 2)


def distances(left: Hashes, right: Hashes) -> NDArray[np.int64]:
    """Return the Hamming distances [n] of packed bits [n, bytes], row by row, bytes a multiple of 8."""
    return _counted(np.ascontiguousarray(left).view(np.uint64) ^ np.ascontiguousarray(right).view(np.uint64))


def _counted(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many bits are set in each row of words [n, m]."""
    # A product adds up short rows ten times as fast as a sum does, and exactly: they are small whole numbers.
    counts = np.bitwise_count(words).astype(np.float32)
    counted: NDArray[np.int64] = (counts @ np.ones(counts.shape[-1], np.float32)).astype(np.int64)
    return counted
