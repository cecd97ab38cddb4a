"""Waiting photos that look like photos of other cases: one picture sent often is not judged by chance.

Of a waiting photo only its sketch is kept, and only as long as it waits. Each is compared once, with every
fingerprint and every other waiting sketch, by a worker: neither sending nor deciding waits for it.
"""

import base64
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from enrollment import originals, sandbox
from enrollment.models import Photo
from matching.engine.fingerprint import VERSION
from matching.engine.likeness import alike
from matching.engine.sketch import SKETCH_BYTES, Signs, decoded
from matching.models import Fingerprint, WaitingSketch
from review.models import NearDuplicate

logger = logging.getLogger(__name__)

# Comparing more of them together reads all the others less often.
AT_ONCE = 200
OTHERS_AT_ONCE = 10_000
ATTEMPTS = 3
# Of the picture that everybody sends, these are enough to know it by.
MOST_NEIGHBOURS = 20

UNUSABLE = (originals.OriginalGone, originals.OriginalDamaged, sandbox.SandboxFailed)


# A photo, its case, and its sketch: bytes in one table, base64 in the other.
Row = tuple[uuid.UUID, int, bytes | memoryview | str]


@dataclass(frozen=True)
class Sketches:
    """Photos, the cases they belong to, and their sketches: signs int8 [n, 480]."""

    photos: list[uuid.UUID]
    cases: list[int]
    signs: Signs


def due() -> QuerySet[WaitingSketch]:
    """Waiting photos whose neighbours were not looked for yet; not what was unreadable three times."""
    worth_it = Q(attempts__lt=ATTEMPTS) | ~Q(sketch=b"")
    return WaitingSketch.objects.filter(worth_it, compared_at__isnull=True).order_by("pk")


def compare_waiting(seconds: float) -> int:
    """Compare waiting photos for about so long, each once; returns how many were.

    May run in two processes at once: a pair is stored once, whoever finds it.
    """
    until, compared, last = time.monotonic() + seconds, 0, uuid.UUID(int=0)
    while batch := dict(due().filter(pk__gt=last).values_list("pk", "sketch")[:AT_ONCE]):
        # Stored before anything is compared, so that of two photos sketched at once one finds the other.
        _sketch_those([photo_id for photo_id, sketch in batch.items() if not sketch], until)
        compared += _compare([*batch])
        if time.monotonic() >= until:
            break
        last = max(batch)
    return compared


def enlist_missed() -> int:
    """Take in waiting photos that no trigger told of, and forget what waits no more; returns how many."""
    missed = Photo.objects.waiting().filter(~Q(pk__in=WaitingSketch.objects.values("pk")))
    rows = [WaitingSketch(photo_id=photo_id) for photo_id in missed.values_list("pk", flat=True)]
    WaitingSketch.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    forgotten, _ = WaitingSketch.objects.exclude(photo__waits=1).delete()
    return len(rows) + forgotten


def enlist(photo_id: uuid.UUID) -> None:
    """The photo waits for a reviewer from now on. Call in the transaction that makes it wait."""
    WaitingSketch.objects.bulk_create([WaitingSketch(photo_id=photo_id)], ignore_conflicts=True)


def keep_sketch(photo_id: uuid.UUID, sketch: bytes) -> None:
    """What was seen of the photo's picture when it was taken in. Call in the transaction that keeps it.

    What is no sketch is not kept; then one is drawn later.
    """
    if len(sketch) == SKETCH_BYTES:
        WaitingSketch.objects.filter(pk=photo_id).update(sketch=sketch)


def forget(photo_id: uuid.UUID) -> None:
    """The photo waits no more. Call in the transaction that ends it."""
    WaitingSketch.objects.filter(photo=photo_id).delete()


def forget_neighbours(photo_id: uuid.UUID) -> None:
    """Nothing that shows the photo is kept any more, or it was sent anew."""
    NearDuplicate.objects.filter(Q(photo=photo_id) | Q(other=photo_id)).delete()


def _sketch_those(photo_ids: list[uuid.UUID], until: float) -> None:
    """At least one; what is left waits for the next turn."""
    for photo_id in photo_ids:
        _sketch(photo_id)
        if time.monotonic() >= until:
            return


def _sketch(photo_id: uuid.UUID) -> None:
    """Draw the sketch of a waiting photo that came without: one that was restored, or decided and taken back.

    The attempt is counted before the work.

    A row that was made anew meanwhile belongs to another picture; it counts from zero again.
    """
    row = WaitingSketch.objects.filter(pk=photo_id, sketch=b"", attempts__lt=ATTEMPTS).first()
    if row is None:
        return
    untouched = WaitingSketch.objects.filter(pk=photo_id, sketch=b"")
    if not untouched.filter(attempts=row.attempts).update(attempts=row.attempts + 1):
        return
    try:
        document = sandbox.fingerprint(originals.open_original(photo_id))
    except UNUSABLE as error:
        logger.info("photo %s could not be compared: %s", photo_id, type(error).__name__)
        return
    sketch = base64.b64decode(document["sketch"])
    untouched.filter(attempts=row.attempts + 1).update(sketch=sketch)


def _compare(photo_ids: list[uuid.UUID]) -> int:
    rows = WaitingSketch.objects.filter(pk__in=photo_ids, compared_at__isnull=True).exclude(sketch=b"")
    ones = _sketches(list(rows.values_list("pk", "photo__case", "sketch")))
    if not ones.photos:
        return 0
    found: dict[uuid.UUID, dict[uuid.UUID, float]] = {photo_id: {} for photo_id in ones.photos}
    for others in _all_others():
        for one, other, distance in zip(*alike(ones.signs, others.signs), strict=True):
            if ones.cases[one] != others.cases[other]:
                found[ones.photos[one]][others.photos[other]] = float(distance)
    return _store(found)


def _all_others() -> Iterator[Sketches]:
    """Everything there is to compare with, in parts: waiting sketches, then fingerprints of this version."""
    waiting = WaitingSketch.objects.exclude(sketch=b"").values_list("pk", "photo__case", "sketch")
    kept = Fingerprint.objects.filter(version=VERSION)
    stored = kept.values_list("photo_id", "photo__case", "document__sketch")
    yield from _parts(waiting, "pk")
    yield from _parts(stored, "photo_id")


def _parts(rows: QuerySet[Any, Row], key: str) -> Iterator[Sketches]:
    """By key rather than by cursor: no statement stays open while another part is compared."""
    last = uuid.UUID(int=0)
    while part := list(rows.filter(**{f"{key}__gt": last}).order_by(key)[:OTHERS_AT_ONCE]):
        yield _sketches(part)
        last = part[-1][0]


def _sketches(rows: list[Row]) -> Sketches:
    codes = b"".join(base64.b64decode(code) if isinstance(code, str) else bytes(code) for _, _, code in rows)
    table = np.frombuffer(codes, np.uint8).reshape(-1, SKETCH_BYTES)
    return Sketches([row[0] for row in rows], [row[1] for row in rows], decoded(table))


def _store(found: dict[uuid.UUID, dict[uuid.UUID, float]]) -> int:
    """Write the pairs whose photos are both still here, and that their photos were compared."""
    nearest = {
        photo_id: sorted(others, key=lambda other: others[other])[:MOST_NEIGHBOURS]
        for photo_id, others in found.items()
    }
    with transaction.atomic():
        rows = WaitingSketch.objects.select_for_update().filter(pk__in=[*found])
        compared = rows.filter(compared_at__isnull=True).values_list("pk", flat=True)
        waiting = set(compared)
        received = _received({photo for one in waiting for photo in (one, *nearest[one])})
        pairs = {
            _later_first(received, one, other): found[one][other]
            for one in waiting
            for other in nearest[one]
            if other in received
        }
        NearDuplicate.objects.bulk_create(
            [NearDuplicate(photo_id=late, other_id=early, distance=d) for (late, early), d in pairs.items()],
            ignore_conflicts=True,
        )
        return WaitingSketch.objects.filter(pk__in=waiting).update(compared_at=Now())


def _received(photo_ids: set[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each of these photos was received, of those that a sketch or a fingerprint is still kept of."""
    kept = Q(pk__in=WaitingSketch.objects.values("pk")) | Q(pk__in=Fingerprint.objects.values("photo"))
    photos = Photo.objects.filter(kept, pk__in=photo_ids)
    return dict(photos.values_list("pk", "received_at"))


def _later_first(
    received: dict[uuid.UUID, datetime], one: uuid.UUID, other: uuid.UUID
) -> tuple[uuid.UUID, uuid.UUID]:
    """A pair has one order, so that it is one row whichever of the two was compared last."""
    early, late = sorted((one, other), key=lambda photo: (received[photo], photo))
    return late, early
