"""One search, three sieves: half a sketch, the whole sketch, the literal paint-and-hash.

Each sieve reads more and is reached by fewer: of a million fingerprints the first lets about ten thousand
through, the second some hundreds, and only those are painted on the photo, filled and hashed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import Counts, Spreads, hash_scores, sketch_scores, spread_of_threshold
from matching.engine.columns import Columns
from matching.engine.grid import Grid
from matching.engine.hamming import codes_within
from matching.engine.sketch import HALF_POSITIONS, Sketches, coded, half_rows, query_signs
from matching.engine.spectrum import distances, halved, masked_hashes

# Standard scores that a photo's sketch must reach, of the first half and of the whole; see docs/matching.md.
# They let one unrelated pair in 70 and in 2,000 through, and lose one copy in 100 that the sum would accept.
FIRST_SCORE_AT_MOST = -2.6
SKETCH_SCORE_AT_MOST = -3.9

# Fingerprints compared with all queries at once, few enough to stay in the processor's cache meanwhile.
_BLOCK = 16_384

# Candidates painted and hashed at once; 128 halved grids of 4 kB stay in the cache as well.
_VERIFIED_AT_ONCE = 128


@dataclass(frozen=True)
class Pair:
    """A query and the row it matches, with the masked ``distance`` and the calibrated sum ``total``."""

    query: int
    row: int
    distance: int
    total: float


def accepted(columns: Columns, alive: NDArray[np.bool_], queries: Grid, highest_sum: float) -> Iterator[Pair]:
    """Yield the pairs of queries [q, 64, 64] and living rows that pass every sieve."""
    query, row, score = candidates(columns, alive, coded(query_signs(queries)))
    for number, half in enumerate(halved(queries)):
        mine = np.flatnonzero(query == number)
        for start in range(0, len(mine), _VERIFIED_AT_ONCE):
            part = mine[start : start + _VERIFIED_AT_ONCE]
            apart = literal_distances(columns, half, row[part])
            totals = score[part] + hash_scores(apart, spread_of_threshold(columns.thresholds[row[part]]))
            for k in np.flatnonzero(totals <= highest_sum):
                yield Pair(number, int(row[part[k]]), int(apart[k]), float(totals[k]))


def candidates(
    columns: Columns, alive: NDArray[np.bool_], queries: Sketches
) -> tuple[Counts, Counts, Spreads]:
    """Return (query, row, sketch score) of exactly the pairs that pass the first two sieves.

    The rows are in order of spread, so one search radius, that of its narrowest row, fits a whole block well.
    """
    first, second = half_rows(queries)
    found: list[tuple[Counts, Counts, Spreads]] = []
    for start in range(0, len(columns), _BLOCK):
        block = slice(start, start + _BLOCK)
        narrowest = float(columns.first_spreads[start])
        radius = HALF_POSITIONS + int(np.floor(FIRST_SCORE_AT_MOST * max(narrowest, 1.0)))
        limits, near, inside = codes_within(columns.first[block], first, radius)
        query, row = np.repeat(np.arange(len(first)), np.diff(limits)), inside + start
        kept = sketch_scores(near, columns.first_spreads[row], HALF_POSITIONS) <= FIRST_SCORE_AT_MOST
        query, row, near = query[kept], row[kept], near[kept]
        score = sketch_scores(near + distances(columns.second[row], second[query]), columns.spreads[row])
        kept = (score <= SKETCH_SCORE_AT_MOST) & alive[row]
        found.append((query[kept], row[kept], score[kept]))
    query, row, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return query, row, score


def literal_distances(columns: Columns, half: Grid, rows: Counts) -> Counts:
    """Return the masked distances [n] of a halved grid [32, 32] and rows: paint each mask, fill, hash."""
    return distances(masked_hashes(half, columns.hidden(rows)), columns.hashes[rows])
