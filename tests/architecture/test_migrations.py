"""A new version's migrations leave the version before it alone, which serves while they run.

They add what it need not know of. What nobody uses any more is removed one version later, in a migration
called ``retire``. Every step can be taken back.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddField,
    AlterModelTable,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from project_files import APPS

# What the code before this one may still read or write by its name.
TAKING_AWAY = (AlterModelTable, DeleteModel, RemoveField, RenameField, RenameModel)
FIRST = "0001_initial"


def ours() -> list[Migration]:
    loader = MigrationLoader(None)
    return [migration for (app, _), migration in sorted(loader.disk_migrations.items()) if app in APPS]


def faults(migration: Migration) -> Iterator[str]:
    for operation in migration.operations:
        if not operation.reversible or is_one_way(operation):
            yield f"{migration}: {operation.describe()} cannot be taken back"
        if (
            migration.name != FIRST
            and isinstance(operation, AddField)
            and not may_be_unknown(operation.field)
        ):
            yield f"{migration}: the version before cannot fill in {operation.name}"
        if isinstance(operation, TAKING_AWAY) and "retire" not in migration.name:
            yield f"{migration}: {operation.describe()} belongs into a later version, called retire"


def is_one_way(operation: Operation) -> bool:
    if isinstance(operation, RunPython):
        return operation.reverse_code is None
    return isinstance(operation, RunSQL) and operation.reverse_sql is None


def may_be_unknown(field: "models.Field[Any, Any]") -> bool:
    """Whether a row can be written by who does not know the column."""
    return bool(field.null or field.has_db_default() or field.many_to_many or field.generated)


def test_no_migration_breaks_the_version_before() -> None:
    found = ours()
    assert len(found) >= 7
    assert [fault for migration in found for fault in faults(migration)] == []


@pytest.mark.parametrize(
    ("name", "operation", "said"),
    [
        ("0002_x", AddField("photo", "shade", models.IntegerField(default=0)), "cannot fill in shade"),
        ("0002_x", RemoveField("photo", "shade"), "called retire"),
        ("0002_x", RenameField("photo", "shade", "tone"), "called retire"),
        ("0002_x", RunPython(lambda apps, editor: None), "cannot be taken back"),
        ("0002_x", RunSQL("SELECT 1"), "cannot be taken back"),
        ("0002_x", AddField("photo", "shade", models.IntegerField(null=True)), ""),
        ("0002_x", AddField("photo", "shade", models.IntegerField(db_default=0)), ""),
        ("0003_retire_shade", RemoveField("photo", "shade"), ""),
    ],
)
def test_the_rule(name: str, operation: Operation, said: str) -> None:
    kind = type("Migration", (Migration,), {"operations": [operation]})
    found = list(faults(kind(name, "enrollment")))
    assert [said in fault for fault in found] == ([True] if said else [])
