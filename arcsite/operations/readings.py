"""The figures behind the metrics. Each query goes by an index or a table that stays small.

What grows for ever, such as protected photos, is not counted: that would cost more with every case.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min
from django.utils import timezone
from django_q.brokers import get_broker

from enrollment.models import OriginalKey, Photo, Refusals
from enrollment.states import PhotoState
from matching.models import FeedHead, Heartbeat, Partner
from review import audit
from review.models import AuditCheck, Decision, Step

DAY = timedelta(days=1)
# More decisions in a day than a large team takes; the quantiles of the latest ones are as good.
MOST_DECISIONS = 10_000
QUANTILES = (0.5, 0.9, 1.0)
ON_THEIR_WAY = (PhotoState.COVERED, PhotoState.FINGERPRINTED, PhotoState.FAILED, PhotoState.SUSPENDED)


@dataclass(frozen=True)
class Sample:
    """One value of the metric called ``name``, with its labels' values in the order of their names."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


def read() -> Iterator[Sample]:
    """Every sample there is now. Raises DatabaseError."""
    now = timezone.now()
    yield from queue(now)
    yield from work(now)
    yield from purge(now)
    yield from decisions(now)
    yield from partners(now)
    yield from worker(now)
    yield from chain(now)
    yield Sample("arc_originals", OriginalKey.objects.count())
    for what, count in Refusals.objects.values_list("what", "count"):
        yield Sample("arc_limiter_refused_total", count, (what,))


def queue(now: datetime) -> Iterator[Sample]:
    found = Photo.objects.waiting().order_by().values_list("state")
    rows = {state: row for state, *row in found.annotate(n=Count("pk"), oldest=Min("received_at"))}
    for state in PhotoState.waiting():
        count, oldest = rows.get(state.value, (0, None))
        yield Sample("arc_queue_photos", count, (state.value,))
        yield Sample("arc_queue_oldest_seconds", since(oldest, now), (state.value,))


def work(now: datetime) -> Iterator[Sample]:
    found = Photo.objects.filter(state__in=ON_THEIR_WAY).order_by().values_list("state")
    rows = {state: row for state, *row in found.annotate(n=Count("pk"), due=Min("due_at"))}
    for state in ON_THEIR_WAY:
        yield Sample("arc_work_photos", rows.get(state.value, (0, None))[0], (state.value,))
    due = rows.get(PhotoState.COVERED.value, (0, None))[1]
    yield Sample("arc_fingerprint_late_seconds", since(due, now))


def purge(now: datetime) -> Iterator[Sample]:
    held = Photo.objects.filter(state__in=PhotoState.purging(), original_removed_at__isnull=True)
    found = held.aggregate(n=Count("pk"), due=Min("due_at"))
    yield Sample("arc_purge_photos", found["n"])
    yield Sample("arc_purge_late_seconds", since(found["due"], now))


def decisions(now: datetime) -> Iterator[Sample]:
    """How long people waited, for the photos decided within a day. No quantile of nothing."""
    finals = Decision.objects.standing().filter(
        step=Step.FINAL, decided_at__gte=now - DAY, round=F("photo__round")
    )
    times = finals.order_by("-decided_at").values_list("decided_at", "photo__received_at")[:MOST_DECISIONS]
    waits = sorted((decided - received).total_seconds() for decided, received in times)
    yield Sample("arc_decisions_last_day", len(waits))
    for quantile in QUANTILES if waits else ():
        place = math.ceil(quantile * len(waits)) - 1
        yield Sample("arc_decision_seconds", max(0.0, waits[place]), (str(quantile),))


def partners(now: datetime) -> Iterator[Sample]:
    """Partners by the number of their row: whoever reads the metrics learns no name from them."""
    head = FeedHead.objects.values_list("seq", flat=True).first() or 0
    yield Sample("arc_feed_head", head)
    for partner in Partner.objects.filter(approved_at__isnull=False).order_by("pk"):
        yield from of_partner(partner, head, now)


def of_partner(partner: Partner, head: int, now: datetime) -> Iterator[Sample]:
    label = str(partner.pk)
    if partner.stage == Partner.Stage.LIVE:
        heard = max(partner.pulled_at or partner.staged_at, partner.staged_at)
        yield Sample("arc_partner_feed_lag", max(0, head - partner.pulled), (label,))
        yield Sample("arc_partner_silence_seconds", since(heard, now), (label,))
    for alarm in partner.alarms.split():
        yield Sample("arc_partner_alarm", 1, (label, alarm))


def worker(now: datetime) -> Iterator[Sample]:
    beat = Heartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    yield Sample("arc_worker_silence_seconds", since(beat, now, never=math.inf))
    yield Sample("arc_task_messages", get_broker().queue_size())


def chain(now: datetime) -> Iterator[Sample]:
    yield Sample("arc_audit_entries", audit.current_head().seq)
    done = AuditCheck.objects.filter(finished_at__isnull=False).order_by("-pk").first()
    yield Sample("arc_audit_sound", float(not (done and done.fault)))
    yield Sample(
        "arc_audit_check_age_seconds", since(done.finished_at if done else None, now, never=math.inf)
    )


def since(then: datetime | None, now: datetime, *, never: float = 0.0) -> float:
    """Seconds from ``then`` on, 0 while it is still to come, ``never`` without any."""
    return never if then is None else max(0.0, (now - then).total_seconds())
