"""SQLite keeps old page versions in its write-ahead log; what was deleted is gone only after a truncation."""

from django.db import OperationalError, connection

# A checkpoint that waits for a long reader holds the write lock meanwhile; better busy than all waiting.
PATIENCE_MS = 200


def truncate() -> bool:
    """Empty the write-ahead log; False when a reader or writer was in the way (the next sweep tries again).

    Other databases have no such file: True at once.
    """
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        before = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, _log_frames, _moved = cursor.fetchone()
        except OperationalError:
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout={before}")
    return not busy
