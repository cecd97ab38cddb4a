"""Redis as the broker: whatever it loses or while it is away, the work gets done."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redis_server
from live_service import LiveService, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(bool(redis_server.why_not()), reason=redis_server.why_not()),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and pidfd"),
]

# The lease and the next sweep, on a busy machine.
SOON, LATER = 30.0, 100.0


@pytest.fixture
def broker() -> Iterator[redis_server.Server]:
    with redis_server.server() as running:
        yield running


@pytest.fixture
def service(broker: redis_server.Server, tmp_path: Path) -> Iterator[LiveService]:
    made = LiveService(
        tmp_path / "data", ARC_REDIS_URL=broker.url, ARC_UNDO_SECONDS="0", ARC_LEASE_SECONDS="5"
    )
    worker = made.start_worker()
    yield made
    worker.kill()
    worker.wait()
    until(lambda: not made.children(), 10)


def done(service: LiveService, count: int) -> bool:
    return service.states() == ["protected"] * count


def test_killed_in_between_it_loses_nothing(service: LiveService, broker: redis_server.Server) -> None:
    first = service.act("enroll", "2")
    service.act("decide", "decide_covered", *first)
    until(lambda: done(service, 2), SOON)
    assert service.query("SELECT COUNT(*) FROM django_q_ormq") == [(0,)], "the queue is not in the database"

    broker.kill()
    second = service.act("enroll", "2")
    service.act("decide", "decide_covered", *second)
    service.act("withdraw", first[0])
    until(lambda: service.states() == ["protected"] * 3 + ["withdrawn"], LATER)

    broker.start()
    third = service.act("enroll", "3")
    service.act("decide", "decide_covered", *third)
    with redis.from_url(broker.url) as queue:
        queue.flushall()
    until(lambda: service.states() == ["protected"] * 6 + ["withdrawn"], LATER)
    assert service.query("SELECT COUNT(*), COUNT(DISTINCT photo_id) FROM matching_fingerprint") == [(6, 6)]
    assert service.stored() == []
