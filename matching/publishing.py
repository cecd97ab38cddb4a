"""The figures for everybody: worked out once a day by the sweep, and read as one row.

They are of finished months only, so a count never grows by one while somebody watches.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TypedDict

from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.db.models.functions import TruncMonth
from django.utils import timezone

from enrollment.models import Photo, TimelineEntry
from enrollment.states import TimelineEvent
from matching.models import PublishedDay
from matching.small_counts import FEW, shown, shown_total
from review import audit
from review.models import Decision, Outcome, Step
from review.models.decisions import DecisionQuerySet

# What of a photo's timeline is counted, by its public name.
EVENTS = {
    "submitted": TimelineEvent.RECEIVED,
    "protected": TimelineEvent.PROTECTED,
    "withdrawn": TimelineEvent.WITHDRAWN,
    "expired": TimelineEvent.EXPIRED,
    "contested": TimelineEvent.SUSPENDED,
}
NOT_COVERED = "not_covered"
KINDS = ("submitted", "protected", NOT_COVERED, "withdrawn", "expired", "contested")
Counts = dict[str, Counter[date]]


class Month(TypedDict):
    """Counts are None when they are too small to be shown, and so are times of too few photos.

    ``hours_to_decision`` is from arrival, ``minutes_to_deletion`` from the decision on, both medians of the
    photos decided in this month, rounded up.
    """

    month: str
    counts: dict[str, int | None]
    hours_to_decision: int | None
    minutes_to_deletion: int | None


class Year(TypedDict):
    """A finished year. A total is None where it would give a small month away."""

    year: int
    counts: dict[str, int | None]


class Figures(TypedDict):
    """``months`` and ``years``, the latest first, until the month ``before``, which is not among them."""

    before: str
    months: list[Month]
    years: list[Year]


def latest() -> PublishedDay | None:
    return PublishedDay.objects.first()


def publish_today() -> int:
    """Publish the figures and the end of the audit, if nobody did so today; returns how often it did."""
    today = timezone.now().date()
    last = latest()
    if last is not None and last.day >= today:
        return 0
    this_month = today.replace(day=1)
    known = last is not None and last.figures["before"] == month_name(this_month)
    figures = last.figures if last and known else measure(this_month)
    head = audit.current_head()
    try:
        with transaction.atomic():
            PublishedDay.objects.create(
                day=today, audit_entries=head.seq, audit_head=head.digest, figures=figures
            )
    except IntegrityError:
        return 0  # another sweep was quicker
    return 1


def measure(before: date) -> Figures:
    """Everything until the month that begins on ``before``. Goes through all timelines: once a month."""
    end = datetime.combine(before, datetime.min.time(), UTC)
    counts, waits = count(end), times(end)
    finished = list(months_until(before))
    years = sorted({month.year for month in finished if month.year < before.year}, reverse=True)
    return Figures(
        before=month_name(before),
        months=[shown_month(month, counts, waits[month]) for month in reversed(finished)],
        years=[shown_year(year, counts, finished) for year in years],
    )


def months_until(before: date) -> Iterator[date]:
    """The first days of all months from the first photo on."""
    first = Photo.objects.order_by("received_at").values_list("received_at", flat=True).first()
    month = first.date().replace(day=1) if first else before
    while month < before:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def count(end: datetime) -> Counts:
    found: Counts = {kind: Counter() for kind in KINDS}
    names = {event.value: name for name, event in EVENTS.items()}
    entries = TimelineEntry.objects.filter(event__in=list(names), at__lt=end).order_by()
    by_month = entries.annotate(month=TruncMonth("at")).values_list("event", "month")
    for event, month, n in by_month.annotate(n=Count("pk")):
        found[names[event]][month.date()] = n
    refusals = finals(end).filter(outcome=Outcome.NOT_COVERED).annotate(month=TruncMonth("decided_at"))
    for month, n in refusals.order_by().values_list("month").annotate(n=Count("pk")):
        found[NOT_COVERED][month.date()] = n
    return found


def times(end: datetime) -> dict[date, list[tuple[timedelta, timedelta | None]]]:
    """By month, of each final decision: from arrival to it, and from it to deletion where that happened."""
    found: dict[date, list[tuple[timedelta, timedelta | None]]] = defaultdict(list)
    moments = finals(end).values_list("decided_at", "photo__received_at", "photo__original_removed_at")
    for decided, received, removed in moments.iterator():
        deletion = removed - decided if removed is not None else None
        found[decided.date().replace(day=1)].append((decided - received, deletion))
    return found


def finals(end: datetime) -> DecisionQuerySet:
    """Decisions that stand, on photos as they were sent last: of earlier times the moments are not kept."""
    return Decision.objects.standing().filter(step=Step.FINAL, decided_at__lt=end, round=F("photo__round"))


def shown_month(month: date, counts: Counts, waits: Sequence[tuple[timedelta, timedelta | None]]) -> Month:
    return Month(
        month=month_name(month),
        counts={kind: shown(counts[kind][month]) for kind in KINDS},
        hours_to_decision=shown_median((wait for wait, _ in waits), timedelta(hours=1)),
        minutes_to_deletion=shown_median(
            (deletion for _, deletion in waits if deletion is not None), timedelta(minutes=1)
        ),
    )


def shown_year(year: int, counts: Counts, finished: Sequence[date]) -> Year:
    months = [month for month in finished if month.year == year]
    return Year(
        year=year,
        counts={kind: shown_total([counts[kind][month] for month in months]) for kind in KINDS},
    )


def shown_median(waits: Iterable[timedelta], unit: timedelta) -> int | None:
    """In whole units, at least one; None for so few that it would be the time of somebody."""
    found = [wait / unit for wait in waits]
    return max(1, math.ceil(median(found))) if len(found) >= FEW else None


def month_name(month: date) -> str:
    return month.strftime("%Y-%m")
