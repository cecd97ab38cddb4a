"""Who may work on a photo right now: a lease taken by compare-and-swap and timed by the database's clock."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from enrollment.models import Photo, PhotoQuerySet

# What the column holds; a purge is tried for ever, and counting further would one day stop it.
MOST_ATTEMPTS = 32_767


@dataclass(frozen=True)
class Lease:
    """The right to finish one step on one photo. ``attempt`` counts from 1 since its last transition."""

    photo_id: uuid.UUID
    token: uuid.UUID
    attempt: int


def claim(photo_id: uuid.UUID, due: PhotoQuerySet) -> Lease | None:
    """Take one photo out of ``due`` for ARC_LEASE_SECONDS; None when it is not due or another was faster.

    Committed before it returns, so that a worker killed later has left its attempt behind. Raises
    RuntimeError inside a transaction.
    """
    token = uuid.uuid4()
    with transaction.atomic(durable=True):
        taken = due.filter(pk=photo_id).update(
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.ARC_LEASE_SECONDS),
            attempts=Least(F("attempts") + 1, MOST_ATTEMPTS),
        )
        if not taken:
            return None
        attempt = Photo.objects.values_list("attempts", flat=True).get(pk=photo_id)
    return Lease(photo_id, token, attempt)


def forgive(lease: Lease) -> None:
    """The attempt failed for no fault of the photo, and does not count. The lease stays, as a pause."""
    held(lease).update(attempts=F("attempts") - 1)


def held(lease: Lease) -> PhotoQuerySet:
    """The photo, as long as the lease is neither over nor passed to another; else nothing."""
    return Photo.objects.filter(pk=lease.photo_id, lease_token=lease.token, lease_until__gte=Now())
