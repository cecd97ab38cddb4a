"""One search, three sieves: half a sketch, the whole sketch, the literal paint-and-hash.

Each sieve reads more and is reached by fewer: of a million fingerprints the first lets about ten thousand
through, the second some hundreds, and only those are painted on the photo, filled and hashed. What then comes
near without matching, one pair in twenty thousand, gets a second look at the photo with an edit undone.
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
from matching.engine.guesses import counted_positions, guessed
from matching.engine.hamming import codes_within
from matching.engine.sketch import HALF_POSITIONS, Sketches, coded, half_rows, query_signs
from matching.engine.spectrum import distances, halved, masked_hashes

# Standard scores that a photo's sketch must reach, of the first half and of the whole; see docs/matching.md.
FIRST_SCORE_AT_MOST = -2.6
SKETCH_SCORE_AT_MOST = -3.6

# A pair whose sum reaches this without matching is looked at again; see docs/matching.md.
SECOND_LOOK_SUM = -6.0

# Share of a pair's first sketch score that a guess must keep; a bar takes bits away, hence evidence.
GUESS_SHARE = np.float32(0.8)

# Fingerprints compared with all queries at once, few enough to stay in the processor's cache meanwhile.
_BLOCK = 16_384

# Queries of one call into faiss, which has one radius; they are sorted so that it fits all of them.
_ALIKE = 16

# Candidates painted and hashed at once; 64 halved grids of 4 kB stay in the cache as well.
_VERIFIED_AT_ONCE = 64


@dataclass(frozen=True)
class Pair:
    """A query and the row it matches, with the masked ``distance`` and the calibrated sum ``total``."""

    query: int
    row: int
    distance: int
    total: float


def accepted(columns: Columns, alive: NDArray[np.bool_], queries: Grid, highest_sum: float) -> Iterator[Pair]:
    """Yield the pairs of queries [q, 64, 64] and living rows that pass every sieve."""
    signs = query_signs(queries)
    units = photo_units(signs)
    query, row, score = candidates(columns, alive, coded(signs), units)
    for number, grid in enumerate(queries):
        mine = query == number
        rows, unit = row[mine], units[number]
        distance, total = _literal(columns, halved(grid), rows, score[mine], unit)
        again = np.flatnonzero((total <= SECOND_LOOK_SUM) & (total > highest_sum))
        if len(again):
            distance[again], total[again] = second_look(columns, grid, rows[again], score[mine][again], unit)
        for k in np.flatnonzero(total <= highest_sum):
            yield Pair(number, int(rows[k]), int(distance[k]), float(total[k]))


def second_look(
    columns: Columns, grid: Grid, rows: Counts, at_first: Spreads, unit: np.float32
) -> tuple[Counts, Spreads]:
    """Return (masked distance, sum) [n] of rows and one grid [64, 64] under the guess that fits each best.

    A guess whose sketch score is far from the one ``at_first`` [n] is not painted; where all are, the sum is
    infinite. The spread of a sketch compared in part is that of the whole, by the root of the share counted.
    """
    looks = guessed(grid)
    enrolled, counted = columns.signs(rows).astype(np.float32), counted_positions().astype(np.float32)
    agree = enrolled @ (query_signs(looks) * counted).T
    share = np.abs(enrolled) @ counted.T / np.abs(enrolled).sum(axis=1, keepdims=True)
    spread = np.maximum(columns.spreads[rows, None] * np.sqrt(share), np.float32(1))
    scores = -agree / spread / unit
    distance, total = np.zeros(len(rows), np.int64), np.full(len(rows), np.inf, np.float32)
    for look, score in zip(halved(looks), scores.T, strict=True):
        at = np.flatnonzero(score <= GUESS_SHARE * at_first)
        apart, sums = _literal(columns, look, rows[at], score[at], unit)
        better = sums < total[at]
        distance[at[better]], total[at[better]] = apart[better], sums[better]
    return distance, total


def _literal(
    columns: Columns, half: Grid, rows: Counts, scores: Spreads, unit: np.float32
) -> tuple[Counts, Spreads]:
    """Return (masked distance, sum) [n] of rows with these sketch scores and a halved grid [32, 32]."""
    apart = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _VERIFIED_AT_ONCE):
        part = slice(start, start + _VERIFIED_AT_ONCE)
        apart[part] = literal_distances(columns, half, rows[part])
    return apart, scores + hash_scores(apart, spread_of_threshold(columns.thresholds[rows]) * unit)


def candidates(
    columns: Columns, alive: NDArray[np.bool_], queries: Sketches, units: Spreads
) -> tuple[Counts, Counts, Spreads]:
    """Return (query, row, sketch score) of exactly the pairs that pass the first two sieves.

    ``units`` [q] are the queries' own. The rows are in order of spread, and the queries are taken in order of
    theirs, so one search radius, that of the narrowest row and query, fits a block and a few queries well.
    """
    first, second = half_rows(queries)
    order = np.argsort(units)
    found: list[tuple[Counts, Counts, Spreads]] = []
    for start in range(0, len(columns), _BLOCK):
        for at in range(0, len(order), _ALIKE):
            alike = order[at : at + _ALIKE]
            query, row, near = _near(columns, start, first[alike], float(units[alike[0]]))
            query = alike[query]
            kept = (
                sketch_scores(near, columns.first_spreads[row], HALF_POSITIONS)
                <= FIRST_SCORE_AT_MOST * units[query]
            )
            query, row, near = query[kept], row[kept], near[kept]
            # ``take`` copies rows three times as fast as indexing does.
            whole = near + distances(columns.second.take(row, axis=0), second.take(query, axis=0))
            score = sketch_scores(whole, columns.spreads[row]) / units[query]
            kept = (score <= SKETCH_SCORE_AT_MOST) & alive[row]
            found.append((query[kept], row[kept], score[kept]))
    query, row, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return query, row, score


def _near(columns: Columns, start: int, first: Sketches, unit: float) -> tuple[Counts, Counts, Counts]:
    """Return (query, row, distance) of the pairs whose half sketches a block's radius lets through."""
    narrowest = max(float(columns.first_spreads[start]), 1.0)
    # A thousandth more than due: the scores are rounded, and what is too far is dropped afterwards.
    radius = HALF_POSITIONS + int(np.floor(FIRST_SCORE_AT_MOST * narrowest * unit + 1e-3))
    limits, near, inside = codes_within(columns.first[start : start + _BLOCK], first, radius)
    return np.repeat(np.arange(len(first)), np.diff(limits)), inside + start, near


def literal_distances(columns: Columns, half: Grid, rows: Counts) -> Counts:
    """Return the masked distances [n] of a halved grid [32, 32] and rows: paint each mask, fill, hash."""
    return distances(masked_hashes(half, columns.hidden(rows)), columns.hashes.take(rows, axis=0))
