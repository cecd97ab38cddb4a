"""The people of the enrolment tests: Mia sends a photo of hers, Zoe has a case of her own, Rudi guesses.

Nobody has an account.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import drawing
import hypothesis
import postgresql
import pytest
from django.db import connection, connections
from enrolling import Book, Result, Submitter, Together
from pytest_django import DjangoDbBlocker, Settings

from enrollment import recipients, sandbox
from enrollment.sandbox import Inspected

# A property is right or wrong, not fast or slow: a busy machine must not decide.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch) -> Book:
    """The partners of these tests: none, until a test lists some."""
    installed = Book()
    monkeypatch.setattr(recipients, "_installed", [installed])
    return installed


@pytest.fixture
def mia(db: None, store: Path) -> Submitter:
    return Submitter()


@pytest.fixture
def zoe(db: None, store: Path) -> Submitter:
    return Submitter()


@pytest.fixture
def rudi(db: None, store: Path) -> Submitter:
    return Submitter()


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Path:
    """An empty store of this test alone; the first photo makes it."""
    settings.STORE_DIR = tmp_path / "store"
    return tmp_path / "store"


@pytest.fixture(scope="session")
def covered() -> bytes:
    """A small covered photo, as sent."""
    return drawing.png(drawing.cover(drawing.natural(3, 320, 240)))


@pytest.fixture(scope="session")
def uncovered() -> bytes:
    return drawing.png(drawing.natural(4, 320, 240))


@pytest.fixture
def inspected() -> Inspected:
    """What the sandbox says of a good photo."""
    return Inspected(
        b"pixels",
        width=320,
        height=240,
        coverage=0.2,
        detail=120,
        stripped=("location",),
        sketch=b"\x01" * 120,
    )


@pytest.fixture
def quick_sandbox(monkeypatch: pytest.MonkeyPatch, inspected: Inspected) -> None:
    """Every file passes at once; the real sandbox has tests of its own."""

    def inspect(data: bytes) -> Inspected:
        assert data
        return inspected

    monkeypatch.setattr(sandbox, "inspect", inspect)


@pytest.fixture
def together(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Together]:
    """Threads on a database of this test alone; on SQLite a file, ``races.sqlite3``.

    The usual test database, in memory, locks whole tables; a file locks as it does in service. Rows are
    looked at through ``together`` as well.
    """
    source = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        own = str(tmp_path / "races.sqlite3")
        with closing(sqlite3.connect(source, uri=True)) as database:
            database.execute("VACUUM INTO ?", [own])
    else:
        own = f"{source}_races"
        with django_db_blocker.unblock():
            connections.close_all()
        postgresql.copy_database(os.environ["TEST_POSTGRESQL"], source, own)
    monkeypatch.setitem(connections.databases["default"], "NAME", own)

    def run(calls: Sequence[Callable[[], Result]]) -> list[Result]:
        barrier = threading.Barrier(len(calls))

        def one(call: Callable[[], Result]) -> Result:
            barrier.wait(timeout=10)
            try:
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    with django_db_blocker.unblock():
        yield run
