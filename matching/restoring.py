"""Making an old database true again: what happened after its backup and must never be undone."""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrollment.models import Case, OriginalKey, Photo
from enrollment.services import revoke_extended
from enrollment.states import Edge, PhotoState
from enrollment.transitions import move
from matching import feed
from matching.journal import Journal
from matching.models import Fingerprint
from review import audit

logger = logging.getLogger(__name__)

ACTOR = "restore"


@dataclass(frozen=True)
class Reapplied:
    """Photos ``withdrawn`` again, fingerprints ``retracted`` from partners, photos ``lost`` undecided.

    Of the photos a partner had questioned, ``suspended`` are again; the extended fingerprints of ``narrowed``
    cases were taken back again.
    """

    withdrawn: int
    retracted: int
    lost: int
    suspended: int = 0
    narrowed: int = 0


def reapply(journal: Journal) -> Reapplied:
    """Bring a database just restored from a backup up to what the journal knows. Safe to repeat.

    Withdrawn stays withdrawn, and what a partner questioned stays out of the feed until it is decided. What
    partners were sent and this database does not know becomes a tombstone, since its owner could not withdraw
    it any more. A photo that still needs its original has lost it (keys are in no backup): its sender is told
    to send it again, and the purge removes what is left of the file.
    """
    with transaction.atomic(durable=True):
        feed.leap()
        again = Photo.objects.exclude(state=PhotoState.WITHDRAWN).values_list("pk", flat=True)
        withdrawn = _move_all(set(again) & journal.withdrawn, Edge.WITHDRAW)
        retracted = feed.retract_unknown(journal.published)
        suspended = _suspend_again(journal.retracted)
        narrowed = _narrow_again(journal.narrowed)
        lost = _move_all(_without_original(), Edge.LOSE)
        done = Reapplied(withdrawn, retracted, lost, suspended, narrowed)
        audit.append("restore", actor=ACTOR, details=asdict(done))
    logger.warning("restored from a backup: %s", done)
    return done


def _suspend_again(retracted: frozenset[uuid.UUID]) -> int:
    """A backup may be older than the purge of such a photo; then its sender starts anew."""
    questioned = dict(Fingerprint.objects.filter(pk__in=retracted).values_list("photo_id", "photo__state"))
    held = {photo_id for photo_id, state in questioned.items() if state == PhotoState.PROTECTED}
    term = timezone.now() + timedelta(days=settings.ARC_CONTEST_DAYS)
    for photo_id in sorted(held):
        move(photo_id, Edge.SUSPEND, actor=ACTOR, due_at=term)
    return len(held) + _move_all(questioned.keys() - held, Edge.WITHDRAW)


def _narrow_again(photos: frozenset[uuid.UUID]) -> int:
    cases = Case.objects.filter(extended=True, photos__in=photos).distinct()
    return sum(revoke_extended(case, actor=ACTOR) for case in list(cases))


def _move_all(photo_ids: Iterable[uuid.UUID], edge: Edge) -> int:
    return len([move(photo_id, edge, actor=ACTOR) for photo_id in sorted(photo_ids)])


def _without_original() -> set[uuid.UUID]:
    needing = Photo.objects.filter(state__in=Edge.LOSE.sources)
    return set(
        needing.filter(~Exists(OriginalKey.objects.filter(pk=OuterRef("pk")))).values_list("pk", flat=True)
    )
