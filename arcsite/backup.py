"""A backup is a copy of the database without what must die with the machine.

Not VACUUM INTO and then deleting: that would put every key of an original on the backup's disk first. The
rows of ``LEFT_OUT`` are never written to it.
"""

import os
import secrets
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from django.contrib.sessions.models import Session
from django_q.models import OrmQ, Schedule, Task

from arcsite.datadir import sync_directory
from enrollment.models import Allowance, OriginalKey
from enrollment.pepper import peppered
from matching.models import Heartbeat, WaitingSketch
from review.models import Claim

# Keys of originals (a purged photo stays purged), sketches of undecided ones, open sessions, counters of
# addresses, and the queue.
LEFT_OUT = frozenset(
    model._meta.db_table
    for model in (
        Allowance,
        Claim,
        Heartbeat,
        OriginalKey,
        OrmQ,
        Schedule,
        Session,
        Task,
        WaitingSketch,
    )
)
LABEL = "arc_backup"


class NotBackedUp(Exception):
    """There is no backup; the text is one sentence for a person."""


def backup(database: Path, target: Path) -> None:
    """Copy the SQLite ``database``, in service or not, to ``target``: whole, private and durable, or nothing.

    Never replaces a file. Raises NotBackedUp.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise NotBackedUp(f"{target} cannot be made: {error.strerror}.") from error
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        copy_tables(database, draft)
        sync_file(draft)
        draft.replace(target)
        sync_directory(target.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        target.unlink()
        raise NotBackedUp(f"The backup failed and was removed: {error}.") from error


def copy_tables(database: Path, copy: Path) -> None:
    """All tables, indexes and triggers of one moment, and all rows but those of ``LEFT_OUT``."""
    connection = sqlite3.connect(copy.as_uri(), uri=True, isolation_level=None, timeout=20)
    try:
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("ATTACH ? AS live", [f"{database.as_uri()}?mode=ro"])
        connection.execute("BEGIN")
        schema = connection.execute("SELECT type, name, sql FROM live.sqlite_master WHERE sql NOT NULL")
        parts = [part for part in schema if not part[1].startswith("sqlite_")]
        for _, name, statement in (part for part in parts if part[0] == "table"):
            connection.execute(statement)
            if name not in LEFT_OUT:
                # Generated columns are not listed, and make themselves again.
                listed = connection.execute(f'PRAGMA live.table_info("{name}")').fetchall()
                columns = ", ".join(f'"{column[1]}"' for column in listed)
                connection.execute(
                    f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM live."{name}"'  # noqa: S608
                )
        # Where numbering goes on: an id that was ever given out is not given out again.
        connection.execute("DELETE FROM main.sqlite_sequence")
        connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM live.sqlite_sequence")
        for _, _, statement in (part for part in parts if part[0] != "table"):
            connection.execute(statement)
        _label(connection)
        connection.execute("COMMIT")
        (verdict,) = connection.execute("PRAGMA main.integrity_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {verdict}")
    finally:
        connection.close()


def fingerprint_of_pepper() -> str:
    """Tells whether a backup belongs to this pepper; without it no case of the backup could be opened."""
    return peppered("backup").hex()


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _label(connection: sqlite3.Connection) -> None:
    connection.execute(f"CREATE TABLE {LABEL} (made_at TEXT, pepper TEXT)")
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(f"INSERT INTO {LABEL} VALUES (?, ?)", [made_at, fingerprint_of_pepper()])  # noqa: S608
