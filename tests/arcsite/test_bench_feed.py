import os
from pathlib import Path

import pytest

from arcsite import bench_feed
from arcsite.bench_feed import Pulled


@pytest.mark.parametrize(
    ("first", "pulled", "missed"),
    [
        ([0.01] * 100, Pulled(20_000, 1.0, [100.0, 120.0]), set()),
        ([0.01] * 90 + [0.2] * 10, Pulled(20_000, 1.0, [100.0]), {"first page p95"}),
        ([0.01], Pulled(19_999, 1.0, [100.0]), {"got", "rate"}),
        ([0.01], Pulled(20_000, 1.0, [100.0, 170.0]), {"growth"}),
    ],
)
def test_it_says_what_was_missed(first: list[float], pulled: Pulled, missed: set[str]) -> None:
    figures = bench_feed.summary("feed", first, pulled, 20_000)
    assert {figure.name.partition(": ")[2] for figure in figures if figure.held is False} == missed


def test_memory_is_of_the_web_server_alone() -> None:
    assert bench_feed.memory(0) == 0
    assert bench_feed._anonymous(Path(f"/proc/{os.getpid()}/status")) > 1000
