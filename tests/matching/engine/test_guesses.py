import numpy as np
import pytest
from grids import draw_grid, enroll

from matching.engine.grid import SIZE, Grid, luma_grid
from matching.engine.guesses import GUESSES, counted_positions, guessed
from matching.engine.index import Index
from matching.engine.sketch import POSITIONS

PHOTOS = 15

# Drawn photos are easier than real ones; at the usual rate one look misses next to none of them.
STRICT = 1e-12


def barred(seed: int, side: int) -> Grid:
    """Photo ``seed`` with a white bar over an eighth of it: above, below, left or right."""
    grid = np.rot90(draw_grid(seed), side).copy()
    grid[:8] = 250
    return np.rot90(grid, -side).copy()


def framed(seed: int) -> Grid:
    photo = np.kron(draw_grid(seed), np.ones((10, 10))).astype(np.uint8)
    return luma_grid(np.pad(photo, 32, constant_values=20))


def test_what_one_look_misses_a_second_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index((str(seed), enroll(seed)) for seed in range(PHOTOS))
    edited = [framed(seed) for seed in range(PHOTOS)]
    edited += [barred(seed, side) for side in range(4) for seed in range(PHOTOS)]
    found = index.search(np.stack(edited), rate=STRICT)
    for at, matches in enumerate(found):
        assert [match.id for match in matches] in ([], [str(at % PHOTOS)])
    monkeypatch.setattr("matching.engine.cascade.SECOND_LOOK_SUM", -np.inf)
    at_first = index.search(np.stack(edited), rate=STRICT)
    assert sum(map(bool, found)) >= sum(map(bool, at_first)) + 10


def test_a_guess_reads_every_cell_from_the_photo() -> None:
    grid = draw_grid(3)
    looks = guessed(grid)
    assert looks.shape == (GUESSES, SIZE, SIZE)
    assert looks.min() >= grid.min() - 1e-3
    assert looks.max() <= grid.max() + 1e-3
    flat = np.full((SIZE, SIZE), 77, np.float32)
    assert guessed(flat) == pytest.approx(np.broadcast_to(flat, looks.shape), abs=1e-3)


def test_what_is_under_a_bar_does_not_count() -> None:
    grid = draw_grid(4)
    under = grid.copy()
    under[:8] = 255 - under[:8]
    above = GUESSES - 4
    assert np.array_equal(guessed(grid)[above], guessed(under)[above])
    counted = counted_positions()
    assert counted[:above].all()
    assert (counted[above:].sum(axis=1) < POSITIONS).all()
