"""How far behind the work is, and when that is an alarm."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from enrollment.models import Photo, PhotoQuerySet
from enrollment.states import PhotoState

# Three attempts with a lease of a minute each, and as much again for a restart, fit in well.
TOO_LONG = timedelta(minutes=15)


@dataclass(frozen=True)
class Backlog:
    """Counts of photos. ``overdue`` and ``unpurged`` have been due for more than TOO_LONG."""

    to_fingerprint: int
    to_purge: int
    overdue: int
    unpurged: int
    failed: int

    @property
    def alarming(self) -> bool:
        return bool(self.overdue or self.unpurged or self.failed)


def measure() -> Backlog:
    """Count, whether or not someone is at work on it."""
    covered = Photo.objects.filter(state=PhotoState.COVERED)
    purging = Photo.objects.filter(state__in=PhotoState.purging(), original_removed_at__isnull=True)
    return Backlog(
        to_fingerprint=_since(covered, timedelta(0)),
        to_purge=_since(purging, timedelta(0)),
        overdue=_since(covered, TOO_LONG),
        unpurged=_since(purging, TOO_LONG),
        failed=Photo.objects.filter(state=PhotoState.FAILED).count(),
    )


def _since(photos: PhotoQuerySet, period: timedelta) -> int:
    return photos.filter(due_at__lte=Now() - period).count()
