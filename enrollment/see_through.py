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

from enrollment.areas import Areas, Mask, connected_areas, erode

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

REC_601 = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Roughness:
    """Per area [count]: `rough` is not solid paint, `natural` is too uneven to be paint at all."""

    rough: NDArray[np.bool_]
    natural: NDArray[np.bool_]


def judge(rgb: NDArray[np.uint8], areas: Areas, mask: Mask) -> Roughness:
    """How even the areas of a mask [H, W] are inside, where neither a soft edge nor JPEG ringing reaches.

    An area is natural if it is ragged, and either too uneven for a brush or without such an inside.
    A whole area as uneven as that is paint with something showing through: rough, never natural.
    """
    sample = np.zeros_like(mask)
    sample[::EVERY, ::EVERY] = erode(mask[::EVERY, ::EVERY], INTERIOR // EVERY)
    inside = sample.reshape(-1)[areas.pixels]
    label = areas.label[inside]
    count = len(areas.size)
    number = np.bincount(label, minlength=count)
    divisor = np.maximum(number, 1)
    luma = np.zeros(len(label), dtype=np.float32)
    deviation = np.zeros(len(label), dtype=np.float32)
    channels = np.ascontiguousarray(rgb.reshape(-1, 3)[areas.pixels[inside]].T).astype(np.float32)
    for channel, weight in zip(channels, REC_601, strict=True):
        mean = np.bincount(label, channel, count) / divisor
        offset = channel - mean.astype(np.float32)[label]
        luma += np.float32(weight) * offset
        np.maximum(deviation, np.abs(offset), out=deviation)
    luma_sd = np.sqrt(np.bincount(label, luma * luma, count) / divisor)
    deviating = np.bincount(label, deviation > MAX_DEVIATION, count) / divisor
    judged = number >= INTERIOR_PIXELS
    rough = judged & ((luma_sd > MAX_LUMA_SD) | (deviating > DEVIATING_SHARE))
    ragged = _solidity(areas, mask) < SOLID
    return Roughness(rough, ragged & (~judged | (luma_sd > NATURAL_LUMA_SD)))


def _solidity(areas: Areas, mask: Mask) -> NDArray[np.float64]:
    """Per area, the share of its pixels that are not at its edge."""
    within = erode(mask, EDGE).reshape(-1)[areas.pixels]
    inner = np.bincount(areas.label[within], minlength=len(areas.size))
    share: NDArray[np.float64] = inner / np.maximum(areas.size, 1)
    return share


def see_through_share(paint: Mask, near: Mask) -> float:
    """The share of the picture under paint that is mostly near the colour but often not of it; or 0.

    `paint` and `near` [h, w] are the pixels within a narrow and a wide tolerance of the colour, on
    every fourth row and column, so that the soft edge of solid paint is one pixel wide.
    """
    areas = connected_areas(near)
    count = len(areas.size)
    of_paint = paint.reshape(-1)[areas.pixels]
    inner = erode(near, 1).reshape(-1)[areas.pixels]
    painted = np.bincount(areas.label[of_paint], minlength=count) >= PAINT_IN_HALO * areas.size
    inner_pixels = int(np.bincount(areas.label[inner], minlength=count)[painted].sum())
    halo_pixels = int(np.bincount(areas.label[inner & ~of_paint], minlength=count)[painted].sum())
    return inner_pixels / near.size if halo_pixels > HALO_SHARE * inner_pixels else 0.0
