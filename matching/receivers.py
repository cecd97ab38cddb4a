"""What the matching stage does when a photo moves, inside the same transaction.

A withdrawal, a partner's question and an alarm need a hand here. A decision waits for its undo window, so a
message at its commit would come too early: the worker's one-second tick finds the photo when it is due, and
goes on from the fingerprint to the purge by itself.
"""

import uuid
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from enrollment.models import Photo
from enrollment.signals import photo_moved, picture_taken_in
from enrollment.states import Edge, PhotoState, TimelineEvent
from matching import dispatch, duplicates, feed, journal

# Neither sketch nor fingerprint is kept of a photo in these states, so no likeness either.
FORGOTTEN = frozenset(
    {
        PhotoState.NOT_COVERED, PhotoState.NEEDS_COVERING, PhotoState.LAPSED, PhotoState.CLOSED,
        PhotoState.SUSPENDED, PhotoState.EXPIRED, PhotoState.WITHDRAWN,
    }
)  # fmt: skip


@receiver(photo_moved, dispatch_uid="matching.withdraw")
def stop_matching(*, photo: Photo, action: str, **_: Any) -> None:
    """Matching stops with the withdrawal itself; the purge follows right after its commit."""
    if action != Edge.WITHDRAW:
        return
    journal.note(journal.WITHDRAWN, photo.pk)
    feed.withdraw(photo.pk)
    _purge_soon(photo)


@receiver(photo_moved, dispatch_uid="matching.expire")
def end_matching(*, photo: Photo, action: str, **_: Any) -> None:
    """Matching ends with the term. An old backup knows the term, too, so the journal need not."""
    if action == Edge.EXPIRE:
        feed.withdraw(photo.pk)


@receiver(photo_moved, dispatch_uid="matching.narrow")
def match_less(*, photo: Photo, action: str, **_: Any) -> None:
    """Partners are sent the plain fingerprint in the place of the extended one."""
    if action == TimelineEvent.NARROWED:
        journal.note(journal.NARROWED, photo.pk)
        feed.narrow(photo.pk)


@receiver(photo_moved, dispatch_uid="matching.suspend")
def pause_matching(*, photo: Photo, action: str, **_: Any) -> None:
    """Matching stops with the question; protected again, the photo gets a fingerprint of its own."""
    if action == Edge.SUSPEND:
        feed.retract(photo.pk)


@receiver(photo_moved, dispatch_uid="matching.alarm")
def purge_at_once(*, photo: Photo, action: str, details: dict[str, Any], **_: Any) -> None:
    """What a reviewer sounded the alarm about has no undo window to wait for."""
    if action == Edge.DECIDE_NEEDS_COVERING and details.get("alarm"):
        _purge_soon(photo)


@receiver(photo_moved, dispatch_uid="matching.duplicates")
def follow_the_queue(*, photo: Photo, action: str, **_: Any) -> None:
    """A photo is compared with others as long as it waits; what is sent again is another picture."""
    state, anew = PhotoState(photo.state), action == Edge.RESEND
    if anew or state in FORGOTTEN:
        duplicates.forget_neighbours(photo.pk)
    if anew or state not in PhotoState.waiting():
        duplicates.forget(photo.pk)
    if state in PhotoState.waiting():
        duplicates.enlist(photo.pk)


@receiver(picture_taken_in, dispatch_uid="matching.sketch")
def know_it_again(*, photo_id: uuid.UUID, sketch: bytes, **_: Any) -> None:
    """By then the photo waits already; its neighbours are looked for later."""
    duplicates.keep_sketch(photo_id, sketch)


def _purge_soon(photo: Photo) -> None:
    """A nudge that may fail: then the change stands, and the next tick or sweep does the purge."""

    def purge_soon() -> None:  # a partial has no name, which Django's report of a robust failure needs
        dispatch.nudge(photo.pk)

    transaction.on_commit(purge_soon, robust=True)
