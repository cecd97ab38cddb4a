"""The two steps after a decision: covered -> fingerprinted, and original destroyed -> protected or closed.

Each step claims the photo, works outside any transaction, and takes effect in one transaction that only
the holder of the lease can commit. Killed anywhere, it is done again after the lease; done twice, the
second finds nothing to do.
"""

import logging
import traceback
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from enrollment import originals, sandbox, transitions
from enrollment.models import Case, Photo
from enrollment.states import Edge, PhotoState, TimelineEvent
from enrollment.transitions import StaleState
from matching import feed, leases, wal
from matching.leases import Lease
from matching.models import Fingerprint

logger = logging.getLogger(__name__)


def process_photo(photo_id: uuid.UUID, *, actor: str) -> int:
    """Do all that is due on one photo and return how many steps took effect.

    Never raises for a step that failed: the photo stays as it is, and its lease is the pause before the
    next attempt.
    """
    return sum(_tried(step, photo_id, actor) for step in (fingerprint_photo, purge_photo))


def fingerprint_photo(photo_id: uuid.UUID, *, actor: str) -> bool:
    """Store the fingerprint of a covered photo; True when this call did it.

    The attempt after ARC_TASK_ATTEMPTS does not work on the photo but moves it to failed: whatever
    killed three workers would kill the fourth. Raises what the work raised, or StaleState when the photo
    was withdrawn or the lease ran out meanwhile; then nothing was stored.
    """
    lease = leases.claim(photo_id, Photo.objects.fingerprint_due())
    if lease is None:
        return False
    if lease.attempt > settings.ARC_TASK_ATTEMPTS:
        transitions.move(photo_id, Edge.FAIL, actor=actor, lease=lease.token)
        logger.critical(
            "ALARM photo %s failed %d times; see `sweep --retry-failed`", photo_id, lease.attempt - 1
        )
        return False
    extended = Case.objects.filter(photos=photo_id, extended=True).exists()
    make = sandbox.fingerprint_extended if extended else sandbox.fingerprint
    try:
        original = originals.open_original(photo_id)
    except originals.StoreSilent:
        leases.forgive(lease)
        raise
    document = make(original)
    _store(lease, document, actor)
    return True


def purge_photo(photo_id: uuid.UUID, *, actor: str) -> bool:
    """Destroy the original of a photo that needs it no longer; True when this call confirmed it.

    The row says so only after ``originals.destroy`` has verified it. Tried for ever. Raises NotDestroyed,
    or StaleState when the photo was withdrawn meanwhile; then the next attempt confirms.
    """
    lease = leases.claim(photo_id, Photo.objects.purge_due())
    if lease is None:
        return False
    if lease.attempt > settings.ARC_TASK_ATTEMPTS:
        logger.critical("ALARM photo %s is still not destroyed, attempt %d", photo_id, lease.attempt)
    originals.destroy(photo_id, lease=lease.token)
    _confirm_destroyed(lease, actor)
    wal.truncate()
    return True


def retry_failed(*, actor: str) -> int:
    """Give every failed photo its attempts back; returns how many."""
    failed = Photo.objects.filter(state=PhotoState.FAILED).values_list("pk", flat=True)
    return sum(_tried(_retry, photo_id, actor) for photo_id in list(failed))


def _retry(photo_id: uuid.UUID, *, actor: str) -> bool:
    transitions.move(photo_id, Edge.RETRY, actor=actor)
    return True


def _store(lease: Lease, document: dict[str, Any], actor: str) -> None:
    with transaction.atomic(durable=True):
        # Locked, so that a sender who changes their mind now finds the fingerprint, or is found by it.
        case = Case.objects.select_for_update(of=("self",)).get(photos=lease.photo_id)
        if not case.extended:
            document.pop("extended", None)
        transitions.move(lease.photo_id, Edge.STORE_FINGERPRINT, actor=actor, lease=lease.token)
        Fingerprint.objects.create(photo_id=lease.photo_id, version=document["version"], document=document)


def _confirm_destroyed(lease: Lease, actor: str) -> None:
    with transaction.atomic(durable=True):
        photo = Photo.objects.select_for_update().only("state").get(pk=lease.photo_id)
        if photo.state == PhotoState.WITHDRAWN:
            _confirm_withdrawn(lease, actor)
            return
        protect = photo.state == PhotoState.FINGERPRINTED
        if protect:
            # Before the move, which locks the audit's head: a withdrawal takes both locks in this order too.
            feed.publish(lease.photo_id)
        transitions.move(
            lease.photo_id,
            Edge.PROTECT if protect else Edge.CLOSE,
            actor=actor,
            lease=lease.token,
            original_removed_at=Now(),
            expires_at=_end_of_term(lease.photo_id) if protect else None,
        )


def _end_of_term(photo_id: uuid.UUID) -> Combinable | None:
    """When a photo that becomes protected now shall expire; None is never."""
    days = Case.objects.values_list("expires_after_days", flat=True).get(photos=photo_id)
    return Now() + timedelta(days=days) if days is not None else None


def _confirm_withdrawn(lease: Lease, actor: str) -> None:
    """A withdrawn photo stays withdrawn: no edge, but the same swap, timeline and audit."""
    confirmed = leases.held(lease).filter(state=PhotoState.WITHDRAWN).update(
        original_removed_at=Now(), lease_token=None, lease_until=None, attempts=0
    )  # fmt: skip
    if confirmed != 1:
        raise StaleState("the lease on a withdrawn photo had passed to another")
    transitions.record(lease.photo_id, TimelineEvent.PURGED.value, actor=actor)


def _tried(step: Any, photo_id: uuid.UUID, actor: str) -> bool:
    try:
        return bool(step(photo_id, actor=actor))
    except StaleState:
        logger.info("photo %s: %s was overtaken", photo_id, step.__name__)
    except Exception as error:
        # The message of a foreign error may quote what it worked on; its type and place say enough.
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.error(
            "photo %s: %s failed with %s at %s:%s, to be tried again",
            photo_id, step.__name__, type(error).__name__, place.name, place.lineno,
        )  # fmt: skip
    return False
