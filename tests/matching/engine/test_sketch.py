import numpy as np
from grids import draw_grid, draw_mask
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.grid import SIZE
from matching.engine.sketch import (
    KEPT_AT_MOST,
    POSITIONS,
    SKETCH_BYTES,
    coded,
    decoded,
    enrolled_signs,
    query_signs,
    steps,
    visible_positions,
)

numbers = st.integers(0, 10_000)


@given(numbers, numbers)
def test_the_coded_distance_is_twice_the_mismatches_plus_the_dont_cares(one: int, other: int) -> None:
    enrolled = enrolled_signs(draw_grid(one), draw_mask(one))
    seen = query_signs(draw_grid(other)[None])[0]
    mismatches = np.count_nonzero(enrolled * seen < 0)
    apart = np.bitwise_count(coded(enrolled[None]) ^ coded(seen[None])).sum()
    assert apart == 2 * mismatches + np.count_nonzero(enrolled == 0)


@given(numbers)
def test_coding_can_be_undone(seed: int) -> None:
    signs = np.random.default_rng(seed).integers(-1, 2, (3, POSITIONS)).astype(np.int8)
    assert coded(signs).shape == (3, SKETCH_BYTES)
    assert np.array_equal(decoded(coded(signs)), signs)


def test_steps_go_right_and_down() -> None:
    grid = np.zeros((1, SIZE, SIZE), np.float32)
    grid[0, :4, 4:8] = 16  # the second pool of the first row
    values = steps(grid)[0]
    assert sorted(values[values != 0].tolist()) == [-16, -16, 16]
    flipped = steps(grid[:, ::-1])[0]  # now it is in the last row, with a step down to it
    assert sorted(flipped[flipped != 0].tolist()) == [-16, 16, 16]


@given(numbers)
def test_kept_bits_are_visible_and_as_in_the_uncovered_photo(seed: int) -> None:
    mask, photo = draw_mask(seed), draw_grid(seed)
    signs = enrolled_signs(np.where(mask, np.float32(191), photo), mask)
    kept = signs != 0
    assert not kept[~visible_positions(mask)].any()
    assert np.array_equal(signs[kept], query_signs(photo[None])[0][kept])
    assert kept.sum() <= KEPT_AT_MOST


def test_the_clearest_steps_are_kept() -> None:
    grid, nothing = draw_grid(3), np.zeros((SIZE, SIZE), np.bool_)
    kept = enrolled_signs(grid, nothing) != 0
    size = np.abs(steps(grid[None])[0])
    assert kept.sum() == KEPT_AT_MOST
    assert size[kept].min() >= size[~kept].max()


def test_one_hidden_cell_hides_the_steps_of_its_pool() -> None:
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[9, 9] = True  # in pool row 2, column 2: steps to its left, right, above and below
    assert np.count_nonzero(~visible_positions(mask)) == 4
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[0, 0] = True
    assert np.count_nonzero(~visible_positions(mask)) == 2


def test_both_halves_of_a_sketch_are_spread_over_the_whole_picture() -> None:
    for row in range(0, SIZE, 16):
        for column in range(0, SIZE, 16):
            mask = np.zeros((SIZE, SIZE), np.bool_)
            mask[row : row + 16, column : column + 16] = True
            hidden = ~visible_positions(mask)
            first, second = np.count_nonzero(hidden[:240]), np.count_nonzero(hidden[240:])
            assert abs(first - second) <= 2
            assert first >= 14
