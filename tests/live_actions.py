"""Run as a script against a real data directory: one thing that a submitter or a reviewer does.

python live_actions.py enroll COUNT           prints the ids of new photos, one a line
python live_actions.py decide EDGE ID...      a reviewer's word, with the undo window of the settings
python live_actions.py withdraw ID...         the submitter's word
"""

import sys
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta

import django

django.setup()

import drawing  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from enrollment import receipts, transitions  # noqa: E402
from enrollment.inspection import SentFile  # noqa: E402
from enrollment.models import Attestation, Photo  # noqa: E402
from enrollment.services import submit  # noqa: E402
from enrollment.states import Edge  # noqa: E402


def enroll(count: str) -> None:
    """Send ``count`` drawn and covered photos, a case each."""
    before = set(Photo.objects.values_list("pk", flat=True))
    for seed in range(int(count)):
        file = drawing.png(drawing.cover(drawing.natural(seed + 1)))
        submit(receipts.new_token(), [SentFile("photo.png", file, len(file))], Attestation.SELF)
    for photo_id in Photo.objects.exclude(pk__in=before).values_list("pk", flat=True):
        sys.stdout.write(f"{photo_id}\n")


def decide(edge: str, *photo_ids: str) -> None:
    due = timezone.now() + timedelta(seconds=settings.ARC_UNDO_SECONDS)
    for photo_id in photo_ids:
        transitions.move(uuid.UUID(photo_id), Edge(edge), actor="staff:1", due_at=due)


def withdraw(*photo_ids: str) -> None:
    for photo_id in photo_ids:
        transitions.move(uuid.UUID(photo_id), Edge.WITHDRAW, actor="submitter")


ACTIONS: dict[str, Callable[..., None]] = {
    "enroll": enroll,
    "decide": decide,
    "withdraw": withdraw,
}


def main(arguments: Sequence[str]) -> None:
    ACTIONS[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
