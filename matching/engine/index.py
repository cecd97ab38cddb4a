"""Many fingerprints, searched at once; added, removed and merged, saved and opened again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import DEEP_RATE, RATE, rate_at, sum_at
from matching.engine.cascade import accepted
from matching.engine.columns import Columns
from matching.engine.deep import DeepView, sightings
from matching.engine.errors import DuplicateId
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import Grid, mirrored
from matching.engine.store import open_store, write_store


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


@dataclass(frozen=True)
class _Segment:
    """Columns that never change, and which of their rows have not been removed since: bool [n]."""

    columns: Columns
    alive: NDArray[np.bool_]

    @cached_property
    def view(self) -> DeepView:
        """What a deep search reads; made when the first one comes."""
        return DeepView.of(self.columns)


class Index:
    """Fingerprints by id. An added one matches and a removed one stops matching at the next search.

    Not safe for threads; processes share an opened store, each with additions and removals of its own.
    """

    def __init__(self, entries: Iterable[tuple[str, Fingerprint]] = ()) -> None:
        self._segments: list[_Segment] = []
        self._pending: dict[str, Fingerprint] = {}
        self._places: dict[str, tuple[int, int]] | None = {}
        self._size = 0
        for id_, fingerprint in entries:
            self.add(id_, fingerprint)

    @classmethod
    def open(cls, *paths: Path, verify: bool = True) -> Self:
        """Return the index of saved files, mapped; no two of them may hold the same id.

        Raises CorruptStore, NewerVersion or OSError.
        """
        index = cls()
        for path in paths:
            index._adopt(open_store(path, verify=verify))
        return index

    def save(self, path: Path) -> None:
        """Write everything that is not removed to one file, which replaces an older one at once."""
        self._settle()
        whole = [(segment.columns, segment.alive) for segment in self._segments]
        write_store(path, Columns.joined(whole) if whole else Columns.of([], []))

    def __len__(self) -> int:
        return self._size

    def __contains__(self, id_: str) -> bool:
        return id_ in self._pending or id_ in self._by_id()

    def __iter__(self) -> Iterator[str]:
        yield from [*self._by_id(), *self._pending]

    def add(self, id_: str, fingerprint: Fingerprint) -> None:
        """Raise DuplicateId when the id is present."""
        if id_ in self:
            raise DuplicateId(f"two fingerprints have the id {id_!r}")
        self._pending[id_] = fingerprint
        self._size += 1

    def remove(self, id_: str) -> None:
        """Raise KeyError when the id is not present."""
        if self._pending.pop(id_, None) is None:
            segment, row = self._by_id().pop(id_)
            self._segments[segment].alive[row] = False
        self._size -= 1

    def merge(self, other: "Index") -> None:
        """Add everything of another index; raise DuplicateId, changing nothing, when they share an id."""
        if shared := next((id_ for id_ in other if id_ in self), None):
            raise DuplicateId(f"two fingerprints have the id {shared!r}")
        other._settle()
        for segment in other._segments:
            self._adopt(segment.columns, segment.alive.copy())

    def compact(self) -> None:
        """Bring everything that is not removed into one block: it is searched faster than many small ones."""
        self._settle()
        if len(self._segments) > 1:
            whole = Columns.joined([(segment.columns, segment.alive) for segment in self._segments])
            self._segments, self._size = [], 0
            self._adopt(whole)

    def get(self, id_: str) -> Fingerprint:
        """Return a fingerprint; raise KeyError when the id is not present."""
        if id_ in self._pending:
            return self._pending[id_]
        segment, row = self._by_id()[id_]
        return self._segments[segment].columns.fingerprint(row)

    def extended(self) -> int:
        """Return how many fingerprints have an extended sketch."""
        self._settle()
        return sum(
            int(np.count_nonzero(segment.alive[segment.columns.extended_rows])) for segment in self._segments
        )

    def search(self, grids: Grid, *, rate: float = RATE, mirrors: bool = True) -> list[list[Match]]:
        """Return, for each photo of grids [n, 64, 64], its matches at ``rate`` or better, best first.

        A fingerprint found in both the photo and its flipped copy is given once, the better of the two.
        """
        self._settle()
        found: list[dict[str, Match]] = [{} for _ in grids]
        queries = np.concatenate([grids, mirrored(grids)]) if mirrors else grids
        for segment in self._segments if len(grids) else ():
            for pair in accepted(segment.columns, segment.alive, queries, sum_at(rate)):
                photo, flipped = pair.query % len(grids), pair.query >= len(grids)
                match = Match(segment.columns.id_of(pair.row), pair.distance, rate_at(pair.total), flipped)
                if match.id not in found[photo] or match.rate < found[photo][match.id].rate:
                    found[photo][match.id] = match
        return [sorted(each.values(), key=lambda match: (match.rate, match.id)) for each in found]

    def search_deep(self, grids: Grid, *, rate: float = DEEP_RATE, mirrors: bool = True) -> list[list[Match]]:
        """Return the matches of ``search`` and, among extended fingerprints, those seen through a window.

        ``rate`` holds for what only a window shows.
        """
        found = [{match.id: match for match in each} for each in self.search(grids, mirrors=mirrors)]
        for segment in self._segments:
            for grid, matches in zip(grids, found, strict=True):
                for sighting in sightings(segment.view, segment.alive, grid, rate=rate, mirrors=mirrors):
                    id_ = segment.columns.id_of(sighting.row)
                    matches.setdefault(id_, Match(id_, sighting.distance, sighting.rate, sighting.mirrored))
        return [sorted(each.values(), key=lambda match: (match.rate, match.id)) for each in found]

    def _settle(self) -> None:
        """Turn what was added since into a segment."""
        if self._pending:
            columns = Columns.of([*self._pending], [*self._pending.values()])
            self._size -= len(self._pending)
            self._pending = {}
            self._adopt(columns)

    def _adopt(self, columns: Columns, alive: NDArray[np.bool_] | None = None) -> None:
        if not len(columns):
            return
        kept = np.ones(len(columns), np.bool_) if alive is None else alive
        self._segments.append(_Segment(columns, kept))
        self._places = None
        self._size += int(np.count_nonzero(kept))

    def _by_id(self) -> dict[str, tuple[int, int]]:
        """Return (segment, row) by id, gathered only when somebody asks: searching needs no ids."""
        if self._places is None:
            self._places = {
                id_: (number, row)
                for number, segment in enumerate(self._segments)
                for row, id_ in enumerate(segment.columns.ids())
                if segment.alive[row]
            }
        return self._places
