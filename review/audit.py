"""The append-only, hash-chained record of everything that happened to a photo.

Each entry's digest covers its content and the digest before it, so an edit, an insertion or a
removal inside the chain shows. Cutting off the tail does not: the head must be kept elsewhere too.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from review.models import AuditEntry, AuditHead

GENESIS = "0" * 64


def append(
    action: str,
    *,
    actor: str,
    photo: uuid.UUID | None = None,
    case: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry inside the caller's transaction; the head row serialises concurrent writers."""
    with transaction.atomic():
        head, _ = AuditHead.objects.select_for_update().get_or_create(pk=1, defaults={"digest": GENESIS})
        entry = AuditEntry(
            seq=head.seq + 1,
            at=datetime.now(UTC).isoformat(timespec="microseconds"),
            actor=actor,
            action=action,
            photo=photo,
            case=case,
            details=json.dumps(details or {}, sort_keys=True, separators=(",", ":")),
            previous=head.digest,
        )
        entry.digest = digest_of(entry)
        entry.save(force_insert=True)
        AuditHead.objects.filter(pk=1).update(seq=entry.seq, digest=entry.digest)
        return entry


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON array of the entry's fields and the previous digest, in hex."""
    fields = [
        entry.seq, entry.at, entry.actor, entry.action, str(entry.photo or ""), entry.case, entry.details,
        entry.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What a walk over the chain found: ``fault`` is empty when all ``count`` entries hold."""

    count: int
    head: str
    fault: str


def verify(expected_head: str | None = None) -> Verdict:
    """Walk the whole chain. ``expected_head`` is a digest exported earlier: it must still be in it."""
    count, previous, seen = 0, GENESIS, expected_head is None or expected_head == GENESIS
    for entry in _chain(AuditEntry.objects.order_by("seq")):
        if entry.seq != count + 1:
            return Verdict(count, previous, f"entry {count + 1} is missing")
        if entry.previous != previous or entry.digest != digest_of(entry):
            return Verdict(count, previous, f"entry {entry.seq} was changed")
        count, previous = entry.seq, entry.digest
        seen = seen or entry.digest == expected_head
    head = AuditHead.objects.filter(pk=1).first()
    if head is None or (head.seq, head.digest) != (count, previous):
        if not (head is None and count == 0):
            return Verdict(count, previous, "the end of the chain was cut off or replaced")
    if not seen:
        return Verdict(count, previous, "the head exported earlier is no longer in the chain")
    return Verdict(count, previous, "")


def _chain(entries: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    return entries.iterator(chunk_size=2000)
