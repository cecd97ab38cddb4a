"""Recognising a cover painted in a pink that is not ARC, so that the message can name it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrollment.areas import Indices, Mask, connected_areas

FLAT = 3
SPREAD = 6
MIN_CELLS = 32

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FlatPink:
    """The largest flat pink area: its colour as #RRGGBB and its share of the picture."""

    hex: str
    share: float


def find_flat_pink(grid: Picture, paint: Mask) -> FlatPink | None:
    """The largest connected area painted flat in one pink that is not among the paint [h, w], if any.

    `grid` [h, w, 3] is every fourth row and column of a picture. Natural pinks are never as flat as
    paint: neighbours in the grid differ by more than three grey levels, and one area holds more
    than one colour.
    """
    cells = np.flatnonzero(_pink(grid) & ~paint)
    if len(cells) < MIN_CELLS:
        return None
    cells = cells[_flat(grid, cells)]
    if len(cells) < MIN_CELLS:
        return None
    colours = grid.reshape(-1, 3)[cells].astype(np.int16)
    alike = np.abs(colours - _most_common(colours)).max(axis=1) <= SPREAD
    same = np.zeros(paint.shape, dtype=np.bool_)
    same.reshape(-1)[cells[alike]] = True
    areas = connected_areas(same)
    if not len(areas.size) or areas.size.max() < MIN_CELLS:
        return None
    exact = np.median(colours[alike], axis=0).astype(int)
    return FlatPink("#{:02X}{:02X}{:02X}".format(*exact), float(areas.size.max()) / same.size)


def _pink(grid: Picture) -> Mask:
    """Red at least 200, blue at least 130, green at least 30 below red and 8 below blue."""
    red, green, blue = (np.ascontiguousarray(grid[:, :, channel]) for channel in range(3))
    bright = (red >= 200) & (blue >= 130)
    pink: Mask = bright & (green <= red - np.minimum(red, 30)) & (green <= blue - np.minimum(blue, 8))
    return pink


def _flat(grid: Picture, cells: Indices) -> NDArray[np.bool_]:
    """Which cells equal their right-hand and lower neighbour, where there is one, to within `FLAT`."""
    height, width, _ = grid.shape
    rows, columns = np.divmod(cells, width)
    colours = grid.astype(np.int16)
    here = colours[rows, columns]
    right = colours[rows, np.minimum(columns + 1, width - 1)]
    below = colours[np.minimum(rows + 1, height - 1), columns]
    difference = np.maximum(np.abs(right - here), np.abs(below - here))
    flat: NDArray[np.bool_] = difference.max(axis=1) <= FLAT
    return flat


def _most_common(colours: NDArray[np.int16]) -> NDArray[np.int16]:
    """The mean of the fullest bin of 16 levels a side, over two staggered sets of bins."""
    best = colours[:0]
    for shift in (0, 8):
        bins = (colours + shift) >> 4
        key = (bins[:, 0].astype(np.int32) * 32 + bins[:, 1]) * 32 + bins[:, 2]
        members = colours[key == np.bincount(key).argmax()]
        best = members if len(members) > len(best) else best
    mean: NDArray[np.int16] = best.mean(axis=0).round().astype(np.int16)
    return mean
