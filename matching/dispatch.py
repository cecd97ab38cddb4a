"""Waking the cluster. The state of the photos is the queue; a message only makes it quick."""

import time
import uuid

from django.conf import settings
from django_q.brokers import get_broker
from django_q.tasks import async_task

from enrollment.models import Photo, PhotoQuerySet

PROCESS = "matching.tasks.process_photo"
BEAT = "matching.tasks.beat"
# Enough for the cluster between two ticks; more would only age in the queue and be sent again.
MOST_QUEUED = 40


def nudge(photo_id: uuid.UUID) -> None:
    """Wake a worker for one photo now."""
    async_task(PROCESS, str(photo_id))


def ask_for_beat() -> None:
    """Send a message whose only answer is a heartbeat, unless the queue is full of others that beat too."""
    if _room() > 0:
        async_task(BEAT)


def due() -> PhotoQuerySet:
    """Every photo a worker could do something for, longest waiting first; what was tried before comes last.

    Else the first in the queue would be in the hands of each worker that is killed soon after its start,
    and be given up after three of them.
    """
    return (Photo.objects.fingerprint_due() | Photo.objects.purge_due()).order_by("attempts", "due_at", "pk")


class Dispatcher:
    """Sends each due photo at most once per lease period, and never more than the queue should hold.

    It remembers in memory only: after a restart a photo may be sent twice, which the lease makes harmless.
    """

    def __init__(self) -> None:
        self._sent: dict[uuid.UUID, float] = {}

    def dispatch(self) -> int:
        """Nudge what is due and was not nudged lately; returns how many."""
        now = time.monotonic()
        self._sent = {
            photo_id: at for photo_id, at in self._sent.items() if now - at < settings.ARC_LEASE_SECONDS
        }
        room = _room()
        if room <= 0:
            return 0
        waiting = due().values_list("pk", flat=True)[: room + len(self._sent)]
        fresh = [photo_id for photo_id in waiting if photo_id not in self._sent][:room]
        for photo_id in fresh:
            nudge(photo_id)
            self._sent[photo_id] = now
        return len(fresh)


def _room() -> int:
    broker = get_broker()
    # A broker that does not hold messages back until they are done says nothing about those.
    return MOST_QUEUED - int(broker.queue_size()) - int(broker.lock_size() or 0)
