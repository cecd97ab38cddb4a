"""Work that nobody waits for: done in short turns by the cluster, whenever no photo needs it."""

from collections.abc import Callable
from dataclasses import dataclass

from django_q.brokers import get_broker
from django_q.tasks import async_task

from matching import duplicates, shelf
from review import audit_check

# Seconds between two turns, and how long one may take.
EVERY = 5.0
TURN = 4.0
# More messages than this, and photos or heartbeats wait: the chores come after them.
CALM = 2


@dataclass(frozen=True)
class Chore:
    """A task by its dotted path, and whether there is anything for it to do."""

    task: str
    is_due: Callable[[], bool]


CHORES = (
    Chore("matching.tasks.compare_waiting", lambda: duplicates.due().exists()),
    Chore("matching.tasks.check_audit", audit_check.is_running),
    Chore("matching.tasks.renew_shelf", shelf.is_due),
)


def send() -> int:
    """Ask the cluster for a turn of everything that is due; returns how many were asked for."""
    broker = get_broker()
    if int(broker.queue_size()) + int(broker.lock_size()) > CALM:
        return 0
    due = [chore for chore in CHORES if chore.is_due()]
    for chore in due:
        async_task(chore.task)
    return len(due)
