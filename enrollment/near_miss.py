"""Recognising a cover painted in a pink that is not ARC, so that the message can name it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrollment.areas import connected_areas

STEP = 4  # every fourth pixel each way is plenty for large flat areas
FLAT = 3
SPREAD = 6
MIN_CELLS = 32

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FlatPink:
    """The largest flat pink area: its colour as #RRGGBB and its share of the picture."""

    hex: str
    share: float


def find_flat_pink(rgb: Picture, arc: tuple[int, int, int], tolerance: int) -> FlatPink | None:
    """The largest connected area painted flat in one pink outside the tolerance of ARC, if any.

    Natural pinks are never as flat as paint: neighbours four pixels apart differ by more than
    three grey levels, and one area holds more than one colour.
    """
    grid = np.ascontiguousarray(rgb[::STEP, ::STEP])
    pink = _pink(grid)
    pink[pink] = np.abs(grid[pink].astype(np.int16) - np.array(arc)).max(axis=1) > tolerance
    if np.count_nonzero(pink) < MIN_CELLS:
        return None
    wide = grid.astype(np.int16)
    pink &= _flat(wide)
    colours = wide[pink]
    if len(colours) < MIN_CELLS:
        return None
    colour = _most_common(colours)
    same = pink & (np.abs(wide - colour).max(axis=2) <= SPREAD)
    areas = connected_areas(same)
    if not len(areas.size) or areas.size.max() < MIN_CELLS:
        return None
    exact = np.median(wide[same], axis=0).astype(int)
    return FlatPink("#{:02X}{:02X}{:02X}".format(*exact), float(areas.size.max()) / same.size)


def _pink(grid: Picture) -> NDArray[np.bool_]:
    """Red at least 200, blue at least 130, green at least 30 below red and 8 below blue."""
    red, green, blue = (np.ascontiguousarray(grid[:, :, channel]) for channel in range(3))
    bright = (red >= 200) & (blue >= 130)
    pink: NDArray[np.bool_] = (
        bright & (green <= red - np.minimum(red, 30)) & (green <= blue - np.minimum(blue, 8))
    )
    return pink


def _flat(grid: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Cells that equal their right-hand and lower neighbour to within `FLAT`."""
    flat = np.ones(grid.shape[:2], dtype=np.bool_)
    flat[:, :-1] &= np.abs(np.diff(grid, axis=1)).max(axis=2) <= FLAT
    flat[:-1] &= np.abs(np.diff(grid, axis=0)).max(axis=2) <= FLAT
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
