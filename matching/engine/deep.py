"""Looking for crops, frames, zooms and small turns: many supposed windows, coarse to fine.

Each window of a lattice is a query of its own. Half sketches at 16x16 leave a few pairs of window and
fingerprint in a thousand; the extended sketch at the same window leaves the best few fingerprints of a photo;
for those the window is moved and sized in ever smaller steps until it fits best.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import Counts, Spreads, deep_rate_at
from matching.engine.columns import Columns
from matching.engine.extended import Planes, Window, agreement, inside, query_planes, resampled
from matching.engine.grid import Grid, mirrored
from matching.engine.sketch import POOLS, Signs, decoded_halves, half_window_signs

# Standard scores to reach: of the half sketch at a lattice window, and of the extended sketch there.
HALF_SCORE_AT_LEAST = 2.5
LATTICE_SCORE_AT_LEAST = 4.0

# Fingerprints of a photo whose window is refined: the best on the lattice.
REFINED_AT_MOST = 8

_LATTICE_STEP = 0.05
_REFINING_STEPS = (0.025, 0.0125)
_BLOCK = 4096


@dataclass(frozen=True)
class Sighting:
    """A fingerprint's row found through a window; ``differing`` is the share of compared bits that differ."""

    row: int
    rate: float
    differing: float
    mirrored: bool


@dataclass(frozen=True)
class DeepView:
    """What a deep search reads of the fingerprints that have an extended sketch, e of them."""

    rows: Counts  # int64 [e], in the columns
    first: Signs  # int8 [e, 240], the half sketch
    first_spreads: Spreads  # [e]
    planes: Planes  # uint8 [e, 2, 248]
    unit: Spreads  # [e], spread of the agreement per square root of compared bits

    @classmethod
    def of(cls, columns: Columns, alive: NDArray[np.bool_]) -> "DeepView":
        """Return the view of the living rows."""
        kept = alive[columns.extended_rows]
        rows = columns.extended_rows[kept].astype(np.int64)
        planes = columns.extended[kept]
        known = np.bitwise_count(planes[:, 1]).sum(axis=1)
        return cls(
            rows=rows,
            first=decoded_halves(columns.first[rows]),
            first_spreads=np.maximum(columns.first_spreads[rows], np.float32(1)),
            planes=planes,
            unit=(columns.extended_spreads[kept] / np.sqrt(known)).astype(np.float32),
        )


@lru_cache(maxsize=1)
def lattice() -> tuple[Window, ...]:
    """Return the windows to suppose: crops up to 20 % per axis in steps of 5 % at each side, the axes within
    5 % of each other, and frames.
    """
    cuts = [step * _LATTICE_STEP for step in range(5)]
    axis = [(before, after) for before, after in product(cuts, cuts) if before + after < 4.5 * _LATTICE_STEP]
    crops = tuple(
        Window(top, bottom, left, right)
        for (top, bottom), (left, right) in product(axis, axis)
        if abs(top + bottom - left - right) < 1.5 * _LATTICE_STEP
    )
    frames = [(0.05, 0.05), (0.1, 0.1), (0.05, 0.0), (0.0, 0.05), (0.1, 0.0), (0.0, 0.1)]
    return crops + tuple(Window(-down, -down, -across, -across) for down, across in frames)


def sightings(view: DeepView, grid: Grid, *, rate: float, mirrors: bool = True) -> list[Sighting]:
    """Return what is found in one photo's grid [64, 64] at ``rate`` or better, one sighting per row."""
    found: list[Sighting] = []
    for flipped in (False, True)[: 1 + mirrors]:
        seen = np.ascontiguousarray(mirrored(grid)) if flipped else grid
        for at, window in _promising(view, seen):
            score, differing = _refined(view, at, seen, window)
            if (expected := deep_rate_at(score)) <= rate:
                found.append(Sighting(int(view.rows[at]), expected, differing, flipped))
    best: dict[int, Sighting] = {}
    for sighting in sorted(found, key=lambda each: each.rate, reverse=True):
        best[sighting.row] = sighting
    return list(best.values())


def _promising(view: DeepView, grid: Grid) -> list[tuple[int, Window]]:
    """Return the best fingerprints (their place in the view) with their best lattice windows."""
    scores, places, windows = [np.empty(0)], [np.empty(0, np.int64)], []
    at, which = _half_matches(view, grid)
    for number in np.unique(which):
        rows, window = at[which == number], lattice()[number]
        score, _ = _scores(view, rows, query_planes(grid, [window]))
        good = score >= LATTICE_SCORE_AT_LEAST
        scores.append(score[good])
        places.append(rows[good])
        windows += [window] * int(np.count_nonzero(good))
    score, place = np.concatenate(scores), np.concatenate(places)
    best: dict[int, Window] = {}
    for k in np.argsort(-score, kind="stable"):
        best.setdefault(int(place[k]), windows[k])
        if len(best) == REFINED_AT_MOST:
            break
    return list(best.items())


def _half_matches(view: DeepView, grid: Grid) -> tuple[Counts, Counts]:
    """Return (place in the view, number of the window) of every pair whose half sketches agree enough.

    How often a don't-care meets an unknown bit differs from pair to pair, which no single Hamming radius
    allows for; as signs with zeros, both drop out of a matrix product.
    """
    signs = half_window_signs(resampled(grid, lattice(), POOLS), inside(lattice(), POOLS)).astype(np.float32)
    reach = HALF_SCORE_AT_LEAST * np.sqrt(np.abs(signs).mean(axis=1))
    found: list[tuple[Counts, Counts]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for start in range(0, len(view.rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        agree = view.first[block].astype(np.float32) @ signs.T
        place, window = np.nonzero(agree >= view.first_spreads[block, None] * reach)
        found.append((place + start, window))
    places, windows = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return places, windows


def _scores(view: DeepView, at: Counts, planes: Planes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (standard scores, differing shares) [n] of fingerprints and planes, one of either repeated."""
    agree, compared = agreement(view.planes[at], planes)
    size = np.maximum(compared, 1)
    return agree / (view.unit[at] * np.sqrt(size)), (1 - agree / size) / 2


def _refined(view: DeepView, at: int, grid: Grid, window: Window) -> tuple[float, float]:
    """Return the score and the differing share at the best window near the given one."""
    place = np.array([at])
    score, differing = -np.inf, 1.0
    for step in _REFINING_STEPS:
        sides = (window.top, window.bottom, window.left, window.right)
        near = [
            Window(*(side + move * step for side, move in zip(sides, moves, strict=True)))
            for moves in product((-1, 0, 1), repeat=4)
        ]
        scores, shares = _scores(view, place, query_planes(grid, near))
        best = int(np.argmax(scores))
        window, score, differing = near[best], float(scores[best]), float(shares[best])
    return score, differing
