"""How many photos go to a worker together: enough to be worth the way, few enough to be done again."""

from pathlib import Path

import pytest

from matching.cli.scanning import BATCH, MOST_AGAIN, MOST_TOGETHER, handed_together, in_batches


@pytest.mark.parametrize(
    ("photos", "ahead", "size"),
    [
        (0, 2, BATCH),
        (1000, 4, BATCH),
        (9600, 4, 16),
        (24_000, 4, 40),
        (38_400, 4, MOST_TOGETHER),
        (10_000_000, 4, MOST_TOGETHER),
        (38_400, 400, BATCH),
    ],
)
def test_a_longer_scan_hands_out_more_at_once(photos: int, ahead: int, size: int) -> None:
    assert handed_together(photos, ahead) == size


@pytest.mark.parametrize("workers", [1, 2, 5, 40])
def test_what_is_handed_out_is_less_than_a_hundredth_of_the_scan(workers: int) -> None:
    ahead = 2 * workers
    for photos in range(100 * BATCH * (ahead + 2), 200_000, 997):
        assert handed_together(photos, ahead) * (ahead + 1) < MOST_AGAIN * photos


def test_each_batch_is_of_that_size_but_the_last() -> None:
    photos = [Path(f"{number}.jpg") for number in range(10)]
    assert [len(batch) for batch in in_batches(photos, 4)] == [4, 4, 2]
