"""A backup of PostgreSQL by the command that we print: no key in it, and what came later is not forgotten."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import postgresql
import pytest
from postgres_stage import PostgresStage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(bool(postgresql.why_not()), reason=postgresql.why_not()),
]


@pytest.fixture
def stage(migrated: sqlite3.Connection, tmp_path: Path) -> Iterator[PostgresStage]:
    with postgresql.private_server() as server:
        made = PostgresStage(tmp_path / "data", migrated, postgresql.create_database(server, "service"))
        migrating = made.start("-m", "django", "migrate", "-v0")
        migrating.communicate(timeout=120)
        assert migrating.returncode == 0, made.log.read_text()
        yield made
        made.close()


def in_a_shell(command: str) -> bytes:
    """What the command of an operator printed; the server's own programs are at hand."""
    path = f"{postgresql.binaries()}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command], env={**os.environ, "PATH": path}, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_restored_is_what_came_later_too(stage: PostgresStage, tmp_path: Path) -> None:
    kept, changed, waiting = (stage.sender() for _ in range(3))
    for sender in (kept, changed):
        assert stage.send(sender)["status"] == 200
    stage.do("decide", "P1")
    stage.recover()
    assert stage.send(waiting)["status"] == 200
    keys = [wrapped for (wrapped,) in stage.query("SELECT wrapped FROM enrollment_originalkey")]
    feed = stage.query("SELECT feed_id FROM matching_feedhead")
    file = tmp_path / "backup"
    hint = stage.do("manage", "backup", str(file))
    in_a_shell(hint.partition("Hint: ")[2])
    assert file.stat().st_mode & 0o077 == 0
    script = in_a_shell(f"pg_restore --file=- {file}")
    assert b"COPY public.enrollment_photo" in script
    assert keys
    assert not [key for key in keys if key.hex().encode() in script]

    stage.do("withdraw", changed.number)
    stage.recover()
    assert "tool of its own" in stage.do("manage", "restore", str(file))
    in_a_shell(f"pg_restore --clean --if-exists --no-owner --dbname='{stage.url}' {file}")
    assert stage.states().count("withdrawn") == 0
    said = stage.do("manage", "restore", "--reapply")
    assert "Withdrawn again 2" in said
    assert "undecided photos to be sent again 2" in said
    stage.recover()
    assert stage.query("SELECT feed_id FROM matching_feedhead") == feed
    assert stage.states().count("withdrawn") == 2
    assert stage.send(stage.sender())["status"] == 200
    stage.do("decide", "P1")
    stage.recover()
    assert stage.faults() == []
