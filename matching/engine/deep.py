"""Looking for crops, frames, zooms and small turns: many supposed windows, coarse to fine.

Each window of a lattice is a query of its own. Coarse sketches at 16x16 leave a few pairs of window and
fingerprint in a thousand; the extended sketch at the same window leaves a photo's best few fingerprints. For
each of them the photo is put back into the enrolled frame, painted and hashed. By the score that sketch and
hash share, ever fewer stay while their windows are moved and sized in ever smaller steps.

Scores are always of the bits that both sides know, window by window: under a large cover a cropped copy
shares a quarter of the frame with its fingerprint, and would seldom reach what a whole sketch must.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import (
    Counts,
    Spreads,
    deep_rate_at,
    deep_scores,
    photo_units,
    sketch_spreads,
    spread_of_threshold,
)
from matching.engine.columns import Columns
from matching.engine.extended import (
    Planes,
    Window,
    agreement,
    coarse_signs,
    inside,
    query_planes,
    resampled,
)
from matching.engine.grid import SIZE, Grid, mirrored
from matching.engine.sketch import POOLS, SKETCH_BYTES, Signs, coded, query_signs, window_signs
from matching.engine.spectrum import distances, halved, masked_hashes
from matching.engine.tables import Tables

# Standard scores to reach at a lattice window: of the coarse sketch, then of the extended one.
COARSE_SCORE_AT_LEAST = np.float32(2.6)
LATTICE_SCORE_AT_LEAST = np.float32(2.0)

# Share of a block that is scored at one window, its best; and how many are of a block however small.
RANKED_SHARE = 0.01
RANKED_AT_LEAST = 64

# Fingerprints that are painted and hashed at their best lattice window. Then: how far windows are moved and
# sized, in steps of the lattice, and for how many of the best.
PAINTED = 128
REFINING = ((1 / 2, 24), (1 / 4, 12), (1 / 8, 8))

# About a twentieth, but with exact halves: windows that are reached in different ways are the same, so that
# their weights are found again.
_LATTICE_STEP = 13 / 256
_MOVES = tuple(product((0, -1, 1), repeat=2))

# Fingerprints ranked together: many for each call, but their units much alike.
_BLOCK = 32_768

# Planes compared at once, or unpacked while a view is made.
_AT_ONCE = 4096


@dataclass(frozen=True)
class Sighting:
    """A fingerprint's row found through a window; ``distance`` is of the masked hashes there."""

    row: int
    rate: float
    distance: int
    mirrored: bool


@dataclass(frozen=True)
class DeepView:
    """What a deep search reads of e fingerprints with an extended sketch, ordered by their coarse units.

    A unit is the spread of unrelated agreements by the root of the bits compared.
    """

    columns: Columns
    places: Counts  # int64 [e], among the extended sketches of the columns
    units: Spreads  # float32 [e]
    coarse_units: Spreads  # float32 [e], ascending
    compared: NDArray[np.uint16]  # [w, e], coarse bits known within each window of the lattice
    usual: float  # their mean
    blocks: tuple[Tables, ...]  # the coarse sketches, ``_BLOCK`` by ``_BLOCK``

    @classmethod
    def of(cls, columns: Columns) -> "DeepView":
        """Return the view of all extended sketches of the columns."""
        count = len(columns.extended)
        sketches, coarse = np.empty((count, SKETCH_BYTES), np.uint8), np.empty(count, np.float32)
        compared = np.empty((len(lattice()), count), np.uint16)
        within = _within().T.astype(np.float32)
        for part in (slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE)):
            signs = _coarse(columns, part)
            known = np.abs(signs).astype(np.float32)
            sketches[part], compared[:, part] = coded(signs), (known @ within).T
            coarse[part] = _units(sketch_spreads(signs)[0], known.sum(axis=1))
        places = np.argsort(coarse, kind="stable")
        fine = _units(columns.extended_spreads, np.bitwise_count(columns.extended[:, 1]).sum(axis=1))
        starts = range(0, count, _BLOCK)
        return cls(
            columns=columns,
            places=places,
            units=fine[places],
            coarse_units=coarse[places],
            compared=compared.take(places, axis=1),
            usual=float(compared.mean()) if count else 0.0,
            blocks=tuple(Tables(sketches[places[start : start + _BLOCK]]) for start in starts),
        )

    def rows(self, at: Counts) -> Counts:
        """Return the columns' rows int64 [n] of places [n] in the view."""
        return self.columns.extended_rows[self.places[at]].astype(np.int64)


@dataclass(frozen=True)
class _Suspects:
    """n fingerprints, each with the look at the photo and the window that show it best."""

    at: Counts  # int64 [n], places in the view
    look: Counts  # int64 [n], 0 as it is, 1 mirrored
    windows: list[Window]
    scores: Spreads  # float32 [n], of their extended sketches there

    def best(self, totals: Spreads, most: int) -> "_Suspects":
        """Return the ``most`` of highest totals [n], or all."""
        order = np.argsort(-totals, kind="stable")[:most]
        windows = [self.windows[number] for number in order]
        return _Suspects(self.at[order], self.look[order], windows, self.scores[order])


@lru_cache(maxsize=1)
def lattice() -> tuple[Window, ...]:
    """Return the windows to suppose: crops up to 20 % of both axes alike, in steps of 5 % at each side, and
    frames.
    """
    cuts = [step * _LATTICE_STEP for step in range(5)]
    axis = [(before, after) for before, after in product(cuts, cuts) if before + after < 4.5 * _LATTICE_STEP]
    crops = tuple(
        Window(top, bottom, left, right)
        for (top, bottom), (left, right) in product(axis, axis)
        if abs(top + bottom - left - right) < 0.5 * _LATTICE_STEP
    )
    frames = [(0.05, 0.05), (0.1, 0.1), (0.05, 0.0), (0.0, 0.05), (0.1, 0.0), (0.0, 0.1)]
    return crops + tuple(Window(-down, -down, -across, -across) for down, across in frames)


def sightings(
    view: DeepView, alive: NDArray[np.bool_], grid: Grid, *, rate: float, mirrors: bool = True
) -> list[Sighting]:
    """Return what is found in one photo's grid [64, 64] at ``rate`` or better, one sighting a living row."""
    if not len(view.places):
        return []
    looks = np.stack([grid, mirrored(grid)][: 1 + mirrors])
    [unit] = photo_units(query_signs(grid[None]))
    suspects = _promising(view, alive, looks, unit)
    if not suspects.windows:
        return []
    for step, most in REFINING:
        totals, _ = _painted(view, looks, suspects)
        suspects = _refined(view, looks, suspects.best(totals, most), step * _LATTICE_STEP)
    totals, distance = _painted(view, looks, suspects)
    found = zip(view.rows(suspects.at), totals / unit, distance, suspects.look, strict=True)
    return [
        Sighting(int(row), expected, int(apart), bool(flipped))
        for row, total, apart, flipped in found
        if (expected := deep_rate_at(float(total))) <= rate
    ]


def _promising(view: DeepView, alive: NDArray[np.bool_], looks: Grid, unit: np.float32) -> _Suspects:
    """Return the living fingerprints that score best at a lattice window, enough to begin refining."""
    supposed = lattice() * len(looks)
    grids = np.repeat(looks, len(lattice()), axis=0)
    signs = window_signs(resampled(grids, supposed, POOLS), inside(supposed, POOLS))
    at, query = _coarse_matches(view, signs, unit)
    living = alive[view.rows(at)]
    at, query = at[living], query[living]
    scores = _scores(view, at, query_planes(grids, supposed), query)
    order = np.argsort(-scores, kind="stable")
    order = order[: np.count_nonzero(scores >= LATTICE_SCORE_AT_LEAST * unit)]
    # Each fingerprint once, where it scores best.
    order = order[np.sort(np.unique(at[order], return_index=True)[1])][:PAINTED]
    windows = [supposed[number] for number in query[order]]
    return _Suspects(at[order], query[order] // len(lattice()), windows, scores[order])


def _coarse_matches(view: DeepView, seen: Signs, unit: np.float32) -> tuple[Counts, Counts]:
    """Return (places in the view, rows of seen signs [q, 480]): pairs whose coarse sketches agree enough.

    What a pair must reach grows with the root of the bits compared. Near their usual number that is all but a
    straight line, whose slope is the toll: the best by worth are then those that exceed it most.
    """
    window = np.arange(len(seen))[:, None] % len(lattice())
    places, queries = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for number, block in enumerate(view.blocks):
        start = number * _BLOCK
        units, compared = view.coarse_units[start : start + _BLOCK], view.compared[:, start : start + _BLOCK]
        needed = COARSE_SCORE_AT_LEAST * unit * units
        toll = needed.mean() / (2 * np.sqrt(max(view.usual, 1)))
        most = min(len(units), max(RANKED_AT_LEAST, round(RANKED_SHARE * len(units))))
        worth, near = block.best(seen, toll, most)
        both = compared[window, near].astype(np.float32)
        query, rank = np.nonzero(
            (worth + toll * both >= needed[near] * np.sqrt(both)) & (both > 0) & (near >= 0)
        )
        places.append(near[query, rank] + start)
        queries.append(query)
    return np.concatenate(places), np.concatenate(queries)


def _coarse(columns: Columns, part: slice) -> Signs:
    """Return int8 [n, 480], the coarse signs of some extended sketches: those of the sketch, which are of the
    picture itself, and elsewhere what the fine bits tell."""
    signs = columns.signs(columns.extended_rows[part].astype(np.int64))
    return np.where(signs != 0, signs, coarse_signs(columns.extended[part]))


def _within() -> NDArray[np.bool_]:
    """Return bool [w, 480]: coarse positions within each window of the lattice."""
    ramp = np.add.outer(np.arange(POOLS), np.arange(POOLS))
    signs = window_signs(np.tile(ramp, (len(lattice()), 1, 1)), inside(lattice(), POOLS))
    within: NDArray[np.bool_] = signs != 0
    return within


def _units(spreads: Spreads, known: NDArray[np.number]) -> Spreads:
    """Return float32 [n]: spreads [n] by the root of the known bits [n]."""
    units: Spreads = (np.maximum(spreads, 1) / np.sqrt(np.maximum(known, 1))).astype(np.float32)
    return units


def _scores(view: DeepView, at: Counts, planes: Planes, query: Counts) -> Spreads:
    """Return the standard scores [n] of places [n] in the view and planes[query]."""
    scores = np.empty(len(at), np.float32)
    for part in (slice(start, start + _AT_ONCE) for start in range(0, len(at), _AT_ONCE)):
        enrolled = view.columns.extended.take(view.places[at[part]], axis=0)
        agree, compared = agreement(enrolled, planes.take(query[part], axis=0))
        scores[part] = agree / (view.units[at[part]] * np.sqrt(np.maximum(compared, 1)))
    return scores


def _refined(view: DeepView, looks: Grid, suspects: _Suspects, step: float) -> _Suspects:
    """Return the suspects, the sides of their windows moved by a step where that is better, axis by axis."""
    at, look = np.repeat(suspects.at, len(_MOVES)), np.repeat(suspects.look, len(_MOVES))
    windows, scores = suspects.windows, suspects.scores
    for axis in (0, 1):
        near = [window.moved(axis, step * x, step * y) for window in windows for x, y in _MOVES]
        moved = _scores(view, at, query_planes(looks[look], near), np.arange(len(near)))
        best = moved.reshape(-1, len(_MOVES)).argmax(axis=1) + np.arange(len(windows)) * len(_MOVES)
        windows, scores = [near[number] for number in best], moved[best]
    return _Suspects(suspects.at, suspects.look, windows, scores)


def _painted(view: DeepView, looks: Grid, suspects: _Suspects) -> tuple[Spreads, Counts]:
    """Return (scores of sketches and hashes together, masked distances) [n].

    Through each suspect's window the photo is put back into the frame, painted, filled and hashed.
    """
    rows, columns = view.rows(suspects.at), view.columns
    framed = halved(resampled(looks[suspects.look], suspects.windows, SIZE))
    distance = distances(masked_hashes(framed, columns.hidden(rows)), columns.hashes.take(rows, axis=0))
    return deep_scores(suspects.scores, distance, spread_of_threshold(columns.thresholds[rows])), distance
