"""The reviewer's verbs: look at the masked image, decide."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from enrollment import originals, sandbox
from enrollment.states import Edge
from enrollment.transitions import StaleState, move
from review import audit, claims
from review.conflicts import Conflict
from review.models import Claim, Clause, Decision, Outcome

logger = logging.getLogger(__name__)

UNUSABLE = (originals.OriginalGone, originals.OriginalDamaged)

EDGES = {Outcome.COVERED: Edge.DECIDE_COVERED, Outcome.NOT_COVERED: Edge.DECIDE_NOT_COVERED}


def take_next(reviewer: User) -> Claim | None:
    """Claim the photo that has waited longest and can be shown; ``None`` when nothing is.

    A photo whose file is missing or damaged is set aside with an alarm: it must not hold up the rest.
    """
    while claim := claims.take_next(reviewer):
        try:
            originals.open_original(claim.photo_id)
        except UNUSABLE as error:
            logger.critical("ALARM photo %s cannot be shown: %s", claim.photo_id, type(error).__name__)
            claims.set_aside(claim.photo_id, reviewer)
        else:
            return claim
    return None


def masked_image(photo_id: uuid.UUID, reviewer: User) -> bytes:
    """The PNG a reviewer may see: the photo with its covered areas repainted solid, nothing else.

    Only for the holder of a live claim; raises ``Conflict``. Every view is one entry of the audit,
    written before the picture leaves: what cannot be logged is not shown.
    """
    claims.held(photo_id, reviewer)
    try:
        picture = sandbox.render_masked(originals.open_original(photo_id))
    except originals.OriginalGone:
        raise Conflict("original-gone") from None
    except originals.OriginalDamaged:
        raise Conflict("original-unreadable") from None
    except sandbox.SandboxFailed:
        raise Conflict("not-drawn") from None
    # While it was being drawn it may have been withdrawn, or passed to another: this asks again.
    claims.note_view(photo_id, reviewer)
    return picture


def decide(
    photo_id: uuid.UUID, reviewer: User, *, token: uuid.UUID, clause: Clause, reason: str
) -> tuple[Decision, bool]:
    """Record a reviewer's decision on the photo of their claim; True when it is new.

    One transaction: claim checked, decision, state, timeline, audit; the claim goes with it. The
    clause decides the outcome. The same decision sent again under the same claim answers with the
    recorded one and changes nothing. Whoever comes too late gets a ``Conflict`` and changes nothing.
    """
    try:
        with transaction.atomic():
            # Whoever comes second waits for the row, and then finds it gone.
            live = Claim.objects.select_for_update().live()
            if live.filter(photo=photo_id, reviewer=reviewer, token=token).first() is None:
                return _recorded(photo_id, reviewer, token=token, clause=clause, reason=reason), False
            if not claims.has_seen(photo_id, reviewer):
                raise Conflict("not-seen")
            return _record(photo_id, reviewer, token=token, clause=clause, reason=reason), True
    except StaleState:
        raise claims.why_not(photo_id, reviewer) from None


def _record(
    photo_id: uuid.UUID, reviewer: User, *, token: uuid.UUID, clause: Clause, reason: str
) -> Decision:
    outcome = Outcome(clause.outcome)
    decision = Decision.objects.create(
        photo_id=photo_id, reviewer=reviewer, claim_token=token, outcome=outcome, clause=clause, reason=reason
    )
    move(
        photo_id,
        EDGES[outcome],
        actor=audit.staff(reviewer),
        due_at=_after_undo_window(),
        details=_details(clause, reason),
    )
    # A deaf listener may not turn a recorded decision into an error page; the sweep finds the work anyway.
    return decision


def _recorded(
    photo_id: uuid.UUID, reviewer: User, *, token: uuid.UUID, clause: Clause, reason: str
) -> Decision:
    """The decision this very form made before; anything else is a ``Conflict``."""
    decision = Decision.objects.filter(photo=photo_id, reviewer=reviewer, claim_token=token).first()
    if decision is None or (decision.clause_id, decision.reason) != (clause.pk, reason):
        raise claims.why_not(photo_id, reviewer)
    return decision


def _details(clause: Clause, reason: str) -> dict[str, Any]:
    return {
        "clause": clause.code,
        "clause_text": clause.text,
        "reason": reason,
        "terms": clause.terms.number,
    }


def _after_undo_window() -> Combinable:
    window = timedelta(seconds=settings.ARC_UNDO_SECONDS)
    return ExpressionWrapper(Now() + window, output_field=DateTimeField())
