"""What partners are told: one record per fingerprint ever published, in the order of its latest word.

A record is written in the transaction of the change itself. Numbers are given out under the lock of one
row that is held to the commit, so a reader who saw n will never be shown a new record below n.
``pages`` is how it is read.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, Now

from enrollment.models import WithheldPartner
from enrollment.pepper import peppered
from matching import journal
from matching.engine.fingerprint import VERSION
from matching.models import FeedHead, FeedRecord, Fingerprint, Partner, Planted, Withheld

# An allow-list: a field the engine may add one day does not leave the house by accident.
FIELDS = ("version", "mask", "hash", "painted_hash", "sketch", "threshold", "coverage", "detail")
OPTIONAL_FIELDS = ("extended",)
# What fingerprints are made as today. Those made by older releases stay what they are.
VERSIONS = (VERSION,)
# More than is published between two backups, so that no number is ever given out again after a restore.
LEAP = 1_000_000
_ID_BYTES = 16
_NOBODY = 0  # as a partner's id


def publish(photo_id: uuid.UUID) -> None:
    """Tell partners about the fingerprint of a protected photo. Call in the transaction that protects it."""
    fingerprint = Fingerprint.objects.get(photo_id=photo_id)
    record = _send(fingerprint.pk, fingerprint.document, photo_id=photo_id)
    chosen = WithheldPartner.objects.filter(case__photos=photo_id).values("slug")
    Withheld.objects.bulk_create(
        [Withheld(record=record, partner=partner) for partner in Partner.objects.filter(slug__in=chosen)],
        ignore_conflicts=True,
    )
    _plant_due(record.seq)


def plant(planted: Planted) -> FeedRecord:
    """Tell the one partner about its planted fingerprint. Call in a transaction."""
    return _send(planted.pk, planted.document, partner=planted.partner)


def uproot(planted: Iterable[Planted]) -> None:
    """Turn planted records into tombstones; what never went out leaves nothing. Call in a transaction."""
    for one in planted:
        _bury(one.pk)


def withdraw(photo_id: uuid.UUID) -> None:
    """Delete the photo's fingerprint; what was published becomes a tombstone for ever.

    Call in the transaction that withdraws the photo.
    """
    with transaction.atomic():
        for fingerprint in Fingerprint.objects.only("pk").filter(photo_id=photo_id):
            _bury(fingerprint.pk)
            fingerprint.delete()


def retract(photo_id: uuid.UUID) -> None:
    """As ``withdraw``, but the photo may be published anew; noted, so that an old backup stays retracted.

    Call in the transaction that suspends the photo.
    """
    for fingerprint_id in list(Fingerprint.objects.filter(photo_id=photo_id).values_list("pk", flat=True)):
        journal.note(journal.RETRACTED, fingerprint_id)
    withdraw(photo_id)


def narrow(photo_id: uuid.UUID) -> None:
    """Forget the extended sketch of the photo's fingerprint; partners who have it are sent it anew without.

    Call in the transaction in which the sender takes it back.
    """
    for fingerprint in Fingerprint.objects.filter(photo_id=photo_id, document__has_key="extended"):
        del fingerprint.document["extended"]
        fingerprint.save(update_fields=["document"])
        if FeedRecord.objects.filter(fingerprint_id=fingerprint.pk, tombstone=False).exists():
            publish(photo_id)


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


def visible(partner: Partner) -> "QuerySet[FeedRecord]":
    """What this partner may be told of: its planted records and, when it is live, all it is not kept from."""
    if partner.stage != Partner.Stage.LIVE:
        return FeedRecord.objects.filter(partner=partner)
    return meant_for(partner, planted=True)


def meant_for(partner: Partner, *, planted: bool) -> "QuerySet[FeedRecord]":
    """What people let the partner have when it is live, whether or not it is, and what is ``planted``."""
    kept_from = Withheld.objects.filter(record=OuterRef("pk"), partner=partner)
    # "Nobody's or its own", said so that no database thinks of two indexes and then sorts the whole feed.
    owner = partner.pk if planted else _NOBODY
    whose = Coalesce(F("partner_id"), Value(owner))
    return FeedRecord.objects.alias(whose=whose).filter(~Exists(kept_from), whose=owner)


def wire_form(document: Mapping[str, Any]) -> str:
    """The JSON text of a fingerprint as partners are sent it: the allowed fields, always in one spelling."""
    fields = {name: document[name] for name in FIELDS}
    fields |= {name: document[name] for name in OPTIONAL_FIELDS if name in document}
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)


def public_id(partner: Partner, fingerprint_id: uuid.UUID) -> str:
    """The partner's own name for a fingerprint: stable, and of no use for comparing notes with another.

    A permutation of all UUIDs under a key of the partner's own, so that a report can be traced back by us.
    """
    return public_ids(partner, fingerprint_id.bytes)[0]


def public_ids(partner: Partner, fingerprint_ids: bytes) -> list[str]:
    """``public_id`` of many, which stand one behind the other, for little more than the price of one."""
    blocks = _permutation(partner).encryptor().update(fingerprint_ids)
    return [_spelled(blocks[start : start + _ID_BYTES]) for start in range(0, len(blocks), _ID_BYTES)]


def fingerprint_of(partner: Partner, public_id: str) -> uuid.UUID | None:
    """Turn ``public_id`` back; None for what cannot be an id. Nothing says that there is such a record."""
    try:
        block = base64.b64decode(public_id + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(block) != _ID_BYTES:
        return None
    fingerprint_id = uuid.UUID(bytes=_permutation(partner).decryptor().update(block))
    # The last character has spare bits: only one spelling is ours.
    return fingerprint_id if _spelled(block) == public_id else None


def _spelled(block: bytes) -> str:
    return base64.urlsafe_b64encode(block).decode("ascii").rstrip("=")


def _permutation(partner: Partner) -> "Cipher[modes.ECB]":
    """AES on single blocks: each UUID is one block and comes once, so there is nothing for a mode to hide."""
    return Cipher(algorithms.AES(peppered("feed-id", str(partner.pk))), modes.ECB())  # noqa: S305


def _send(
    fingerprint_id: uuid.UUID,
    document: Mapping[str, Any],
    *,
    photo_id: uuid.UUID | None = None,
    partner: Partner | None = None,
) -> FeedRecord:
    journal.note(journal.PUBLISHED, fingerprint_id)
    seq = _next_seq()
    said = {
        "seq": seq,
        "tombstone": False,
        "version": document["version"],
        "wire": wire_form(document),
        "published_at": Now(),
        "photo_id": photo_id,
        "partner": partner,
    }
    record, _ = FeedRecord.objects.update_or_create(
        fingerprint_id=fingerprint_id, defaults=said, create_defaults={**said, "active_seq": seq}
    )
    return record


def _bury(fingerprint_id: uuid.UUID) -> None:
    """A tombstone in the place of what was published; nothing where nothing was, or where there is one."""
    published = FeedRecord.objects.filter(fingerprint_id=fingerprint_id, tombstone=False)
    if published.exists():
        published.update(seq=_next_seq(), tombstone=True, version="", wire="", published_at=Now())


def _plant_due(seq: int) -> None:
    """Whatever waits to be planted among the records goes out when its number has come."""
    for planted in Planted.objects.filter(due_seq__lte=seq).select_related("partner").order_by("due_seq"):
        plant(planted)
        Planted.objects.filter(pk=planted.pk).update(due_seq=None)


def _next_seq() -> int:
    """The next number, kept from all others until the caller's transaction ends."""
    with transaction.atomic():
        head, _ = FeedHead.objects.select_for_update().get_or_create(pk=1)
        FeedHead.objects.filter(pk=1).update(seq=F("seq") + 1)
        return head.seq + 1
