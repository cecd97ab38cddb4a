"""Photos of one picture are alike under any covers that leave enough in common; others are not."""

import grids
import numpy as np
import pytest
from numpy.typing import NDArray

from matching.engine.grid import MaskGrid
from matching.engine.likeness import DIFFERING_AT_MOST, alike
from matching.engine.sketch import POSITIONS, Signs, enrolled_signs

PHOTOS = 60


def box(top: int, left: int, height: int, width: int) -> MaskGrid:
    mask = np.zeros((64, 64), np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


LIKELY, OTHER, LARGE = box(8, 8, 20, 20), box(34, 30, 22, 24), box(0, 0, 64, 36)


def sketches(mask: MaskGrid, *, noise: float = 0.0) -> Signs:
    """Sketches of all drawn photos under one cover."""
    random = np.random.default_rng(1)
    seen = [grids.draw_grid(seed) + noise * random.standard_normal((64, 64)) for seed in range(PHOTOS)]
    return np.stack([enrolled_signs(np.where(mask, 191, grid).astype(np.float32), mask) for grid in seen])


def found(ones: Signs, others: Signs) -> set[tuple[int, int]]:
    one, other, differing = alike(ones, others)
    assert (differing <= DIFFERING_AT_MOST).all()
    return {(int(left), int(right)) for left, right in zip(one, other, strict=True)}


@pytest.mark.parametrize(("cover", "share"), [(LIKELY, 1.0), (OTHER, 0.95), (LARGE, 0.6)])
def test_a_picture_is_known_again_under_another_cover(cover: MaskGrid, share: float) -> None:
    pairs = found(sketches(LIKELY), sketches(cover, noise=2.0))
    assert sum((photo, photo) in pairs for photo in range(PHOTOS)) >= share * PHOTOS


def test_different_pictures_are_never_alike() -> None:
    for cover in (LIKELY, OTHER, LARGE):
        pairs = found(sketches(LIKELY), sketches(cover))
        assert {pair for pair in pairs if pair[0] != pair[1]} == set()


def test_it_does_not_matter_which_came_first() -> None:
    one, other = sketches(LIKELY), sketches(OTHER)
    assert found(one, other) == {(left, right) for right, left in found(other, one)}


@pytest.mark.parametrize("kept", [0, 1, 24])
def test_too_little_in_common_is_no_likeness(kept: int) -> None:
    """Twenty-four agreeing bits are what chance gives one pair in many millions; never call that alike."""
    signs: NDArray[np.int8] = np.zeros((1, POSITIONS), np.int8)
    signs[0, :kept] = 1
    assert found(signs, signs) == set()


def test_nothing_is_like_nothing() -> None:
    assert found(np.zeros((0, POSITIONS), np.int8), sketches(LIKELY)) == set()
    assert found(sketches(LIKELY), np.zeros((0, POSITIONS), np.int8)) == set()
