"""What the service keeps of a covered photo once the photo is gone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import hash_spread, literal_threshold
from matching.engine.errors import TooLittleDetail
from matching.engine.extended import extended_planes
from matching.engine.grid import Grid, Luma, MaskGrid, luma_grid, mask_grid
from matching.engine.sketch import clear_positions, coded, enrolled_signs
from matching.engine.spectrum import halved, halved_masks, masked_hashes, painted_hashes

# Stamped on every fingerprint: grid, hash, sketch and calibration together. A change to any of them that
# alters a figure is a new version.
VERSION = "arc-1"

# Visible clear steps of 480 below which a photo is refused.
DETAIL_NEEDED = 70


@dataclass(frozen=True)
class Fingerprint:
    """One covered photo, as bytes that compare and travel well.

    ``mask`` 512 bytes: 64x64 bits, row by row, set = hidden. ``hash`` and ``painted_hash`` 32 bytes each:
    the mean-filled and the literal hash. ``sketch`` 120 bytes: 480 positions coded in two bits.
    ``threshold``: the masked distance at which the hash alone reaches the calibrated rate, in bits.
    ``coverage``: painted share of the photo, 0 to 1. ``detail``: clear visible steps, 0 to 480.
    ``extended``: 496 bytes if the submitter chose it: values and known bits of the extended sketch.
    """

    version: str
    mask: bytes
    hash: bytes
    painted_hash: bytes
    sketch: bytes
    threshold: float
    coverage: float
    detail: int
    extended: bytes | None = None


def fingerprint_photo(luma: Luma, painted: NDArray[np.bool_], *, extended: bool = False) -> Fingerprint:
    """Return the fingerprint of a covered photo: luma uint8 [H, W] and its painted pixels bool [H, W].

    Raises TooLittleDetail when it could only cause false matches.
    """
    coverage = np.count_nonzero(painted) / painted.size
    return make_fingerprint(luma_grid(luma), mask_grid(painted), coverage=coverage, extended=extended)


def make_fingerprint(
    grid: Grid, mask: MaskGrid, *, coverage: float | None = None, extended: bool = False
) -> Fingerprint:
    """Return the fingerprint of a covered photo's grid and mask [64, 64]; ``fingerprint_photo`` makes both.

    Without ``coverage`` the hidden share of the mask stands in for it. Raises TooLittleDetail.
    """
    found = require_detail(grid, mask)
    half, hidden = halved(grid), halved_masks(mask[None])
    masked_hash = masked_hashes(half, hidden)[0]
    return Fingerprint(
        version=VERSION,
        mask=np.packbits(mask).tobytes(),
        hash=masked_hash.tobytes(),
        painted_hash=painted_hashes(half[None], hidden)[0].tobytes(),
        sketch=enrolled_sketch(grid, mask),
        threshold=round(literal_threshold(hash_spread(masked_hash, hidden[0])), 4),
        coverage=round(float(mask.mean()) if coverage is None else coverage, 4),
        detail=found,
        extended=extended_planes(grid, mask).tobytes() if extended else None,
    )


def enrolled_sketch(grid: Grid, mask: MaskGrid) -> bytes:
    """Return the 120 bytes by which a fingerprint of this grid and mask is looked for first."""
    sketch: bytes = coded(enrolled_signs(grid, mask)[None])[0].tobytes()
    return sketch


def require_detail(grid: Grid, mask: MaskGrid) -> int:
    """Return the visible detail of a covered grid, or raise TooLittleDetail."""
    found = int(np.count_nonzero(clear_positions(grid, mask)))
    if found < DETAIL_NEEDED:
        raise TooLittleDetail(found, DETAIL_NEEDED)
    return found
