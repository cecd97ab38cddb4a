"""Photos sent and decided in this process, and how long a worker then takes with them."""

import secrets
import sys
import time
import uuid
from io import BytesIO

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db.models import Count
from django.db.models.functions import Now
from PIL import Image

from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured, working
from arcsite.demo_scenes import covered_photo
from enrollment import receipts, services
from enrollment.inspection import SentFile, inspect_all
from enrollment.models import Attestation, Photo
from enrollment.states import PhotoState
from review import audit, claims
from review import services as review_services
from review.models import AuditEntry, TermsVersion

SMALL_BYTES, PHOTOS_A_CASE = 280_000, 10
QUEUED, QUEUE_SECONDS, TELL_EVERY = 1000, 900.0, 10.0


def queue(share: float) -> list[Figure]:
    """Decided photos through the worker, from its start to the last one protected."""
    call_command("migrate", verbosity=0)
    photos = max(1, round(QUEUED * share))
    _tell(f"sending and deciding {photos} photos")
    reviewer = new_reviewer()
    fill_queue(photos)
    for _ in range(photos):
        decide(reviewer)
    Photo.objects.filter(state=PhotoState.COVERED).update(due_at=Now())
    with working():
        first, seconds = _worked_off(photos)
    done = _protected()
    doubled = sum(_doubled(action) for action in ("store_fingerprint", "protect"))
    fault = audit.verify().fault
    rate = done / seconds
    name = f"{photos} queued photos"
    return [
        Figure(f"{name}: protected", str(done), str(photos), done == photos),
        Figure(f"{name}: done twice", str(doubled), "0", doubled == 0),
        Figure(f"{name}: audit", fault or "holds", "holds", not fault),
        Figure(f"{name}: start of the worker", f"{first:.1f} s"),
        Figure(f"{name}: rate with it", f"{rate:.1f} /s", "> 5 /s", rate > 5),
    ]


def _worked_off(photos: int) -> tuple[float, float]:
    """Seconds until the first one was protected, and until all were or it takes too long."""
    started = time.perf_counter()
    first, told = 0.0, started
    while (done := _protected()) < photos and time.perf_counter() - started < QUEUE_SECONDS:
        now = time.perf_counter()
        first = first or (now - started if done else 0.0)
        if now - told >= TELL_EVERY:
            _tell(f"{done} of {photos} protected after {now - started:.0f} s")
            told = now
        time.sleep(0.2)
    return first, time.perf_counter() - started


def _protected() -> int:
    return Photo.objects.filter(state=PhotoState.PROTECTED).count()


def _doubled(action: str) -> int:
    entries = AuditEntry.objects.filter(action=action).values("photo").annotate(times=Count("seq"))
    return entries.filter(times__gt=1).count()


def _tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


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
