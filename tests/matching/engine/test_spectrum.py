import numpy as np
import pytest
from grids import draw_grid, draw_mask

from matching.engine.spectrum import (
    ARC_LUMA,
    HALF,
    above_median,
    distances,
    halved,
    halved_masks,
    hash_bits,
    hashes,
    least_distances,
    masked_hashes,
    mean_filled,
    painted_hashes,
    spectra,
)


def test_a_cosine_has_one_frequency() -> None:
    position = (2 * np.arange(HALF) + 1) * np.pi / (2 * HALF)
    down, across = 3, 7
    grid = np.outer(np.cos(down * position), np.cos(across * position)).astype(np.float32)
    values = spectra(grid[None])[0].reshape(16, 16)
    assert values[down - 1, across - 1] == pytest.approx(HALF / 2, rel=1e-5)
    values[down - 1, across - 1] = 0
    assert np.abs(values).max() < 1e-4


def test_a_flat_picture_has_no_frequency() -> None:
    assert np.abs(spectra(np.full((1, HALF, HALF), 200, np.float32))).max() < 1e-2


def test_half_of_the_bits_are_set() -> None:
    grids = halved(np.stack([draw_grid(seed) for seed in range(20)]))
    assert hash_bits(grids).sum(axis=1).tolist() == [128] * 20


def test_the_masked_hash_does_not_see_what_is_hidden() -> None:
    mask = halved_masks(draw_mask(1)[None])
    one, other = (
        halved(draw_grid(1)),
        np.where(mask, halved(draw_grid(2)), halved(draw_grid(1))),
    )
    assert np.array_equal(masked_hashes(one, mask), masked_hashes(other, mask))
    assert not np.array_equal(hashes(one), hashes(other))


def test_brightness_and_contrast_do_not_change_the_masked_hash() -> None:
    mask, grid = halved_masks(draw_mask(1)[None]), halved(draw_grid(1))
    assert distances(masked_hashes(grid * np.float32(0.5) + 40, mask), masked_hashes(grid, mask))[0] <= 2


def test_hidden_cells_are_at_the_mean_of_the_visible() -> None:
    grid = np.zeros((HALF, HALF), np.float32)
    grid[:16] = 100
    mask = np.zeros((1, HALF, HALF), np.bool_)
    mask[0, 8:16] = True
    filled = mean_filled(grid, mask)
    assert not filled[mask].any()
    assert filled[0][~mask[0]] == pytest.approx(grid[~mask[0]] - 100 / 3, rel=1e-5)


def test_a_picture_hidden_altogether_is_filled_with_nothing() -> None:
    assert not mean_filled(np.full((HALF, HALF), 9, np.float32), np.ones((1, HALF, HALF), np.bool_)).any()


def test_halving_averages_cells_and_hides_what_any_of_four_hides() -> None:
    grid, mask = np.zeros((1, 64, 64), np.float32), np.zeros((1, 64, 64), np.bool_)
    grid[0, 3, 5], mask[0, 3, 5] = 8, True
    assert halved(grid)[0, 1, 2] == 2
    assert np.argwhere(halved_masks(mask)).tolist() == [[0, 1, 2]]


def test_the_literal_hash_is_that_of_the_painted_picture() -> None:
    mask, grid = halved_masks(draw_mask(4)[None]), halved(draw_grid(4)[None])
    painted = np.where(mask, ARC_LUMA, grid)
    assert np.array_equal(painted_hashes(grid, mask), hashes(painted))
    assert np.array_equal(painted_hashes(painted, mask), hashes(painted))


def test_distances_count_bits() -> None:
    left = np.zeros((2, 16), np.uint8)
    left[0, 3], left[1, 15] = 0b1010_0000, 0b1111_1111
    assert distances(left, np.zeros((1, 16), np.uint8)).tolist() == [2, 8]


def test_what_signs_alone_tell_is_never_more_than_the_distance() -> None:
    values = np.random.default_rng(2).normal(0.1, 1, (200, 256)).astype(np.float32)
    stored = hashes(halved(np.stack([draw_grid(seed) for seed in range(200)])))
    exact = distances(np.packbits(above_median(values), axis=1), stored)
    least = least_distances(values, stored)
    assert (least <= exact).all()
    assert 0 < np.mean(exact - least) < 20


def test_many_grids_are_hashed_as_each_is_alone() -> None:
    grids = halved(np.stack([draw_grid(seed) for seed in range(40)]))
    masks = halved_masks(np.stack([draw_mask(seed) for seed in range(40)]))
    alone = [masked_hashes(grid, mask[None])[0] for grid, mask in zip(grids, masks, strict=True)]
    # Frequencies next to the median may round to either side of it.
    assert distances(masked_hashes(grids, masks), np.stack(alone)).sum() <= 2
