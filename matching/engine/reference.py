"""The search as its definition says it, one pair at a time: slow and plain, for testing the index against."""

from collections.abc import Mapping

import numpy as np

from matching.engine.calibration import (
    RATE,
    photo_units,
    rate_at,
    sketch_spreads,
    spread_of_threshold,
    sum_at,
)
from matching.engine.cascade import (
    FIRST_SCORE_AT_MOST,
    GUESS_HASH_SHARE,
    GUESS_SCORE_AT_MOST,
    SECOND_LOOK_SUM,
    SKETCH_SCORE_AT_MOST,
)
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, Grid, mirrored
from matching.engine.guesses import counted_positions, guessed
from matching.engine.index import Match
from matching.engine.sketch import HALF_POSITIONS, POSITIONS, Signs, decoded, query_signs
from matching.engine.spectrum import HASH_BITS, halved, halved_masks, masked_hashes


def search(fingerprints: Mapping[str, Fingerprint], grid: Grid, *, rate: float = RATE) -> list[Match]:
    """Return the matches of one photo's grid [64, 64], mirrored copies included, best first."""
    matches = []
    for id_, fingerprint in fingerprints.items():
        found = []
        for flipped in (False, True):
            total, distance = compare(fingerprint, mirrored(grid) if flipped else grid, sum_at(rate))
            if total <= sum_at(rate):
                found.append(Match(id_, distance, rate_at(total), flipped))
        matches += sorted(found, key=lambda match: match.rate)[:1]
    return sorted(matches, key=lambda match: (match.rate, match.id))


def compare(fingerprint: Fingerprint, grid: Grid, highest_sum: float) -> tuple[float, int]:
    """Return the calibrated sum of this pair, infinite where a sieve holds it, and the masked distance."""
    enrolled = decoded(np.frombuffer(fingerprint.sketch, np.uint8)[None])[0]
    seen = query_signs(grid[None])[0]
    [spread], [first_spread] = sketch_spreads(enrolled[None])
    [unit] = photo_units(seen[None])
    score = (_coded_distance(enrolled, seen) - POSITIONS) / max(spread, 1.0) / unit
    half = slice(HALF_POSITIONS)
    first = (_coded_distance(enrolled[half], seen[half]) - HALF_POSITIONS) / max(first_spread, 1.0) / unit
    if first > FIRST_SCORE_AT_MOST or score > SKETCH_SCORE_AT_MOST:
        return np.inf, 0

    hash_score, distance = _painted(fingerprint, grid)
    total = float(score + hash_score / unit)
    if highest_sum < total <= SECOND_LOOK_SUM:
        return _second_look(fingerprint, enrolled, grid, spread, unit, hash_score / unit)
    return total, distance


def _second_look(
    fingerprint: Fingerprint, enrolled: Signs, grid: Grid, spread: float, unit: float, at_first: float
) -> tuple[float, int]:
    """Return the least (sum, distance) of a pair with one edit undone, of which only some positions count.

    ``at_first``: what the hash scored with nothing undone.
    """
    found = [(np.inf, 0)]
    for look, counted in zip(guessed(grid), counted_positions(), strict=True):
        left = np.where(counted, enrolled, 0)
        share = np.count_nonzero(left) / np.count_nonzero(enrolled)
        gained = POSITIONS - _coded_distance(left, query_signs(look[None])[0])
        score = -gained / max(spread * np.sqrt(share), 1.0) / unit
        if score + GUESS_HASH_SHARE * at_first <= GUESS_SCORE_AT_MOST:
            hash_score, distance = _painted(fingerprint, look)
            found.append((float(score + hash_score / unit), distance))
    return min(found)


def _painted(fingerprint: Fingerprint, grid: Grid) -> tuple[float, int]:
    """Return the standard score of the masked distance, and the distance: paint, fill, hash, compare."""
    mask = np.unpackbits(np.frombuffer(fingerprint.mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)
    painted = np.unpackbits(masked_hashes(halved(grid), halved_masks(mask[None]))[0])
    distance = int(np.count_nonzero(painted != np.unpackbits(np.frombuffer(fingerprint.hash, np.uint8))))
    [hash_spread] = spread_of_threshold(np.array([fingerprint.threshold]))
    return (distance - HASH_BITS / 2) / hash_spread, distance


def _coded_distance(enrolled: Signs, seen: Signs) -> int:
    return int(2 * np.count_nonzero(enrolled * seen < 0) + np.count_nonzero(enrolled == 0))
