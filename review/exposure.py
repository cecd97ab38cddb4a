"""How much a reviewer may look at today, and how long they have looked.

A ``Viewing`` is opened by the first picture under a claim and closed when the claim ends; one that nobody
closed ends with its claim. Only time with a picture counts, never how quickly anybody decides.
"""

import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from review.conflicts import Conflict
from review.looking import Budget, Limits, Span, budget
from review.models import Claim, ReviewerSettings, Viewing

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Today:
    """A reviewer's day at this moment, with the figures in whole minutes that their pages show."""

    budget: Budget
    wellness: ReviewerSettings
    now: datetime
    next_day: datetime

    @property
    def paused_until(self) -> datetime | None:
        until = self.wellness.paused_until
        return until if until and until > self.now else None

    @property
    def refusal(self) -> str:
        """Why no new picture may be shown now, as the code of a ``Conflict``; empty when one may."""
        if self.paused_until:
            return "paused"
        if self.budget.is_spent:
            return "budget-spent"
        return "break-due" if self.budget.break_until else ""

    @property
    def break_seconds(self) -> int:
        until = self.budget.break_until
        return math.ceil((until - self.now).total_seconds()) if until else 0

    @property
    def minutes_left(self) -> int:
        return _minutes(self.budget.looking_left)

    @property
    def minutes(self) -> int:
        return _minutes(self.budget.limits.looking)

    @property
    def minutes_until_break(self) -> int:
        return _minutes(self.budget.until_break)

    @property
    def minutes_of_stretch(self) -> int:
        return _minutes(self.budget.limits.stretch)

    @property
    def minutes_of_rest(self) -> int:
        return _minutes(self.budget.limits.rest)


def today(reviewer: User) -> Today:
    now = timezone.now()
    began = day_of(now)
    spent = budget(_looks(reviewer, began - DAY, now), limits(), day_began=began, now=now)
    return Today(spent, wellness_of(reviewer), now, began + DAY)


def wellness_of(reviewer: User) -> ReviewerSettings:
    """How the reviewer wants to see photos; the gentlest way until they have said.

    No query when the reviewer came with ``reviewer_settings``.
    """
    return getattr(reviewer, "reviewer_settings", None) or ReviewerSettings(user=reviewer)


def require(reviewer: User) -> None:
    """Pass when the reviewer may be shown one more picture now; raises ``Conflict``."""
    if refusal := today(reviewer).refusal:
        raise Conflict(refusal)


def look(claim: Claim) -> None:
    """The picture of this claim is being shown. Called inside the transaction that logs the view.

    Looking again under the same claim is the same look: it began with the first.
    """
    Viewing.objects.get_or_create(
        token=claim.token, defaults={"reviewer_id": claim.reviewer_id, "photo_id": claim.photo_id}
    )


def stop(photo_id: uuid.UUID, reviewer: User) -> None:
    """The reviewer no longer has the photo. Safe to repeat."""
    open_ones = Viewing.objects.filter(photo=photo_id, reviewer=reviewer, ended_at__isnull=True)
    open_ones.update(ended_at=Now())


def end(photo_id: uuid.UUID) -> None:
    """Nobody has the photo any more: it was decided, withdrawn or given up. Safe to repeat."""
    Viewing.objects.filter(photo=photo_id, ended_at__isnull=True).update(ended_at=Now())


def limits() -> Limits:
    return Limits(
        photos=settings.ARC_EXPOSURE_PHOTOS,
        looking=timedelta(minutes=settings.ARC_EXPOSURE_MINUTES),
        stretch=timedelta(minutes=settings.ARC_BREAK_AFTER_MINUTES),
        rest=timedelta(minutes=settings.ARC_BREAK_MINUTES),
    )


def day_of(now: datetime) -> datetime:
    """When the day of this moment (UTC) began: at ``ARC_DAY_HOUR``."""
    began = now.replace(hour=settings.ARC_DAY_HOUR, minute=0, second=0, microsecond=0)
    return began if began <= now else began - DAY


def _looks(reviewer: User, since: datetime, now: datetime) -> list[Span]:
    claim = Claim.objects.filter(photo=OuterRef("photo"), token=OuterRef("token"))
    rows = Viewing.objects.filter(reviewer=reviewer, started_at__gte=since).values_list(
        "started_at", "ended_at", Subquery(claim.values("expires_at"))
    )
    lease = timedelta(minutes=settings.ARC_CLAIM_MINUTES)
    # A claim that is gone without a word lasted no longer than a lease, unless its holder extended it.
    return [
        Span(began, max(began, ended or min(now, expires or began + lease))) for began, ended, expires in rows
    ]


def _minutes(duration: timedelta) -> int:
    return math.ceil(duration / timedelta(minutes=1))
