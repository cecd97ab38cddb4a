"""Many photos while processes of the worker are killed at random: none lost, doubled or left."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from live_service import until
from stage import Stage

from matching import processes

log = logging.getLogger(__name__)

# Fewer where each look copies a whole database first.
PHOTOS = 60 if "TEST_POSTGRESQL" in os.environ else 200
BATCH = 10
PAUSE = 1.5
LONGEST_STORM = 150.0
# A cluster that hangs after the last blow is noticed by its silence of two minutes.
CALM = 200.0
# A worker of the cluster is as easily hit as its main process; the supervisor, of which there is one, rarely.
SUPERVISOR_SHARE = 0.08

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.django_db,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and pidfd"),
]


class Storm(threading.Thread):
    """Runs the worker and kills at random what belongs to it, until told to stop; then leaves it running."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(daemon=True)
        self.stage, self.over, self.killed = stage, threading.Event(), Counter[str]()
        self.worker = self.start_worker()

    def start_worker(self) -> "subprocess.Popen[bytes]":
        return self.stage.start("-m", "django", "runworker", ARC_LEASE_SECONDS="5")

    def run(self) -> None:
        while not self.over.wait(random.uniform(0.2, 2 * PAUSE)):
            if random.random() < SUPERVISOR_SHARE:
                self.end_worker()
                self.worker = self.start_worker()
                self.killed["supervisor"] += 1
            else:
                self.hit_a_child()

    def hit_a_child(self) -> None:
        marks = {f"{kind}:{self.stage.data}": kind for kind in ("cluster", "sweep")}
        found = [(pid, kind) for mark, kind in marks.items() for pid in living(mark)]
        if found:
            pid, kind = random.choice(found)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed[kind] += 1

    def end_worker(self) -> None:
        self.worker.kill()
        self.worker.communicate()


def living(mark: str) -> list[int]:
    found = list(processes.marked(mark))
    for _, descriptor in found:
        os.close(descriptor)
    return [pid for pid, _ in found]


@pytest.fixture
def storm(stage: Stage) -> Iterator[Storm]:
    storm = Storm(stage)
    storm.start()
    yield storm
    storm.over.set()
    storm.join()
    storm.end_worker()


def test_many_photos_in_a_storm(stage: Stage, storm: Storm) -> None:
    started = time.monotonic()
    for _ in range(PHOTOS // (2 * BATCH)):
        for _ in range(BATCH):
            assert stage.send(stage.sender(photos=2))["status"] == 200
        assert stage.do("decide", "P1") == 2 * BATCH
    until_settled = LONGEST_STORM - (time.monotonic() - started)
    with suppress(AssertionError):  # whatever is left now has the calm to be done in
        until(lambda: stage.states() == ["protected"] * PHOTOS, max(until_settled, 0))
    left_by_the_storm = PHOTOS - stage.states().count("protected")
    storm.over.set()
    storm.join()
    stormy = time.monotonic() - started
    with suppress(AssertionError):
        calm = until(lambda: stage.states() == ["protected"] * PHOTOS, CALM)
    assert Counter(stage.states()) == {"protected": PHOTOS}
    storm.end_worker()
    until(lambda: not living(f"cluster:{stage.data}") and not living(f"sweep:{stage.data}"), 10)

    assert storm.killed.total() > 10
    assert stage.query("SELECT COUNT(*) FROM matching_fingerprint") == [(PHOTOS,)]
    assert stage.query("SELECT COUNT(*), MAX(seq) FROM matching_feedrecord") == [(PHOTOS, PHOTOS)]
    assert stage.stored() == []
    assert stage.faults() == []
    log.info("killed %s", dict(storm.killed))
    log.info("%.0f s of storm left %d photos for %.1f s of calm", stormy, left_by_the_storm, calm)
