"""A chart's geometry says what its values say, and stays inside its frame."""

from itertools import pairwise

import pytest

from review.charts import HEIGHT, WIDTH, bar_chart


def test_bars_stand_on_the_base_and_are_as_high_as_their_values() -> None:
    chart = bar_chart([("a", 0), ("b", 5), ("c", 10)])
    assert [bar.y + bar.height for bar in chart.bars] == [chart.base] * 3
    nothing, half, all_ = chart.bars
    assert nothing.height == 0
    assert nothing.value == ""
    assert 2 * half.height == all_.height
    assert (half.label, half.value) == ("b", "5")


@pytest.mark.parametrize("count", [1, 7, 30, 365])
def test_nothing_leaves_the_frame_or_overlaps(count: int) -> None:
    chart = bar_chart([(str(n), n) for n in range(count)])
    bars = chart.bars
    assert len(bars) == count
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in bars)
    assert all(bar.value_y > 10 and chart.label_y < HEIGHT for bar in bars)
    assert all(left.x + left.width <= right.x + 0.2 for left, right in pairwise(bars))
    assert 1 <= sum(bool(bar.label) for bar in bars) <= 8


def test_nothing_at_all_is_an_empty_chart() -> None:
    assert bar_chart([]).bars == []
    assert [bar.height for bar in bar_chart([("a", 0)]).bars] == [0]
