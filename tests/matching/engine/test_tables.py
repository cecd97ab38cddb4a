import numpy as np
import pytest
from numpy.random import Generator

from matching.engine.sketch import POSITIONS, Signs, coded
from matching.engine.tables import Tables

ROWS = 3000


def half_known(rng: Generator, count: int, known: float) -> Signs:
    """Signs [count, 480] of which each row knows a share between nothing and twice ``known``."""
    signs = rng.choice(np.array([-1, 1], np.int8), (count, POSITIONS))
    return np.where(rng.random(signs.shape) < 2 * known * rng.random((count, 1)), signs, np.int8(0))


@pytest.mark.parametrize("toll", [0.0, 0.21])
def test_the_best_rows_are_those_of_the_definition(toll: float) -> None:
    rng = np.random.default_rng(7)
    enrolled, seen = half_known(rng, ROWS, 0.5), half_known(rng, 9, 0.5)
    seen[0] = enrolled[5]
    left, right = enrolled.astype(np.int64), seen.astype(np.int64)
    exact = right @ left.T - toll * (np.abs(right) @ np.abs(left).T)
    worths, rows = Tables(coded(enrolled)).best(seen, toll, 40)
    assert worths.shape == rows.shape == (9, 40)
    assert np.abs(worths - np.take_along_axis(exact, rows, axis=1)).max() < 2
    last = np.sort(exact, axis=1)[:, -40]
    for query, found in enumerate(rows):
        assert len(set(found)) == 40
        assert set(np.flatnonzero(exact[query] > last[query] + 4)) <= set(found)
    if not toll:
        assert rows[0, 0] == 5


def test_few_rows_are_all_ranked() -> None:
    rng = np.random.default_rng(8)
    enrolled = half_known(rng, 3, 0.5)
    _, rows = Tables(coded(enrolled)).best(enrolled, 0.0, 3)
    assert np.array_equal(np.sort(rows, axis=1), [[0, 1, 2]] * 3)
