"""A long list, as bare rows: protected photos, their fingerprints, and the feed that tells of them.

The fingerprints are those of a few drawn pictures and many of noise, repeated under ids of their own: for a
search, one row costs what another costs.
"""

import uuid
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from arcsite.bench_rows import AT_ONCE
from enrollment import receipts
from enrollment.models import Attestation, Case, Photo
from enrollment.states import PhotoState
from matching import feed
from matching.cli.drawn_photos import drawn_photo
from matching.engine.bank import bank
from matching.engine.fingerprint import VERSION, make_fingerprint
from matching.engine.grid import SIZE, Grid, luma_grid
from matching.engine.jsonform import to_json
from matching.models import FeedHead, FeedRecord, Fingerprint

PICTURES = 100
# The first so many are drawn and listed once each, so that a copy matches one row.
ONCE = 2
MEAN, DEVIATION = 128, 40


def add_listed(count: int) -> None:
    """So many protected photos, a case each, as if they had been published one after the other."""
    head, _ = FeedHead.objects.get_or_create(pk=1)
    before = Case.objects.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        with transaction.atomic():
            _add([before + number for number in numbers], first_seq=head.seq + 1 + start)
    FeedHead.objects.filter(pk=1).update(seq=head.seq + count)


def _add(numbers: list[int], *, first_seq: int) -> None:
    now = timezone.now()
    cases = Case.objects.bulk_create(
        Case(
            number=receipts.derive(f"listed-{number}").number,
            secret_digest="0" * 64,
            submission_digest=f"{number:064x}",
            contents_digest="",
            attestation=Attestation.SELF,
        )
        for number in numbers
    )
    photos = Photo.objects.bulk_create(
        Photo(
            case=case,
            position=1,
            state=PhotoState.PROTECTED,
            due_at=now,
            width=640,
            height=480,
            coverage=0.2,
            detail=200.0,
            original_removed_at=now,
        )
        for case in cases
    )
    documents = [document(_picture(number)) for number in numbers]
    prints = Fingerprint.objects.bulk_create(
        Fingerprint(id=uuid.uuid4(), photo=photo, version=VERSION, document=its)
        for photo, its in zip(photos, documents, strict=True)
    )
    FeedRecord.objects.bulk_create(
        FeedRecord(
            fingerprint_id=fingerprint.pk,
            seq=seq,
            active_seq=seq,
            version=VERSION,
            wire=feed.wire_form(fingerprint.document),
            photo_id=fingerprint.photo_id,
        )
        for seq, fingerprint in enumerate(prints, start=first_seq)
    )


def _picture(number: int) -> int:
    return number if number < PICTURES else ONCE + number % (PICTURES - ONCE)


@lru_cache(maxsize=PICTURES)
def document(number: int) -> dict[str, Any]:
    """The JSON form of the fingerprint of one picture, covered in its middle."""
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[20:44, 24:40] = True
    return dict(to_json(make_fingerprint(grid(number), mask)))


def grid(number: int) -> Grid:
    """The grid [64, 64] of a picture. Noise needs no drawing, which would take longer than all the rest."""
    if number < ONCE:
        return luma_grid(np.asarray(drawn_photo(number).convert("L")))
    noise: Grid = np.clip(MEAN + DEVIATION * bank()[number], 0, 255)
    return noise
