"""Figures of months that never were, so that the demo's public page has something to show."""

from datetime import date, timedelta

from django.utils import timezone

from matching import publishing
from matching.models import PublishedDay
from matching.publishing import KINDS, Figures, Month, Year, month_name
from matching.small_counts import shown
from review import audit

MONTHS = 14


def publish() -> None:
    """As if they had been published yesterday; does nothing where anything was."""
    if publishing.latest() is not None:
        return
    today = timezone.now().date()
    head = audit.current_head()
    PublishedDay.objects.create(
        day=today - timedelta(days=1), audit_entries=head.seq, audit_head=head.digest, figures=figures(today)
    )


def figures(today: date) -> Figures:
    begun = [today.replace(day=1)]
    while len(begun) <= MONTHS:
        begun.append((begun[-1] - timedelta(days=1)).replace(day=1))
    finished = begun[1:]
    return Figures(
        before=month_name(begun[0]),
        months=[month(first, 40 + 7 * age) for age, first in enumerate(reversed(finished))][::-1],
        years=[Year(year=finished[-1].year, counts={**dict.fromkeys(KINDS), "submitted": 512})],
    )


def month(first: date, sent: int) -> Month:
    """A month in which so many photos were sent, and of them the usual shares decided."""
    shares = dict(zip(KINDS, (1, 2, 4, 9, 30, 60), strict=True))
    return Month(
        month=month_name(first),
        counts={kind: shown(sent // share) for kind, share in shares.items()},
        hours_to_decision=1 + sent % 9,
        minutes_to_deletion=1 + sent % 3,
    )
