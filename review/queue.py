"""The queue as a reviewer sees it: what waits, marked and counted, longest waiting first. No picture."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from enrollment.models import Attestation, Case, Photo, PhotoQuerySet
from enrollment.states import Occasion, PhotoState
from review.models import Claim, ClaimQuerySet

MOST_COUNTED = 1000


class Flag(models.TextChoices):
    """What a waiting photo can be marked with, and the queue be narrowed to."""

    APPEAL = "appeal", _("Appeal")
    SECOND_OPINION = "second-opinion", _("Second opinion")
    ESCALATED = "escalated", _("For a lead")
    CONTESTED = "contested", _("Questioned by a partner")
    SENT_AGAIN = "sent-again", _("Sent again")
    GUARDIAN = "guardian", _("Guardian")

    @property
    def condition(self) -> models.Q:
        return CONDITIONS[self]


SENT_AGAIN = (Occasion.COVERED_MORE, Occasion.AGAIN, Occasion.RENEWED)
CONDITIONS = {
    Flag.APPEAL: models.Q(occasion=Occasion.APPEAL),
    Flag.SECOND_OPINION: models.Q(state=PhotoState.SECOND_OPINION),
    Flag.ESCALATED: models.Q(state=PhotoState.ESCALATED),
    Flag.CONTESTED: models.Q(occasion=Occasion.CONTESTED),
    Flag.SENT_AGAIN: models.Q(occasion__in=SENT_AGAIN),
    Flag.GUARDIAN: models.Q(case__attestation=Attestation.GUARDIAN),
}


@dataclass(frozen=True)
class Filter:
    """One way to narrow the queue; ``flag`` is ``None`` for everything."""

    flag: Flag | None
    label: str
    count: int

    @property
    def shown(self) -> str:
        return str(self.count) if self.count <= MOST_COUNTED else f"{MOST_COUNTED}+"


@dataclass(frozen=True)
class Overview:
    """How many photos wait, with which flags, how many are with a reviewer, since when the oldest waits.

    Counted up to one more than ``MOST_COUNTED``: nobody needs to know a long queue to the last photo, and
    counting it would take longer with each one.
    """

    waiting: int
    counts: dict[Flag, int]
    claimed: int
    oldest: datetime | None

    @property
    def is_long(self) -> bool:
        return self.waiting > MOST_COUNTED

    def filters(self) -> list[Filter]:
        """Everything first, then the flags that some photo wears."""
        flags = [Filter(flag, str(flag.label), n) for flag, n in self.counts.items() if n]
        return [Filter(None, str(_("All")), self.waiting), *flags]


class UpTo(Subquery):
    """How many rows a sliced query gives, counted in the same statement as everything else."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()


def visible(*, guardian: bool) -> PhotoQuerySet:
    """Waiting photos that this person may know of: those sent by guardians need a permission of their own."""
    return Photo.objects.waiting() if guardian else Photo.objects.waiting().exclude(Flag.GUARDIAN.condition)


def overview(reviewer: User, *, guardian: bool) -> Overview:
    """What waits for somebody with that permission, in one query whose work does not grow with the queue."""
    photos = visible(guardian=guardian)
    # A live claim is one on a waiting photo; asked for as well, the database would begin with all of those.
    claims = Claim.objects.live()
    if not guardian:
        claims = claims.exclude(photo__case__attestation=Attestation.GUARDIAN)
    flags = [flag for flag in Flag if guardian or flag is not Flag.GUARDIAN]
    questions: dict[str, Subquery] = {
        "waiting": _up_to(photos),
        "claimed": UpTo(claims.values("pk")),
        "oldest": Subquery(photos.oldest_first().values("received_at")[:1]),
        **{flag.name: _up_to(_flagged(photos, flag)) for flag in flags},
    }
    found: dict[str, Any] = dict(User.objects.values(**questions).get(pk=reviewer.pk))
    counts = {flag: found[flag.name] for flag in flags}
    return Overview(found["waiting"], counts, found["claimed"], found["oldest"])


def _up_to(photos: PhotoQuerySet) -> UpTo:
    return UpTo(photos.order_by().values("pk")[: MOST_COUNTED + 1])


def _flagged(photos: PhotoQuerySet, flag: Flag) -> PhotoQuerySet:
    if flag is not Flag.GUARDIAN:
        return photos.filter(flag.condition)
    # From the few cases of guardians to their photos: by the index of what waits it would be all photos.
    cases = Case.objects.filter(attestation=Attestation.GUARDIAN)
    return Photo.objects.alias(is_waiting=F("waits") + 0).filter(case__in=cases, is_waiting=1)


def rows(flag: Flag | None, *, guardian: bool) -> QuerySet[Photo]:
    """The photos of one filter, oldest first, with ``case_size`` and ``is_claimed``."""
    siblings = Photo.objects.filter(case=OuterRef("case")).order_by().values("case")
    return (
        (_flagged(visible(guardian=guardian), flag) if flag else visible(guardian=guardian))
        .select_related("case")
        .oldest_first()
        .annotate(
            case_size=Coalesce(Subquery(siblings.annotate(size=Count("pk")).values("size")), 1),
            is_claimed=Exists(Claim.objects.live().filter(photo=OuterRef("pk"))),
        )
    )


def flags_of(photo: Photo) -> list[Flag]:
    """What stands beside this photo, whose case has been fetched."""
    found = {
        Flag.APPEAL: photo.occasion == Occasion.APPEAL,
        Flag.SECOND_OPINION: photo.state == PhotoState.SECOND_OPINION,
        Flag.ESCALATED: photo.state == PhotoState.ESCALATED,
        Flag.CONTESTED: photo.occasion == Occasion.CONTESTED,
        Flag.SENT_AGAIN: photo.occasion in SENT_AGAIN,
        Flag.GUARDIAN: photo.case.attestation == Attestation.GUARDIAN,
    }
    return [flag for flag, is_so in found.items() if is_so]


def own_claims(reviewer: User) -> ClaimQuerySet:
    own = Claim.objects.live().filter(reviewer=reviewer).with_remaining()
    return own.select_related("photo__case").order_by("expires_at")
