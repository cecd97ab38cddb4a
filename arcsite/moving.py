"""Moving a service from its SQLite file to PostgreSQL: every row as it is, all of it or nothing."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Field, Model

from arcsite import databases
from review import audit
from review.models import AuditHead

SOURCE = "moved_from"
AT_ONCE = 2000
# What `migrate` itself writes. A target with anything else in it has a life of its own.
MADE_BY_MIGRATE = frozenset(
    {
        "auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "review_clause",
        "review_termsversion",
    }
)  # fmt: skip
Table = type[Model]


class NotMoved(Exception):
    """Nothing was moved; the text is one sentence and a hint for a person."""


def move(file: Path) -> dict[str, int]:
    """Copy the database ``file`` of a stopped service into the empty PostgreSQL of the settings.

    Returns the rows of each table. Ids, numbering, the audit's chain, the feed's numbers and its identity
    stay; each table is compared with its copy, and the chain is walked, before anything counts. Raises
    NotMoved, or DatabaseError; then the target is as empty as before.
    """
    call_command("migrate", interactive=False, verbosity=0)
    require_empty()
    with opened(file):
        require_same_version()
        with transaction.atomic(using=SOURCE), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            counts = _copy_all()
            _require_sound_audit()
    return counts


def tables() -> list[Table]:
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]


def require_empty() -> None:
    """Raises NotMoved when the target holds more than ``migrate`` writes."""
    for table in tables():
        if table._meta.db_table not in MADE_BY_MIGRATE and table._base_manager.exists():
            raise NotMoved(
                f"The PostgreSQL database is not empty: {table._meta.db_table} has rows. "
                "Hint: make a new one with `createdb`, and name that in DATABASE_URL."
            )


def require_same_version() -> None:
    """Raises NotMoved when the file was left by another version."""
    here, there = (
        set(MigrationRecorder(connections[alias]).applied_migrations()) for alias in (SOURCE, "default")
    )
    if here != there:
        app, name = sorted(here ^ there)[-1]
        raise NotMoved(
            f"The SQLite database is of another version ({app} {name}). "
            "Hint: start this version once on it, without DATABASE_URL, and stop it again."
        )


@contextmanager
def opened(file: Path) -> Iterator[None]:
    """The file under the alias ``SOURCE``. Raises NotMoved without one."""
    if not file.is_file():
        raise NotMoved(f"There is no database at {file}. Hint: is ARC_DATA the directory of the old service?")
    connections.settings[SOURCE] = connections.configure_settings(
        {"default": {}, SOURCE: databases.sqlite(file)}
    )[SOURCE]
    try:
        yield
    finally:
        connections[SOURCE].close()
        del connections[SOURCE]
        del connections.settings[SOURCE]


def _copy_all() -> dict[str, int]:
    names = [_quoted(table) for table in tables()]
    with connection.cursor() as cursor:
        # Terms that were published take no further clause, and the audit is never emptied: but for this.
        for name in names:
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(names)}")
    counts = {table._meta.db_table: _copy(table) for table in tables()}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
    return counts


def _copy(table: Table) -> int:
    """One table, its numbering included; returns its rows. Raises NotMoved when the copy differs."""
    fields = [field for field in table._meta.concrete_fields if not field.generated]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    sent = _Digest()
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_quoted(table)} ({columns}) FROM STDIN") as target,
    ):
        for row in sent.following(_rows(table, fields, SOURCE)):
            target.write_row(
                [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
            )
    arrived = _Digest()
    for _ in arrived.following(_rows(table, fields, "default")):
        pass
    if sent.seen() != arrived.seen():
        raise NotMoved(
            f"The copy of {table._meta.db_table} differs from the original. "
            "Hint: nothing was changed; please report this with the versions of SQLite and PostgreSQL."
        )
    _go_on_numbering(table)
    return sent.count


def _rows(table: Table, fields: "list[Field[Any, Any]]", alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in fields]
    rows = table._base_manager.using(alias).order_by("pk").values_list(*names)
    return iter(rows.iterator(chunk_size=AT_ONCE))


def _go_on_numbering(table: Table) -> None:
    """An id that was ever given out is not given out again."""
    name, key = table._meta.db_table, table._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [_quoted(table), key])
        (sequence,) = cursor.fetchone()
        if sequence is None:
            return
        with connections[SOURCE].cursor() as old:
            old.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [name])
            (last,) = old.fetchone() or (0,)
        if last:
            cursor.execute("SELECT setval(%s, %s)", [sequence, last])


def _require_sound_audit() -> None:
    head = AuditHead.objects.using(SOURCE).values_list("seq", "digest").first()
    verdict = audit.verify()
    if verdict.fault or (verdict.count, verdict.head) != (head or (0, audit.GENESIS)):
        raise NotMoved(
            f"The audit does not hold{f': {verdict.fault}' if verdict.fault else ' in the copy'}. "
            "Hint: run `manage.py audit_verify` without DATABASE_URL."
        )


def _quoted(table: Table) -> str:
    return connection.ops.quote_name(table._meta.db_table)


class _Digest:
    """What was read of a table: how many rows, and the sum of their digests, because each database has an
    order of its own for texts."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def following(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self.count += 1
            digest = hashlib.sha256(repr([_plain(value) for value in row]).encode()).digest()
            self._sum += int.from_bytes(digest, "big")
            yield row

    def seen(self) -> tuple[int, int]:
        return self.count, self._sum


def _plain(value: Any) -> Any:
    """The same for the same value, whichever database it was read from."""
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value
