"""What waits for a reviewer, oldest first."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enrollment.models import Photo
from review.models import Claim, ClaimQuerySet


@dataclass(frozen=True)
class Overview:
    """How many of the waiting photos a reviewer is looking at now, and since when the oldest waits."""

    claimed: int
    oldest: datetime | None


def overview() -> Overview:
    oldest = Photo.objects.awaiting_review().aggregate(at=Min("received_at"))["at"]
    return Overview(Claim.objects.live().count(), oldest)


def waiting() -> QuerySet[Photo]:
    """Photos awaiting review, oldest first, with ``case_size`` and ``is_claimed``."""
    siblings = Photo.objects.filter(case=OuterRef("case")).order_by().values("case")
    return (
        Photo.objects.awaiting_review()
        .oldest_first()
        .annotate(
            case_size=Coalesce(Subquery(siblings.annotate(size=Count("pk")).values("size")), 1),
            is_claimed=Exists(Claim.objects.live().filter(photo=OuterRef("pk"))),
        )
    )


def own_claims(reviewer: User) -> ClaimQuerySet:
    own = Claim.objects.live().filter(reviewer=reviewer).with_remaining()
    return own.select_related("photo__case").order_by("expires_at")
