"""What the task cluster runs. A message is a wake-up with a primary key; each task may run twice."""

import uuid

from matching import chores, duplicates, heartbeat, services, shelf
from review import audit_check

ACTOR = "worker"


def process_photo(photo_id: str) -> int:
    """Fingerprint, then purge, whatever of it is due; returns how many steps took effect."""
    heartbeat.beat()
    return services.process_photo(uuid.UUID(photo_id), actor=ACTOR)


def beat() -> int:
    """Show the watchdog that messages still reach a worker; returns 1 when it wrote the row."""
    return int(heartbeat.beat())


def compare_waiting() -> int:
    """Look for waiting photos in other cases, for one turn; returns how many were compared."""
    heartbeat.beat()
    return duplicates.compare_waiting(chores.TURN)


def check_audit() -> int:
    """Go on with a check of the audit, for one turn; returns how many entries were walked."""
    heartbeat.beat()
    return audit_check.advance(chores.TURN)


def renew_shelf() -> int:
    """Bring the file that photos are looked up in up to the feed; returns how many entries it took in."""
    heartbeat.beat()
    return shelf.renew(chores.TURN)
