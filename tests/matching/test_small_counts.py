"""Everything that can be worked out from what is published, worked out."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.small_counts import FEW, shown, shown_total


@pytest.mark.parametrize(("count", "published"), [(0, None), (9, None), (10, 10), (12_345, 12_345)])
def test_a_small_count_is_not_shown(count: int, published: int | None) -> None:
    assert shown(count) == published


@given(st.lists(st.integers(0, 25), max_size=4))
def test_a_total_never_says_more_of_a_small_count_than_that_it_is_small(counts: list[int]) -> None:
    total, small = shown_total(counts), [count for count in counts if count < FEW]
    if total is None:
        return
    hidden = total - sum(count for count in map(shown, counts) if count is not None)
    possible = [cells for cells in product(range(FEW), repeat=len(small)) if sum(cells) == hidden]
    for place in range(len(small)):
        assert {cells[place] for cells in possible} == set(range(FEW))


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ([20, 30], 50),
        ([], 0),
        ([20, 3], None),
        ([9, 9], None),
        ([0, 0, 0], None),
        ([5, 4, 20], 29),
        ([3] * 12, 36),
    ],
)
def test_a_total_is_shown_where_it_can_be(counts: list[int], total: int | None) -> None:
    assert shown_total(counts) == total
