"""Finding and judging the Anti Revenge Color (ARC) in a picture. Arrays only.

Pictures are uint8 [H, W, 3] in sRGB, masks are bool [H, W]. Figures behind the thresholds:
a JPEG save leaves hardly any painted pixel exact, but all within 16 per channel; the inside of
an honest cover is flat, while a see-through brush leaves the picture's own unrest in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrollment.areas import Areas, Mask, connected_areas, dilate
from enrollment.near_miss import find_flat_pink
from enrollment.refusals import Refused, percent
from enrollment.see_through import gaps, judge, many, see_through_share

ARC = (255, 168, 230)
ARC_HEX = "#FFA8E6"
TOLERANCE = 16
FLOOR = 0.03
CEILING = 0.90
SPECK_PIXELS = 64
SPECK_SHARE = 0.0002
TRACE = 0.0002  # less of the colour than this is not worth a message of its own
COARSE = 4  # every fourth pixel each way tells as much about large areas as all of them
BAND = 64  # rows looked at together: what is in between then fits the processor's cache
NEAR = 48
SEE_THROUGH_SHARE = 0.005
REACH = 16

_PIXEL = np.dtype("V3")  # a pixel as one thing: assigning three channels one by one is slow
_ARC_PIXEL = np.array(ARC, dtype=np.uint8).view(_PIXEL)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Cover:
    """The accepted paint of a picture; `coverage` is its share of the pixels.

    `near` is every pixel within `TOLERANCE`, also those that are not paint.
    """

    mask: Mask
    coverage: float
    near: Mask


def find_cover(rgb: Picture) -> Cover:
    """The paint of an honestly covered picture.

    Refused with: no-arc, specks-only, too-little-arc, too-much-arc, border-only, wrong-pink,
    semi-opaque.
    """
    raw = paint_mask(rgb)
    areas = connected_areas(raw)
    kept = areas.size >= max(SPECK_PIXELS, SPECK_SHARE * raw.size)
    roughness = judge(rgb, areas, kept)
    paint = kept & ~roughness.natural
    mask = areas.mask_of(paint)
    coverage = _share(areas, paint)
    coarse, coarse_raw = np.ascontiguousarray(rgb[::COARSE, ::COARSE]), raw[::COARSE, ::COARSE]
    _refuse_see_through(coarse, coarse_raw, _share(areas, paint & roughness.rough))
    _refuse_pierced(rgb, mask)
    # Beside a proper cover another flat pink is part of the scene, and its owner could not mend it.
    if coverage < FLOOR:
        _refuse_wrong_pink(coarse, coarse_raw, FLOOR / 2)
    _refuse_too_little(coverage, float(areas.size.sum()) / raw.size)
    if coverage > CEILING:
        figures = {"percent": percent(coverage), "limit_percent": percent(CEILING)}
        raise Refused("too-much-arc", figures)
    if _only_a_border(mask):
        raise Refused("border-only", {"percent": percent(coverage)})
    return Cover(mask, coverage, raw)


def _share(areas: Areas, chosen: NDArray[np.bool_]) -> float:
    """The share of the picture that some of the areas take."""
    return float(areas.size[chosen].sum()) / areas.mask.size


def paint_mask(rgb: Picture) -> Mask:
    """Pixels within `TOLERANCE` of ARC in every channel, specks included."""
    return _within(rgb, TOLERANCE)


def _within(rgb: Picture, tolerance: int) -> Mask:
    height, width, _ = rgb.shape
    low = np.array([max(c - tolerance, 0) for c in ARC], dtype=np.uint8)
    high = np.array([min(c + tolerance, 255) for c in ARC], dtype=np.uint8)
    lows, spans = np.tile(low, width), np.tile(high - low, width)
    rows = np.ascontiguousarray(rgb).reshape(height, width * 3)
    mask = np.empty((height, width), dtype=np.bool_)
    for top in range(0, height, BAND):
        # One wrapping subtraction, and three neighbours joined before every third of them is picked:
        # much faster than comparing each channel by itself.
        near = (rows[top : top + BAND] - lows <= spans).reshape(-1)
        mask[top : top + BAND] = (near[:-2] & near[1:-1] & near[2:])[::3].reshape(-1, width)
    return mask


def seal(rgb: Picture, cover: Cover) -> Picture:
    """A copy in which a pixel is exactly ARC if, and only if, it is in the cover found in the picture.

    So nothing of what a soft brush left under the paint is kept, and the mask can be read back
    from the picture alone. Stray pixels of the colour become one level bluer.
    """
    sealed = _painted(rgb, cover.mask)
    pixels = sealed.reshape(-1, 3)
    stray = np.flatnonzero(cover.near & ~cover.mask)
    pixels[stray[(pixels[stray] == ARC).all(axis=1)]] = (ARC[0], ARC[1], ARC[2] + 1)
    return sealed


def sealed_mask(rgb: Picture) -> Mask:
    """The mask of a picture made by `seal`: its pixels of exactly ARC."""
    return _within(rgb, 0)


def hide(rgb: Picture, mask: Mask) -> Picture:
    """A copy painted exactly ARC over the mask grown by 16 px or 1 %, beyond its blended edge."""
    return _painted(rgb, dilate(mask, max(REACH, -(-max(mask.shape) // 100))))


def _painted(rgb: Picture, mask: Mask) -> Picture:
    painted = np.array(rgb, order="C")
    painted.reshape(-1).view(_PIXEL)[mask.reshape(-1)] = _ARC_PIXEL
    return painted


def _refuse_see_through(coarse: Picture, paint: Mask, rough: float) -> None:
    share = max(rough, see_through_share(paint, _within(coarse, NEAR)))
    if share >= SEE_THROUGH_SHARE:
        raise Refused("semi-opaque", {"percent": percent(share), "colour": ARC_HEX})


def _refuse_pierced(rgb: Picture, mask: Mask) -> None:
    between = gaps(mask)
    # What is near the colour there is the soft or ringing edge of solid paint.
    if between.any() and many(between := between & ~_within(rgb, NEAR), mask):
        raise Refused("semi-opaque", {"percent": percent(float(between.mean())), "colour": ARC_HEX})


def _refuse_too_little(coverage: float, raw_share: float) -> None:
    if coverage >= FLOOR:
        return
    if coverage == 0 and raw_share >= TRACE:
        raise Refused("specks-only", {"percent": percent(raw_share), "colour": ARC_HEX})
    if coverage < TRACE:
        raise Refused("no-arc", {"percent": percent(raw_share), "colour": ARC_HEX})
    figures: dict[str, float | str] = {
        "percent": percent(coverage),
        "needed_percent": percent(FLOOR),
        "colour": ARC_HEX,
    }
    raise Refused("too-little-arc", figures)


def _refuse_wrong_pink(coarse: Picture, paint: Mask, share: float) -> None:
    found = find_flat_pink(coarse, paint)
    if found is not None and found.share >= share:
        figures: dict[str, float | str] = {
            "percent": percent(found.share),
            "found": found.hex,
            "colour": ARC_HEX,
        }
        raise Refused("wrong-pink", figures)


def _only_a_border(mask: Mask) -> bool:
    """Whether the paint is a frame, or two bars at opposite edges, with nothing of it inside."""
    height, width = mask.shape
    top, left = round(height * 0.12), round(width * 0.12)
    if mask[top : height - top, left : width - left].any():
        return False
    edges = (mask[0].mean(), mask[-1].mean(), mask[:, 0].mean(), mask[:, -1].mean())
    return bool(min(edges[:2]) > 0.9 or min(edges[2:]) > 0.9)
