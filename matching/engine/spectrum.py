"""Painting, mean filling and the frequency hash on the canonical grid.

The hash is PDQ's last stage on our grid (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019): the 16x16 lowest frequencies of a 64x64 cosine transform without the
constant ones, one bit each, set when above the median of the 256.
"""

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid, MaskGrid

HASH_BITS = 256
HASH_BYTES = HASH_BITS // 8

# Rec. 601 luma of #FFA8E6, unrounded: what a painted cell weighs in the literal hash.
ARC_LUMA = np.float32(0.299 * 255 + 0.587 * 168 + 0.114 * 230)

Hashes = NDArray[np.uint8]


def _lowest_cosines() -> NDArray[np.float32]:
    """Return [64, 16]: orthonormal DCT-II columns of frequency 1 to 16 (no constant)."""
    position = 2 * np.arange(SIZE)[:, None] + 1
    frequency = np.arange(1, 17)[None, :]
    cosines = np.cos(np.pi / (2 * SIZE) * position * frequency)
    scaled: NDArray[np.float32] = (np.sqrt(2 / SIZE) * cosines).astype(np.float32)
    return scaled


_COSINES = _lowest_cosines()


def spectra(grids: Grid) -> NDArray[np.float32]:
    """Return float32 [n, 256], the 16x16 lowest frequencies of grids [n, 64, 64], row by row downwards."""
    columns = (grids.reshape(-1, SIZE) @ _COSINES).reshape(-1, SIZE, 16)
    return (_COSINES.T @ columns).reshape(-1, HASH_BITS)


def hash_bits(grids: Grid) -> NDArray[np.bool_]:
    """Return bool [n, 256] for grids [n, 64, 64]; exactly half are set unless frequencies tie."""
    values = spectra(grids)
    return values > np.median(values, axis=1, keepdims=True)


def hashes(grids: Grid) -> Hashes:
    """Return packed hashes uint8 [n, 32] of grids [n, 64, 64]."""
    return np.packbits(hash_bits(grids), axis=1)


def mean_filled(grids: Grid, masks: MaskGrid) -> Grid:
    """Return grids [n, 64, 64] whose masked cells hold the mean of their visible ones (0 if none is visible).

    ``grids`` and ``masks`` broadcast against each other. The flat paint itself would dominate the spectrum
    and make unrelated photos under one mask look alike; the visible mean can be computed from the covered
    photo and from a painted copy alike.
    """
    visible = ~masks
    count = np.maximum(visible.sum(axis=(-2, -1), keepdims=True), 1)
    sums = np.where(visible, grids, np.float32(0)).sum(axis=(-2, -1), keepdims=True, dtype=np.float64)
    return np.where(visible, grids, (sums / count).astype(np.float32))


def masked_hashes(grids: Grid, masks: MaskGrid) -> Hashes:
    """Return the masked hash uint8 [n, 32] of grids [n, 64, 64] under masks [n, 64, 64] (broadcasting)."""
    return hashes(mean_filled(grids, masks))


def painted_hashes(grids: Grid, masks: MaskGrid) -> Hashes:
    """Return the literal hash uint8 [n, 32]: every masked cell weighs exactly ``ARC_LUMA``, as if painted.

    This is the hash of the painted photo in the specification's own words, computed on the canonical grid:
    cells that the paint only grazes count as painted, so that it does not depend on the edge of the brush.
    """
    return hashes(np.where(masks, ARC_LUMA, grids))


def distances(left: Hashes, right: Hashes) -> NDArray[np.int64]:
    """Return the Hamming distances [n] between packed hashes [n, bytes], row by row (broadcasting)."""
    apart: NDArray[np.int64] = np.bitwise_count(left ^ right).sum(axis=-1, dtype=np.int64)
    return apart
