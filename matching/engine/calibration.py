"""From two distances to one number: the expected false match rate of this match.

Unrelated pictures disagree with half of a fingerprint's bits on average; a bank field and its negative,
equally likely, make that exact. How far they stray from half depends on the mask and on how ordinary the
picture is, so each fingerprint has its own spreads (root mean square over the bank):

    sum = ((coded sketch distance - 480) / sketch_spread + (masked distance - 128) / hash_spread) / photo_unit

The sum of two standard scores, not two cuts: each cut alone would waste the other's evidence. The photo has a
say as well: one of plain sky and a dark middle strays further from every fingerprint than one full of detail.
"""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from matching.engine.bank import bank_signs, halved_bank
from matching.engine.grid import MaskGrid
from matching.engine.sketch import HALF_POSITIONS, POSITIONS, Signs
from matching.engine.spectrum import HASH_BITS, Hashes, distances, hashes

Counts = NDArray[np.int64]
Spreads = NDArray[np.float32]

# Share of unrelated photos that may match one fingerprint.
RATE = 1e-6

# A masked-hash distance this many spreads below half is, alone, as rare as RATE; see docs/matching.md.
LITERAL_SPREADS = 6.5

# Spread of the sum over unrelated natural photos, measured in its far tail; see docs/matching.md.
SUM_SPREAD = 1.85

# Spread of coded distances between the whole sketch of a typical photo and the bank.
TYPICAL_PHOTO_SPREAD = 30.0

# The same for deep searches, which suppose hundreds of windows; see docs/matching.md. An unrelated photo's
# best window reaches DEEP_SCORE once in 1 / DEEP_RATE, and a point more DEEP_DECADES powers of ten rarer.
DEEP_RATE = 1e-5
DEEP_HASH_SHARE = 0.7
DEEP_SCORE = 9.2
DEEP_DECADES = 1.1


def sketch_spreads(signs: Signs) -> tuple[Spreads, Spreads]:
    """Return float32 [n] twice: the spread of coded distances between enrolled signs [n, 480] and the bank,
    of the whole sketch and of its first half alone.

    The mean of the squares of s.b over the bank's b is s.C.s for C = mean(b b'), at two thirds of the price.
    All terms are whole numbers below 2^24, so both ways give the very same result.
    """
    by_first, by_second = _bank_products()
    first, second = np.split(signs.astype(np.float32), [HALF_POSITIONS], axis=1)
    products = first @ by_first
    of_first = _dots(products[:, :HALF_POSITIONS], first)
    of_all = of_first + _dots(products[:, HALF_POSITIONS:], second) + _dots(second @ by_second, second)
    fields = np.float32(len(bank_signs()))
    return np.sqrt(of_all / fields), np.sqrt(of_first / fields)


@lru_cache(maxsize=1)
def _bank_products() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32 [240, 480] and [240, 240]: over the bank, the sums of products of first positions with
    first ones and, twice, with second ones; and of second positions with second ones."""
    sums = bank_signs().T @ bank_signs()
    sums[:HALF_POSITIONS, HALF_POSITIONS:] *= 2
    return sums[:HALF_POSITIONS].copy(), sums[HALF_POSITIONS:, HALF_POSITIONS:].copy()


def _dots(left: NDArray[np.float32], right: NDArray[np.float32]) -> Spreads:
    """Return [n], the inner product of each row of one [n, m] with that of the other."""
    dots: Spreads = np.einsum("ij,ij->i", left, right)
    return dots


def photo_units(signs: Signs) -> Spreads:
    """Return float32 [n]: how much further than a typical photo those of query signs [n, 480] stray.

    The fourth root of the ratio, by experiment: most of what makes a pair stray is in the fingerprint's own
    spread already, and a higher power hides copies of plain photos; see docs/matching.md.
    """
    agree = signs.astype(np.float32) @ bank_signs().T
    units: Spreads = np.sqrt(np.sqrt(_root_mean_square(agree) / np.float32(TYPICAL_PHOTO_SPREAD)))
    return units


def _root_mean_square(values: NDArray[np.float32]) -> Spreads:
    spreads: Spreads = np.sqrt(np.mean(values * values, axis=1))
    return spreads


def hash_spread(masked_hash: Hashes, mask: MaskGrid) -> float:
    """Return the spread of masked distances between a hash [32] and the bank under a halved mask [32, 32]."""
    visible = ~mask
    fields = halved_bank() * visible
    fields -= visible * (fields.sum(axis=(1, 2), keepdims=True) / max(np.count_nonzero(visible), 1))
    apart = distances(hashes(fields), masked_hash[None]) - HASH_BITS // 2
    return float(np.sqrt(np.mean(apart.astype(np.float64) ** 2)))


def literal_threshold(spread: float) -> float:
    """Return the masked distance below which the hash alone is as rare as ``RATE``, in bits."""
    return HASH_BITS / 2 - LITERAL_SPREADS * spread


def spread_of_threshold(threshold: NDArray[np.float64]) -> Spreads:
    """Return the hash spreads [n] that ``literal_threshold`` turned into thresholds [n]."""
    return ((HASH_BITS / 2 - threshold) / LITERAL_SPREADS).astype(np.float32)


def sketch_scores(coded_distances: Counts, spreads: Spreads, positions: int = POSITIONS) -> Spreads:
    """Return the standard scores float32 [n] of coded distances [n] over so many positions."""
    # A half sketch without any kept bit is at its mean from everything: no evidence, not a division by zero.
    return ((coded_distances - np.float32(positions)) / np.maximum(spreads, np.float32(1))).astype(np.float32)


def hash_scores(masked_distances: Counts, spreads: Spreads) -> Spreads:
    """Return the standard scores float32 [n] of masked distances [n]."""
    return ((masked_distances - np.float32(HASH_BITS / 2)) / spreads).astype(np.float32)


def deep_scores(window_scores: Spreads, masked_distances: Counts, spreads: Spreads) -> Spreads:
    """Return the evidence [n] of windows: their sketches' and, in part, their hashes'."""
    return window_scores - np.float32(DEEP_HASH_SHARE) * hash_scores(masked_distances, spreads)


def deep_rate_at(score: float) -> float:
    """Return the expected false match rate of an extended sketch with this score at its best window."""
    return min(1.0, DEEP_RATE * 10 ** ((DEEP_SCORE - score) * DEEP_DECADES))


def sum_at(rate: float) -> float:
    """Return the sum that unrelated photos fall below at the given rate (0 < rate < 1)."""
    return SUM_SPREAD * NormalDist().inv_cdf(rate)


def rate_at(total: float) -> float:
    """Return the expected false match rate of a match with the given sum."""
    return math.erfc(-total / (SUM_SPREAD * math.sqrt(2))) / 2
