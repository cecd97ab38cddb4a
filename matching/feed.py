"""What partners are told: one record per fingerprint ever published, in the order of its latest word.

A record is written in the transaction of the change itself. Numbers are given out under the lock of one
row that is held to the commit, so a reader who saw n will never be shown a new record below n.
"""

import base64
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Now

from enrollment.pepper import peppered
from matching import journal
from matching.models import FeedHead, FeedRecord, Fingerprint, Partner

# An allow-list: a field the engine may add one day does not leave the house by accident.
FIELDS = ("version", "mask", "hash", "painted_hash", "sketch", "threshold", "coverage", "detail")
OPTIONAL_FIELDS = ("extended",)
PAGE = 500
LARGEST_PAGE = 1000
# More than is published between two backups, so that no number is ever given out again after a restore.
LEAP = 1_000_000
_ID_BYTES = 18


class CursorAhead(Exception):
    """The cursor lies beyond everything ever published here."""


@dataclass(frozen=True)
class Page:
    """Records in order of ``seq``; ``next`` is the cursor of the following page."""

    records: list[dict[str, Any]]
    next: int
    more: bool


def publish(photo_id: uuid.UUID) -> None:
    """Tell partners about the fingerprint of a protected photo. Call in the transaction that protects it."""
    fingerprint = Fingerprint.objects.only("pk").get(photo_id=photo_id)
    journal.note(journal.PUBLISHED, fingerprint.pk)
    FeedRecord.objects.update_or_create(
        fingerprint_id=fingerprint.pk,
        defaults={"seq": _next_seq(), "tombstone": False, "published_at": Now()},
    )


def withdraw(photo_id: uuid.UUID) -> None:
    """Delete the photo's fingerprint; what was published becomes a tombstone for ever.

    Call in the transaction that withdraws the photo.
    """
    with transaction.atomic():
        for fingerprint in Fingerprint.objects.only("pk").filter(photo_id=photo_id):
            published = FeedRecord.objects.filter(fingerprint_id=fingerprint.pk)
            if published.exists():
                published.update(seq=_next_seq(), tombstone=True, published_at=Now())
            fingerprint.delete()


def retract(photo_id: uuid.UUID) -> None:
    """As ``withdraw``, but the photo may be published anew; noted, so that an old backup stays retracted.

    Call in the transaction that suspends the photo.
    """
    for fingerprint_id in list(Fingerprint.objects.filter(photo_id=photo_id).values_list("pk", flat=True)):
        journal.note(journal.RETRACTED, fingerprint_id)
    withdraw(photo_id)


def leap() -> None:
    """Skip every number that may have been given out since the backup that was just restored.

    Call before anything else is said to partners: whoever read that far would never see it.
    """
    FeedHead.objects.get_or_create(pk=1)
    FeedHead.objects.filter(pk=1).update(seq=F("seq") + LEAP)


def retract_unknown(published: Iterable[uuid.UUID]) -> int:
    """Tombstones for fingerprints that partners were told of and that this database never heard of.

    Call in a transaction. Returns how many.
    """
    known = set(Fingerprint.objects.values_list("pk", flat=True))
    known |= set(FeedRecord.objects.values_list("pk", flat=True))
    unknown = sorted(set(published) - known)
    FeedRecord.objects.bulk_create(
        FeedRecord(fingerprint_id=fingerprint_id, seq=_next_seq(), tombstone=True)
        for fingerprint_id in unknown
    )
    return len(unknown)


def page(partner: Partner, *, after: int, limit: int) -> Page:
    """At most ``limit`` records after ``after``, as this partner may see them. Raises CursorAhead."""
    head = FeedHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
    if after > head:
        raise CursorAhead
    # One statement, one snapshot: a withdrawal between two would leave a record without its fingerprint.
    document = Fingerprint.objects.filter(pk=OuterRef("fingerprint_id")).values("document")[:1]
    rows = list(
        FeedRecord.objects.filter(seq__gt=after)
        .annotate(document=Subquery(document))
        .order_by("seq")
        .values_list("seq", "fingerprint_id", "tombstone", "document")[: limit + 1]
    )
    records = [_record(partner, *row) for row in rows[:limit]]
    return Page(records, next=records[-1]["seq"] if records else after, more=len(rows) > limit)


def public_id(partner: Partner, fingerprint_id: uuid.UUID) -> str:
    """The partner's own name for a fingerprint: stable, and of no use for comparing notes with another."""
    digest = peppered("feed-id", str(partner.pk), fingerprint_id.bytes)
    return base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode("ascii")


def _record(
    partner: Partner, seq: int, fingerprint_id: uuid.UUID, tombstone: bool, document: dict[str, Any] | None
) -> dict[str, Any]:
    record: dict[str, Any] = {"seq": seq, "id": public_id(partner, fingerprint_id)}
    if tombstone or document is None:
        return {**record, "status": "withdrawn"}
    fields = {name: document[name] for name in FIELDS}
    fields |= {name: document[name] for name in OPTIONAL_FIELDS if name in document}
    return {**record, "status": "active", "fingerprint": fields}


def _next_seq() -> int:
    """The next number, kept from all others until the caller's transaction ends."""
    with transaction.atomic():
        head, _ = FeedHead.objects.select_for_update().get_or_create(pk=1)
        FeedHead.objects.filter(pk=1).update(seq=F("seq") + 1)
        return head.seq + 1
