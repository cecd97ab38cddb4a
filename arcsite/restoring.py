"""Putting a backup in the place of the database, without forgetting what happened after it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from arcsite import shared_secrets
from arcsite.backup import LABEL, LEFT_OUT, fingerprint_of_pepper, sync_file
from arcsite.datadir import sync_directory
from matching import journal, restoring, wal
from matching.restoring import Reapplied

DRAFT = "restoring.sqlite3"
COMPANIONS = ("", "-wal", "-shm", "-journal")


class NotRestored(Exception):
    """Nothing was changed; the text is one sentence and a hint for a person."""


def restore(file: Path, database: Path) -> Reapplied:
    """Make ``file`` the database. The service must be stopped, and stay so until this returns.

    Everything is done on a draft that then takes the database's place in one step; killed earlier, the old
    database is still there, or none: run it again. Raises NotRestored.
    """
    check(file)
    draft = database.with_name(DRAFT)
    remove(draft)
    shutil.copyfile(file, draft)
    draft.chmod(0o600)
    try:
        with connected_to(draft):
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {LABEL}")
            reapplied = reapply()
    except BaseException:
        remove(draft)
        raise
    replace(database, draft)
    return reapplied


def reapply() -> Reapplied:
    """Bring the database in use up to this version, and to what the journal knows. Safe to repeat.

    Raises NotRestored.
    """
    migrate()
    reapplied = restoring.reapply(journal.read())
    # No photo's key was in the backup, so the master key may have been another one then.
    shared_secrets.take_into_use(settings.ARC_MASTER_KEY, actor="restore")
    wal.truncate()
    return reapplied


def check(file: Path) -> None:
    """Whether it is a sound backup of this service. Raises NotRestored."""
    try:
        with read_only(file) as source:
            sound = source.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (pepper,) = source.execute(f"SELECT pepper FROM {LABEL}").fetchone()  # noqa: S608
            rows = (source.execute(f'SELECT 1 FROM "{name}" LIMIT 1') for name in sorted(LEFT_OUT))  # noqa: S608
            clean = not any(found.fetchone() for found in rows)
    except sqlite3.Error as error:
        raise NotRestored(
            f"{file} is not a backup of ARC ({error}). Hint: make one with `manage.py backup FILE`."
        ) from None
    if not (sound and clean):
        raise NotRestored(f"{file} was damaged or changed since it was made. Hint: take an older one.")
    if pepper != fingerprint_of_pepper():
        raise NotRestored(
            "The backup was made with another pepper, so no case in it could be opened. "
            "Hint: put the secrets of that service back first."
        )


def migrate() -> None:
    """Bring an older backup up to this version. Raises NotRestored for a newer one."""
    executor = MigrationExecutor(connection)
    if unknown := set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations):
        app, name = sorted(unknown)[-1]
        raise NotRestored(f"The backup is newer than this version ({app} {name}). Hint: update ARC first.")
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def connected_to(database: Path) -> Iterator[None]:
    """Let Django work on another database file."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(database)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def read_only(file: Path) -> Iterator[sqlite3.Connection]:
    source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield source
    finally:
        source.close()


def replace(database: Path, draft: Path) -> None:
    """The old log goes before the new database comes: SQLite would replay it into the wrong file."""
    sync_file(draft)
    remove(database)
    draft.replace(database)
    remove(draft)
    sync_directory(database.parent)


def remove(database: Path) -> None:
    for ending in COMPANIONS:
        database.with_name(database.name + ending).unlink(missing_ok=True)
