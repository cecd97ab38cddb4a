import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import postgresql
import pytest
from django.db import connection
from postgres_stage import PostgresStage
from project_files import ROOT
from pytest_django import DjangoDbBlocker
from stage import MakeStage, Stage

SOCKET = os.environ.get("TEST_POSTGRESQL", "")
TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def migrated(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    """A copy of a SQLite database as the migrations leave it; on PostgreSQL there is a template as well."""
    path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    if SOCKET:
        migrate(path.parent, DATABASE_URL="")
        migrate(path.parent, DATABASE_URL=postgresql.create_database(SOCKET, TEMPLATE))
        yield from opened(path)
        return
    copy = sqlite3.connect(path)
    with django_db_blocker.unblock():
        connection.ensure_connection()
        connection.connection.backup(copy)
    yield copy
    copy.close()


def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as database:
        yield database


def migrate(data: Path, **settings: str) -> None:
    data.chmod(0o700)
    given = {"ARC_DATA": str(data), "DJANGO_SETTINGS_MODULE": "arcsite.settings", **settings}
    command = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, check=True)


@pytest.fixture(scope="session")
def make_stage(migrated: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStage]:
    """Stages that end with the test run; some are shared by tests, since each starts a process."""
    stages: list[Stage] = []

    def make() -> Stage:
        data = tmp_path_factory.mktemp("stage") / "data"
        if SOCKET:
            name = f"stage_{len(stages)}"
            postgresql.copy_database(SOCKET, TEMPLATE, name)
            stages.append(PostgresStage(data, migrated, postgresql.url(SOCKET, name)))
        else:
            stages.append(Stage(data, migrated))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()


@pytest.fixture(scope="session")
def one_stage(make_stage: MakeStage) -> Stage:
    stage = make_stage()
    assert stage.send(stage.sender())["status"] == 200
    stage.do("decide", "N1")
    stage.recover()
    return stage


@pytest.fixture
def shared_stage(one_stage: Stage) -> Iterator[Stage]:
    """For tests that break nothing: each finds the stage with everything decided, settled and swept."""
    yield one_stage
    one_stage.do("decide", "N1")
    one_stage.recover()


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    """For tests that break it."""
    return make_stage()
