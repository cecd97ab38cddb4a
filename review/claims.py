"""Who is looking at which photo: at most one live claim a photo, timed by the database's clock."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from enrollment.models import Photo, PhotoQuerySet
from enrollment.states import PhotoState
from review import audit, eligibility
from review.conflicts import Conflict
from review.models import AuditEntry, Claim, Decision, Skip

ASIDE = timedelta(hours=1)
CLAIMED, VIEWED = "photo.claimed", "photo.viewed"


def take_next(reviewer: User) -> Claim | None:
    """Claim the photo that has waited longest and is free; ``None`` when nothing is.

    Whoever still holds a live claim gets that one again. Two reviewers asking in the same moment get
    different photos: the claim's unique photo decides, and the one who came second tries the next.
    """
    while True:
        with transaction.atomic():
            # A double click must not claim two photos: the second waits here, then finds the first's.
            User.objects.select_for_update().get(pk=reviewer.pk)
            if own := Claim.objects.live().filter(reviewer=reviewer).order_by("claimed_at").first():
                return own
            photo = _locked(eligibility.claimable(reviewer))
            if photo is None:
                return None
            if claim := _claim(photo, reviewer):
                return claim


def take(photo_id: uuid.UUID, reviewer: User) -> Claim:
    """Claim this very photo, as a lead does with an escalation; the own live claim when there is one.

    Raises ``Conflict`` when the photo is not free or not the reviewer's to decide.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reviewer.pk)
        if own := Claim.objects.live().filter(photo=photo_id, reviewer=reviewer).first():
            return own
        photo = _locked(eligibility.free(reviewer).filter(pk=photo_id))
        claim = _claim(photo, reviewer) if photo is not None else None
        if claim is None:
            raise why_not(photo_id, reviewer)
        return claim


def held(photo_id: uuid.UUID, reviewer: User) -> Claim:
    """The reviewer's own live claim, with photo, case and the reviewer's settings; raises ``Conflict``."""
    own = Claim.objects.live().filter(photo=photo_id, reviewer=reviewer)
    claim = own.with_remaining().select_related("photo__case", "reviewer__reviewer_settings").first()
    if claim is None:
        raise why_not(photo_id, reviewer)
    return claim


def extend(photo_id: uuid.UUID, reviewer: User) -> None:
    """Start the reviewer's time anew from now; raises ``Conflict`` when it had already run out."""
    own = Claim.objects.live().filter(photo=photo_id, reviewer=reviewer)
    if own.update(expires_at=expiry()) != 1:
        raise why_not(photo_id, reviewer)


def note_view(photo_id: uuid.UUID, reviewer: User) -> Claim:
    """Write into the audit that the picture is being shown; raises ``Conflict`` without a live claim."""
    with transaction.atomic():
        claim = held(photo_id, reviewer)
        number = claim.photo.case.number
        audit.append(VIEWED, actor=audit.staff(reviewer), photo=photo_id, case=number)
        return claim


def has_seen(photo_id: uuid.UUID, reviewer: User) -> bool:
    """Whether the picture was shown to the reviewer since they last claimed the photo."""
    own = AuditEntry.objects.filter(photo=photo_id, actor=audit.staff(reviewer))
    last = own.filter(action__in=[CLAIMED, VIEWED]).order_by("-seq").values_list("action", flat=True).first()
    return last == VIEWED


def set_aside(photo_id: uuid.UUID, reviewer: User) -> None:
    """Take a photo that cannot be shown out of everybody's way for an hour; raises ``Conflict``.

    Not for ever: a store that was not mounted comes back. The sweep raises the alarm meanwhile.
    """
    with transaction.atomic():
        claim = held(photo_id, reviewer)
        claim.delete()
        Photo.objects.waiting().filter(pk=photo_id).update(lease_until=Now() + ASIDE)
        audit.append(
            "photo.set_aside", actor=audit.staff(reviewer), photo=photo_id, case=claim.photo.case.number
        )


def release(photo_id: uuid.UUID, reviewer: User) -> bool:
    """Put the photo back into the queue. False when the reviewer held no live claim: nothing to do."""
    with transaction.atomic():
        photo = Photo.objects.select_related("case").get(pk=photo_id)
        gone, _ = Claim.objects.live().filter(photo=photo, reviewer=reviewer).delete()
        if gone:
            audit.append(
                "photo.released", actor=audit.staff(reviewer), photo=photo.pk, case=photo.case.number
            )
        return bool(gone)


def skip(photo_id: uuid.UUID, reviewer: User) -> None:
    """Put the photo back, not to be given it again for ARC_SKIP_MINUTES; raises ``Conflict``."""
    with transaction.atomic():
        claim = held(photo_id, reviewer)
        claim.delete()
        Skip.objects.update_or_create(
            photo_id=photo_id, reviewer=reviewer, defaults={"until": _after(settings.ARC_SKIP_MINUTES)}
        )
        audit.append(
            "photo.skipped", actor=audit.staff(reviewer), photo=photo_id, case=claim.photo.case.number
        )


def why_not(photo_id: uuid.UUID, reviewer: User) -> Conflict:
    """What to tell a reviewer who may not go on with this photo. Raises ``Photo.DoesNotExist``."""
    photo = Photo.objects.get(pk=photo_id)
    if photo.state == PhotoState.WITHDRAWN:
        return Conflict("withdrawn")
    said = Decision.objects.standing().of_this_round(photo)
    if said.filter(reviewer=reviewer).exists():
        return Conflict("decided-by-you")
    if photo.state not in PhotoState.waiting():
        return Conflict("decided-by-another" if said.exists() else "no-longer-waiting")
    holder = Claim.objects.live().filter(photo=photo).first()
    if holder is not None:
        return Conflict("old-form" if holder.reviewer_id == reviewer.pk else "claimed-by-another")
    if not eligibility.entitled(reviewer).filter(pk=photo.pk).exists():
        return Conflict("not-yours")
    return Conflict("claim-expired")


def _locked(photos: PhotoQuerySet) -> Photo | None:
    return photos.select_related("case").select_for_update(of=("self",), skip_locked=True).first()


def _claim(photo: Photo, reviewer: User) -> Claim | None:
    if not _take(photo, reviewer):
        return None
    audit.append(CLAIMED, actor=audit.staff(reviewer), photo=photo.pk, case=photo.case.number)
    return Claim.objects.get(photo=photo)


def _take(photo: Photo, reviewer: User) -> bool:
    """Take over a lapsed claim, or make the first one; False when somebody was quicker."""
    fields = {"reviewer": reviewer, "token": uuid.uuid4(), "claimed_at": Now(), "expires_at": expiry()}
    if Claim.objects.lapsed().filter(photo=photo).update(**fields) == 1:
        return True
    _, created = Claim.objects.get_or_create(photo=photo, defaults=fields)
    return created


def expiry() -> Combinable:
    """When a claim made now runs out."""
    return _after(settings.ARC_CLAIM_MINUTES)


def _after(minutes: int) -> Combinable:
    return ExpressionWrapper(Now() + timedelta(minutes=minutes), output_field=DateTimeField())
