"""What happens to a photo in any stage is audited in the same transaction, and ends its claim."""

from typing import Any

from django.dispatch import receiver

from enrollment.models import Photo
from enrollment.signals import photo_moved
from enrollment.states import Edge
from review import audit, exposure
from review.models import Assignment, Claim


@receiver(photo_moved, dispatch_uid="review.audit")
def audit_movement(*, photo: Photo, action: str, actor: str, details: dict[str, Any], **_: Any) -> None:
    audit.append(action, actor=actor, photo=photo.pk, case=photo.case.number, details=details)


@receiver(photo_moved, dispatch_uid="review.claim")
def end_claim(*, photo: Photo, action: str, **_: Any) -> None:
    """Decided, withdrawn or lapsed: nobody looks at the photo any more, from this commit on."""
    if action not in Edge.values:
        return
    Claim.objects.filter(photo=photo).delete()
    exposure.end(photo.pk)


@receiver(photo_moved, dispatch_uid="review.assignment")
def end_assignment(*, photo: Photo, action: str, **_: Any) -> None:
    """Whoever an earlier escalation was given to may be the one who must not decide this time."""
    if action in {Edge.ESCALATE, Edge.RESEND}:
        Assignment.objects.filter(photo=photo).delete()
