"""What becomes of a photo after a reviewer's word: two-person rule, blindness, disagreement, who may look."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from enrollment.models import Attestation, Case, Photo, TimelineEntry
from enrollment.states import Edge, Occasion, PhotoState
from enrollment.transitions import move
from review import claims, eligibility, rulings, services
from review.conflicts import Conflict
from review.models import Assignment, AuditEntry, Claim, Clause, Decision, NearDuplicate, Step, TermsVersion

MakeCase = Callable[..., list[Photo]]


@pytest.fixture
def lena(db: None) -> User:
    """A lead."""
    user = User.objects.create_user("lena")
    user.groups.add(Group.objects.get(name="Lead"))
    return user


def clause(code: str) -> Clause:
    return TermsVersion.objects.current().clauses.get(code=code)


def say(photo: Photo, reviewer: User, choice: str, code: str = "", **said: Any) -> Decision:
    """Take the photo, look at it and decide; then the time to take it back is over."""
    claim = claims.take(photo.pk, reviewer)
    claims.note_view(photo.pk, reviewer)
    said.setdefault("reason", "As the terms say.")
    decision, new = services.decide(
        photo.pk, reviewer, token=claim.token, choice=choice, clause=clause(code) if code else None, **said
    )
    assert new
    Photo.objects.filter(pk=photo.pk).update(due_at=timezone.now())
    return decision


def state(photo: Photo) -> str:
    return str(Photo.objects.get(pk=photo.pk).state)


def told(photo: Photo) -> str:
    """Everything the timeline says, as text."""
    return json.dumps(list(TimelineEntry.objects.filter(photo=photo).values_list("event", "details")))


def why_not(photo: Photo, reviewer: User) -> str:
    with pytest.raises(Conflict) as caught:
        claims.take(photo.pk, reviewer)
    return caught.value.code


@pytest.mark.parametrize(
    ("code", "evidence", "becomes"),
    [
        ("P1", [], PhotoState.COVERED),
        ("P1", ["cover_fits", "faces_covered", "real_person"], PhotoState.COVERED),
        ("P1", ["little_body"], PhotoState.SECOND_OPINION),
        ("P1", ["cover_fits", "screenshot"], PhotoState.SECOND_OPINION),
        ("P1", ["mostly_text"], PhotoState.SECOND_OPINION),
        ("P1", ["seen_publicly"], PhotoState.SECOND_OPINION),
        ("P4", [], PhotoState.SECOND_OPINION),
        ("N1", ["screenshot"], PhotoState.NOT_COVERED),
        ("C1", ["little_body"], PhotoState.NEEDS_COVERING),
    ],
)
def test_protecting_on_weak_evidence_takes_two(
    photo: Photo, rosa: User, code: str, evidence: list[str], becomes: PhotoState
) -> None:
    decision = say(photo, rosa, clause(code).outcome, code, evidence=evidence)
    assert state(photo) == becomes
    assert decision.step == (Step.OPINION if becomes is PhotoState.SECOND_OPINION else Step.FINAL)
    assert set(decision.evidence) == set(evidence)


def test_a_likeness_to_another_case_takes_two(make_case: MakeCase, rosa: User, omar: User) -> None:
    first, sibling = make_case(2)
    (other,) = make_case()
    NearDuplicate.objects.create(photo=sibling, other=first, distance=0.1)
    say(first, rosa, "covered", "P1")
    assert state(first) == PhotoState.COVERED, "within a case it is no surprise"
    NearDuplicate.objects.create(photo=other, other=sibling, distance=0.1)
    say(sibling, rosa, "covered", "P1")
    assert state(sibling) == PhotoState.SECOND_OPINION
    say(sibling, omar, "covered", "P2")
    assert state(sibling) == PhotoState.COVERED


def test_the_second_reviewer_and_the_sender_learn_nothing_of_the_first_opinion(
    photo: Photo, rosa: User, omar: User
) -> None:
    say(photo, rosa, "second_opinion", "P3", reason="A tell-tale reason.")
    photo.refresh_from_db()
    assert "tell-tale" not in told(photo)
    assert "P3" not in told(photo)
    assert rulings.opinions_for_lead(photo) == []
    logged = AuditEntry.objects.get(action="ask_second_opinion")
    assert json.loads(logged.details)["clause"] == "P3"
    assert json.loads(logged.details)["outcome"] == "covered"
    assert say(photo, omar, "covered", "P1").step == Step.FINAL
    assert "tell-tale" not in told(photo)
    assert state(photo) == PhotoState.COVERED


def test_two_who_differ_leave_it_to_a_lead_who_sees_both(
    photo: Photo, rosa: User, omar: User, lena: User
) -> None:
    say(photo, rosa, "second_opinion", "P1")
    assert say(photo, omar, "not_covered", "N1").step == Step.OPINION
    photo.refresh_from_db()
    assert photo.state == PhotoState.ESCALATED
    assert "N1" not in told(photo)
    assert [said.reviewer for said in rulings.opinions_for_lead(photo)] == [rosa, omar]
    assert why_not(photo, rosa) == "decided-by-you"
    say(photo, lena, "not_covered", "N1")
    assert state(photo) == PhotoState.NOT_COVERED
    overturned = Decision.objects.filter(overturned=True)
    assert [said.reviewer for said in overturned] == [rosa]


def test_only_a_lead_takes_what_is_escalated_and_only_the_assigned_one(
    photo: Photo, rosa: User, omar: User, sol: User, lena: User
) -> None:
    say(photo, rosa, "escalate", reason="I cannot tell.")
    assert why_not(photo, omar) == "not-yours"
    assert why_not(photo, sol) == "not-yours", "being superuser makes nobody a lead"
    assignment = Assignment.objects.create(photo=photo, lead=omar, assigned_by=lena)
    assert why_not(photo, lena) == "not-yours"
    assignment.delete()
    assert claims.take_next(lena) == claims.take(photo.pk, lena)


def test_the_permission_is_asked_again_when_it_is_decided(photo: Photo, rosa: User, lena: User) -> None:
    say(photo, rosa, "escalate", reason="I cannot tell.")
    claim = claims.take(photo.pk, lena)
    claims.note_view(photo.pk, lena)
    lena.groups.set(Group.objects.filter(name="Reviewer"))
    with pytest.raises(Conflict, match="not-yours"):
        services.decide(photo.pk, lena, token=claim.token, choice="covered", clause=clause("P1"))
    assert state(photo) == PhotoState.ESCALATED


@pytest.mark.parametrize(
    ("waits_as", "choice"),
    [
        (PhotoState.SECOND_OPINION, "second_opinion"),
        (PhotoState.ESCALATED, "second_opinion"),
        (PhotoState.ESCALATED, "escalate"),
    ],
)
def test_a_choice_that_is_not_open_is_refused(
    photo: Photo, lena: User, waits_as: PhotoState, choice: str
) -> None:
    Photo.objects.update(state=waits_as)
    with pytest.raises(Conflict, match="not-offered"):
        say(photo, lena, choice, "P1")
    assert not Decision.objects.exists()
    assert Claim.objects.exists()


def test_a_clause_for_something_else_is_a_mistake_of_ours(photo: Photo, rosa: User) -> None:
    with pytest.raises(ValueError, match="does not argue"):
        say(photo, rosa, "covered", "N1")
    assert state(photo) == PhotoState.AWAITING_REVIEW


def test_what_guardians_send_needs_its_own_permission(photo: Photo, rosa: User, gus: User) -> None:
    Case.objects.update(attestation=Attestation.GUARDIAN)
    assert claims.take_next(rosa) is None
    assert why_not(photo, rosa) == "not-yours"
    assert claims.take_next(gus) is not None


def test_a_skipped_photo_comes_last_for_who_skipped_it(make_case: MakeCase, rosa: User, omar: User) -> None:
    older, younger = make_case(2)
    assert claims.take_next(rosa) == claims.take(older.pk, rosa)
    services.skip(older.pk, rosa)
    assert not Claim.objects.exists()
    assert list(eligibility.claimable(rosa)) == [younger]
    assert list(eligibility.claimable(omar)) == [older, younger]
    rosa.skips.update(until=timezone.now())
    assert list(eligibility.claimable(rosa)) == [older, younger]


def again(photo: Photo, occasion: Occasion) -> None:
    """As if the photo had been closed and were sent again."""
    Photo.objects.filter(pk=photo.pk).update(state=PhotoState.CLOSED, original_removed_at=timezone.now())
    now = timezone.now()
    fields: dict[str, Any] = {"round": photo.round + 1, "occasion": occasion, "appealed_at": now}
    move(photo.pk, Edge.RESEND, actor="submitter", original_removed_at=None, **fields)
    photo.refresh_from_db()


def test_an_appeal_goes_to_somebody_else_and_may_overturn(photo: Photo, rosa: User, omar: User) -> None:
    first = say(photo, rosa, "not_covered", "N1")
    again(photo, Occasion.APPEAL)
    assert claims.take_next(rosa) is None
    assert why_not(photo, rosa) == "not-yours"
    say(photo, omar, "covered", "P1")
    first.refresh_from_db()
    assert first.overturned


def test_that_more_had_to_be_covered_binds_nobody_and_is_not_overturned(photo: Photo, rosa: User) -> None:
    first = say(photo, rosa, "needs_covering", "C1")
    again(photo, Occasion.COVERED_MORE)
    say(photo, rosa, "covered", "P1")
    first.refresh_from_db()
    assert not first.overturned
    assert state(photo) == PhotoState.COVERED


def test_an_assignment_ends_with_the_round(photo: Photo, rosa: User, lena: User) -> None:
    say(photo, rosa, "escalate", reason="I cannot tell.")
    Assignment.objects.create(photo=photo, lead=lena, assigned_by=lena)
    say(photo, lena, "not_covered", "N1")
    assert Assignment.objects.exists(), "a decision may be taken back"
    again(photo, Occasion.APPEAL)
    assert not Assignment.objects.exists()


def test_a_question_pauses_until_another_reviewer_decides(photo: Photo, rosa: User, omar: User) -> None:
    assert not services.suspend(photo.pk, actor="partner:1", reason="Not intimate.")
    first = say(photo, rosa, "covered", "P1")
    Photo.objects.update(state=PhotoState.PROTECTED, original_removed_at=timezone.now())
    assert services.suspend(photo.pk, actor="partner:1", reason="A secret of the partner.")
    assert not services.suspend(photo.pk, actor="partner:1", reason="Again.")
    assert state(photo) == PhotoState.SUSPENDED
    assert "secret" not in told(photo)
    photo.refresh_from_db()
    assert 13 <= (photo.due_at - timezone.now()).days <= 14
    again(photo, Occasion.CONTESTED)
    assert claims.take_next(rosa) is None
    say(photo, omar, "not_covered", "N1")
    first.refresh_from_db()
    assert first.overturned
