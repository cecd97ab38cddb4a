"""Telling solid paint from a brush that lets the picture through. Arrays only.

Measured on photos covered with ellipses and rectangles, saved as PNG, WebP (quality 20 up) and JPEG
(quality 30 up, once or twice, also halved): the inside of solid paint has a luma s.d. of at most 0.45,
at 95 % opacity nearly always 1 to 4. Below that a brush leaves the tolerance wherever the picture is
dark: 13 to 75 % of the area is then near the colour but not within tolerance, against at most 8 %
around solid paint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrollment.areas import Areas, Indices, Mask, box_of, closed, connected_areas, erode

INTERIOR = 16
EVERY = 2  # a quarter of the pixels tells as much as all of them
INTERIOR_PIXELS = 16
MAX_LUMA_SD = 0.6
MAX_DEVIATION = 6
DEVIATING_SHARE = 0.05
NATURAL_LUMA_SD = 4.0  # rougher than any brush that stays within the tolerance
EDGE = 1
SOLID = 0.4  # natural pink in pieces: 0.05 to 0.35; a square of 8 pixels: 0.66
HALO_SHARE = 0.12
PAINT_IN_HALO = 0.2
# A pixel in 36 left open in rows and columns: 0.028 of the paint; solid shapes as any JPEG: at most 0.013.
GAP = 3
PIERCED_SHARE = 0.025

REC_601 = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Roughness:
    """Per area [count]: `rough` is not solid paint, `natural` is too uneven to be paint at all."""

    rough: NDArray[np.bool_]
    natural: NDArray[np.bool_]


def judge(rgb: NDArray[np.uint8], areas: Areas, kept: NDArray[np.bool_]) -> Roughness:
    """How even the kept [count] areas are inside, where neither a soft edge nor JPEG ringing reaches.

    An area is natural if it is ragged, and either too uneven for a brush or without such an inside.
    A whole area as uneven as that is paint with something showing through: rough, never natural.
    Nothing is said of the areas that are not kept.
    """
    count = len(areas.size)
    if not kept.any():
        return Roughness(np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_))
    mask = areas.mask_of(kept)
    inside = _inside(mask, box_of(mask), INTERIOR, EVERY)
    label = areas.labels_at(inside)
    number = np.bincount(label, minlength=count)
    colours = rgb.reshape(-1, 3).take(inside, axis=0)
    luma_sd, deviating = _unevenness(colours, label, np.maximum(number, 1))
    judged = number >= INTERIOR_PIXELS
    rough = judged & ((luma_sd > MAX_LUMA_SD) | (deviating > DEVIATING_SHARE))
    doubtful = kept & (~judged | (luma_sd > NATURAL_LUMA_SD))
    return Roughness(rough, _ragged(areas, mask, doubtful))


def _unevenness(
    colours: NDArray[np.uint8], label: Indices, number: Indices
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per area [count] the s.d. of its luma, and the share of its pixels far from its mean colour.

    `colours` [P, 3] and `label` [P] are the pixels, `number` [count] is how many each area has of them
    (1 where it has none).
    """
    count = len(number)
    luma = np.zeros(len(label), dtype=np.float32)
    deviation = np.zeros(len(label), dtype=np.float32)
    channels = np.ascontiguousarray(colours.T).astype(np.float32)
    for channel, weight in zip(channels, REC_601, strict=True):
        mean = np.bincount(label, channel, count) / number
        offset = channel - mean.astype(np.float32)[label]
        luma += np.float32(weight) * offset
        np.maximum(deviation, np.abs(offset), out=deviation)
    luma_sd = np.sqrt(np.bincount(label, luma * luma, count) / number)
    return luma_sd, np.bincount(label, deviation > MAX_DEVIATION, count) / number


def _ragged(areas: Areas, mask: Mask, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the areas asked about, all in the mask, have too few pixels that are not at their edge."""
    if not asked.any():
        return asked
    inner = areas.counted(_inside(mask, box_of(areas.mask_of(asked)), EDGE))
    return asked & (inner / areas.size < SOLID)


def _inside(mask: Mask, box: tuple[int, int, int, int], radius: int, every: int = 1) -> Indices:
    """Positions in reading order of the mask's pixels, shrunk by a radius, that are in a box.

    Of every so many rows and columns only the first is looked at.
    """
    # With the row and column around the box, what is in it shrinks as in the whole picture: either
    # those are unset, or the radius is no more than one.
    top, left = (max((edge - 1) // every * every, 0) for edge in box[:2])
    bottom, right = (edge + every for edge in box[2:])
    part = erode(mask[top:bottom:every, left:right:every], radius // every)
    rows, columns = np.divmod(np.flatnonzero(part), part.shape[1])
    positions: Indices = (top + rows * every) * mask.shape[1] + left + columns * every
    return positions


def see_through_share(paint: Mask, near: Mask) -> float:
    """The share of the picture under paint that is mostly near the colour but often not of it; or 0.

    `paint` and `near` [h, w] are the pixels within a narrow and a wide tolerance of the colour, on
    every fourth row and column, so that the soft edge of solid paint is one pixel wide.
    """
    areas = connected_areas(near)
    inner = erode(near, 1)
    painted = areas.counted(np.flatnonzero(paint)) >= PAINT_IN_HALO * areas.size
    inner_pixels = int(areas.counted(np.flatnonzero(inner))[painted].sum())
    halo_pixels = int(areas.counted(np.flatnonzero(inner & ~paint))[painted].sum())
    return inner_pixels / near.size if halo_pixels > HALO_SHARE * inner_pixels else 0.0


def gaps(mask: Mask) -> Mask:
    """The pixels in gaps of at most six pixels between paint on both sides, if there are many; else none.

    Of a photo under paint with a hole here and there, too much can still be made out.
    """
    between = np.zeros_like(mask)
    if mask.any():
        top, left, bottom, right = box_of(mask)
        # With so much around it that the edge of the box does nothing that the picture's would not.
        around = 2 * GAP
        box = np.s_[max(top - around, 0) : bottom + around, max(left - around, 0) : right + around]
        part = mask[box]
        between[box] = (closed(part, GAP, 0) | closed(part, GAP, 1)) & ~part
    return between if many(between, mask) else np.zeros_like(mask)


def many(between: Mask, mask: Mask) -> bool:
    """Whether the gaps are more than solid paint has."""
    return bool(np.count_nonzero(between) > PIERCED_SHARE * np.count_nonzero(mask))
