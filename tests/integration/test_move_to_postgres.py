"""A service moves from its file to PostgreSQL and goes on: nothing lost, no number given out twice."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import postgresql
import psycopg
import pytest
from postgres_stage import PostgresStage
from stage import MakeStage, Stage

from arcsite.management.commands.move_to_postgres import MOVED
from matching import supervisor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(bool(postgresql.why_not()), reason=postgresql.why_not()),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgresql.private_server() as socket:
        yield socket


@pytest.fixture(scope="module")
def before(make_stage: MakeStage) -> Stage:
    """A service with photos in many states, a case withdrawn, one that is still waiting."""
    stage = make_stage()
    mia, zoe, waiting = (stage.sender() for _ in range(3))
    for sender in (mia, zoe):
        assert stage.send(sender)["status"] == 200
    stage.do("decide", "P1")
    stage.recover()
    stage.do("withdraw", zoe.number)
    stage.recover()
    assert stage.send(waiting)["status"] == 200
    return stage


@pytest.fixture
def lived(before: Stage) -> Iterator[Stage]:
    """The same for each test: who was moved moves back."""
    yield before
    moved = before.data / MOVED
    if moved.exists():
        moved.rename(before.database)


def move(stage: Stage, url: str) -> tuple[int, str]:
    """The status of the command and what it said."""
    process = stage.start("-m", "django", "move_to_postgres", DATABASE_URL=url)
    before = stage.log.stat().st_size
    said, _ = process.communicate(timeout=120)
    return process.returncode, said.decode() + stage.log.read_bytes()[before:].decode()


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute(f"SELECT COUNT(*) FROM {table}".encode()).fetchone() or (0,)
    return int(found)


def test_a_running_service_is_not_moved(lived: Stage, server: Path) -> None:
    url = postgresql.create_database(server, "running")
    with supervisor.only_one(lived.data / "run"):
        status, said = move(lived, url)
    assert status == 1
    assert "stop it first" in said


def test_another_version_is_not_moved(lived: Stage, server: Path) -> None:
    url = postgresql.create_database(server, "version")
    lived.change("UPDATE django_migrations SET name = '0099_future' WHERE app = 'sessions'")
    status, said = move(lived, url)
    lived.change("UPDATE django_migrations SET name = '0001_initial' WHERE app = 'sessions'")
    assert status == 1
    assert "another version" in said
    assert count(url, "enrollment_photo") == 0


def test_what_does_not_fit_moves_nothing(lived: Stage, server: Path) -> None:
    """SQLite keeps a text of any length; the limit of its column is PostgreSQL's to hold."""
    url = postgresql.create_database(server, "unfit")
    lived.change("UPDATE auth_user SET first_name = ?", "x" * 151)
    status, said = move(lived, url)
    lived.change("UPDATE auth_user SET first_name = ''")
    assert status == 1
    assert "Nothing was moved" in said
    assert "xxx" not in said
    assert count(url, "auth_user") == count(url, "review_auditentry") == 0
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match="terms never change"):
        connection.execute("UPDATE review_clause SET text = 'x'")


def test_it_moves_once_and_goes_on(lived: Stage, server: Path, tmp_path: Path) -> None:
    url = postgresql.create_database(server, "moved")
    feed = lived.query("SELECT seq, feed_id FROM matching_feedhead")
    head = lived.query("SELECT seq, digest FROM review_audithead")
    highest = lived.query("SELECT MAX(id) FROM enrollment_case")
    status, said = move(lived, url)
    assert (status, "the audit holds" in said) == (0, True), said
    status, said = move(lived, url)
    assert (status, "not empty" in said) == (1, True), said
    after = gone_on(lived, tmp_path / "data", url)
    assert after.query("SELECT seq, feed_id FROM matching_feedhead") == feed
    assert after.query("SELECT seq, digest FROM review_audithead") == head
    assert f"{head[0][0]} entries, head {head[0][1]}" in after.do("manage", "audit_verify")
    sender = after.sender()
    assert after.send(sender)["status"] == 200
    assert after.query(f"SELECT id FROM enrollment_case WHERE number = '{sender.number}'") > highest
    assert after.do("decide", "P1") == 4
    after.recover()
    ((before, _),) = feed
    new = after.query(f"SELECT seq FROM matching_feedrecord WHERE seq > {before} ORDER BY seq")
    assert new == [(before + number,) for number in range(1, 5)]
    assert after.faults() == []
    after.close()
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute("DELETE FROM review_auditentry")


def gone_on(before: Stage, data: Path, url: str) -> PostgresStage:
    """The same service on its new database: with its store and its journal, and without the file."""
    with closing(sqlite3.connect(before.data / MOVED)) as schema:
        after = PostgresStage(data, schema, url)
    shutil.copytree(before.data / "store", data / "store", dirs_exist_ok=True)
    shutil.copy(before.data / "journal", data / "journal")
    after.confirmed, after.canaries = before.confirmed, before.canaries
    return after
