"""What can be said of this host in one look: whether it is ready, part by part, and nothing else."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from django.db import DatabaseError, connection

from enrollment import originals
from matching import backlog, heartbeat
from matching.watchdog import SILENCE

logger = logging.getLogger(__name__)

Look = Callable[[], bool]
# Anybody may ask, so however often they do, the database and the store are asked no more than this.
KEEP_SECONDS = 5.0


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def worker_is_alive() -> bool:
    return not heartbeat.silent_for(SILENCE)


def work_is_in_time() -> bool:
    return not backlog.is_late()


# The names are part of the interface: docs/operators.md lists them.
PARTS: Mapping[str, Look] = {
    "database": database_answers,
    "store": originals.works,
    "worker": worker_is_alive,
    "due work": work_is_in_time,
}


def look() -> dict[str, bool]:
    """Every part by its name: True when it is as it should be. Asks all of them now."""
    return {name: _holds(name, holds) for name, holds in PARTS.items()}


def _holds(name: str, holds: Look) -> bool:
    try:
        return holds()
    except (DatabaseError, OSError) as error:
        logger.warning("not ready: %s (%s)", name, type(error).__name__)
        return False


class Remembered:
    """The last look, for ``KEEP_SECONDS``; of several who ask at once, one looks and the others wait."""

    def __init__(self, look: Callable[[], dict[str, bool]], clock: Callable[[], float]) -> None:
        self._look, self._clock = look, clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._seen: dict[str, bool] = {}

    def parts(self) -> dict[str, bool]:
        with self._lock:
            if self._clock() >= self._until:
                self._seen = self._look()
                self._until = self._clock() + KEEP_SECONDS
            return self._seen

    def forget(self) -> None:
        with self._lock:
            self._until = float("-inf")


ready = Remembered(look, time.monotonic)
