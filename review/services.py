"""The reviewer's verbs: look at the masked image, decide, take it back, sound the alarm, skip."""

import logging
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from enrollment import originals, sandbox
from enrollment.models import Photo
from enrollment.states import Edge, PhotoState
from enrollment.transitions import StaleState, move
from review import audit, claims, eligibility, exposure, rulings
from review.conflicts import Conflict
from review.models import Claim, Clause, Decision, Step
from review.rulings import Choice, Word

logger = logging.getLogger(__name__)

UNUSABLE = (originals.OriginalGone, originals.OriginalDamaged)


def take_next(reviewer: User) -> Claim | None:
    """Claim the photo that has waited longest and can be shown; ``None`` when nothing is.

    Whoever holds a photo gets that one; for another, raises ``Conflict`` when the reviewer may look at no
    further picture today, or not just now. A photo whose file is missing or damaged is set aside with an
    alarm: it must not hold up the rest.
    """
    if not Claim.objects.live().filter(reviewer=reviewer).exists():
        exposure.require(reviewer)
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
    if not claims.has_seen(photo_id, reviewer):
        exposure.require(reviewer)
    try:
        picture = sandbox.render_masked(originals.open_original(photo_id))
    except originals.OriginalGone:
        raise Conflict("original-gone") from None
    except originals.OriginalDamaged:
        raise Conflict("original-unreadable") from None
    except sandbox.SandboxFailed:
        raise Conflict("not-drawn") from None
    # While it was being drawn it may have been withdrawn, or passed to another: this asks again.
    with transaction.atomic():
        exposure.look(claims.note_view(photo_id, reviewer))
    return picture


def decide(
    photo_id: uuid.UUID,
    reviewer: User,
    *,
    token: uuid.UUID,
    choice: str,
    clause: Clause | None = None,
    reason: str = "",
    evidence: Iterable[str] = (),
) -> tuple[Decision, bool]:
    """Record a reviewer's word on the photo of their claim; True when it is new.

    One transaction: claim checked, decision, state, timeline, audit; the claim goes with it. What the word
    amounts to is for ``rulings`` to say. The same form sent again under the same claim answers with the
    recorded decision and changes nothing. Whoever comes too late, or may not decide this photo any more,
    gets a ``Conflict`` and changes nothing. Raises ValueError for a clause that argues for something else.
    """
    word = Word(Choice(choice), clause, reason, rulings.evidence_of(evidence))
    try:
        with transaction.atomic():
            if (photo := _in_hand(photo_id, reviewer, token)) is None:
                return _recorded(photo_id, reviewer, token, word), False
            return _record(photo, reviewer, token, word), True
    except StaleState:
        raise claims.why_not(photo_id, reviewer) from None


def undo(photo_id: uuid.UUID, reviewer: User) -> Claim:
    """Take the reviewer's decision back while nothing irreversible has begun; the photo is theirs again.

    A swap on the state and its due time: the worker, or the next reviewer, begins when that has passed.
    Asked twice, the second finds the photo in hand. Raises ``Conflict`` when it is too late.
    """
    try:
        with transaction.atomic():
            photo = Photo.objects.select_for_update().get(pk=photo_id)
            said = Decision.objects.standing().of_this_round(photo)
            if not said.filter(reviewer=reviewer).exists():
                return _in_hand_again(photo, reviewer)
            decision = said.latest("pk")
            if decision.reviewer_id != reviewer.pk or decision.step == Step.ALARM:
                raise Conflict("undo-too-late")
            move(
                photo_id,
                rulings.UNDO[PhotoState(decision.came_from)],
                actor=audit.staff(reviewer),
                # A worker that was quicker holds a lease, even one that began in this very moment.
                only_if={"due_at__gt": Now(), "lease_token__isnull": True},
                private={"step": decision.step},
            )
            Decision.objects.filter(pk=decision.pk).update(undone_at=Now())
            rulings.settle_overturned(photo)
            return Claim.objects.create(photo=photo, reviewer=reviewer, expires_at=claims.expiry())
    except StaleState:
        withdrawn = Photo.objects.filter(pk=photo_id, state=PhotoState.WITHDRAWN).exists()
        raise Conflict("withdrawn" if withdrawn else "undo-too-late") from None


def alarm(photo_id: uuid.UUID, reviewer: User, token: uuid.UUID) -> tuple[Decision, bool]:
    """The photo is not covered enough to be looked at: it goes at once, and cannot be brought back.

    True when it is new; sent again, it answers with the recorded alarm. The sender is asked to cover more.
    Raises ``Conflict``.
    """
    try:
        with transaction.atomic():
            if (photo := _in_hand(photo_id, reviewer, token)) is None:
                sounded = Decision.objects.filter(
                    photo=photo_id, reviewer=reviewer, claim_token=token, step=Step.ALARM
                )
                if (decision := sounded.first()) is None:
                    raise claims.why_not(photo_id, reviewer)
                return decision, False
            audit.append("photo.alarm", actor=audit.staff(reviewer), photo=photo_id, case=photo.case.number)
            decision = _decision(photo, reviewer, token, Step.ALARM)
            move(photo_id, Edge.DECIDE_NEEDS_COVERING, actor=audit.staff(reviewer), details={"alarm": True})
            exposure.stop(photo_id, reviewer)
            return decision, True
    except StaleState:
        raise claims.why_not(photo_id, reviewer) from None


def skip(photo_id: uuid.UUID, reviewer: User) -> None:
    """Leave the photo to somebody else for a while; raises ``Conflict`` without a live claim."""
    with transaction.atomic():
        claims.skip(photo_id, reviewer)
        exposure.stop(photo_id, reviewer)


def release(photo_id: uuid.UUID, reviewer: User) -> bool:
    """Put the photo back into the queue. False when the reviewer held no live claim: nothing to do."""
    with transaction.atomic():
        exposure.stop(photo_id, reviewer)
        return claims.release(photo_id, reviewer)


def suspend(photo_id: uuid.UUID, *, actor: str, reason: str) -> bool:
    """A partner questions a protected photo: matching stops, and its sender is asked to send it again.

    False when it is not protected any more. After ARC_CONTEST_DAYS without an answer it is withdrawn;
    otherwise only a decision of another reviewer brings it back. The reason is for the audit.
    """
    term = ExpressionWrapper(Now() + timedelta(days=settings.ARC_CONTEST_DAYS), output_field=DateTimeField())
    try:
        move(photo_id, Edge.SUSPEND, actor=actor, due_at=term, private={"reason": reason})
    except StaleState:
        return False
    return True


def _in_hand(photo_id: uuid.UUID, reviewer: User, token: uuid.UUID) -> Photo | None:
    """The photo under this very claim, seen and still theirs to decide; ``None`` without the claim.

    Whoever comes second waits for the row, and then finds it gone. Raises ``Conflict``.
    """
    live = Claim.objects.select_for_update(of=("self",)).live().filter(photo=photo_id, reviewer=reviewer)
    claim = live.filter(token=token).select_related("photo__case").first()
    if claim is None:
        return None
    if not eligibility.entitled(reviewer).filter(pk=photo_id).exists():
        raise claims.why_not(photo_id, reviewer) if _moved_on(claim.photo) else Conflict("not-yours")
    if not claims.has_seen(photo_id, reviewer):
        raise Conflict("not-seen")
    return claim.photo


def _moved_on(photo: Photo) -> bool:
    return photo.state not in PhotoState.waiting()


def _record(photo: Photo, reviewer: User, token: uuid.UUID, word: Word) -> Decision:
    plan = rulings.plan(photo, word)
    decision = _decision(photo, reviewer, token, plan.step, word)
    if plan.step is Step.FINAL:
        rulings.settle_overturned(photo)
    move(
        photo.pk,
        plan.edge,
        actor=audit.staff(reviewer),
        due_at=_after_undo_window(),
        details=plan.told,
        private={**plan.audited, "step": plan.step.value},
    )
    exposure.stop(photo.pk, reviewer)
    return decision


def _decision(
    photo: Photo, reviewer: User, token: uuid.UUID, step: Step, word: Word | None = None
) -> Decision:
    clause = word.clause if word else None
    return Decision.objects.create(
        photo=photo,
        round=photo.round,
        reviewer=reviewer,
        claim_token=token,
        step=step,
        outcome=clause.outcome if clause else None,
        clause=clause,
        reason=word.reason if word else "",
        evidence=[evidence.value for evidence in word.evidence] if word else [],
        came_from=photo.state,
    )


def _recorded(photo_id: uuid.UUID, reviewer: User, token: uuid.UUID, word: Word) -> Decision:
    """The decision this very form made before; anything else is a ``Conflict``."""
    made = Decision.objects.standing().filter(photo=photo_id, reviewer=reviewer, claim_token=token).first()
    if made is None or not _says(made, word):
        raise claims.why_not(photo_id, reviewer)
    return made


def _says(decision: Decision, word: Word) -> bool:
    passed_on = {Step.ESCALATED: Choice.ESCALATE, Step.SECOND_OPINION_ASKED: Choice.SECOND_OPINION}
    chosen = passed_on.get(Step(decision.step), decision.outcome)
    clause = word.clause.pk if word.clause else None
    evidence = [evidence.value for evidence in word.evidence]
    return (chosen, decision.clause_id, decision.reason, decision.evidence) == (
        word.choice, clause, word.reason, evidence,
    )  # fmt: skip


def _in_hand_again(photo: Photo, reviewer: User) -> Claim:
    """After an undo that was asked for twice; raises ``Conflict`` when there was nothing to take back."""
    taken_back = Decision.objects.of_this_round(photo).filter(reviewer=reviewer, undone_at__isnull=False)
    claim = Claim.objects.live().filter(photo=photo, reviewer=reviewer).first()
    if claim is None or not taken_back.exists():
        raise Conflict("withdrawn" if photo.state == PhotoState.WITHDRAWN else "nothing-to-undo")
    return claim


def _after_undo_window() -> Combinable:
    window = timedelta(seconds=settings.ARC_UNDO_SECONDS)
    return ExpressionWrapper(Now() + window, output_field=DateTimeField())
