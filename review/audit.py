"""The append-only, hash-chained record of everything that happened to a photo.

Each entry's digest covers its content and the digest before it, so an edit, an insertion or a
removal inside the chain shows. Cutting off the tail does not: the head must be kept elsewhere too.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from review.models import AuditEntry, AuditHead

GENESIS = "0" * 64
CUT_OFF = "the end of the chain was cut off or replaced"
HEAD_GONE = "the head exported earlier is no longer in the chain"


def append(
    action: str,
    *,
    actor: str,
    photo: uuid.UUID | None = None,
    case: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry inside the caller's transaction; the head row serialises concurrent writers."""
    with transaction.atomic(savepoint=False):  # what cannot be audited does not happen
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


def staff(user: User) -> str:
    """How a member of staff is named as an actor; user names may change, keys do not."""
    return f"staff:{user.pk}"


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


class Broken(Exception):
    """A link of the chain does not hold; the text says which."""


def sound(entries: Iterable[AuditEntry], *, after: int, head: str) -> Iterator[AuditEntry]:
    """The entries, in order of number from ``after`` + 1 on, each once it is known to hold.

    ``head`` is the digest of entry ``after``. Raises Broken at the first entry that does not hold.
    """
    for expected, entry in enumerate(entries, start=after + 1):
        if entry.seq != expected:
            raise Broken(f"entry {expected} is missing")
        if entry.previous != head or entry.digest != digest_of(entry):
            raise Broken(f"entry {expected} was changed")
        head = entry.digest
        yield entry


def verify(expected_head: str | None = None) -> Verdict:
    """Walk the whole chain. ``expected_head`` is a digest exported earlier: it must still be in it.

    Nothing is locked: entries that arrive during a long walk are walked as well, until the walk and
    the head agree. Memory stays constant.
    """
    count, previous, seen = 0, GENESIS, expected_head in {None, GENESIS}
    if AuditEntry.objects.filter(seq__lt=1).exists():
        return Verdict(count, previous, "an entry stands before the first one")
    while True:
        start = count
        entries = AuditEntry.objects.filter(seq__gt=count).order_by("seq").iterator(chunk_size=2000)
        try:
            for entry in sound(entries, after=count, head=previous):
                count, previous = entry.seq, entry.digest
                seen = seen or entry.digest == expected_head
        except Broken as broken:
            return Verdict(count, previous, str(broken))
        head = current_head()
        if head.seq <= count or count == start:
            break
    if (head.seq, head.digest) != (count, previous):
        return Verdict(count, previous, CUT_OFF)
    if not seen:
        return Verdict(count, previous, HEAD_GONE)
    return Verdict(count, previous, "")


def current_head() -> AuditHead:
    """The end of the chain as it is recorded; before the first entry, where the first one joins."""
    return AuditHead.objects.filter(pk=1).first() or AuditHead(seq=0, digest=GENESIS)
