import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matching.engine.grid import SIZE, grow, luma_grid, mask_grid, mirrored

sides = st.integers(1, 200)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width), dtype=np.uint8)


def averaged_by_hand(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Repeat every row and column 64 times, then average blocks: exact for any shape, and shares no code."""
    height, width = luma.shape
    rows = np.repeat(luma.astype(np.float64), SIZE, 0).reshape(SIZE, height, width).mean(axis=1)
    cells: NDArray[np.float64] = np.repeat(rows, SIZE, 1).reshape(SIZE, SIZE, width).mean(axis=2)
    return cells


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (7, 3), (63, 65), (64, 64), (67, 41), (64, 128)])
def test_averages_exactly(shape: tuple[int, int]) -> None:
    luma = noise(*shape)
    assert luma_grid(luma) == pytest.approx(averaged_by_hand(luma), abs=1e-3)


@given(sides, sides)
def test_keeps_the_mean_of_any_shape(height: int, width: int) -> None:
    luma = noise(height, width)
    grid = luma_grid(luma)
    assert grid.shape == (SIZE, SIZE)
    assert grid.dtype == np.float32
    assert grid.mean() == pytest.approx(luma.mean(), abs=1e-3)


@given(sides, sides, st.data())
def test_one_painted_pixel_hides_its_cells_and_their_neighbours(
    height: int, width: int, data: st.DataObject
) -> None:
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    painted = np.zeros((height, width), np.bool_)
    painted[y, x] = True
    rows, columns = np.nonzero(mask_grid(painted))
    assert rows.min() == max(y * SIZE // height - 1, 0)
    assert rows.max() == min(-(-(y + 1) * SIZE // height), SIZE - 1)
    assert columns.min() == max(x * SIZE // width - 1, 0)
    assert columns.max() == min(-(-(x + 1) * SIZE // width), SIZE - 1)


def test_cells_outside_the_mask_never_mix_with_what_is_under_it() -> None:
    painted = np.zeros((333, 517), np.bool_)
    painted[101:207, 77:303] = True
    luma = noise(333, 517)
    hidden = mask_grid(painted)
    white, black = luma_grid(np.where(painted, 255, luma)), luma_grid(np.where(painted, 0, luma))
    assert np.array_equal(white[~hidden], black[~hidden])
    assert np.any(white[hidden] != black[hidden])


def test_no_paint_hides_nothing_and_paint_everywhere_hides_all() -> None:
    assert not mask_grid(np.zeros((90, 40), np.bool_)).any()
    assert mask_grid(np.ones((90, 40), np.bool_)).all()


def test_growing_takes_the_eight_neighbours() -> None:
    mask = np.zeros((5, 5), np.bool_)
    mask[0, 2] = True
    assert np.argwhere(grow(mask)).tolist() == [[0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3]]


def test_mirroring_commutes_with_the_grid() -> None:
    luma = noise(150, 97)
    assert mirrored(luma_grid(luma)) == pytest.approx(luma_grid(luma[:, ::-1]), abs=1e-3)
