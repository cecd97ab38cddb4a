"""Finding and judging the Anti Revenge Color (ARC) in a picture. Arrays only.

Pictures are uint8 [H, W, 3] in sRGB, masks are bool [H, W]. Figures behind the thresholds:
a JPEG save leaves hardly any painted pixel exact, but all within 16 per channel; the inside of
an honest cover is flat, while a see-through brush leaves the picture's own unrest in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrollment.areas import Areas, Mask, connected_areas, dilate, erode
from enrollment.near_miss import find_flat_pink
from enrollment.refusals import Refused, percent

ARC = (255, 168, 230)
ARC_HEX = "#FFA8E6"
TOLERANCE = 16
FLOOR = 0.03
CEILING = 0.90
SPECK_PIXELS = 64
SPECK_SHARE = 0.0002
TRACE = 0.0005  # less of the colour than this is not worth a message of its own
INTERIOR = 16
INTERIOR_PIXELS = 64
MAX_DEVIATION = 6
MAX_LUMA_SD = 0.8
NATURAL_LUMA_SD = 4.0  # rougher than any brush that stays within the tolerance
ROUGH_SHARE = 0.005
WRONG_PINK_SHARE = 0.02
REACH = 16

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Cover:
    """The accepted paint of a picture; `coverage` is its share of the pixels."""

    mask: Mask
    coverage: float


def find_cover(rgb: Picture) -> Cover:
    """The paint of an honestly covered picture.

    Refused with: no-arc, specks-only, too-little-arc, too-much-arc, border-only, wrong-pink,
    semi-opaque.
    """
    raw = paint_mask(rgb)
    areas = connected_areas(raw)
    kept = areas.size >= max(SPECK_PIXELS, SPECK_SHARE * raw.size)
    roughness = _judge(rgb, areas, areas.mask_of(kept))
    paint = kept & ~roughness.natural
    mask = areas.mask_of(paint)
    coverage = float(mask.mean())
    _refuse_too_little(rgb, coverage, float(raw.mean()))
    see_through = float(areas.size[paint & roughness.rough].sum()) / raw.size
    if see_through >= ROUGH_SHARE:
        raise Refused("semi-opaque", {"percent": percent(see_through), "colour": ARC_HEX})
    _refuse_wrong_pink(rgb, WRONG_PINK_SHARE)
    if coverage > CEILING:
        figures = {"percent": percent(coverage), "limit_percent": percent(CEILING)}
        raise Refused("too-much-arc", figures)
    if _only_a_border(mask):
        raise Refused("border-only", {"percent": percent(coverage)})
    return Cover(mask, coverage)


def paint_mask(rgb: Picture) -> Mask:
    """Pixels within `TOLERANCE` of ARC in every channel, specks included."""
    height, width, _ = rgb.shape
    low = np.array([max(c - TOLERANCE, 0) for c in ARC], dtype=np.uint8)
    high = np.array([min(c + TOLERANCE, 255) for c in ARC], dtype=np.uint8)
    # One wrapping subtraction over whole rows: much faster than three strided comparisons.
    rows = np.ascontiguousarray(rgb).reshape(height, width * 3)
    near = ((rows - np.tile(low, width)) <= np.tile(high - low, width)).reshape(height, width, 3)
    mask: Mask = near[:, :, 0] & near[:, :, 1] & near[:, :, 2]
    return mask


def known_cover(rgb: Picture) -> Mask:
    """The mask of a picture that `find_cover` accepted and `repaint` made exact."""
    exact = np.all(rgb == np.array(ARC, dtype=np.uint8), axis=2)
    areas = connected_areas(exact)
    return areas.mask_of(areas.size >= max(SPECK_PIXELS, SPECK_SHARE * exact.size))


def repaint(rgb: Picture, mask: Mask) -> Picture:
    """A copy with exactly ARC wherever the mask is set."""
    painted = rgb.copy()
    painted[mask] = ARC
    return painted


def hide(rgb: Picture, mask: Mask) -> Picture:
    """A copy whose paint reaches over its blended edge: the mask grown by 16 px or 1 %, all exact ARC."""
    return repaint(rgb, dilate(mask, max(REACH, -(-max(mask.shape) // 100))))


@dataclass(frozen=True, slots=True)
class _Roughness:
    """Per area: `rough` is not solid paint, `natural` is no paint at all."""

    rough: NDArray[np.bool_]
    natural: NDArray[np.bool_]


def _judge(rgb: Picture, areas: Areas, mask: Mask) -> _Roughness:
    """How flat each area is inside, where neither antialiasing nor JPEG ringing reaches."""
    inside = erode(mask, INTERIOR).reshape(-1)[areas.pixels]
    pixels, label = areas.pixels[inside], areas.label[inside]
    count = len(areas.size)
    values = rgb.reshape(-1, 3)[pixels].astype(np.float32)
    number = np.bincount(label, minlength=count)
    divisor = np.maximum(number, 1)
    mean = np.stack([np.bincount(label, values[:, c], count) / divisor for c in range(3)], axis=1)
    offset = values - mean[label].astype(np.float32)
    luma = offset @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    luma_sd = np.sqrt(np.bincount(label, luma * luma, count) / divisor)
    deviating = np.bincount(label, np.abs(offset).max(axis=1) > MAX_DEVIATION, count) / divisor
    judged = number >= INTERIOR_PIXELS
    rough = judged & ((luma_sd > MAX_LUMA_SD) | (deviating > 0.01))
    return _Roughness(rough, judged & (luma_sd > NATURAL_LUMA_SD))


def _refuse_too_little(rgb: Picture, coverage: float, raw_share: float) -> None:
    if coverage >= FLOOR:
        return
    _refuse_wrong_pink(rgb, FLOOR / 2)
    if coverage == 0 and raw_share >= TRACE:
        raise Refused("specks-only", {"percent": percent(raw_share), "colour": ARC_HEX})
    if coverage < TRACE:
        raise Refused("no-arc", {"percent": percent(raw_share), "colour": ARC_HEX})
    figures = {"percent": percent(coverage), "needed_percent": percent(FLOOR), "colour": ARC_HEX}
    raise Refused("too-little-arc", figures)


def _refuse_wrong_pink(rgb: Picture, share: float) -> None:
    found = find_flat_pink(rgb, ARC, TOLERANCE)
    if found is not None and found.share >= share:
        figures = {"percent": percent(found.share), "found": found.hex, "colour": ARC_HEX}
        raise Refused("wrong-pink", figures)


def _only_a_border(mask: Mask) -> bool:
    """Whether the paint is a frame, or two bars at opposite edges, with nothing of it inside."""
    height, width = mask.shape
    top, left = round(height * 0.12), round(width * 0.12)
    if mask[top : height - top, left : width - left].any():
        return False
    edges = (mask[0].mean(), mask[-1].mean(), mask[:, 0].mean(), mask[:, -1].mean())
    return bool(min(edges[:2]) > 0.9 or min(edges[2:]) > 0.9)
