"""What somebody who knows everything about the engine can do with a photo that is theirs to change."""

import numpy as np
import pytest
from grids import draw_grid, draw_mask, enroll

from matching.cli.attacks import AWAY, TOWARDS, pictures_without_photo, pushed
from matching.engine.calibration import RATE
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import make_fingerprint
from matching.engine.grid import SIZE, Grid
from matching.engine.index import Index


def is_found(photo: Grid, seed: int) -> bool:
    return bool(Index([("photo", enroll(seed))]).search(photo[None], rate=RATE)[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_change_of_two_grey_levels_does_not_hide_a_copy(seed: int) -> None:
    assert is_found(pushed(draw_grid(seed), enroll(seed), 2, AWAY), seed)


def test_most_copies_withstand_four_grey_levels() -> None:
    withstand = [is_found(pushed(draw_grid(seed), enroll(seed), 4, AWAY), seed) for seed in range(4)]
    assert sum(withstand) >= 2


def test_the_attack_works_at_all() -> None:
    """Otherwise the tests above would show nothing."""
    assert not is_found(pushed(draw_grid(1), enroll(1), 40, AWAY), 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_stranger_needs_more_than_two_grey_levels_to_collide(seed: int) -> None:
    assert not is_found(pushed(draw_grid(900 + seed), enroll(seed), 2, TOWARDS), seed)


@pytest.mark.parametrize(("kind", "grid"), pictures_without_photo().items())
def test_pictures_without_a_photo_match_none(kind: str, grid: Grid) -> None:
    index = Index((str(seed), enroll(seed)) for seed in range(30))
    assert index.search(np.stack([grid, 255 - grid])) == [[], []], kind


@pytest.mark.parametrize(("kind", "grid"), pictures_without_photo().items())
def test_pictures_without_a_photo_are_refused_or_matched_by_none(kind: str, grid: Grid) -> None:
    try:
        index = Index([(kind, make_fingerprint(grid, np.zeros((SIZE, SIZE), np.bool_)))])
    except TooLittleDetail:
        return
    assert not any(index.search(np.stack([draw_grid(seed) for seed in range(100)])))


def test_a_blank_picture_is_refused() -> None:
    with pytest.raises(TooLittleDetail):
        make_fingerprint(pictures_without_photo()["blank"], np.zeros((SIZE, SIZE), np.bool_))


def test_masks_alone_do_not_match() -> None:
    """The picture of a mask is the likeliest thing to collide with what was enrolled under it."""
    index = Index((str(seed), enroll(seed)) for seed in range(30))
    pictures = [
        np.where(draw_mask(seed), low, high) for seed in range(30) for low, high in ((0, 255), (191, 0))
    ]
    assert not any(index.search(np.stack(pictures).astype(np.float32)))
