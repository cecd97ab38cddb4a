"""Photos on the list, and records planted for a partner, as rows; ``seed`` is the picture of ``grids.py``."""

import uuid
from typing import Any

from django.db import transaction
from grids import enroll
from photo_rows import MakePhoto

from enrollment.models import Photo
from enrollment.states import PhotoState
from matching import feed
from matching.engine.jsonform import to_json
from matching.models import FeedRecord, Fingerprint, Partner, Planted


def protect(make_photo: MakePhoto, seed: int) -> Photo:
    """A protected photo whose public copies have the grid ``draw_grid(seed)``."""
    photo = make_photo(PhotoState.FINGERPRINTED, original=None)
    list_again(photo, seed)
    return photo


def list_again(photo: Photo, seed: int) -> None:
    """The photo becomes protected (anew), with a fingerprint of its own."""
    protect_as(photo, dict(to_json(enroll(seed))))


def protect_as(photo: Photo, document: dict[str, Any]) -> None:
    """The same with this fingerprint in its JSON form."""
    with transaction.atomic():
        Fingerprint.objects.create(photo=photo, version=document["version"], document=document)
        feed.publish(photo.pk)
        Photo.objects.filter(pk=photo.pk).update(
            state=PhotoState.PROTECTED, original_removed_at=photo.received_at
        )


def plant(partner: Partner, seed: int, kind: str = Planted.Kind.TEST) -> FeedRecord:
    """A record that this partner alone sees."""
    with transaction.atomic():
        document = dict(to_json(enroll(seed)))
        return feed.plant(Planted.objects.create(partner=partner, kind=kind, document=document))


def fingerprint_id(photo: Photo) -> uuid.UUID:
    """Of the fingerprint that the photo has now."""
    return Fingerprint.objects.values_list("pk", flat=True).get(photo=photo)
