"""Many writers at once: the feed has no gap and no doubled number, and no reader misses a record."""

import threading
from pathlib import Path

import pytest
from live_service import LiveService

PHOTOS = 40

pytestmark = pytest.mark.slow


def test_numbers_are_given_out_one_by_one_in_the_order_of_commits(tmp_path: Path) -> None:
    service = LiveService(tmp_path / "data")
    photos = service.act("prepare", str(PHOTOS))
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        """A partner who polls with a cursor, and once more after the last write."""
        while True:
            last = done.is_set()
            after = seen[-1] if seen else 0
            rows = service.query(f"SELECT seq FROM matching_feedrecord WHERE seq > {after} ORDER BY seq")
            seen.extend(seq for (seq,) in rows)
            if last:
                return

    reader = threading.Thread(target=read)
    reader.start()
    service.act("publish", "6", *photos)
    done.set()
    reader.join()
    assert seen == list(range(1, PHOTOS + 1))
    assert service.query("SELECT seq FROM matching_feedhead") == [(PHOTOS,)]
