"""One search, three sieves: half a sketch, the whole sketch, the literal paint-and-hash.

Each sieve reads more and is reached by fewer: of a million fingerprints the first lets about ten thousand
through, the second some hundreds, and only those are painted on the photo, filled and hashed. What then comes
near without matching, one pair in ten thousand, gets a second look at the photo with an edit undone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import (
    Counts,
    Spreads,
    hash_scores,
    photo_units,
    sketch_scores,
    spread_of_threshold,
)
from matching.engine.columns import Columns
from matching.engine.grid import Grid
from matching.engine.guesses import GUESSES, counted_positions, guessed
from matching.engine.hamming import codes_within
from matching.engine.sketch import HALF_POSITIONS, Signs, Sketches, coded, half_rows, query_signs
from matching.engine.spectrum import (
    HASH_BITS,
    above_median,
    distances,
    filled,
    halved,
    least_distances,
    spectra,
)

# Standard scores that a photo's sketch must reach, of the first half and of the whole; see docs/matching.md.
FIRST_SCORE_AT_MOST = -2.6
SKETCH_SCORE_AT_MOST = -3.6

# A pair whose sum reaches this without matching is looked at again; see docs/matching.md.
SECOND_LOOK_SUM = -6.0

# A guess is painted when its sketch score and this share of what the hash scored before come down to this.
GUESS_HASH_SHARE = np.float32(0.4)
GUESS_SCORE_AT_MOST = np.float32(-5.0)

# Fingerprints compared with all queries at once, few enough that their distances stay in the cache meanwhile.
_BLOCK = 8192

# Candidates painted at once, 4 kB each, and hashed at once, 1 kB each; both stay in the cache as well.
_PAINTED_AT_ONCE = 64
_HASHED_AT_ONCE = 1024


@dataclass(frozen=True)
class Pair:
    """A query and the row it matches, with the masked ``distance`` and the calibrated sum ``total``."""

    query: int
    row: int
    distance: int
    total: float


def accepted(columns: Columns, alive: NDArray[np.bool_], queries: Grid, highest_sum: float) -> Iterator[Pair]:
    """Yield the pairs of queries [q, 64, 64] and living rows that pass every sieve, query by query."""
    signs = query_signs(queries)
    units = photo_units(signs)
    query, row, score = candidates(columns, alive, coded(signs), units)
    within = max(highest_sum, SECOND_LOOK_SUM)
    distance, total = _literal(columns, halved(queries), query, row, score, units[query], within)
    near = np.flatnonzero((total <= SECOND_LOOK_SUM) & (total > highest_sum))
    if len(near):
        distance[near], total[near] = second_look(
            columns, queries, query[near], row[near], (total - score)[near], units[query[near]], highest_sum
        )
    for k in np.flatnonzero(total <= highest_sum):
        yield Pair(int(query[k]), int(row[k]), int(distance[k]), float(total[k]))


def second_look(
    columns: Columns,
    grids: Grid,
    query: Counts,
    row: Counts,
    hash_score: Spreads,
    units: Spreads,
    highest_sum: float,
) -> tuple[Counts, Spreads]:
    """Return (masked distance, sum) [n] of rows and grids [q, 64, 64] under the guess that fits each best.

    ``query`` [n] are places in the grids. ``hash_score`` [n] is what the hash scored without a guess. A guess
    that promises too little is not painted; where all do, the sum is infinite. Sums above ``highest_sum`` are
    only known to be above it.
    """
    numbers, place = np.unique(query, return_inverse=True)
    looks = np.concatenate([guessed(grids[number]) for number in numbers])
    signs = query_signs(looks).reshape(len(numbers), GUESSES, -1)
    scores = np.empty((len(row), GUESSES), np.float32)
    for number, each in enumerate(signs):
        here = place == number
        scores[here] = _guess_scores(columns, row[here], each)
    scores /= units[:, None]
    pair, guess = np.nonzero(scores + GUESS_HASH_SHARE * hash_score[:, None] <= GUESS_SCORE_AT_MOST)
    which = place[pair] * GUESSES + guess
    apart, sums = np.zeros(scores.shape, np.int64), np.full(scores.shape, np.inf, np.float32)
    apart[pair, guess], sums[pair, guess] = _literal(
        columns, halved(looks), which, row[pair], scores[pair, guess], units[pair], highest_sum
    )
    best = np.arange(len(row)), np.argmin(sums, axis=1)
    return apart[best], sums[best]


def _guess_scores(columns: Columns, rows: Counts, signs: Signs) -> Spreads:
    """Return the sketch scores [n, GUESSES] of rows and one photo's guesses' sketches [GUESSES, 480].

    The spread of a sketch compared in part is that of the whole, by the root of the share counted.
    """
    enrolled, counted = columns.signs(rows).astype(np.float32), counted_positions().astype(np.float32)
    agree = enrolled @ (signs * counted).T
    share = np.abs(enrolled) @ counted.T / np.abs(enrolled).sum(axis=1, keepdims=True)
    scores: Spreads = -agree / np.maximum(columns.spreads[rows, None] * np.sqrt(share), np.float32(1))
    return scores


def _literal(
    columns: Columns,
    halves: Grid,
    which: Counts,
    rows: Counts,
    scores: Spreads,
    units: Spreads,
    within: float,
) -> tuple[Counts, Spreads]:
    """Return (masked distance, sum) [n] of rows with these sketch scores and halved grids[which].

    Paint each row's mask on its grid, fill, hash, compare. A sum above ``within`` is only known to be that.
    """
    spreads = spread_of_threshold(columns.thresholds[rows]) * units
    stored = columns.hashes.take(rows, axis=0)
    # A hundredth of a bit more than due: what is too far in truth is told by its sum.
    furthest = np.float32(HASH_BITS / 2 + 0.01) + spreads * (np.float32(within) - scores)
    apart = np.full(len(rows), HASH_BITS)
    for start in range(0, len(rows), _HASHED_AT_ONCE):
        part = slice(start, start + _HASHED_AT_ONCE)
        values = _painted_spectra(columns, halves, which[part], rows[part])
        near = np.flatnonzero(least_distances(values, stored[part]) <= furthest[part])
        hashed = np.packbits(above_median(values.take(near, axis=0)), axis=1)
        apart[start + near] = distances(hashed, stored[start + near])
    return apart, scores + hash_scores(apart, spreads)


def _painted_spectra(columns: Columns, halves: Grid, which: Counts, rows: Counts) -> NDArray[np.float32]:
    """Return the frequencies float32 [n, 256] of halved grids[which] under the masks of rows."""
    values = np.empty((len(rows), HASH_BITS), np.float32)
    for start in range(0, len(rows), _PAINTED_AT_ONCE):
        part = slice(start, start + _PAINTED_AT_ONCE)
        values[part] = spectra(filled(halves.take(which[part], axis=0), columns.visible(rows[part])))
    return values


def candidates(
    columns: Columns, alive: NDArray[np.bool_], queries: Sketches, units: Spreads
) -> tuple[Counts, Counts, Spreads]:
    """Return (query, row, sketch score) of exactly the pairs that pass the first two sieves, query by query.

    ``units`` [q] are the queries' own. The rows are in order of spread, so that one search radius of each
    query, that of the narrowest row, fits a block well.
    """
    first, second = half_rows(queries)
    found: list[tuple[Counts, Counts, Spreads]] = []
    for start in range(0, len(columns), _BLOCK):
        query, row, near = _near(columns, start, first, units)
        # ``take`` copies rows three times as fast as indexing does.
        whole = near + distances(columns.second.take(row, axis=0), second.take(query, axis=0))
        score = sketch_scores(whole, columns.spreads[row]) / units[query]
        kept = (score <= SKETCH_SCORE_AT_MOST) & alive[row]
        found.append((query[kept], row[kept], score[kept]))
    query, row, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_query = np.argsort(query, kind="stable")
    return query[by_query], row[by_query], score[by_query]


def _near(columns: Columns, start: int, first: Sketches, units: Spreads) -> tuple[Counts, Counts, Counts]:
    """Return (query, row, distance) of the pairs of a block that pass the first sieve."""
    spreads = columns.first_spreads[start : start + _BLOCK]
    # A thousandth more than due: the scores are rounded, and what is too far is dropped afterwards.
    reach = FIRST_SCORE_AT_MOST * max(float(spreads[0]), 1.0) * units + np.float32(1e-3)
    radii = HALF_POSITIONS + np.floor(reach).astype(np.int64)
    limits, near, inside = codes_within(columns.first[start : start + _BLOCK], first, radii)
    query = np.repeat(np.arange(len(first)), np.diff(limits))
    kept = sketch_scores(near, spreads[inside], HALF_POSITIONS) <= FIRST_SCORE_AT_MOST * units[query]
    return query[kept], inside[kept] + start, near[kept]
