"""Photos sent and decided, in this process: what a worker then finds to do."""

import secrets
import uuid
from io import BytesIO

from django.contrib.auth.models import Group, User
from PIL import Image

from arcsite.bench_service import NotMeasured
from arcsite.demo_scenes import covered_photo
from enrollment import receipts, services
from enrollment.inspection import SentFile, inspect_all
from enrollment.models import Attestation, Photo
from review import claims
from review import services as review_services
from review.models import TermsVersion

SMALL_BYTES, PHOTOS_A_CASE = 280_000, 10


def new_reviewer() -> User:
    """Somebody who may decide."""
    reviewer = User.objects.create_user(f"bench-{secrets.token_hex(4)}")
    reviewer.groups.add(Group.objects.get(name="Reviewer"))
    return reviewer


def fill_queue(photos: int) -> None:
    """Enrol until so many wait, those of before included."""
    missing = photos - Photo.objects.awaiting_review().count()
    data = jpeg(SMALL_BYTES)
    [inspected] = inspect_all([SentFile("photo.jpg", data, len(data))])
    while missing > 0:
        some = min(missing, PHOTOS_A_CASE)
        services.enroll(receipts.new_token(), [inspected] * some, contents="", attestation=Attestation.SELF)
        missing -= some


def decide(reviewer: User) -> uuid.UUID:
    """Find the next photo protected by the terms, as a reviewer would; which it was. Raises NotMeasured."""
    claim = claims.take_next(reviewer)
    if claim is None:
        raise NotMeasured("the queue ran empty before enough photos were decided")
    claims.note_view(claim.photo_id, reviewer)
    clause = TermsVersion.objects.current().clauses.get(code="P1")
    review_services.decide(claim.photo_id, reviewer, token=claim.token, choice=clause.outcome, clause=clause)
    return claim.photo_id


def jpeg(most_bytes: int, sides: tuple[int, int] | None = None) -> bytes:
    """A drawn covered photo; of ``sides``, or of the best quality that fits into ``most_bytes``."""
    with Image.open(BytesIO(covered_photo("beach"))) as picture:
        if sides is not None:
            return _encoded(picture.resize(sides), 85)
        return next(
            data for quality in range(97, 0, -2) if len(data := _encoded(picture, quality)) <= most_bytes
        )


def _encoded(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
