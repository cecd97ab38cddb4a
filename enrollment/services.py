"""What happens to a case from the outside: it is sent, opened, sent again, withdrawn; or a term is over."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from enrollment import originals, receipts, transitions, wishes
from enrollment.inspection import SentFile, Unavailable, inspect_all
from enrollment.models import Attestation, Case, OriginalKey, Photo
from enrollment.occasions import occasion_of
from enrollment.receipts import Receipt
from enrollment.sandbox import Inspected
from enrollment.signals import picture_taken_in
from enrollment.states import Edge, Occasion, PhotoState, TimelineEvent
from enrollment.wishes import Wishes

RECEIPT_SHOWN_SECONDS = 3600
NUMBER_ATTEMPTS = 4
NO_WISHES = Wishes()
# Compared against when there is no such case, so that both mistakes take the same path.
_NOBODY = "0" * 64

log = logging.getLogger(__name__)


class Sealed(NamedTuple):
    """A photo in the store: its id, the name of its file, and the wrapped key."""

    photo_id: uuid.UUID
    name: uuid.UUID
    wrapped: bytes


@dataclass(frozen=True)
class Enrolled:
    """An answered submission. ``repeated`` when an earlier send of the same form already made the case,
    ``other_photos`` when this send carried different files (which were not kept). ``wishes`` are those of
    the send that counted."""

    receipt: Receipt
    photos: int
    wishes: Wishes = NO_WISHES
    stripped: tuple[str, ...] = ()
    repeated: bool = False
    other_photos: bool = False


class AlreadyReceived(Exception):
    """The form was sent too long ago to show its secret again; the case exists."""


class NotTheTime(Exception):
    """This photo cannot be sent again, or was in this very moment."""


class NoSuchCase(Exception):
    """Number and secret do not open a case; deliberately not said which is wrong."""


def submit(
    token: str, files: Sequence[SentFile], attestation: Attestation, wished: Wishes = NO_WISHES
) -> Enrolled:
    """Look at every file, then make one case of all of them, once per token.

    Raises UploadRefused, AlreadyReceived or Unavailable; then nothing of this send is kept.
    """
    contents = receipts.contents_digest(token, (file.data for file in files))
    if earlier := _answered_before(token, contents):
        return earlier
    photos = inspect_all(files)
    try:
        receipt = enroll(token, photos, contents=contents, attestation=attestation, wished=wished)
    except IntegrityError:
        if earlier := _answered_before(token, contents):
            return earlier
        raise
    stripped = {name: None for photo in photos for name in photo.stripped}
    return Enrolled(receipt, len(photos), wished, stripped=tuple(stripped))


def enroll(
    token: str,
    photos: Sequence[Inspected],
    *,
    contents: str,
    attestation: Attestation,
    wished: Wishes = NO_WISHES,
) -> Receipt:
    """Seal the photos, then write case, photos, keys and timelines in one transaction.

    Files come first: a crash in between leaves unreadable strays, never a photo without bytes. Raises
    IntegrityError when the token made a case already, Unavailable when store or database fail; then nothing
    is left.
    """
    sealed: list[Sealed] = []
    with _discarding(sealed):
        for photo in photos:
            photo_id = uuid.uuid4()
            sealed.append(Sealed(photo_id, photo_id, originals.seal(photo_id, photo.working)))
        return _record(token, photos, sealed, contents, attestation, wished)


def resend(photo: Photo, file: SentFile) -> Occasion:
    """Take a closed or questioned photo anew, to be decided by somebody else; why, is the answer.

    Inspected like any other, kept under a new name and key, once per round. Raises UploadRefused,
    NotTheTime or Unavailable; then nothing of this send is kept.
    """
    occasion = occasion_of(photo, photo.timeline.all())
    if occasion is None:
        raise NotTheTime
    (inspected,) = inspect_all([file])
    name = uuid.uuid4()
    sealed: list[Sealed] = []
    with _discarding(sealed):
        sealed.append(Sealed(photo.pk, name, originals.seal(photo.pk, inspected.working, name=name)))
        try:
            _record_again(photo, inspected, sealed[0], occasion)
        except transitions.StaleState:
            raise NotTheTime from None
    return occasion


def open_case(number: str, secret: str) -> Case:
    """The case behind a typed number and secret. Raises NoSuchCase, whichever is wrong, after equal work."""
    plain_number = receipts.read_number(number) or ""
    case = Case.objects.filter(number=plain_number).first()
    stored = case.secret_digest if case is not None else _NOBODY
    if not receipts.is_secret(receipts.read_secret(secret) or "", plain_number, stored) or case is None:
        raise NoSuchCase
    return case


def withdraw(photos: Sequence[Photo]) -> int:
    """Stop matching of these photos at once, all or none; a photo withdrawn before is left alone.

    Returns how many were withdrawn now. Their originals are purged by the sweep's rules.
    """
    with transaction.atomic():
        return sum(_moved(photo.pk, Edge.WITHDRAW, actor="submitter") for photo in photos)


def revoke_extended(case: Case, *, actor: str) -> bool:
    """Go on with plain fingerprints only, for all photos of the case; False when that was so already.

    A case and its photos are locked in this order by whoever stores a fingerprint, too.
    """
    with transaction.atomic():
        if not Case.objects.filter(pk=case.pk, extended=True).update(extended=False):
            return False
        photos = case.photos.select_for_update().exclude(state=PhotoState.WITHDRAWN).order_by("pk")
        for photo in list(photos):
            transitions.record(photo.pk, TimelineEvent.NARROWED.value, actor=actor)
    return True


def lapse_overdue() -> int:
    """Give up on photos that were neither decided nor mended within ARC_REVIEW_DAYS; returns how many.

    A questioned photo that was not sent again in its term is withdrawn, and a protected one expires at the
    end of the term that its sender chose. Safe to repeat.
    """
    overdue = {
        Edge.LAPSE: Photo.objects.lapse_due(),
        Edge.LOSE: Photo.objects.lose_due(),
        Edge.WITHDRAW: Photo.objects.contest_over(),
        Edge.EXPIRE: Photo.objects.expire_due(),
    }
    return sum(
        _moved(photo_id, edge, actor="sweep", only_if={"state": state, "round": number})
        for edge, photos in overdue.items()
        for photo_id, state, number in list(photos.values_list("pk", "state", "round"))
    )


def _moved(photo_id: uuid.UUID, edge: Edge, *, actor: str, only_if: dict[str, Any] | None = None) -> bool:
    try:
        transitions.move(photo_id, edge, actor=actor, only_if=only_if)
    except transitions.StaleState:
        return False
    return True


def _answered_before(token: str, contents: str) -> Enrolled | None:
    """The answer to an earlier send of the same form, if there was one. Raises AlreadyReceived."""
    case = Case.objects.filter(submission_digest=receipts.submission_digest(token)).first()
    if case is None:
        return None
    fresh = Case.objects.filter(pk=case.pk, created_at__gt=Now() - timedelta(seconds=RECEIPT_SHOWN_SECONDS))
    if not fresh.exists():
        raise AlreadyReceived
    receipt = Receipt(number=case.number, secret=receipts.derive_secret(token))
    other = case.contents_digest != contents
    return Enrolled(receipt, case.photos.count(), wishes.wishes_of(case), repeated=True, other_photos=other)


def _record(
    token: str,
    photos: Sequence[Inspected],
    sealed: Sequence[Sealed],
    contents: str,
    attestation: Attestation,
    wished: Wishes,
) -> Receipt:
    """One transaction per number tried; another number only when this one belongs to another case."""
    for attempt in range(NUMBER_ATTEMPTS):
        receipt = receipts.derive(token, attempt)
        try:
            with transaction.atomic(durable=True):
                case = Case.objects.create(
                    number=receipt.number,
                    secret_digest=receipts.secret_digest(receipt.number, receipt.secret),
                    submission_digest=receipts.submission_digest(token),
                    contents_digest=contents,
                    attestation=attestation,
                    extended=wished.extended,
                    expires_after_days=wished.term,
                )
                wishes.note(case, wished)
                _record_photos(case, photos, sealed)
            return receipt
        except IntegrityError:
            if attempt + 1 == NUMBER_ATTEMPTS or not _number_is_taken(receipt.number, token):
                raise
    raise AssertionError("unreachable")


def _record_photos(case: Case, photos: Sequence[Inspected], sealed: Sequence[Sealed]) -> None:
    for position, (inspected, kept) in enumerate(zip(photos, sealed, strict=True), start=1):
        photo = Photo.objects.create(
            id=kept.photo_id,
            case=case,
            position=position,
            width=inspected.width,
            height=inspected.height,
            coverage=inspected.coverage,
            detail=inspected.detail,
        )
        OriginalKey.objects.create(photo=photo, wrapped=kept.wrapped)
        transitions.record(kept.photo_id, TimelineEvent.RECEIVED.value, actor="submitter")
        picture_taken_in.send(sender=Photo, photo_id=kept.photo_id, sketch=inspected.sketch)


def _record_again(photo: Photo, inspected: Inspected, kept: Sealed, occasion: Occasion) -> None:
    """The swap names the round, so that of two sends in one moment only one takes effect."""
    fields: dict[str, Any] = {"appealed_at": Now()} if occasion is Occasion.APPEAL else {}
    with transaction.atomic(durable=True):
        transitions.move(
            photo.pk,
            Edge.RESEND,
            actor="submitter",
            details={"round": photo.round + 1, "occasion": occasion.value},
            only_if={"round": photo.round, "state": photo.state},
            round=photo.round + 1,
            occasion=occasion,
            sealed_as=kept.name,
            received_at=Now(),
            original_removed_at=None,
            width=inspected.width,
            height=inspected.height,
            coverage=inspected.coverage,
            detail=inspected.detail,
            **fields,
        )
        OriginalKey.objects.update_or_create(photo_id=photo.pk, defaults={"wrapped": kept.wrapped})
        picture_taken_in.send(sender=Photo, photo_id=photo.pk, sketch=inspected.sketch)


def _number_is_taken(number: str, token: str) -> bool:
    by_another = Case.objects.exclude(submission_digest=receipts.submission_digest(token))
    return by_another.filter(number=number).exists()


@contextmanager
def _discarding(sealed: Sequence[Sealed]) -> Iterator[None]:
    """Keeps nothing of what was sealed when the rest of the work fails; our own failures are Unavailable."""
    try:
        yield
    except BaseException as error:
        _discard(sealed)
        if isinstance(error, originals.NotStored):
            raise Unavailable("store-failed") from error
        if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError):
            raise Unavailable("database-busy") from error
        raise


def _discard(sealed: Sequence[Sealed]) -> None:
    """What cannot be removed now has no key anywhere, and reconcile removes it later."""
    for photo_id, name, _ in sealed:
        try:
            originals.discard(photo_id, name=name)
        except (originals.NotDestroyed, DatabaseError):
            log.exception("a sealed upload was left for reconcile")
