"""Many fingerprints, searched at once: exact coded prefilter, literal verification, one calibrated score."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import RATE, hash_scores, rate_at, sketch_scores, sum_at
from matching.engine.columns import Columns, Rows, columns_of
from matching.engine.errors import DuplicateId
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import Grid, mirrored
from matching.engine.hamming import codes_within
from matching.engine.sketch import POSITIONS, Sketches, coded, query_signs
from matching.engine.spectrum import distances, masked_hashes

# The prefilter keeps a fingerprint when the photo's sketch is this many spreads nearer than unrelated ones
# are on average: about one unrelated pair in two hundred, and every copy that the sum would accept.
SKETCH_SCORE_AT_MOST = -2.8

# Fingerprints compared with all queries at once, few enough to stay in the processor's cache meanwhile.
_BLOCK = 16_384

# Candidates painted and hashed at once; 64 grids of 16 kB stay in the cache as well.
_VERIFIED_AT_ONCE = 64


@dataclass(frozen=True)
class Match:
    """One fingerprint found in one photo.

    ``distance``: bits of 256 in which the hash of the painted photo differs. ``rate``: expected share of
    unrelated photos that match this fingerprint as well. ``mirrored``: found in the photo flipped.
    """

    id: str
    distance: int
    rate: float
    mirrored: bool


class Index:
    """Fingerprints by id; a removed one stops matching at once."""

    def __init__(self, entries: Iterable[tuple[str, Fingerprint]] = ()) -> None:
        self._entries: dict[str, Fingerprint] = {}
        self._built: tuple[list[str], Columns] | None = None
        for id_, fingerprint in entries:
            self.add(id_, fingerprint)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._entries

    def add(self, id_: str, fingerprint: Fingerprint) -> None:
        """Raise DuplicateId when the id is present."""
        if id_ in self._entries:
            raise DuplicateId(f"two fingerprints have the id {id_!r}")
        self._entries[id_] = fingerprint
        self._built = None

    def remove(self, id_: str) -> None:
        """Raise KeyError when the id is not present."""
        del self._entries[id_]
        self._built = None

    def search(self, grids: Grid, *, rate: float = RATE, mirrors: bool = True) -> list[list[Match]]:
        """Return, for each photo of grids [n, 64, 64], its matches at ``rate`` or better, best first.

        A fingerprint found in both the photo and its flipped copy is given once, the better of the two.
        """
        if not self._entries or not len(grids):
            return [[] for _ in grids]
        if self._built is None:
            self._built = list(self._entries), columns_of(list(self._entries.values()))
        ids, columns = self._built
        queries = np.concatenate([grids, mirrored(grids)]) if mirrors else grids
        best: list[dict[int, Match]] = [{} for _ in grids]
        for query, row, distance, total in _accepted(columns, queries, sum_at(rate)):
            found = best[query % len(grids)]
            match = Match(ids[columns.origin[row]], distance, rate_at(total), query >= len(grids))
            if row not in found or match.rate < found[row].rate:
                found[row] = match
        return [sorted(found.values(), key=lambda match: (match.rate, match.id)) for found in best]


def _accepted(columns: Columns, queries: Grid, highest_sum: float) -> Iterator[tuple[int, int, int, float]]:
    """Yield (query, row, distance, sum) of the pairs that pass the prefilter and the calibrated sum."""
    query, row, score = candidates(columns, coded(query_signs(queries)))
    for start in range(0, len(query), _VERIFIED_AT_ONCE):
        part = slice(start, start + _VERIFIED_AT_ONCE)
        apart = literal_distances(columns, queries, query[part], row[part])
        totals = score[part] + hash_scores(apart, columns.hash_spreads[row[part]])
        for k in np.flatnonzero(totals <= highest_sum):
            yield int(query[part][k]), int(row[part][k]), int(apart[k]), float(totals[k])


def candidates(columns: Columns, queries: Sketches) -> tuple[Rows, Rows, NDArray[np.float32]]:
    """Return (query, row, sketch score) of exactly the pairs that score ``SKETCH_SCORE_AT_MOST`` or less.

    The rows are in order of spread, so one search radius, that of its narrowest row, fits a whole block well.
    """
    found: list[tuple[Rows, Rows, NDArray[np.float32]]] = []
    for start in range(0, len(columns.sketches), _BLOCK):
        block = slice(start, start + _BLOCK)
        spreads = columns.sketch_spreads[block]
        radius = POSITIONS + int(np.floor(SKETCH_SCORE_AT_MOST * float(spreads[0])))
        limits, coded_distances, rows = codes_within(columns.sketches[block], queries, radius)
        scores = sketch_scores(coded_distances, spreads[rows])
        near = scores <= SKETCH_SCORE_AT_MOST
        query = np.repeat(np.arange(len(queries)), np.diff(limits))
        found.append((query[near], rows[near] + start, scores[near]))
    query, row, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return query, row, score


def literal_distances(columns: Columns, queries: Grid, query: Rows, row: Rows) -> Rows:
    """Return the masked distances [n] of pairs (query, row): paint the row's mask on it, fill, hash."""
    painted = masked_hashes(queries[query], columns.mask_grids(row))
    return distances(painted, columns.hashes[row])
