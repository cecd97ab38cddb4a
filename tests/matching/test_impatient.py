import logging
from typing import NoReturn

import pytest
from django.db import OperationalError, connection, transaction

from matching import impatient
from matching.models import FeedHead

PATIENCE = {
    "sqlite": "PRAGMA busy_timeout",
    "postgresql": "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'",
}

pytestmark = pytest.mark.django_db


def patience() -> int:
    """For how many milliseconds this connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE[connection.vendor])
        (found,) = cursor.fetchone()
    return int(found)


def test_it_waits_a_moment_and_then_as_long_as_before() -> None:
    before, meanwhile = patience(), []

    def write() -> None:
        meanwhile.append(patience())
        FeedHead.objects.create(pk=1, seq=1)

    impatient.note("a note", write)
    assert meanwhile == [impatient.PATIENCE_MS]
    assert before != impatient.PATIENCE_MS
    assert connection.vendor != "sqlite" or patience() == before
    assert FeedHead.objects.exists()


def test_what_a_busy_database_kept_out_is_lost_whole(caplog: pytest.LogCaptureFixture) -> None:
    def write() -> None:
        FeedHead.objects.create(pk=1, seq=1)
        raise OperationalError("database is locked")

    before = patience()
    with caplog.at_level(logging.WARNING):
        impatient.note("a note", write)
    assert not FeedHead.objects.exists()
    assert caplog.messages == ["a note was not noted: the database was busy"]
    assert patience() == before


def test_so_is_what_it_kept_out_from_the_first_statement_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite takes its one lock when a transaction begins."""

    def locked() -> NoReturn:
        raise OperationalError("database is locked")

    before = patience()
    monkeypatch.setattr(transaction, "atomic", locked)
    with caplog.at_level(logging.WARNING):
        impatient.note("a note", lambda: pytest.fail("it was written"))
    assert caplog.messages == ["a note was not noted: the database was busy"]
    assert patience() == before


def test_other_errors_are_everybodys() -> None:
    with pytest.raises(ZeroDivisionError):
        impatient.note("a note", lambda: 1 // 0)
    assert patience() != impatient.PATIENCE_MS
