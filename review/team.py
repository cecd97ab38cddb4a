"""The lead's figures: load, ageing, agreement, overturned decisions, incidents. Never how fast anybody is.

They are worked out by the sweep every few minutes and read as one row, because counting through every case
and decision for each look at the page would take longer with every case.
"""

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypedDict

from django.contrib.auth.models import Permission, User
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Now, TruncDate
from django.utils import timezone

from enrollment.models import Photo
from enrollment.states import PhotoState
from review import agreement, exposure
from review.agreement import Agreement
from review.models import Decision, Step, TeamFigures

EVERY = timedelta(minutes=5)
DAYS, WEEKS = 14, 12
PERIOD = timedelta(days=90)
PERCENTILES = (50, 90, 100)
HOUR, DAY = 3600, 86_400
# Where one class of ages ends and the next begins, in seconds; what lies above the last is a class too.
AGES = (HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 21 * DAY)


class Person(TypedDict):
    """What one reviewer looked at today, and what of their day is left; minutes are whole ones."""

    name: str
    photos: int
    photos_left: int
    minutes: int
    minutes_left: int
    resting: bool


class Figures(TypedDict):
    """Ages are seconds by percentile, ``classes`` counts by AGES; days are ISO dates, the oldest first."""

    waiting: dict[str, int]
    ages: dict[str, float]
    classes: list[int]
    received: list[tuple[str, int]]
    said: list[tuple[str, int]]
    people: list[Person]
    pairs: int
    agreeing: int
    kappa: float | None
    decisions: int
    overturned: int
    incidents: list[tuple[str, int]]


def latest() -> TeamFigures | None:
    return TeamFigures.objects.first()


def refresh() -> bool:
    """Work the figures out anew if they are older than EVERY; True when it did. Safe at any time."""
    if TeamFigures.objects.filter(at__gt=Now() - EVERY).exists():
        return False
    renew()
    return True


def renew() -> None:
    """Work the figures out now."""
    TeamFigures.objects.update_or_create(pk=1, defaults={"figures": measure(), "at": Now()})


def measure() -> Figures:
    now = timezone.now()
    agreed = blind_agreement(now - PERIOD)
    finals = Decision.objects.standing().filter(step=Step.FINAL, decided_at__gte=now - PERIOD)
    return Figures(
        waiting=_waiting(),
        ages=_percentiles(now),
        classes=_classes(now),
        received=_received(now),
        said=_said(now),
        people=_people(),
        pairs=agreed.pairs,
        agreeing=agreed.agreeing,
        kappa=agreed.kappa,
        decisions=finals.count(),
        overturned=finals.filter(overturned=True).count(),
        incidents=_incidents(now),
    )


def blind_agreement(since: datetime) -> Agreement:
    """First opinions beside the second ones that were given without knowing them."""
    ruling = Decision.objects.standing().filter(outcome__isnull=False)
    first = ruling.filter(
        photo=OuterRef("photo"), round=OuterRef("round"), step__in=Step.opinions(), pk__lt=OuterRef("pk")
    ).order_by("pk")
    seconds = ruling.filter(came_from=PhotoState.SECOND_OPINION, decided_at__gte=since)
    pairs = seconds.annotate(first=Subquery(first.values("outcome")[:1])).filter(first__isnull=False)
    return agreement.measure([(str(one), str(other)) for one, other in pairs.values_list("first", "outcome")])


def _waiting() -> dict[str, int]:
    counted = Photo.objects.waiting().order_by().values_list("state").annotate(n=Count("pk"))
    return {state.value: 0 for state in PhotoState.waiting()} | dict(counted)


def _percentiles(now: datetime) -> dict[str, float]:
    """By nearest rank, so that each is the age of a photo that is really there; empty without any."""
    youngest_first = Photo.objects.waiting().order_by("-received_at")
    count = youngest_first.count()
    ages: dict[str, float] = {}
    for percent in PERCENTILES if count else ():
        rank = math.ceil(percent * count / 100)
        received = youngest_first.values_list("received_at", flat=True)[rank - 1 : rank]
        ages |= {str(percent): (now - at).total_seconds() for at in received}
    return ages


def _classes(now: datetime) -> list[int]:
    ends = [now - timedelta(seconds=age) for age in AGES]
    older_than = {f"c{n}": Count("pk", filter=Q(received_at__lt=end)) for n, end in enumerate(ends)}
    found = Photo.objects.waiting().aggregate(all=Count("pk"), **older_than)
    counts = [found["all"], *(found[name] for name in older_than), 0]
    return [more - fewer for more, fewer in pairwise(counts)]


def _received(now: datetime) -> list[tuple[str, int]]:
    days = Photo.objects.filter(received_at__gte=_first_day(now)).annotate(day=TruncDate("received_at"))
    return _every_day(now, dict(days.order_by().values_list("day").annotate(n=Count("pk"))))


def _said(now: datetime) -> list[tuple[str, int]]:
    words = Decision.objects.standing().filter(decided_at__gte=_first_day(now))
    days = words.annotate(day=TruncDate("decided_at"))
    return _every_day(now, dict(days.order_by().values_list("day").annotate(n=Count("pk"))))


def _first_day(now: datetime) -> datetime:
    return datetime.combine(now.date() - timedelta(days=DAYS - 1), datetime.min.time(), UTC)


def _every_day(now: datetime, counts: dict[date, int]) -> list[tuple[str, int]]:
    days = [now.date() - timedelta(days=back) for back in reversed(range(DAYS))]
    return [(day.isoformat(), counts.get(day, 0)) for day in days]


def _incidents(now: datetime) -> list[tuple[str, int]]:
    """Alarms by the Monday of their week."""
    this_week = _monday(now.date())
    weeks = [this_week - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    began = datetime.combine(weeks[0], datetime.min.time(), UTC)
    alarms = Decision.objects.filter(step=Step.ALARM, decided_at__gte=began)
    counts = Counter(_monday(at.date()) for at in alarms.values_list("decided_at", flat=True))
    return [(week.isoformat(), counts[week]) for week in weeks]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _people() -> list[Person]:
    """Everybody who may review, by name and not by any figure."""
    right = Permission.objects.filter(content_type__app_label="review", codename="review_photo")
    granted = Q(user_permissions__in=right) | Q(groups__permissions__in=right)
    reviewers = User.objects.filter(granted, is_active=True).distinct().order_by("username")
    return [_person(reviewer) for reviewer in reviewers]


def _person(reviewer: User) -> Person:
    today = exposure.today(reviewer)
    return Person(
        name=reviewer.get_username(),
        photos=today.budget.photos,
        photos_left=today.budget.photos_left,
        minutes=math.ceil(today.budget.looked / timedelta(minutes=1)),
        minutes_left=today.minutes_left,
        resting=bool(today.refusal),
    )
