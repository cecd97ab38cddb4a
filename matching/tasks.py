"""What the task cluster runs. A message is a wake-up with a primary key; each task may run twice."""

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from matching import chores, duplicates, heartbeat, services, shelf
from review import audit_check

logger = logging.getLogger(__name__)

ACTOR = "worker"

Given = ParamSpec("Given")


class Failed(Exception):
    """A task failed; the text is the kind of its error, and the log has the rest."""


def told_by_us(task: Callable[Given, int]) -> Callable[Given, int]:
    """Else django-q would put into its log, and into a row, whatever the error says: perhaps a row."""

    @wraps(task)
    def telling(*arguments: Given.args, **options: Given.kwargs) -> int:
        try:
            return task(*arguments, **options)
        except Exception as error:
            logger.exception("the task %s failed", task.__name__)
            raise Failed(type(error).__name__) from None

    return telling


@told_by_us
def process_photo(photo_id: str) -> int:
    """Fingerprint, then purge, whatever of it is due; returns how many steps took effect."""
    heartbeat.beat()
    return services.process_photo(uuid.UUID(photo_id), actor=ACTOR)


@told_by_us
def beat() -> int:
    """Show the watchdog that messages still reach a worker; returns 1 when it wrote the row."""
    return int(heartbeat.beat())


@told_by_us
def compare_waiting() -> int:
    """Look for waiting photos in other cases, for one turn; returns how many were compared."""
    heartbeat.beat()
    return duplicates.compare_waiting(chores.TURN)


@told_by_us
def check_audit() -> int:
    """Go on with a check of the audit, for one turn; returns how many entries were walked."""
    heartbeat.beat()
    return audit_check.advance(chores.TURN)


@told_by_us
def renew_shelf() -> int:
    """Bring the file that photos are looked up in up to the feed; returns how many entries it took in."""
    heartbeat.beat()
    return shelf.renew(chores.TURN)
