"""Connected areas and growing or shrinking of masks (bool [H, W]). Arrays only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas of a mask whose pixels touch by their sides.

    `label` [P] names the area (0..count-1) of each set pixel in reading order, `size` [count]
    is each area's number of pixels.
    """

    shape: tuple[int, int]
    pixels: Indices
    label: Indices
    size: Indices

    def mask_of(self, chosen: NDArray[np.bool_]) -> Mask:
        """The mask of the areas for which `chosen` [count] holds."""
        mask = np.zeros(self.shape[0] * self.shape[1], dtype=np.bool_)
        mask[self.pixels[chosen[self.label]]] = True
        return mask.reshape(self.shape)


def connected_areas(mask: Mask) -> Areas:
    """Areas of a mask, by joining the horizontal runs of neighbouring rows."""
    height, width = mask.shape
    starts, ends = _runs(mask)
    upper, lower = _touching(starts, ends, width)
    roots = _joined(len(starts), upper, lower)
    _, label_of_run = np.unique(roots, return_inverse=True)
    lengths = ends - starts
    label = np.repeat(label_of_run, lengths)
    return Areas((height, width), np.flatnonzero(mask), label, np.bincount(label))


def _runs(mask: Mask) -> tuple[Indices, Indices]:
    """Start and end (exclusive) of each horizontal run, as positions in an H x (W + 1) raster.

    The extra column is never set, so that no run goes on into the next row.
    """
    height, width = mask.shape
    padded = np.zeros(height * (width + 1) + 1, dtype=np.int8)
    padded[1:].reshape(height, width + 1)[:, :width] = mask
    steps = np.flatnonzero(np.diff(padded))
    return steps[0::2], steps[1::2]


def _touching(starts: Indices, ends: Indices, width: int) -> tuple[Indices, Indices]:
    """All pairs of runs, one a row below the other, that share a column."""
    stride = width + 1
    # The runs below run i are those that end after its shifted start and start before its end.
    first = np.searchsorted(ends, starts + stride, side="right")
    last = np.searchsorted(starts, ends + stride, side="left")
    count = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), count)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(count) - count, count)
    return upper, np.repeat(first, count) + within


def _joined(count: int, left: Indices, right: Indices) -> Indices:
    """The smallest member of each run's area: hook roots onto smaller roots, then flatten.

    Every round at least halves the number of open trees in an area, so that rounds stay few
    even for a mask made to be awkward.
    """
    parent = np.arange(count)
    while len(left):
        a, b = parent[left], parent[right]
        open_pairs = a != b
        left, right, a, b = left[open_pairs], right[open_pairs], a[open_pairs], b[open_pairs]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while True:
            above = parent[parent]
            if np.array_equal(above, parent):
                break
            parent = above
    return parent


def dilate(mask: Mask, radius: int) -> Mask:
    """Grown by `radius` pixels in every direction (a square of side 2 * radius + 1)."""
    return _spread(_spread(mask, radius, 0), radius, 1)


def erode(mask: Mask, radius: int) -> Mask:
    """Shrunk by `radius` pixels; the picture's edge does not shrink it."""
    return ~dilate(~mask, radius)


def _spread(mask: Mask, radius: int, axis: int) -> Mask:
    grown = mask.copy()
    done = 0
    while done < radius:
        step = min(done + 1, radius - done)  # doubling: what is grown by d grows to 2 d + 1
        before = grown.copy()
        if step < grown.shape[axis]:
            _shifted_or(grown, before, step, axis)
        done += step
    return grown


def _shifted_or(target: Mask, source: Mask, step: int, axis: int) -> None:
    if axis == 0:
        target[step:] |= source[:-step]
        target[:-step] |= source[step:]
    else:
        target[:, step:] |= source[:, :-step]
        target[:, :-step] |= source[:, step:]
