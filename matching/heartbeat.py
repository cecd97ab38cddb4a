"""The pulse of the task clusters: a row for each, that only its own workers write."""

import socket
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from enrollment.pepper import peppered
from matching.models import Heartbeat

# Every task beats; under load one write in five seconds says as much as ten a second.
_FRESH = timedelta(seconds=5)


def name() -> str:
    """This cluster's among all that share the database: one of a host and a data directory."""
    return peppered("cluster", socket.gethostname(), str(settings.DATA_DIR)).hex()[:40]


def beat() -> bool:
    """Note that a worker is alive; False when one of this cluster did so within the last seconds."""
    if not silent_for(_FRESH, here=True):
        return False
    Heartbeat.objects.update_or_create(name=name(), defaults={"beat_at": Now()})
    return True


def silent_for(period: timedelta, *, here: bool = False) -> bool:
    """Whether no worker did anything for this long, by the database's clock; ``here``: of this cluster."""
    beats = Heartbeat.objects.filter(beat_at__gt=Now() - period)
    return not (beats.filter(name=name()) if here else beats).exists()
