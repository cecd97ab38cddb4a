import numpy as np
import pytest
from grids import draw_grid, draw_mask

from matching.engine.grid import SIZE
from matching.engine.spectrum import (
    ARC_LUMA,
    distances,
    hash_bits,
    hashes,
    masked_hashes,
    mean_filled,
    painted_hashes,
    spectra,
)


def test_a_cosine_has_one_frequency() -> None:
    position = (2 * np.arange(SIZE) + 1) * np.pi / (2 * SIZE)
    down, across = 3, 7
    grid = np.outer(np.cos(down * position), np.cos(across * position)).astype(np.float32)
    values = spectra(grid[None])[0].reshape(16, 16)
    assert values[down - 1, across - 1] == pytest.approx(SIZE / 2, rel=1e-5)
    values[down - 1, across - 1] = 0
    assert np.abs(values).max() < 1e-4


def test_a_flat_picture_has_no_frequency() -> None:
    assert np.abs(spectra(np.full((1, SIZE, SIZE), 200, np.float32))).max() < 1e-2


def test_half_of_the_bits_are_set() -> None:
    grids = np.stack([draw_grid(seed) for seed in range(20)])
    assert hash_bits(grids).sum(axis=1).tolist() == [128] * 20


def test_the_masked_hash_does_not_see_what_is_hidden() -> None:
    mask = draw_mask(1)[None]
    one, other = draw_grid(1)[None], np.where(mask, draw_grid(2), draw_grid(1))
    assert np.array_equal(masked_hashes(one, mask), masked_hashes(other, mask))
    assert not np.array_equal(hashes(one), hashes(other))


def test_brightness_and_contrast_do_not_change_the_masked_hash() -> None:
    mask, grid = draw_mask(1)[None], draw_grid(1)[None]
    assert distances(masked_hashes(grid * np.float32(0.5) + 40, mask), masked_hashes(grid, mask))[0] <= 2


def test_hidden_cells_are_filled_with_the_mean_of_the_visible() -> None:
    grid = np.zeros((1, SIZE, SIZE), np.float32)
    grid[0, :32] = 100
    mask = np.zeros((1, SIZE, SIZE), np.bool_)
    mask[0, 16:32] = True
    filled = mean_filled(grid, mask)
    assert filled[0, 20, 5] == pytest.approx(100 / 3, rel=1e-6)
    assert np.array_equal(filled[~mask], grid[~mask])


def test_a_picture_hidden_altogether_is_filled_with_nothing() -> None:
    assert not mean_filled(np.full((1, SIZE, SIZE), 9, np.float32), np.ones((1, SIZE, SIZE), np.bool_)).any()


def test_the_literal_hash_is_that_of_the_painted_picture() -> None:
    mask, grid = draw_mask(4)[None], draw_grid(4)[None]
    painted = np.where(mask, ARC_LUMA, grid)
    assert np.array_equal(painted_hashes(grid, mask), hashes(painted))
    assert np.array_equal(painted_hashes(painted, mask), hashes(painted))


def test_distances_count_bits() -> None:
    left = np.array([[0b1010_0000], [0b1111_1111]], np.uint8)
    assert distances(left, np.zeros((1, 1), np.uint8)).tolist() == [2, 8]
