"""From two distances to one number: the expected false match rate of this match.

Unrelated pictures disagree with half of a fingerprint's bits on average; a bank field and its negative,
equally likely, make that exact. How far they stray from half depends on the mask and on how ordinary the
picture is, so each fingerprint carries its own spreads (standard deviations over the bank):

    sum = (mismatches - KEPT / 2) / sketch_spread + (distance - 128) / hash_spread

The sum of two correlated standard scores, not two cuts: each cut alone would waste the other's evidence.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from matching.engine.bank import bank, bank_signs
from matching.engine.grid import MaskGrid
from matching.engine.sketch import KEPT, Signs
from matching.engine.spectrum import HASH_BITS, Hashes, distances, masked_hashes

# Share of unrelated photos that may match one fingerprint.
RATE = 1e-6

# A masked-hash distance this many spreads below half is, alone, as rare as RATE; see docs/matching.md.
LITERAL_SPREADS = 6.5

# Spread of the sum over unrelated natural photos, measured in its far tail; see docs/matching.md.
SUM_SPREAD = 2.0


def sketch_spreads(signs: Signs) -> NDArray[np.float32]:
    """Return float32 [n]: the spread of mismatches between enrolled signs [n, 480] and unrelated pictures."""
    agreement = signs.astype(np.float32) @ bank_signs().T
    return np.sqrt(np.mean(agreement * agreement, axis=1)) / 2


def hash_spread(masked_hash: Hashes, mask: MaskGrid) -> float:
    """Return the spread of the masked distance between one hash [32] and unrelated pictures under its mask."""
    apart = distances(masked_hashes(bank(), mask[None]), masked_hash[None]) - HASH_BITS // 2
    return float(np.sqrt(np.mean(apart.astype(np.float64) ** 2)))


def literal_threshold(spread: float) -> float:
    """Return the masked distance below which the hash alone is as rare as ``RATE``, in bits."""
    return HASH_BITS / 2 - LITERAL_SPREADS * spread


def spread_of_threshold(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the hash spreads [n] that ``literal_threshold`` turned into thresholds [n]."""
    return ((HASH_BITS / 2 - threshold) / LITERAL_SPREADS).astype(np.float32)


def sums(
    mismatches: NDArray[np.int64],
    apart: NDArray[np.int64],
    sketch_spread: NDArray[np.float32],
    hash_spread: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the calibrated sums float32 [n] of sketch mismatches and masked distances [n]."""
    local = (mismatches - np.float32(KEPT / 2)) / sketch_spread
    overall = (apart - np.float32(HASH_BITS / 2)) / hash_spread
    return (local + overall).astype(np.float32)


def sum_at(rate: float) -> float:
    """Return the sum that unrelated photos fall below at the given rate (0 < rate < 1)."""
    return SUM_SPREAD * NormalDist().inv_cdf(rate)


def rate_at(total: float) -> float:
    """Return the expected false match rate of a match with the given sum."""
    return NormalDist(sigma=SUM_SPREAD).cdf(total)
