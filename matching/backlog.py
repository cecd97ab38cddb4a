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
    return Backlog(
        to_fingerprint=_since(_covered(), timedelta(0)).count(),
        to_purge=_since(_purging(), timedelta(0)).count(),
        overdue=_since(_covered(), TOO_LONG).count(),
        unpurged=_since(_purging(), TOO_LONG).count(),
        failed=Photo.objects.filter(state=PhotoState.FAILED).count(),
    )


def is_late() -> bool:
    """Whether anything has been due for more than TOO_LONG; cheaper than counting it."""
    return _since(_covered(), TOO_LONG).exists() or _since(_purging(), TOO_LONG).exists()


def _covered() -> PhotoQuerySet:
    return Photo.objects.filter(state=PhotoState.COVERED)


def _purging() -> PhotoQuerySet:
    return Photo.objects.filter(state__in=PhotoState.purging(), original_removed_at__isnull=True)


def _since(photos: PhotoQuerySet, period: timedelta) -> PhotoQuerySet:
    return photos.filter(due_at__lte=Now() - period)
