"""What may be decided by whom: permissions, a fresh pair of eyes, assignments; and what is free just now."""

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from enrollment.models import Attestation, Photo, PhotoQuerySet
from enrollment.states import PhotoState
from review.models import Assignment, Claim, Decision, Outcome, Skip
from review.permissions import grants


def claimable(reviewer: User) -> PhotoQuerySet:
    """Every photo the reviewer could be given now, longest waiting first."""
    skipped = Skip.objects.filter(photo=OuterRef("pk"), reviewer=reviewer, until__gt=Now())
    return free(reviewer).filter(~Exists(skipped)).oldest_first()


def free(reviewer: User) -> PhotoQuerySet:
    """Photos the reviewer may decide and nobody has; those they would rather skip as well.

    A photo that was just passed on waits for the end of the undo time, so that nobody else has begun when
    it is taken back.
    """
    claimed = Claim.objects.live().filter(photo=OuterRef("pk"))
    return entitled(reviewer).filter(~Exists(claimed), due_at__lte=Now()).unleased()


def entitled(reviewer: User) -> PhotoQuerySet:
    """Photos that wait for a decision and that this reviewer may decide, with somebody now or not."""
    granted = grants(reviewer)
    photos = Photo.objects.waiting().filter(~Exists(spoken_on(reviewer)))
    if "decide_escalated" in granted:
        given_away = Assignment.objects.filter(photo=OuterRef("pk")).exclude(lead=reviewer)
        photos = photos.exclude(Exists(given_away), state=PhotoState.ESCALATED)
    else:
        photos = photos.exclude(state=PhotoState.ESCALATED)
    if "review_guardian" not in granted:
        photos = photos.exclude(case__attestation=Attestation.GUARDIAN)
    return photos


def spoken_on(reviewer: User) -> QuerySet[Decision]:
    """For a photo as OuterRef: words of this reviewer after which another person must look.

    Anything they said about the photo as it was sent this time, and any ruling on what was sent before.
    Having asked for more cover, or passed it on, says nothing about what comes then.
    """
    said = Decision.objects.standing().filter(photo=OuterRef("pk"), reviewer=reviewer)
    ruled = Q(outcome__in=[Outcome.COVERED, Outcome.NOT_COVERED])
    return said.filter(Q(round=F("photo__round")) | ruled)
