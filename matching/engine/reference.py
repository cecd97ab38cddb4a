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
from matching.engine.cascade import FIRST_SCORE_AT_MOST, SKETCH_SCORE_AT_MOST
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, Grid, mirrored
from matching.engine.index import Match
from matching.engine.sketch import HALF_POSITIONS, POSITIONS, Signs, decoded, query_signs
from matching.engine.spectrum import HASH_BITS, halved, halved_masks, masked_hashes


def search(fingerprints: Mapping[str, Fingerprint], grid: Grid, *, rate: float = RATE) -> list[Match]:
    """Return the matches of one photo's grid [64, 64], mirrored copies included, best first."""
    matches = []
    for id_, fingerprint in fingerprints.items():
        found = []
        for flipped in (False, True):
            match, total = compare(id_, fingerprint, mirrored(grid) if flipped else grid, flipped)
            if total <= sum_at(rate):
                found.append(match)
        matches += sorted(found, key=lambda match: match.rate)[:1]
    return sorted(matches, key=lambda match: (match.rate, match.id))


def compare(id_: str, fingerprint: Fingerprint, grid: Grid, flipped: bool) -> tuple[Match, float]:
    """Return what a match of this pair would be and its calibrated sum, infinite where a sieve holds it."""
    enrolled = decoded(np.frombuffer(fingerprint.sketch, np.uint8)[None])[0]
    seen = query_signs(grid[None])[0]
    [spread], [first_spread] = sketch_spreads(enrolled[None])
    [unit] = photo_units(seen[None])
    score = (_coded_distance(enrolled, seen) - POSITIONS) / max(spread, 1.0) / unit
    half = slice(HALF_POSITIONS)
    first = (_coded_distance(enrolled[half], seen[half]) - HALF_POSITIONS) / max(first_spread, 1.0) / unit

    mask = np.unpackbits(np.frombuffer(fingerprint.mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)
    painted = np.unpackbits(masked_hashes(halved(grid), halved_masks(mask[None]))[0])
    distance = int(np.count_nonzero(painted != np.unpackbits(np.frombuffer(fingerprint.hash, np.uint8))))
    [hash_spread] = spread_of_threshold(np.array([fingerprint.threshold]))

    passed = first <= FIRST_SCORE_AT_MOST and score <= SKETCH_SCORE_AT_MOST
    total = float(score + (distance - HASH_BITS / 2) / hash_spread / unit) if passed else np.inf
    return Match(id_, distance, rate_at(total), flipped), total


def _coded_distance(enrolled: Signs, seen: Signs) -> int:
    return int(2 * np.count_nonzero(enrolled * seen < 0) + np.count_nonzero(enrolled == 0))
