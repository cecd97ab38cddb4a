"""Writing that gives up rather than make somebody wait: for notes that may be lost, never for the truth."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

PATIENCE_MS = 250


@contextmanager
def impatient(what: str) -> Iterator[None]:
    """A transaction for the block; when the database is busy for longer than a moment, it is given up.

    ``what`` is what was to be written, for the log.
    """
    try:
        with _short_wait(), transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
            yield
    except OperationalError:
        logger.warning("%s was not noted: the database was busy", what)


@contextmanager
def _short_wait() -> Iterator[None]:
    """SQLite waits for its one lock as long as the connection says, so the connection says less meanwhile."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (usual,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {int(usual)}")
