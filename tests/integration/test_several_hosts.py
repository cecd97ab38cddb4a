"""Two hosts under load on PostgreSQL and a bucket: whatever is killed, what was confirmed is done once."""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import object_server
import postgresql
import pytest
from live_service import until
from marked_photos import marked, new_canary
from several_hosts import Hosts
from stage import Refused

from arcsite.bench_visitor import CASE_NUMBER, Visitor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.django_db,
    pytest.mark.skipif(bool(postgresql.why_not()), reason=postgresql.why_not()),
]

CASES, PAUSE, PATIENCE = 24, 1.0, 150.0


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    with postgresql.server() as running:
        yield running


@pytest.fixture(scope="module")
def hosts(
    server: postgresql.Server, migrated: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hosts]:
    """Both prepared in the same moment, and serving."""
    directory: Path = tmp_path_factory.mktemp("hosts")
    url = postgresql.create_database(server.directory, "hosts")
    with object_server.object_server() as endpoint:
        stage = Hosts(directory / "together", migrated, url, endpoint, "photos")
        preparing = [stage.add_host().prepare() for _ in range(2)]
        for process in preparing:
            assert process.communicate()[1] is None
            assert process.returncode == 0, stage.log.read_text()
        for host in stage.hosts:
            host.start()
        yield stage
        stage.close()


class Crowd(threading.Thread):
    """People who send a photo each, to one host after the other, and try again until they hold a receipt."""

    def __init__(self, stage: Hosts, cases: int) -> None:
        super().__init__(daemon=True)
        self.stage, self.cases, self.turned_away = stage, cases, 0
        self.statuses: set[int] = set()

    def run(self) -> None:
        ports = cycle([host.port for host in self.stage.hosts])
        for _ in range(self.cases):
            canary = new_canary()
            self.stage.canaries.append(canary)
            photo = marked(canary)
            while not self.sent(next(ports), photo):
                self.turned_away += 1
                time.sleep(0.3)

    def sent(self, port: int, photo: bytes) -> bool:
        try:
            answer = Visitor(port, "/send/").send(photo)
        except (OSError, RuntimeError):  # no connection, or no form yet
            return False
        self.statuses.add(answer.status)
        number = CASE_NUMBER.search(answer.body)
        if answer.status == 200 and number:
            self.stage.confirmed[re.sub(r"\W", "", number[1].decode())] = 1
        return answer.status == 200


def decide_meanwhile(stage: Hosts, crowd: Crowd) -> int:
    """Decide whatever waits until everybody holds a receipt and nothing waits; how many were decided."""
    decided, until_when, refusals = 0, time.monotonic() + PATIENCE, set[str]()
    while crowd.is_alive() or "awaiting_review" in stage.states():
        assert time.monotonic() < until_when
        try:
            decided += stage.do("decide", "P1")
        except Refused as error:
            refusals.add(str(error))
        time.sleep(0.2)
    assert refusals <= {"OperationalError", "InterfaceError"}, "only while the database is away"
    return decided


def all_done(stage: Hosts) -> bool:
    return set(stage.states()) == {"protected"}


def assert_sound(stage: Hosts) -> None:
    """An upload that was killed half-way may leave ciphertext without a key, until it is old enough to go."""
    until(lambda: all_done(stage), PATIENCE)
    assert len(stage.confirmed) <= len(stage.states())
    assert stage._look(strays=True) == []
    numbers = [seq for (seq,) in stage.query("SELECT seq FROM matching_feedrecord ORDER BY seq")]
    assert numbers == list(range(1, len(stage.states()) + 1))


def test_one_of_each_is_killed(hosts: Hosts) -> None:
    before = len(hosts.confirmed)
    crowd = Crowd(hosts, CASES)
    crowd.start()
    first, second = hosts.hosts

    def violence() -> None:
        for host, name in ((first, "web"), (second, "worker"), (second, "web"), (first, "worker")):
            time.sleep(2 * PAUSE)
            host.kill(name)
            time.sleep(PAUSE)
            host.start()

    killer = threading.Thread(target=violence, daemon=True)
    killer.start()
    assert decide_meanwhile(hosts, crowd) >= CASES
    killer.join()
    assert_sound(hosts)
    assert len(hosts.confirmed) == before + CASES


def test_the_database_is_killed_three_times(hosts: Hosts, server: postgresql.Server) -> None:
    before = len(hosts.confirmed)
    crowd = Crowd(hosts, CASES)
    crowd.start()
    for _ in range(3):
        time.sleep(2 * PAUSE)
        server.kill()
        time.sleep(PAUSE)
        server.start()
    decide_meanwhile(hosts, crowd)
    assert_sound(hosts)
    assert len(hosts.confirmed) == before + CASES
    assert crowd.statuses <= {0, 200, 503}
