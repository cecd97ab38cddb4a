import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from matching import wal

pytestmark = pytest.mark.sqlite

CANARY = b"canary-in-the-write-ahead-log"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "file.sqlite3"


@pytest.fixture
def on_disk(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseDatabaseWrapper]:
    """A connection to a database file, with the options of production."""
    alias = {**settings.DATABASES["default"], "NAME": database}
    handler = ConnectionHandler({"default": alias})
    monkeypatch.setattr(wal, "connection", handler["default"])
    yield handler["default"]
    handler.close_all()


@pytest.mark.django_db
def test_it_empties_the_log_of_what_was_deleted(on_disk: BaseDatabaseWrapper, database: Path) -> None:
    log = database.with_name(f"{database.name}-wal")
    with on_disk.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x)")
        cursor.execute("INSERT INTO t VALUES (%s)", [CANARY])
        cursor.execute("DELETE FROM t")
    assert CANARY in log.read_bytes()
    assert wal.truncate()
    assert log.read_bytes() == b""
    assert CANARY not in database.read_bytes()


@pytest.mark.django_db
def test_a_long_reader_makes_it_busy_and_keeps_nobody_waiting(
    on_disk: BaseDatabaseWrapper, database: Path
) -> None:
    with on_disk.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x)")
        cursor.execute("PRAGMA busy_timeout")
        patience = cursor.fetchone()
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t").fetchall()
    with on_disk.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
        assert not wal.truncate()
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == patience
    reader.close()
    assert wal.truncate()


@pytest.mark.django_db
def test_within_a_transaction_it_is_busy() -> None:
    assert connection.in_atomic_block
    assert not wal.truncate()
