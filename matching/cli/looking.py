"""What a scan looks for in each still, and how it is turned meanwhile."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from matching.cli.stills import Still
from matching.cli.stored import open_pulled
from matching.cli.usage import UsageError
from matching.engine.grid import Grid
from matching.engine.index import Index, Match

_QUARTERS = (0, 90, 180, 270)


@dataclass(frozen=True)
class Sighting:
    """A match in a still.

    ``turned``: clockwise by so many degrees, None when turns were not tried. ``time``: seconds into a video.
    """

    match: Match
    turned: int | None = None
    time: float | None = None


@dataclass(frozen=True)
class Task:
    """What to look for, whether also through windows (``deep``), and whether also in quarter ``turns``.

    ``store``: the file, or folder of ``arc pull``, that the index is opened from, if it is.
    """

    index: Index
    deep: bool = False
    turns: bool = False
    store: Path | None = None

    def recipe(self, folder: Path) -> "Recipe":
        """Return what other processes need to do the same; ``folder`` outlives them. Raises UsageError."""
        if self.store is not None:
            return Recipe(self.store.absolute(), self.deep, self.turns)
        store = folder / "fingerprints.arc"
        try:
            self.index.save(store)
        except OSError as error:
            sentence = f"the processes' list cannot be written to {folder}: {error.strerror}"
            raise UsageError("cannot-write", sentence) from error
        return Recipe(store, self.deep, self.turns)

    def search(self, stills: list[Still]) -> list[list[Sighting]]:
        """Return the sightings in each still, best first; of a fingerprint only the best."""
        grids = np.stack([still.grid for still in stills])
        found: list[dict[str, Sighting]] = [{} for _ in stills]
        for turned in _QUARTERS if self.turns else (None,):
            for best, matches in zip(found, self._matches(_turned(grids, turned or 0)), strict=True):
                for match in matches:
                    if match.id not in best or match.rate < best[match.id].match.rate:
                        best[match.id] = Sighting(match, turned)
        return [
            [replace(sighting, time=still.time) for sighting in sorted(best.values(), key=_order)]
            for still, best in zip(stills, found, strict=True)
        ]

    def _matches(self, grids: Grid) -> list[list[Match]]:
        return self.index.search_deep(grids) if self.deep else self.index.search(grids)


@dataclass(frozen=True)
class Recipe:
    """A task for another process, which maps the store instead of being sent a copy of it."""

    store: Path
    deep: bool
    turns: bool

    def task(self) -> Task:
        """Raises an EngineError or OSError when the store has been damaged or removed meanwhile."""
        index = open_pulled(self.store) if self.store.is_dir() else Index.open(self.store)
        return Task(index, self.deep, self.turns, self.store)


def _turned(grids: Grid, clockwise: int) -> Grid:
    """Cells are area means, so turning them is as good as turning the photo."""
    return np.ascontiguousarray(np.rot90(grids, -clockwise // 90, axes=(1, 2)))


def _order(sighting: Sighting) -> tuple[float, str]:
    return sighting.match.rate, sighting.match.id
