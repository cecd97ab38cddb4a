import sqlite3
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from stage import MakeStage, Stage


@pytest.fixture(scope="session")
def migrated(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    """A copy of the test database as the migrations leave it."""
    path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    copy = sqlite3.connect(path)
    with django_db_blocker.unblock():
        connection.ensure_connection()
        connection.connection.backup(copy)
    yield copy
    copy.close()


@pytest.fixture(scope="session")
def make_stage(migrated: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStage]:
    """Stages that end with the test run; some are shared by tests, since each starts a process."""
    stages: list[Stage] = []

    def make() -> Stage:
        stages.append(Stage(tmp_path_factory.mktemp("stage") / "data", migrated))
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
