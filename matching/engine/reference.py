"""The search as its definition says it, one pair at a time: slow and plain, for testing the index against."""

from collections.abc import Mapping

import numpy as np

from matching.engine.calibration import (
    RATE,
    hash_scores,
    rate_at,
    sketch_scores,
    sketch_spreads,
    spread_of_threshold,
    sum_at,
)
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, Grid, mirrored
from matching.engine.index import SKETCH_SCORE_AT_MOST, Match
from matching.engine.sketch import decoded, query_signs
from matching.engine.spectrum import masked_hashes


def search(fingerprints: Mapping[str, Fingerprint], grid: Grid, *, rate: float = RATE) -> list[Match]:
    """Return the matches of one photo's grid [64, 64], mirrored copies included, best first."""
    matches = []
    for id_, fingerprint in fingerprints.items():
        pairs = (compare(id_, fingerprint, view, view is not grid) for view in (grid, mirrored(grid)))
        accepted = [
            match for match, score, total in pairs if score <= SKETCH_SCORE_AT_MOST and total <= sum_at(rate)
        ]
        matches += sorted(accepted, key=lambda match: match.rate)[:1]
    return sorted(matches, key=lambda match: (match.rate, match.id))


def compare(id_: str, fingerprint: Fingerprint, grid: Grid, flipped: bool) -> tuple[Match, float, float]:
    """Return what a match of this pair would be, its sketch score and its calibrated sum."""
    enrolled = decoded(np.frombuffer(fingerprint.sketch, np.uint8)[None])[0]
    seen = query_signs(grid[None])[0]
    coded_distance = 2 * np.count_nonzero(enrolled * seen < 0) + np.count_nonzero(enrolled == 0)
    score = float(sketch_scores(np.array([coded_distance]), sketch_spreads(enrolled[None]))[0])

    mask = np.unpackbits(np.frombuffer(fingerprint.mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)
    painted = np.unpackbits(masked_hashes(grid[None], mask[None])[0])
    distance = int(np.count_nonzero(painted != np.unpackbits(np.frombuffer(fingerprint.hash, np.uint8))))
    spread = spread_of_threshold(np.array([fingerprint.threshold]))
    total = score + float(hash_scores(np.array([distance]), spread)[0])
    return Match(id_, distance, rate_at(total), flipped), score, total
