import logging

import pytest
from django.db import OperationalError, connection

from matching import impatient
from matching.models import FeedHead

pytestmark = pytest.mark.django_db


def patience() -> int:
    """For how many milliseconds this connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if connection.vendor == "sqlite" else "SHOW lock_timeout")
        (found,) = cursor.fetchone()
    return int(str(found).removesuffix("ms"))


def test_it_waits_a_moment_and_then_as_long_as_before() -> None:
    before = patience()
    with impatient.impatient("a note"):
        assert patience() == impatient.PATIENCE_MS
        FeedHead.objects.create(pk=1, seq=1)
    assert before != impatient.PATIENCE_MS
    assert connection.vendor != "sqlite" or patience() == before
    assert FeedHead.objects.exists()


def test_what_a_busy_database_kept_out_is_lost_whole(caplog: pytest.LogCaptureFixture) -> None:
    before = patience()
    with caplog.at_level(logging.WARNING), impatient.impatient("a note"):
        FeedHead.objects.create(pk=1, seq=1)
        raise OperationalError("database is locked")
    assert not FeedHead.objects.exists()
    assert caplog.messages == ["a note was not noted: the database was busy"]
    assert patience() == before


def test_other_errors_are_everybodys() -> None:
    with pytest.raises(ZeroDivisionError), impatient.impatient("a note"):
        raise ZeroDivisionError
    assert patience() != impatient.PATIENCE_MS
