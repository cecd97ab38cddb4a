"""Looking for crops, frames, zooms and small turns: many supposed windows, coarse to fine.

Each window of a lattice is a query of its own. Coarse sketches at 16x16, an ordinary Hamming search, leave a
few pairs of window and fingerprint in a hundred; the extended sketch at the same window leaves the best few
fingerprints of a photo; for those the window is moved and sized in ever smaller steps until it fits best.
There the photo is put back into the enrolled frame, painted and hashed; sketch and hash share one score.
"""

from collections.abc import Iterator
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
    spread_of_threshold,
)
from matching.engine.columns import Columns
from matching.engine.extended import (
    Planes,
    Window,
    agreement,
    bank_planes,
    coarse_signs,
    inside,
    query_planes,
    resampled,
)
from matching.engine.grid import SIZE, Grid, mirrored
from matching.engine.hamming import codes_within
from matching.engine.sketch import (
    HALF_POSITIONS,
    POOLS,
    POSITIONS,
    Signs,
    Sketches,
    coded_half,
    query_signs,
    window_signs,
)
from matching.engine.spectrum import distances, halved, masked_hashes

# Standard scores to reach at a lattice window: of half the coarse sketch, of the whole, of the extended one.
FIRST_SCORE_AT_LEAST = np.float32(2.2)
COARSE_SCORE_AT_LEAST = np.float32(2.6)
LATTICE_SCORE_AT_LEAST = np.float32(2.0)

# Fingerprints of a photo that are compared at every lattice window, and those whose window is then refined.
SHORTLISTED = 64
REFINED_AT_MOST = 8

_LATTICE_STEP = 0.05
_REFINING_STEPS = (0.025, 0.0125, 0.00625)
_MOVES = tuple(product((0, -1, 1), repeat=2))
_BLOCK = 16_384
_ALIKE = 16

# Planes unpacked at once while a view is made.
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
    """What a deep search reads of e fingerprints with an extended sketch, ordered by their coarse spreads."""

    columns: Columns
    first: Sketches  # uint8 [e, 64], half of the coarse sketch
    second: Sketches  # uint8 [e, 64]
    first_spreads: Spreads  # [e], ascending
    spreads: Spreads  # [e], of the whole coarse sketch
    places: Counts  # int64 [e], among the extended sketches of the columns
    unit: Spreads  # [e], spread of the agreement per square root of compared bits

    @classmethod
    def of(cls, columns: Columns) -> "DeepView":
        """Return the view of all extended sketches of the columns."""
        bank = coarse_signs(bank_planes()).astype(np.float32)
        parts = []
        for start in range(0, max(len(columns.extended), 1), _AT_ONCE):
            signs = coarse_signs(columns.extended[start : start + _AT_ONCE])
            half = signs[:, :HALF_POSITIONS]
            parts.append((*_halves(signs), _spreads(half, bank[:, :HALF_POSITIONS]), _spreads(signs, bank)))
        first, second, spread, whole = (np.concatenate(column) for column in zip(*parts, strict=True))
        places = np.argsort(spread, kind="stable")
        known = np.bitwise_count(columns.extended[:, 1]).sum(axis=1)
        unit = columns.extended_spreads / np.sqrt(np.maximum(known, 1))
        return cls(
            columns=columns,
            first=first[places],
            second=second[places],
            first_spreads=spread[places],
            spreads=whole[places],
            places=places,
            unit=unit.astype(np.float32)[places],
        )


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
    [unit] = photo_units(query_signs(grid[None]))
    found: list[Sighting] = []
    for flipped in (False, True)[: 1 + mirrors]:
        seen = np.ascontiguousarray(mirrored(grid)) if flipped else grid
        at, windows = _promising(view, alive, seen, unit)
        scores, fitting = _refined(view, at, seen, windows)
        rows = view.columns.extended_rows[view.places[at]].astype(np.int64)
        distance = _painted(view.columns, rows, seen, fitting)
        spreads = spread_of_threshold(view.columns.thresholds[rows])
        for row, apart, total in zip(
            rows, distance, deep_scores(scores, distance, spreads) / unit, strict=True
        ):
            if (expected := deep_rate_at(float(total))) <= rate:
                found.append(Sighting(int(row), expected, int(apart), flipped))
    best: dict[int, Sighting] = {}
    for sighting in sorted(found, key=lambda each: each.rate, reverse=True):
        best[sighting.row] = sighting
    return list(best.values())


def _promising(
    view: DeepView, alive: NDArray[np.bool_], grid: Grid, unit: np.float32
) -> tuple[Counts, list[Window]]:
    """Return the places in the view of the best living fingerprints, and their best lattice windows."""
    planes = query_planes(grid, lattice())
    scores, places = [np.empty(0, np.float32)], [np.empty(0, np.int64)]
    for number, near in _coarse_matches(view, grid, unit):
        at = near[alive[view.columns.extended_rows[view.places[near]]]]
        score = _scores(view, at, planes[number : number + 1])
        good = np.flatnonzero(score >= LATTICE_SCORE_AT_LEAST * unit)
        scores.append(score[good])
        places.append(at[good])
    order = np.argsort(-np.concatenate(scores), kind="stable")
    # The first in order, whatever their windows; dict keeps order where a set would not.
    at = np.array([*dict.fromkeys(np.concatenate(places)[order].tolist())][:SHORTLISTED], np.int64)
    everywhere = _scores(view, np.repeat(at, len(planes)), np.tile(planes, (len(at), 1, 1)))
    everywhere = everywhere.reshape(len(at), len(planes))
    best = np.argsort(-everywhere.max(axis=1), kind="stable")[:REFINED_AT_MOST]
    return at[best], [lattice()[number] for number in everywhere[best].argmax(axis=1)]


def _coarse_matches(view: DeepView, grid: Grid, unit: np.float32) -> Iterator[tuple[int, Counts]]:
    """Yield (number of the window, places in the view) of the pairs whose coarse sketches agree enough."""
    signs = window_signs(resampled(grid, lattice(), POOLS), inside(lattice(), POOLS))
    first, second = _halves(signs, seen=True)
    known = unit * np.sqrt(np.abs(signs).mean(axis=1, dtype=np.float32))
    order = np.argsort(known)
    for start in range(0, len(view.first), _BLOCK):
        block, narrowest = view.first[start : start + _BLOCK], view.first_spreads[start]
        for at in range(0, len(order), _ALIKE):
            alike = order[at : at + _ALIKE]
            radius = HALF_POSITIONS - int(np.ceil(FIRST_SCORE_AT_LEAST * known[alike[0]] * narrowest))
            limits, apart, place = codes_within(block, first[alike], radius)
            for number, begin, end in zip(alike, limits, limits[1:], strict=False):
                here, near = place[begin:end] + start, apart[begin:end]
                reach = FIRST_SCORE_AT_LEAST * known[number] * view.first_spreads[here]
                kept = HALF_POSITIONS - near >= reach
                here, near = here[kept], near[kept]
                near = near + distances(view.second.take(here, axis=0), second[number : number + 1])
                yield (
                    int(number),
                    here[POSITIONS - near >= COARSE_SCORE_AT_LEAST * known[number] * view.spreads[here]],
                )


def _halves(signs: Signs, *, seen: bool = False) -> tuple[Sketches, Sketches]:
    first, second = signs[:, :HALF_POSITIONS], signs[:, HALF_POSITIONS:]
    return coded_half(first, seen=seen), coded_half(second, seen=seen)


def _spreads(signs: Signs, bank: NDArray[np.float32]) -> Spreads:
    """Return the spreads [n] of the agreement of signs [n, m] with the bank's [500, m], at least 1."""
    agree = signs.astype(np.float32) @ bank.T
    spreads: Spreads = np.maximum(np.sqrt(np.mean(agree * agree, axis=1)), np.float32(1))
    return spreads


def _scores(view: DeepView, at: Counts, planes: Planes) -> NDArray[np.float32]:
    """Return the standard scores [n] of fingerprints and planes, one of either repeated."""
    agree, compared = agreement(view.columns.extended.take(view.places[at], axis=0), planes)
    return agree / (view.unit[at] * np.sqrt(np.maximum(compared, 1)))


def _refined(
    view: DeepView, at: Counts, grid: Grid, windows: list[Window]
) -> tuple[NDArray[np.float32], list[Window]]:
    """Return the best scores [n] near the given windows and where they are, axis by axis."""
    score = np.empty(len(at), np.float32)
    for step, axis in product(_REFINING_STEPS, (0, 1)) if len(at) else ():
        near = [window.moved(axis, step * x, step * y) for window in windows for x, y in _MOVES]
        scores = _scores(view, np.repeat(at, len(_MOVES)), query_planes(grid, near)).reshape(len(at), -1)
        best = np.argmax(scores, axis=1)
        score = scores.max(axis=1)
        windows = [near[len(_MOVES) * k + move] for k, move in enumerate(best)]
    return score, windows


def _painted(columns: Columns, rows: Counts, grid: Grid, windows: list[Window]) -> Counts:
    """Return the masked distances [n] of rows and the photo put back into the frame through each window."""
    if not len(rows):
        return np.empty(0, np.int64)
    hashed = masked_hashes(halved(resampled(grid, windows, SIZE)), columns.hidden(rows))
    return distances(hashed, columns.hashes.take(rows, axis=0))
