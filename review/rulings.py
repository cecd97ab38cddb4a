"""From a reviewer's word to what becomes of the photo: the two-person rule, disagreement, overturning."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enrollment.models import Photo
from enrollment.states import Edge, PhotoState
from review.conflicts import Conflict
from review.models import Clause, Decision, Evidence, NearDuplicate, Outcome, Step


class Choice(models.TextChoices):
    """What a reviewer can press. The first three are outcomes of the same name."""

    COVERED = Outcome.COVERED.value, Outcome.COVERED.label
    NOT_COVERED = Outcome.NOT_COVERED.value, Outcome.NOT_COVERED.label
    NEEDS_COVERING = Outcome.NEEDS_COVERING.value, Outcome.NEEDS_COVERING.label
    SECOND_OPINION = "second_opinion", _("Ask for a second opinion")
    ESCALATE = "escalate", _("Pass to a lead")

    @property
    def outcome(self) -> Outcome | None:
        return Outcome(self.value) if self in _OUTCOMES else None


_OUTCOMES = frozenset({Choice.COVERED, Choice.NOT_COVERED, Choice.NEEDS_COVERING})
DECIDE = {
    Outcome.COVERED: Edge.DECIDE_COVERED,
    Outcome.NOT_COVERED: Edge.DECIDE_NOT_COVERED,
    Outcome.NEEDS_COVERING: Edge.DECIDE_NEEDS_COVERING,
}
UNDO = {
    PhotoState.AWAITING_REVIEW: Edge.UNDO_TO_QUEUE,
    PhotoState.SECOND_OPINION: Edge.UNDO_TO_SECOND_OPINION,
    PhotoState.ESCALATED: Edge.UNDO_TO_ESCALATED,
}
# A second opinion on a second opinion would be a third; and above a lead there is nobody to ask.
OFFERED = {
    PhotoState.AWAITING_REVIEW: tuple(Choice),
    PhotoState.SECOND_OPINION: tuple(choice for choice in Choice if choice is not Choice.SECOND_OPINION),
    PhotoState.ESCALATED: (Choice.COVERED, Choice.NOT_COVERED, Choice.NEEDS_COVERING),
}


@dataclass(frozen=True)
class Word:
    """What a reviewer filled in. ``clause`` is there for every choice but to escalate."""

    choice: Choice
    clause: Clause | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_weak(self) -> bool:
        return any(evidence.is_weak for evidence in self.evidence)


@dataclass(frozen=True)
class Plan:
    """The step a word amounts to, the edge it takes, and what the sender and the audit are told."""

    step: Step
    edge: Edge
    told: dict[str, Any] = field(default_factory=dict)
    audited: dict[str, Any] = field(default_factory=dict)


def plan(photo: Photo, word: Word) -> Plan:
    """What this word does to the photo as it waits now. Raises ``Conflict`` for a choice not open to it.

    Protecting on weak evidence takes two; two who differ leave it to a lead. Until it is final, nobody but
    the audit is told what a reviewer thinks: the second one must not know, nor the sender.
    """
    state = PhotoState(photo.state)
    if word.choice not in OFFERED.get(state, ()):
        raise Conflict("not-offered")
    said = {**_grounds(word), "evidence": [evidence.value for evidence in word.evidence]}
    if word.choice is Choice.ESCALATE:
        return Plan(Step.ESCALATED, Edge.ESCALATE, audited=said)
    assert word.clause is not None
    outcome = Outcome(word.clause.outcome)
    said["outcome"] = outcome.value
    if word.choice is Choice.SECOND_OPINION:
        return Plan(Step.SECOND_OPINION_ASKED, Edge.ASK_SECOND_OPINION, audited=said)
    if outcome != word.choice.outcome:
        raise ValueError(f"clause {word.clause.code} does not argue for {word.choice}")
    if state is PhotoState.SECOND_OPINION and differs(photo, outcome):
        return Plan(Step.OPINION, Edge.ESCALATE, audited=said)
    if state is PhotoState.AWAITING_REVIEW and outcome is Outcome.COVERED and _takes_two(photo, word):
        return Plan(Step.OPINION, Edge.ASK_SECOND_OPINION, audited=said)
    return Plan(Step.FINAL, DECIDE[outcome], told=_grounds(word), audited=said)


def _grounds(word: Word) -> dict[str, Any]:
    if word.clause is None:
        return {"reason": word.reason}
    return {
        "clause": word.clause.code,
        "clause_text": word.clause.text,
        "reason": word.reason,
        "terms": word.clause.terms.number,
    }


def _takes_two(photo: Photo, word: Word) -> bool:
    return bool(word.clause and word.clause.two_person) or word.is_weak or likenesses(photo).exists()


def likenesses(photo: Photo) -> QuerySet[NearDuplicate]:
    """Near duplicates of the photo in other cases."""
    pairs = NearDuplicate.objects.filter(Q(photo=photo) | Q(other=photo))
    return pairs.exclude(photo__case=F("other__case"))


def differs(photo: Photo, outcome: Outcome) -> bool:
    """Whether an opinion on the photo as it was sent this time came to another outcome."""
    opinions = Decision.objects.standing().of_this_round(photo).filter(step__in=Step.opinions())
    return opinions.exclude(outcome=outcome).exists()


def opinions_for_lead(photo: Photo) -> list[Decision]:
    """What was said so far about an escalated photo, with the people; of any other, nothing: it is blind."""
    if photo.state != PhotoState.ESCALATED:
        return []
    said = Decision.objects.standing().of_this_round(photo).select_related("reviewer", "clause")
    return list(said.order_by("decided_at", "pk"))


def undoable(reviewer: User) -> Decision | None:
    """The reviewer's last decision that can still be taken back, with ``remaining``; or ``None``."""
    left = ExpressionWrapper(F("photo__due_at") - Now(), output_field=DurationField())
    later = Decision.objects.standing().filter(photo=OuterRef("photo"), pk__gt=OuterRef("pk"))
    # Only so that a long list of decisions is not looked through: what decides is the due time.
    recent = Now() - timedelta(seconds=settings.ARC_UNDO_SECONDS + 60)
    return (
        Decision.objects.standing()
        .filter(
            reviewer=reviewer,
            decided_at__gt=recent,
            round=F("photo__round"),
            photo__state__in=Edge.UNDO_TO_QUEUE.sources,
        )
        .exclude(step=Step.ALARM)
        .filter(~Exists(later), photo__due_at__gt=Now(), photo__lease_token__isnull=True)
        .annotate(remaining=left)
        .select_related("photo__case", "clause")
        .order_by("-decided_at", "-pk")
        .first()
    )


def settle_overturned(photo: Photo) -> None:
    """Mark what the latest final decision contradicts, and unmark what it does not.

    An opinion of the same round is contradicted by any other outcome, a ruling on an earlier sending by the
    opposite one; that more had to be covered first contradicts nothing.
    """
    standing = Decision.objects.standing().filter(photo=photo, outcome__isnull=False)
    final = standing.filter(step=Step.FINAL).order_by("-round").first()
    standing.filter(overturned=True).update(overturned=False)
    if final is None:
        return
    others = standing.exclude(outcome=final.outcome)
    others.filter(round=final.round, step__in=Step.opinions()).update(overturned=True)
    opposite = _OPPOSITE.get(Outcome(str(final.outcome)))
    earlier = others.filter(round__lt=final.round, step=Step.FINAL)
    earlier.filter(outcome=opposite).update(overturned=True)


_OPPOSITE = {Outcome.COVERED: Outcome.NOT_COVERED, Outcome.NOT_COVERED: Outcome.COVERED}


def evidence_of(codes: Iterable[str]) -> tuple[Evidence, ...]:
    """The boxes behind these codes, in the order of the checklist."""
    return tuple(evidence for evidence in Evidence if evidence.value in set(codes))
