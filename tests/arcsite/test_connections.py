"""A thread of the web server keeps its connection, but never to a database file that was moved away."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.signals import request_finished, request_started
from django.db import connections
from django.db.backends.signals import connection_created
from pytest_django import DjangoDbBlocker

from arcsite import connections as kept_connections

ALIAS = "kept"

pytestmark = pytest.mark.sqlite


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path / "db.sqlite3", "first")


def make(path: Path, word: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE words (word)")
        connection.execute("INSERT INTO words VALUES (?)", [word])
    return path


@pytest.fixture
def kept(database: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of its own beside the test database, kept as the web server keeps its own."""
    before = {alias: dict(settings) for alias, settings in connections.settings.items()}
    connections.settings[ALIAS] = {**before["default"], "NAME": database, "OPTIONS": {}}
    with django_db_blocker.unblock():
        kept_connections.keep()
        yield
        connections[ALIAS].close()
    del connections[ALIAS]
    del connections.settings[ALIAS]
    for alias, settings in before.items():
        connections.settings[alias].update(settings)
    for signal in (connection_created, request_started):
        signal.disconnect(dispatch_uid="arcsite.connections")


def words() -> list[str]:
    with connections[ALIAS].cursor() as cursor:
        return [word for (word,) in cursor.execute("SELECT word FROM words").fetchall()]


def next_request() -> None:
    connection = connections[ALIAS]
    connection.close_if_unusable_or_obsolete()
    kept_connections._drop_replaced()


def test_it_is_the_same_connection_in_the_next_request(kept: None) -> None:
    assert words() == ["first"]
    before = connections[ALIAS].connection
    next_request()
    assert connections[ALIAS].connection is before


def test_another_file_in_its_place_is_noticed(kept: None, database: Path) -> None:
    assert words() == ["first"]
    database.rename(database.with_name("aside"))
    make(database, "second")
    next_request()
    assert words() == ["second"]


def test_a_file_that_is_gone_is_noticed(kept: None, database: Path) -> None:
    assert words() == ["first"]
    database.unlink()
    next_request()
    assert connections[ALIAS].connection is None


def test_it_listens_to_every_request(kept: None) -> None:
    assert any("arcsite.connections" in str(entry[0]) for entry in request_started.receivers)
    assert not any("arcsite.connections" in str(entry[0]) for entry in request_finished.receivers)
