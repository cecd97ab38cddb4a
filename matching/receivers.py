"""What the matching stage does when a photo moves, inside the same transaction.

Only a withdrawal needs a hand here. A decision waits for its undo window, so a message at its commit would
come too early: the worker's one-second tick finds the photo when it is due, and goes on from the
fingerprint to the purge by itself.
"""

from typing import Any

from django.db import transaction
from django.dispatch import receiver

from enrollment.models import Photo
from enrollment.signals import photo_moved
from enrollment.states import Edge
from matching import dispatch, feed, journal


@receiver(photo_moved, dispatch_uid="matching.withdraw")
def stop_matching(*, photo: Photo, action: str, **_: Any) -> None:
    """Matching stops with the withdrawal itself; the purge follows right after its commit.

    The nudge is robust: when it fails, the withdrawal stands and the next tick or sweep does the purge.
    """
    if action != Edge.WITHDRAW:
        return
    journal.note(journal.WITHDRAWN, photo.pk)
    feed.withdraw(photo.pk)

    def purge_soon() -> None:  # a partial has no name, which Django's report of a robust failure needs
        dispatch.nudge(photo.pk)

    transaction.on_commit(purge_soon, robust=True)
