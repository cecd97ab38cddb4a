"""A stage whose service works on PostgreSQL. The oracle still reads a SQLite file: a copy of one moment."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from stage import Stage


class PostgresStage(Stage):
    """As Stage; ``url`` names a migrated database of its own."""

    def __init__(self, data: Path, schema: sqlite3.Connection, url: str) -> None:
        self.url = url
        super().__init__(data, schema)

    @property
    def elsewhere(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url}

    def refresh(self) -> None:
        snapshot(self.url, self.database)

    def change(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.replace("?", "%s").encode(), values)


def snapshot(url: str, file: Path) -> None:
    """Bring all rows of the database at ``url``, as of one moment, into a SQLite file of the same schema."""
    with psycopg.connect(url) as source, closing(sqlite3.connect(file)) as copy, copy:
        source.isolation_level = IsolationLevel.REPEATABLE_READ
        for (trigger,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f'DROP TRIGGER "{trigger}"')
        for table, columns in _tables(copy):
            names = ", ".join(f'"{column}"' for column in columns)
            copy.execute(f'DELETE FROM "{table}"')
            copy.executemany(
                f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})',
                _rows(source, table, columns),
            )


def _tables(copy: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """Each table with its columns but the generated ones, which make themselves."""
    found = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in found:
        if not table.startswith("sqlite_"):
            yield table, [row[1] for row in copy.execute(f'PRAGMA table_info("{table}")')]


def _rows(source: "psycopg.Connection[Any]", table: str, columns: list[str]) -> Iterator[list[Any]]:
    fields = sql.SQL(", ").join(map(sql.Identifier, columns))
    for row in source.execute(sql.SQL("SELECT {} FROM {}").format(fields, sql.Identifier(table))):
        yield [_as_sqlite(value) for value in row]


def _as_sqlite(value: Any) -> Any:
    """A value as Django writes it to SQLite."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return json.dumps(value) if isinstance(value, dict | list) else value
