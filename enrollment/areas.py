"""Connected areas and growing or shrinking of masks (bool [H, W]). Arrays only."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
Packed = NDArray[np.uint8]
Bits = TypeVar("Bits", np.bool_, np.uint8)


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas of a mask whose pixels touch by their sides, kept as horizontal runs of pixels.

    Run i is pixels `start[i]` to `end[i]` (exclusive) in reading order, of the area `label[i]`
    (0..count-1). `size` [count] is each area's number of pixels. Runs are far fewer than pixels.
    """

    mask: Mask
    start: Indices
    end: Indices
    label: Indices
    size: Indices

    def mask_of(self, chosen: NDArray[np.bool_]) -> Mask:
        """The mask of the areas for which `chosen` [count] holds."""
        dropped = ~chosen[self.label]
        mask = self.mask.copy()
        mask.reshape(-1)[_pixels(self.start[dropped], self.end[dropped])] = False
        return mask

    def labels_at(self, pixels: Indices) -> Indices:
        """The area of each of some pixels of the mask, given in reading order."""
        return np.repeat(self.label, self._per_run(pixels))

    def counted(self, pixels: Indices) -> Indices:
        """Per area [count], how many of some pixels of the mask, given in reading order, are in it."""
        return np.bincount(self.label, self._per_run(pixels), len(self.size)).astype(np.intp)

    def _per_run(self, pixels: Indices) -> Indices:
        # None of the pixels is between two runs, so that those before the next run end with this one.
        return np.diff(np.searchsorted(pixels, self.start), append=len(pixels))


def connected_areas(mask: Mask) -> Areas:
    """Areas of a mask, by joining the horizontal runs of neighbouring rows."""
    start, end = _runs(mask)
    upper, lower = _touching(start, end, mask.shape[1])
    root = _joined(len(start), upper, lower)
    label = (np.cumsum(root == np.arange(len(root))) - 1)[root]
    size = np.bincount(label, end - start).astype(np.intp)
    return Areas(mask, start, end, label, size)


def _runs(mask: Mask) -> tuple[Indices, Indices]:
    """Start and end (exclusive) of each horizontal run, as positions in the mask in reading order."""
    height, width = mask.shape
    # Whether a run starts or ends before each column; one column more, so that rows stay apart.
    turns = np.empty((height, width + 1), dtype=np.bool_)
    turns[:, 0], turns[:, -1] = mask[:, 0], mask[:, -1]
    np.not_equal(mask[:, 1:], mask[:, :-1], out=turns[:, 1:-1])
    found = np.flatnonzero(turns)
    found -= found // (width + 1)
    return found[0::2], found[1::2]


def _touching(starts: Indices, ends: Indices, width: int) -> tuple[Indices, Indices]:
    """All pairs of runs, one a row below the other, that share a column."""
    # The runs below run i are those that end after its shifted start and start before its end.
    first = np.searchsorted(ends, starts + width, side="right")
    last = np.searchsorted(starts, ends + width, side="left")
    return np.repeat(np.arange(len(starts)), last - first), _pixels(first, last)


def _pixels(starts: Indices, ends: Indices) -> Indices:
    """All positions of the runs, one run after the other."""
    length = ends - starts
    before = np.cumsum(length) - length
    positions: Indices = np.arange(length.sum()) + np.repeat(starts - before, length)
    return positions


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


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Top, left, bottom and right (exclusive) of what is set in a mask, at least one pixel."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def dilate(mask: Mask, radius: int) -> Mask:
    """Grown by `radius` pixels in every direction (a square of side 2 * radius + 1)."""
    return _spread(_unpacked(_spread(_packed(mask), radius, 0), mask.shape[1]), radius, 1)


def erode(mask: Mask, radius: int) -> Mask:
    """Shrunk by `radius` pixels; the picture's edge does not shrink it."""
    return ~dilate(~mask, radius)


def closed(mask: Mask, radius: int, axis: int) -> Mask:
    """With every gap along the axis filled that is at most twice the radius wide."""
    if axis == 1:
        return ~_spread(~_spread(mask, radius, 1), radius, 1)
    return _unpacked(~_spread(~_spread(_packed(mask), radius, 0), radius, 0), mask.shape[1])


def _packed(mask: Mask) -> Packed:
    """Eight columns in a byte, [H, W / 8]: an eighth of the work for whatever goes along the columns."""
    return np.packbits(mask, axis=1)


def _unpacked(packed: Packed, width: int) -> Mask:
    mask: Mask = np.unpackbits(packed, axis=1, count=width).view(np.bool_)
    return mask


def _spread(pixels: NDArray[Bits], radius: int, axis: int) -> NDArray[Bits]:
    """Set wherever one of the `radius` pixels before or after along the axis is."""
    beyond = [(0, 0), (0, 0)]
    beyond[axis] = (radius, radius)
    window = np.pad(pixels, beyond)
    reach, full = 1, 2 * radius + 1
    while reach < full:  # each pixel stands for itself and the reach - 1 that follow; doubling
        step = min(reach, full - reach)
        window = window[:-step] | window[step:] if axis == 0 else window[:, :-step] | window[:, step:]
        reach += step
    return window
