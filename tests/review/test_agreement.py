"""Cohen's kappa, against figures worked out by hand."""

import pytest

from review.agreement import measure


def repeated(counts: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, times in counts.items() for _ in range(times)]


def test_a_worked_example() -> None:
    """Observed 0.7, by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5, so (0.7 - 0.5) / (1 - 0.5)."""
    found = measure(repeated({("c", "c"): 20, ("c", "n"): 5, ("n", "c"): 10, ("n", "n"): 15}))
    assert (found.pairs, found.agreeing) == (50, 35)
    assert found.kappa == pytest.approx(0.4)


def test_three_outcomes() -> None:
    found = measure(repeated({("c", "c"): 4, ("n", "n"): 3, ("m", "m"): 2, ("c", "m"): 1}))
    by_chance = (5 * 4 + 3 * 3 + 2 * 3) / 100
    assert found.kappa == pytest.approx((0.9 - by_chance) / (1 - by_chance))


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        ({("c", "c"): 3, ("n", "n"): 7}, 1.0),
        ({("c", "n"): 1, ("n", "c"): 1}, -1.0),
        ({("c", "c"): 1, ("c", "n"): 1, ("n", "c"): 1, ("n", "n"): 1}, 0.0),
        ({("c", "n"): 5}, 0.0),
        ({("c", "c"): 9}, None),
        ({}, None),
    ],
)
def test_the_ends_of_the_scale(counts: dict[tuple[str, str], int], kappa: float | None) -> None:
    assert measure(repeated(counts)).kappa == kappa
