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
from matching.engine.spectrum import above_median, distances, halved, least_distances, mean_filled, spectra

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

# Guesses painted of a pair, those whose sketches fit best; see docs/matching.md.
GUESSES_PAINTED = 4
SHARE_POWER = np.float32(0.75)
_LEAST_SHARE = np.float32(0.01)

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
    """Yield the pairs of queries [q, 64, 64] and living rows that pass every sieve, query by query."""
    signs = query_signs(queries)
    units = photo_units(signs)
    query, row, score = candidates(columns, alive, coded(signs), units)
    within = max(highest_sum, SECOND_LOOK_SUM)
    distance, total = _literal(columns, halved(queries), query, row, score, units[query], within)
    near = np.flatnonzero((total <= SECOND_LOOK_SUM) & (total > highest_sum))
    if len(near):
        distance[near], total[near] = second_look(
            columns, queries, query[near], row[near], score[near], units[query[near]], highest_sum
        )
    for k in np.flatnonzero(total <= highest_sum):
        yield Pair(int(query[k]), int(row[k]), int(distance[k]), float(total[k]))


def second_look(
    columns: Columns,
    grids: Grid,
    query: Counts,
    row: Counts,
    at_first: Spreads,
    units: Spreads,
    highest_sum: float,
) -> tuple[Counts, Spreads]:
    """Return (masked distance, sum) [n] of rows and grids [q, 64, 64] under the guess that fits each best.

    ``query`` [n] are places in the grids. A guess whose sketch score is far from the one ``at_first`` [n] is
    not painted; where all are, the sum is infinite. Sums above ``highest_sum`` are only known to be above it.
    """
    numbers, place = np.unique(query, return_inverse=True)
    looks = np.concatenate([guessed(grids[number]) for number in numbers])
    signs = query_signs(looks).reshape(len(numbers), GUESSES, -1)
    scores, orders = np.empty((2, len(row), GUESSES), np.float32)
    for number, each in enumerate(signs):
        here = place == number
        scores[here], orders[here] = _guess_scores(columns, row[here], each)
    scores /= units[:, None]
    last = np.sort(orders, axis=1)[:, GUESSES_PAINTED - 1, None]
    pair, guess = np.nonzero((scores <= GUESS_SHARE * at_first[:, None]) & (orders <= last))
    which = place[pair] * GUESSES + guess
    apart, sums = np.zeros(scores.shape, np.int64), np.full(scores.shape, np.inf, np.float32)
    apart[pair, guess], sums[pair, guess] = _literal(
        columns, halved(looks), which, row[pair], scores[pair, guess], units[pair], highest_sum
    )
    best = np.arange(len(row)), np.argmin(sums, axis=1)
    return apart[best], sums[best]


def _guess_scores(columns: Columns, rows: Counts, signs: Signs) -> tuple[Spreads, Spreads]:
    """Return (sketch scores, orders) [n, GUESSES] of rows and one photo's guesses' sketches [GUESSES, 480].

    The spread of a sketch compared in part is that of the whole, by the root of the share counted. Those of
    least order deserve painting: by their scores alone, bars would come too late, and by the share of the
    counted bits that agrees, too soon.
    """
    enrolled, counted = columns.signs(rows).astype(np.float32), counted_positions().astype(np.float32)
    agree = enrolled @ (signs * counted).T
    share = np.abs(enrolled) @ counted.T / np.abs(enrolled).sum(axis=1, keepdims=True)
    spread = np.maximum(columns.spreads[rows, None] * np.sqrt(share), np.float32(1))
    # A hostile fingerprint may keep nothing but what a bar hides.
    return -agree / spread, -agree / np.maximum(share, _LEAST_SHARE) ** SHARE_POWER


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
    apart, total = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _VERIFIED_AT_ONCE):
        part = slice(start, start + _VERIFIED_AT_ONCE)
        stored = columns.hashes.take(rows[part], axis=0)
        values = spectra(mean_filled(halves.take(which[part], axis=0), columns.hidden(rows[part])))
        apart[part] = least_distances(values, stored)
        total[part] = scores[part] + hash_scores(apart[part], spreads[part])
        near = np.flatnonzero(total[part] <= within)
        apart[part][near] = distances(np.packbits(above_median(values[near]), axis=1), stored[near])
        total[part][near] = scores[part][near] + hash_scores(apart[part][near], spreads[part][near])
    return apart, total


def candidates(
    columns: Columns, alive: NDArray[np.bool_], queries: Sketches, units: Spreads
) -> tuple[Counts, Counts, Spreads]:
    """Return (query, row, sketch score) of exactly the pairs that pass the first two sieves, query by query.

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
    by_query = np.argsort(query, kind="stable")
    return query[by_query], row[by_query], score[by_query]


def _near(columns: Columns, start: int, first: Sketches, unit: float) -> tuple[Counts, Counts, Counts]:
    """Return (query, row, distance) of the pairs whose half sketches a block's radius lets through."""
    narrowest = max(float(columns.first_spreads[start]), 1.0)
    # A thousandth more than due: the scores are rounded, and what is too far is dropped afterwards.
    radius = HALF_POSITIONS + int(np.floor(FIRST_SCORE_AT_MOST * narrowest * unit + 1e-3))
    limits, near, inside = codes_within(columns.first[start : start + _BLOCK], first, radius)
    return np.repeat(np.arange(len(first)), np.diff(limits)), inside + start, near
