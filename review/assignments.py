"""Giving escalated photos to leads: who may have which, who has which, all of it written down."""

import uuid
from dataclasses import dataclass

from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enrollment.models import Photo
from enrollment.states import PhotoState
from review import audit, claims, eligibility, exposure
from review.conflicts import Conflict
from review.models import Assignment, Claim, NearDuplicate

SHOWN = 20


@dataclass(frozen=True)
class Escalations:
    """Escalated photos, longest waiting first, and whether there are more than these."""

    photos: list[Photo]
    more: bool


def escalations() -> Escalations:
    """Each with its case and assignment at hand, ``is_claimed``, and ``likenesses`` in other cases."""
    waiting = Photo.objects.waiting().filter(state=PhotoState.ESCALATED).oldest_first()
    marked = waiting.select_related("case", "assignment__lead").annotate(
        is_claimed=Exists(Claim.objects.live().filter(photo=OuterRef("pk"))),
        likenesses=_pairs("photo") + _pairs("other"),
    )
    found = list(marked[: SHOWN + 1])
    return Escalations(found[:SHOWN], len(found) > SHOWN)


def _pairs(side: str) -> Coalesce:
    """How many near duplicates have the photo on this side."""
    pairs = NearDuplicate.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Coalesce(Subquery(pairs.annotate(n=Count("pk")).values("n")), 0)


def leads() -> QuerySet[User]:
    """Everybody who may decide escalated photos, by name."""
    right = Permission.objects.filter(content_type__app_label="review", codename="decide_escalated")
    granted = Q(user_permissions__in=right) | Q(groups__permissions__in=right)
    return User.objects.filter(granted, is_active=True).distinct().order_by("username")


def take(photo_id: uuid.UUID, lead: User) -> Claim:
    """Claim one escalated photo, ahead of the queue. Raises ``Conflict``, also when the day is spent."""
    if not Claim.objects.live().filter(photo=photo_id, reviewer=lead).exists():
        exposure.require(lead)
    return claims.take(photo_id, lead)


def assign(photo_id: uuid.UUID, lead: User | None, *, by: User) -> None:
    """Give an escalated photo to one lead, or back to all of them. Raises ``Conflict``, changing nothing.

    Not to somebody who spoke on it before, and not out of the hands of whoever is looking at it.
    """
    with transaction.atomic():
        photo = Photo.objects.select_for_update().select_related("case").get(pk=photo_id)
        if photo.state != PhotoState.ESCALATED:
            raise Conflict("not-escalated")
        if Claim.objects.live().filter(photo=photo).exists():
            raise Conflict("claimed-by-another")
        if lead is None:
            Assignment.objects.filter(photo=photo).delete()
        else:
            Assignment.objects.update_or_create(photo=photo, defaults={"lead": lead, "assigned_by": by})
            if not eligibility.entitled(lead).filter(pk=photo.pk).exists():
                raise Conflict("not-theirs")
        given_to = audit.staff(lead) if lead else ""
        audit.append(
            "photo.assigned",
            actor=audit.staff(by),
            photo=photo.pk,
            case=photo.case.number,
            details={"lead": given_to},
        )
