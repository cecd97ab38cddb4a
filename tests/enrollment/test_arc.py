"""The cover colour is found where it was painted, and nothing else is taken for it."""

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from random import Random

import drawing
import numpy as np
import pytest
from drawing import FACE, FACE_AND_BODY, Picture, Shape, cover, jpeg, natural, png, shape_mask, webp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from enrollment.arc import ARC, CEILING, FLOOR, find_cover, hide, paint_mask, seal, sealed_mask
from enrollment.areas import Mask, box_of, closed, connected_areas, dilate, erode
from enrollment.refusals import Refused

pytestmark = pytest.mark.pictures

Saver = Callable[[Picture], bytes]


def decoded(data: bytes) -> Picture:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def refusal(rgb: Picture) -> Refused:
    with pytest.raises(Refused) as refused:
        find_cover(rgb)
    return refused.value


def overlap(found: Mask, painted: Mask) -> float:
    return float((found & painted).sum() / (found | painted).sum())


def patch(share: float) -> Shape:
    """A square-ish rectangle in the middle with that share of the picture."""
    half = share**0.5 / 2
    return Shape("rectangle", (0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half))


SAVERS: dict[str, tuple[Saver, float]] = {
    "png": (png, 0.98),
    "jpeg 95": (lambda rgb: jpeg(rgb, 95), 0.93),
    "jpeg 75": (lambda rgb: jpeg(rgb, 75), 0.92),
    "jpeg 50": (lambda rgb: jpeg(rgb, 50), 0.90),
    "jpeg 30": (lambda rgb: jpeg(rgb, 30), 0.88),
    "jpeg twice": (lambda rgb: jpeg(decoded(jpeg(rgb, 60)), 75), 0.90),
    "jpeg 4:4:4": (lambda rgb: jpeg(rgb, 75, subsampling=0), 0.94),
    "webp": (webp, 0.93),
    "halved": (lambda rgb: jpeg(drawing.halved(rgb), 75), 0.88),
}


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("saver", SAVERS)
def test_it_finds_what_was_painted_after_saving(saver: str, antialias: bool) -> None:
    save, least = SAVERS[saver]
    rgb = decoded(save(cover(natural(21, 800, 600), antialias=antialias)))

    found = find_cover(rgb)

    painted = shape_mask(FACE_AND_BODY, rgb.shape[1], rgb.shape[0])
    assert overlap(found.mask, painted) > least
    assert found.coverage == pytest.approx(painted.mean(), abs=0.012)
    assert found.mask.mean() == found.coverage


@pytest.mark.parametrize("seed", range(40, 52))
def test_it_finds_nothing_in_an_uncovered_photo(seed: int) -> None:
    assert refusal(natural(seed)).code == "no-arc"


def test_the_floor_is_told_with_the_measured_figure() -> None:
    below = refusal(cover(natural(22), [patch(FLOOR - 0.005)]))

    assert below.code == "too-little-arc"
    assert below.figures["percent"] == pytest.approx(2.5, abs=0.15)
    assert below.figures["needed_percent"] == 3.0
    assert f"{below.figures['percent']} %" in below.message
    assert find_cover(cover(natural(22), [patch(FLOOR + 0.005)])).coverage > FLOOR


def test_the_ceiling_is_told_with_the_measured_figure() -> None:
    above = refusal(cover(natural(22), [patch(CEILING + 0.02)]))

    assert above.code == "too-much-arc"
    assert above.figures["percent"] == pytest.approx(92, abs=0.5)
    assert find_cover(cover(natural(22), [patch(CEILING - 0.02)])).coverage < CEILING


def test_specks_do_not_add_up_to_a_cover() -> None:
    rgb = natural(23)
    rgb[::4, ::4] = ARC

    assert refusal(rgb).code == "specks-only"


def test_specks_beside_a_cover_are_not_part_of_it() -> None:
    rgb = cover(natural(23), [FACE])
    rgb[400:404, 40:44] = ARC

    found = find_cover(rgb)

    assert not found.mask[380:, :100].any()
    assert paint_mask(rgb)[400:404, 40:44].all()


@pytest.mark.parametrize("colour", [(255, 168, 208), (255, 105, 180), (255, 192, 203), (230, 130, 200)])
@pytest.mark.parametrize("save", [png, lambda rgb: jpeg(rgb, 75)], ids=["png", "jpeg"])
def test_another_pink_is_named(colour: drawing.Colour, save: Saver) -> None:
    refused = refusal(decoded(save(cover(natural(24), colour=colour))))

    assert refused.code == "wrong-pink"
    named = tuple(bytes.fromhex(str(refused.figures["found"])[1:]))
    assert np.abs(np.subtract(named, colour)).max() <= 4
    assert str(refused.figures["found"]) in refused.message
    assert "#FFA8E6" in refused.message


@pytest.mark.parametrize("pink", [(255, 168, 208), (255, 192, 203), (248, 187, 208)])
def test_another_pink_beside_a_proper_cover_is_part_of_the_scene(pink: tuple[int, int, int]) -> None:
    wall = Shape("rectangle", (0.02, 0.55, 0.4, 0.95))
    rgb = cover(cover(natural(24), [FACE]), [wall], colour=pink)

    assert find_cover(rgb).coverage == pytest.approx(float(shape_mask([FACE], 640, 480).mean()), rel=0.05)


@pytest.mark.parametrize("content", ["stripes", "halves"])
@pytest.mark.parametrize("opacity", [0.93, 0.95, 0.97])
def test_harsh_light_and_dark_does_not_hide_behind_a_see_through_brush(content: str, opacity: float) -> None:
    rgb = natural(26).copy()
    columns = np.arange(640)
    dark = (columns // 8) % 2 == 0 if content == "stripes" else columns < 330
    rgb[250:450, dark], rgb[250:450, ~dark] = 0, 255
    painted = cover(cover(rgb, [FACE]), [drawing.BODY], opacity=opacity)

    assert refusal(painted).code == "semi-opaque"
    assert refusal(decoded(jpeg(painted, 92))).code == "semi-opaque"


@pytest.mark.parametrize("opacity", [0.9, 0.95, 0.98])
def test_paint_that_lets_something_through_is_refused(opacity: float) -> None:
    assert refusal(cover(natural(25), opacity=opacity)).code == "semi-opaque"
    assert refusal(decoded(jpeg(cover(natural(25), opacity=opacity), 80))).code == "semi-opaque"


def test_one_see_through_shape_beside_a_solid_one_is_refused() -> None:
    rgb = cover(cover(natural(25), [FACE]), [drawing.BODY], opacity=0.95)

    assert refusal(rgb).code == "semi-opaque"


def test_a_shifted_but_solid_colour_is_a_cover() -> None:
    """As when a screen's colours were saved without their profile."""
    assert find_cover(cover(natural(26), colour=(245, 172, 228))).coverage > 0.2


def test_a_pink_flower_beside_the_cover_does_no_harm() -> None:
    rgb = natural(27)
    flower = np.array((236, 150, 196)) + (natural(28, 90, 90).astype(int) - 118) // 3
    rgb[20:110, 20:110] = flower.clip(0, 255).astype(np.uint8)

    assert find_cover(cover(rgb)).coverage == pytest.approx(
        shape_mask(FACE_AND_BODY, 640, 480).mean(), abs=0.01
    )


def test_two_bars_at_the_edges_cover_nothing() -> None:
    rgb = natural(29)
    rgb[:40] = rgb[-40:] = ARC

    assert refusal(rgb).code == "border-only"


def test_a_sealed_picture_is_exact_where_it_is_masked_and_nowhere_else() -> None:
    rgb = decoded(jpeg(cover(natural(31)), 60)).copy()
    rgb[0, 0] = ARC
    found = find_cover(rgb)
    mask = found.mask

    sealed = seal(rgb, found)

    assert np.array_equal(np.all(sealed == ARC, axis=2), mask)
    assert np.array_equal(sealed_mask(sealed), mask)
    assert tuple(sealed[0, 0]) == (255, 168, 231)
    untouched = ~mask
    untouched[0, 0] = False
    assert np.array_equal(sealed[untouched], rgb[untouched])


def test_a_hidden_picture_is_painted_well_beyond_the_edge() -> None:
    rgb = cover(natural(32), [FACE])
    mask = find_cover(rgb).mask

    hidden = hide(rgb, mask)

    exact = np.all(hidden == ARC, axis=2)
    rows, columns = np.nonzero(mask)
    assert exact[rows.min() - 16, columns[rows.argmin()]]
    assert exact[rows.max() + 16, columns[rows.argmax()]]
    assert exact[mask].all()
    assert np.array_equal(hidden[~exact], rgb[~exact])


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    bits = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    return np.array(bits, dtype=np.bool_).reshape(height, width)


def flooded(mask: Mask) -> list[frozenset[tuple[int, int]]]:
    """The connected areas, the slow and obvious way."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    found = []
    while left:
        area, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            area.add((y, x))
            beside = {(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)} & left
            left -= beside
            edge.extend(beside)
        found.append(frozenset(area))
    return found


@given(masks())
def test_areas_are_those_of_a_flood_fill(mask: Mask) -> None:
    areas = connected_areas(mask)

    pixels = np.flatnonzero(mask)
    ours: dict[int, set[tuple[int, int]]] = {}
    for pixel, label in zip(pixels, areas.labels_at(pixels), strict=True):
        ours.setdefault(int(label), set()).add(divmod(int(pixel), mask.shape[1]))
    assert {frozenset(area) for area in ours.values()} == set(flooded(mask))
    assert all(len(area) == areas.size[label] for label, area in ours.items())


@given(masks(), st.randoms(use_true_random=False))
def test_some_of_the_areas_are_picked_counted_and_framed(mask: Mask, random: Random) -> None:
    areas = connected_areas(mask)
    label = np.full(mask.shape, -1)
    label[mask] = areas.labels_at(np.flatnonzero(mask))
    chosen = np.array([random.random() < 0.5 for _ in areas.size], dtype=np.bool_)
    part = mask & (np.arange(mask.size).reshape(mask.shape) % 3 == 0)

    picked = np.isin(label, np.flatnonzero(chosen))

    assert np.array_equal(areas.mask_of(chosen), picked)
    assert list(areas.counted(np.flatnonzero(part))) == [(label[part] == n).sum() for n in range(len(chosen))]
    if picked.any():
        rows, columns = np.nonzero(picked)
        assert box_of(picked) == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)


@given(masks(), st.integers(0, 7))
def test_dilation_reaches_exactly_its_radius(mask: Mask, radius: int) -> None:
    slow = np.zeros_like(mask)
    for y, x in zip(*np.nonzero(mask), strict=True):
        slow[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1] = True

    assert np.array_equal(dilate(mask, radius), slow)
    assert np.array_equal(erode(mask, radius), ~dilate(~mask, radius))


@given(masks(), st.integers(0, 4))
def test_closing_fills_what_is_between_and_no_more(mask: Mask, radius: int) -> None:
    """A gap of at most twice the radius between two set pixels of a row, of the radius at its ends."""
    slow = mask.copy()
    for row in slow:
        edges = np.flatnonzero(np.diff(row, prepend=not row[0], append=not row[-1]))
        for start, end in pairwise(edges.tolist()):
            ends = (start == 0) + (end == len(row))
            if not row[start] and ends < 2:
                row[start:end] = end - start <= (radius if ends else 2 * radius)

    assert np.array_equal(closed(mask, radius, 1), slow)
    assert np.array_equal(closed(mask.T, radius, 0), slow.T)


def test_a_spiral_is_one_area() -> None:
    mask = np.zeros((81, 81), dtype=np.bool_)
    for ring in range(0, 40, 2):
        mask[ring, ring : 81 - ring] = mask[80 - ring, ring : 81 - ring] = True
        mask[ring : 81 - ring, ring] = mask[ring : 81 - ring, 80 - ring] = True
        mask[ring + 1, ring] = False
        mask[ring + 2, ring + 1] = True

    assert [len(area) for area in flooded(mask)] == list(connected_areas(mask).size)
