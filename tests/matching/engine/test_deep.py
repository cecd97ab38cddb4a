from pathlib import Path

import numpy as np
import pytest
from grids import draw_grid, draw_mask, enroll, enroll_extended

from matching.engine.extended import (
    Window,
    agreement,
    coarse_signs,
    extended_planes,
    inside,
    query_planes,
    resampled,
)
from matching.engine.grid import Grid, luma_grid, mirrored
from matching.engine.index import Index
from matching.engine.sketch import window_signs

pytestmark = pytest.mark.pictures

PHOTOS = 12
WHOLE = Window(0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index((str(seed), enroll_extended(seed)) for seed in range(PHOTOS))


def cut(seed: int, top: int, bottom: int, left: int, right: int) -> Grid:
    """The grid of a copy of photo ``seed`` (640x640) with so many pixels cut off, or added when negative."""
    photo = np.kron(draw_grid(seed), np.ones((10, 10))).astype(np.uint8)
    framed = np.pad(photo, 100, constant_values=30)
    return luma_grid(framed[100 + top : 740 - bottom, 100 + left : 740 - right])


EDITS = {
    "crop": (40, 30, 10, 60),
    "crop 20 %": (100, 28, 28, 100),
    "frame": (-40, -40, -40, -40),
    "letterbox": (-32, -32, 0, 0),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("flipped", [False, True])
def test_windows_are_found(index: Index, edit: str, flipped: bool) -> None:
    grids = np.stack([cut(seed, *EDITS[edit]) for seed in range(4)])
    found = index.search_deep(mirrored(grids) if flipped else grids)
    assert [[match.id for match in matches] for matches in found] == [["0"], ["1"], ["2"], ["3"]]
    assert all(matches[0].mirrored == flipped for matches in found)
    assert all(matches[0].distance < 128 for matches in found)


def test_strangers_and_empty_pictures_are_not_found(index: Index) -> None:
    strangers = [draw_grid(seed) for seed in range(3000, 3012)]
    empty = [np.zeros((64, 64), np.float32), np.tile(np.linspace(0, 255, 64, dtype=np.float32), (64, 1))]
    assert not any(index.search_deep(np.stack(strangers + empty)))


def test_only_extended_fingerprints_are_seen_through_windows() -> None:
    mixed = Index([("plain", enroll(1)), ("extended", enroll_extended(2))])
    grids = np.stack([cut(1, *EDITS["crop 20 %"]), cut(2, *EDITS["crop 20 %"])])
    assert [[match.id for match in matches] for matches in mixed.search_deep(grids)] == [[], ["extended"]]
    assert mixed.extended() == 1


def test_extended_sketches_survive_saving_removing_and_merging(tmp_path: Path) -> None:
    index = Index((str(seed), (enroll_extended if seed % 2 else enroll)(seed)) for seed in range(8))
    index.remove("3")
    index.merge(Index([("20", enroll_extended(20))]))
    index.save(tmp_path / "s")
    again = Index.open(tmp_path / "s")
    assert again.extended() == 4
    for id_ in again:
        expected = (enroll_extended if int(id_) % 2 or id_ == "20" else enroll)(int(id_))
        assert again.get(id_) == expected
    assert [match.id for match in again.search_deep(cut(20, *EDITS["crop"])[None])[0]] == ["20"]


def test_what_is_hidden_is_not_known() -> None:
    mask = draw_mask(2)
    white, black = np.where(mask, 255, draw_grid(2)), np.where(mask, 0, draw_grid(2))
    assert np.array_equal(
        extended_planes(white.astype(np.float32), mask), extended_planes(black.astype(np.float32), mask)
    )


def test_coarse_signs_are_those_of_the_picture() -> None:
    for seed in range(5):
        planes = extended_planes(draw_grid(seed), np.zeros((64, 64), np.bool_))
        told = coarse_signs(planes[None])[0]
        pools = draw_grid(seed).reshape(1, 16, 4, 16, 4).mean(axis=(2, 4))
        true = window_signs(pools, np.ones((1, 16, 16), np.bool_))[0]
        both = (told != 0) & (true != 0)
        assert np.count_nonzero(both) > 360
        assert np.mean(told[both] == true[both]) > 0.85


def test_removed_fingerprints_are_not_seen_through_windows() -> None:
    few = Index((str(seed), enroll_extended(seed)) for seed in (1, 2))
    grids = cut(2, *EDITS["crop 20 %"])[None]
    assert [match.id for match in few.search_deep(grids)[0]] == ["2"]
    few.remove("2")
    assert few.search_deep(grids) == [[]]


def test_agreement_counts_what_both_know() -> None:
    rng = np.random.default_rng(1)
    planes = np.packbits(rng.random((3, 2, 1984)) < 0.5, axis=2)
    values, known = (np.unpackbits(planes[:, plane], axis=1).astype(bool) for plane in (0, 1))
    agree, compared = agreement(planes[:1], planes[1:])
    for at in (0, 1):
        both = known[0] & known[at + 1]
        same = np.count_nonzero(both & (values[0] == values[at + 1]))
        assert compared[at] == np.count_nonzero(both)
        assert agree[at] == 2 * same - np.count_nonzero(both)


def test_a_copy_seen_through_its_own_window_agrees() -> None:
    planes = extended_planes(draw_grid(5), np.zeros((64, 64), np.bool_))
    seen = query_planes(cut(5, 64, 0, 0, 64), [Window(0.1, 0.0, 0.0, 0.1), WHOLE])
    agree, compared = agreement(planes[None], seen)
    assert agree[0] / compared[0] > 0.7
    assert agree[1] / compared[1] < 0.6


def test_the_whole_window_is_the_grid_pooled() -> None:
    grid = draw_grid(4)
    assert resampled(grid, [WHOLE], 32)[0] == pytest.approx(
        grid.reshape(32, 2, 32, 2).mean(axis=(1, 3)), abs=1e-3
    )
    assert inside([WHOLE], 32).all()
    assert np.count_nonzero(inside([Window(0.25, 0.0, 0.0, 0.5)], 16)) == 12 * 8
