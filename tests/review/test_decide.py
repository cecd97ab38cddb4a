"""``services.decide``: one decision, one transition, one audit entry, whatever happens around it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from enrollment.models import Photo, TimelineEntry
from enrollment.services import withdraw
from enrollment.states import PhotoState
from review import claims, services
from review.conflicts import Conflict
from review.models import AuditEntry, Claim, Clause, Decision, Outcome

Expire = Callable[[Claim], None]


@pytest.fixture
def rosas_claim(rosas_claim: Claim, rosa: User) -> Claim:
    """As everywhere, and the picture was shown to her."""
    claims.note_view(rosas_claim.photo_id, rosa)
    return rosas_claim


def decide(claim: Claim, reviewer: User, clause: Clause, reason: str = "") -> tuple[Decision, bool]:
    return services.decide(
        claim.photo_id, reviewer, token=claim.token, choice=clause.outcome, clause=clause, reason=reason
    )


def entries_of(claim: Claim) -> list[str]:
    decided = AuditEntry.objects.filter(photo=claim.photo_id, action__startswith="decide")
    return list(decided.values_list("action", flat=True))


def test_covered(rosas_claim: Claim, rosa: User, protected: Clause, settings: Any) -> None:
    settings.ARC_UNDO_SECONDS = 10
    decision, new = decide(rosas_claim, rosa, protected)
    photo = Photo.objects.get()
    assert new
    assert decision.outcome == Outcome.COVERED
    assert photo.state == PhotoState.COVERED
    until_due = photo.due_at - timezone.now()
    assert timedelta(seconds=8) < until_due < timedelta(seconds=11)
    assert not Claim.objects.exists()
    assert entries_of(rosas_claim) == ["decide_covered"]


def test_not_covered(rosas_claim: Claim, rosa: User, not_protected: Clause) -> None:
    decide(rosas_claim, rosa, not_protected, "A landscape.")
    assert Photo.objects.get().state == PhotoState.NOT_COVERED
    assert entries_of(rosas_claim) == ["decide_not_covered"]


def test_the_submitter_and_the_audit_get_clause_and_reason(
    rosas_claim: Claim, rosa: User, not_protected: Clause
) -> None:
    decide(rosas_claim, rosa, not_protected, "A landscape.")
    told = TimelineEntry.objects.get(event="decide_not_covered").details
    assert told == {"clause": "N1", "clause_text": not_protected.text, "reason": "A landscape.", "terms": 1}
    logged = AuditEntry.objects.get(action="decide_not_covered")
    assert "A landscape." in logged.details
    assert logged.actor == f"staff:{rosa.pk}"


def test_the_same_form_twice_has_one_effect(rosas_claim: Claim, rosa: User, protected: Clause) -> None:
    first, new = decide(rosas_claim, rosa, protected, "Same.")
    second, again = decide(rosas_claim, rosa, protected, "Same.")
    assert first == second
    assert (new, again) == (True, False)
    assert entries_of(rosas_claim) == ["decide_covered"]
    assert TimelineEntry.objects.filter(event="decide_covered").count() == 1


@pytest.mark.parametrize("reason", ["", "Other."])
def test_another_tab_with_another_answer_is_told(
    rosas_claim: Claim, rosa: User, protected: Clause, not_protected: Clause, reason: str
) -> None:
    decide(rosas_claim, rosa, protected, "Same.")
    other = protected if reason else not_protected
    with pytest.raises(Conflict, match="decided-by-you"):
        decide(rosas_claim, rosa, other, reason or "No.")
    assert Decision.objects.get().clause == protected


def test_an_expired_claim_decides_nothing(
    rosas_claim: Claim, rosa: User, protected: Clause, let_expire: Expire
) -> None:
    let_expire(rosas_claim)
    with pytest.raises(Conflict, match="claim-expired"):
        decide(rosas_claim, rosa, protected)
    assert not Decision.objects.exists()
    assert Photo.objects.get().state == PhotoState.AWAITING_REVIEW


def test_another_reviewers_claim_decides_nothing(rosas_claim: Claim, omar: User, protected: Clause) -> None:
    with pytest.raises(Conflict, match="claimed-by-another"):
        decide(rosas_claim, omar, protected)
    assert not Decision.objects.exists()


def test_a_form_of_an_earlier_claim_decides_nothing(
    rosas_claim: Claim, rosa: User, protected: Clause
) -> None:
    rosas_claim.token = uuid.uuid4()
    with pytest.raises(Conflict, match="old-form"):
        decide(rosas_claim, rosa, protected)
    assert Photo.objects.get().state == PhotoState.AWAITING_REVIEW


def test_a_withdrawn_photo_is_not_decided(rosas_claim: Claim, rosa: User, protected: Clause) -> None:
    withdraw([rosas_claim.photo])
    with pytest.raises(Conflict, match="withdrawn"):
        decide(rosas_claim, rosa, protected)
    assert not Decision.objects.exists()


def test_a_state_that_changed_behind_the_claim_undoes_everything(
    rosas_claim: Claim, rosa: User, protected: Clause
) -> None:
    Photo.objects.update(state=PhotoState.LAPSED)
    with pytest.raises(Conflict, match="no-longer-waiting"):
        decide(rosas_claim, rosa, protected)
    assert not Decision.objects.exists()
    assert entries_of(rosas_claim) == []


def test_nobody_decides_what_was_never_shown(rosas_claim: Claim, rosa: User, protected: Clause) -> None:
    claims.release(rosas_claim.photo_id, rosa)
    again = claims.take_next(rosa)
    assert again is not None
    with pytest.raises(Conflict, match="not-seen"):
        decide(again, rosa, protected)
    assert not Decision.objects.exists()
    assert Claim.objects.filter(pk=again.pk).exists()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"outcome": "maybe"}, "decision_outcome_is_known"),
        ({"outcome": "not_covered", "reason": ""}, "decision_refusal_has_a_reason"),
        ({"reason": "x" * 1001}, "decision_reason_is_short"),
    ],
)
def test_the_database_refuses_a_decision_that_may_not_be(
    photo: Photo, rosa: User, protected: Clause, change: dict[str, str], constraint: str
) -> None:
    fields = {"outcome": "covered", "reason": "fine"} | change
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Decision.objects.create(
            photo=photo, reviewer=rosa, claim_token=uuid.uuid4(), clause=protected, **fields
        )
