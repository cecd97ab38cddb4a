"""Writing that gives up rather than make somebody wait: for notes that may be lost, never for the truth."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

PATIENCE_MS = 250


def note(what: str, write: Callable[[], object]) -> None:
    """Write in a transaction of its own; when the database is busy for longer than a moment, give up.

    ``what`` is what was to be written, for the log. A function and no context, because a busy database may
    keep us out before the first statement, and no context may leave its block out.
    """
    try:
        with _short_wait(), transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
            write()
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
