"""Hosts that share a database take turns at what only one may do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any number that nothing else on this database asks for: "arc" and a version.
LOCK = 0x617263_01


@contextmanager
def one_host_at_a_time() -> Iterator[None]:
    """Wait until no other host is in here. One machine's own lock is enough where the database is a file."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        # The other one may be at a long migration; that is no lock to lose patience over.
        cursor.execute("SHOW lock_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
    try:
        yield
    finally:
        # A connection that broke meanwhile has given the lock back already.
        if connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
