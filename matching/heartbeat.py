"""The pulse of the task cluster: a row that only its workers write."""

from datetime import timedelta

from django.db.models.functions import Now

from matching.models import Heartbeat

CLUSTER = "cluster"
# Every task beats; under load one write in five seconds says as much as ten a second.
_FRESH = timedelta(seconds=5)


def beat() -> bool:
    """Note that a worker is alive; False when one did so within the last seconds."""
    if not silent_for(_FRESH):
        return False
    Heartbeat.objects.update_or_create(name=CLUSTER, defaults={"beat_at": Now()})
    return True


def silent_for(period: timedelta) -> bool:
    """Whether no worker did anything for this long, by the database's clock."""
    return not Heartbeat.objects.filter(name=CLUSTER, beat_at__gt=Now() - period).exists()
