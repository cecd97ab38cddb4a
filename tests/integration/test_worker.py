"""The real worker on a database file: decided, purged, and killed at every turn."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from os import kill
from pathlib import Path

import pytest
from live_service import LiveService, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and pidfd"),
]

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> LiveService:
    data = tmp_path_factory.mktemp("worker") / "data"
    return LiveService(data, ARC_UNDO_SECONDS="1", ARC_LEASE_SECONDS="5")


@pytest.fixture(scope="module")
def waiting(service: LiveService) -> list[str]:
    """Ids of photos that wait for a decision; whoever needs some takes them."""
    return service.act("enroll", "8")


def taken(waiting: list[str], count: int) -> list[str]:
    return [waiting.pop() for _ in range(count)]


@pytest.fixture
def start_worker(service: LiveService) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(service.start_worker())
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()
    until(lambda: not service.children(), 5)


def settled(service: LiveService, *photo_ids: str) -> bool:
    ids = ",".join(f"'{photo_id.replace('-', '')}'" for photo_id in photo_ids)
    rows = service.query(f"SELECT state, original_removed_at FROM enrollment_photo WHERE id IN ({ids})")
    assert len(rows) == len(photo_ids)
    return all(state in {"protected", "closed", "withdrawn"} and removed for state, removed in rows)


def assert_purged(service: LiveService, *photo_ids: str) -> None:
    ids = {photo_id.replace("-", "") for photo_id in photo_ids}
    assert not ids & set(service.stored())
    assert not ids & {
        photo_id for (photo_id,) in service.query("SELECT photo_id FROM enrollment_originalkey")
    }


def assert_each_step_once(service: LiveService) -> None:
    """No doubled effect: one timeline entry, audit entry, fingerprint and feed record per step and photo."""
    doubled = "GROUP BY photo_id, event HAVING COUNT(*) > 1"
    assert service.query(f"SELECT photo_id, event FROM enrollment_timelineentry {doubled}") == []
    assert service.query("SELECT 1 FROM review_auditentry GROUP BY photo, action HAVING COUNT(*) > 1") == []
    protected = service.states().count("protected")
    assert service.query("SELECT COUNT(*) FROM matching_fingerprint") == [(protected,)]
    assert service.query("SELECT COUNT(*) FROM matching_feedrecord WHERE NOT tombstone") == [(protected,)]
    assert service.manage("audit_verify")


def test_a_decision_is_carried_out_and_the_worker_stops_cleanly(
    service: LiveService, waiting: list[str], start_worker: StartWorker
) -> None:
    covered, refused, withdrawn = taken(waiting, 3)
    worker = start_worker()
    until(lambda: bool(service.query("SELECT 1 FROM matching_heartbeat")), 20)
    service.act("withdraw", withdrawn)
    service.act("decide", "decide_not_covered", refused)
    service.act("decide", "decide_covered", covered)
    # One second of it is the undo window.
    until(lambda: settled(service, covered, refused, withdrawn), 15)
    assert_purged(service, covered, refused, withdrawn)
    assert_each_step_once(service)

    second = start_worker()
    assert second.wait(20) == 1
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert service.children() == []


def test_whatever_is_killed_every_photo_ends_where_it_should(
    service: LiveService, waiting: list[str], start_worker: StartWorker
) -> None:
    photos = taken(waiting, 3)
    worker = start_worker()
    until(lambda: len(service.children()) >= 6, 20)
    service.act("decide", "decide_covered", *photos)

    # Right into the work: the whole cluster, then the supervisor before it could do much about it.
    until(lambda: bool(service.query("SELECT 1 FROM enrollment_photo WHERE lease_token IS NOT NULL")), 20)
    for pid in service.children():
        kill_if_there(pid)
    worker.kill()
    worker.wait()
    until(lambda: not service.children(), 5)

    start_worker()
    until(lambda: settled(service, *photos), 40)
    assert_purged(service, *photos)
    assert_each_step_once(service)


def test_the_cluster_does_not_outlive_its_supervisor(service: LiveService, start_worker: StartWorker) -> None:
    worker = start_worker()
    until(lambda: len(service.children()) >= 6, 20)
    worker.kill()
    worker.wait()
    until(lambda: not service.children(), 5)


def test_the_sweep_does_it_all_without_a_worker(service: LiveService, waiting: list[str]) -> None:
    photos = taken(waiting, 2)
    service.act("withdraw", photos[0])
    service.manage("sweep")
    assert settled(service, photos[0])
    assert not settled(service, photos[1])
    log = Path(f"{service.data}/db.sqlite3-wal")
    assert not log.exists() or log.stat().st_size == 0


def kill_if_there(pid: int) -> None:
    try:
        kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
