"""Taking a decision back within its window, and the alarm, which cannot be taken back."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction
from django.utils import timezone

from enrollment.models import Photo, TimelineEntry
from enrollment.services import withdraw
from enrollment.states import PhotoState
from review import claims, rulings, services
from review.conflicts import Conflict
from review.models import AuditEntry, Claim, Clause, Decision, Step, TermsVersion, Viewing


@pytest.fixture
def rosas_claim(rosas_claim: Claim, rosa: User) -> Claim:
    """As everywhere, and the picture was shown to her."""
    claims.note_view(rosas_claim.photo_id, rosa)
    return rosas_claim


def clause(code: str) -> Clause:
    return TermsVersion.objects.current().clauses.get(code=code)


def decide(claim: Claim, choice: str, code: str = "", **said: object) -> Decision:
    said.setdefault("reason", "So it is.")
    return services.decide(
        claim.photo_id,
        claim.reviewer,
        token=claim.token,
        choice=choice,
        clause=clause(code) if code else None,
        **said,  # type: ignore[arg-type]
    )[0]


def state() -> str:
    return Photo.objects.get().state


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as caught:
        act()
    return caught.value.code


@pytest.mark.parametrize(
    ("choice", "code", "became"),
    [
        ("covered", "P1", PhotoState.COVERED),
        ("not_covered", "N1", PhotoState.NOT_COVERED),
        ("needs_covering", "C1", PhotoState.NEEDS_COVERING),
        ("second_opinion", "P1", PhotoState.SECOND_OPINION),
        ("escalate", "", PhotoState.ESCALATED),
    ],
)
@pytest.mark.parametrize("came_from", PhotoState.waiting())
def test_every_decision_leads_back_to_where_it_came_from(
    rosas_claim: Claim, rosa: User, came_from: PhotoState, choice: str, code: str, became: PhotoState
) -> None:
    if choice not in rulings.OFFERED[came_from]:
        return
    Photo.objects.update(state=came_from)
    rosa.user_permissions.set(lead_permission())
    decision = decide(rosas_claim, choice, code)
    assert state() == became
    assert rulings.undoable(rosa) == decision
    claim = services.undo(rosas_claim.photo_id, rosa)
    assert state() == came_from
    assert claim.token != rosas_claim.token
    assert rulings.undoable(rosa) is None
    decision.refresh_from_db()
    assert decision.undone_at is not None
    undone = TimelineEntry.objects.latest("pk").event
    assert undone.startswith("undo_to_")
    assert AuditEntry.objects.first().action == undone  # type: ignore[union-attr]


def lead_permission() -> list[int]:
    return list(Permission.objects.filter(codename="decide_escalated").values_list("pk", flat=True))


def test_after_an_undo_the_photo_is_in_hand_and_may_be_decided_anew(rosas_claim: Claim, rosa: User) -> None:
    decide(rosas_claim, "covered", "P1")
    first = services.undo(rosas_claim.photo_id, rosa)
    assert services.undo(rosas_claim.photo_id, rosa) == first, "a double click"
    assert decide(first, "not_covered", "N1").outcome == "not_covered"
    assert Decision.objects.standing().count() == 1


def test_the_form_of_a_decision_taken_back_is_old(rosas_claim: Claim, rosa: User) -> None:
    decide(rosas_claim, "covered", "P1")
    services.undo(rosas_claim.photo_id, rosa)
    assert code_of(lambda: decide(rosas_claim, "covered", "P1")) == "old-form"


def test_too_late(rosas_claim: Claim, rosa: User) -> None:
    decide(rosas_claim, "covered", "P1")
    Photo.objects.update(due_at=timezone.now())
    assert rulings.undoable(rosa) is None
    assert code_of(lambda: services.undo(rosas_claim.photo_id, rosa)) == "undo-too-late"
    assert state() == PhotoState.COVERED
    assert Decision.objects.standing().exists()


def test_a_worker_that_holds_the_photo_was_quicker(rosas_claim: Claim, rosa: User) -> None:
    decide(rosas_claim, "covered", "P1")
    Photo.objects.update(lease_token=uuid.uuid4())
    assert code_of(lambda: services.undo(rosas_claim.photo_id, rosa)) == "undo-too-late"


def test_withdrawn_meanwhile(rosas_claim: Claim, rosa: User) -> None:
    decide(rosas_claim, "covered", "P1")
    withdraw([rosas_claim.photo])
    assert code_of(lambda: services.undo(rosas_claim.photo_id, rosa)) == "withdrawn"


def test_nobody_undoes_what_another_person_decided(rosas_claim: Claim, rosa: User, omar: User) -> None:
    decide(rosas_claim, "second_opinion", "P1")
    assert code_of(lambda: services.undo(rosas_claim.photo_id, omar)) == "nothing-to-undo"
    Photo.objects.update(due_at=timezone.now())
    claim = claims.take(rosas_claim.photo_id, omar)
    claims.note_view(claim.photo_id, omar)
    decide(claim, "covered", "P1")
    assert rulings.undoable(rosa) is None
    assert code_of(lambda: services.undo(rosas_claim.photo_id, rosa)) == "undo-too-late"
    assert state() == PhotoState.COVERED
    services.undo(claim.photo_id, omar)
    assert state() == PhotoState.SECOND_OPINION


def test_nobody_else_begins_before_the_window_is_over(rosas_claim: Claim, rosa: User, omar: User) -> None:
    decide(rosas_claim, "second_opinion", "P1")
    assert claims.take_next(omar) is None
    Photo.objects.update(due_at=timezone.now())
    assert claims.take_next(omar) is not None


def test_an_undone_word_overturns_nothing(rosas_claim: Claim, rosa: User, omar: User) -> None:
    rosa.user_permissions.set(lead_permission())
    photo = rosas_claim.photo
    earlier = Decision.objects.create(
        photo=photo, round=1, reviewer=omar, claim_token=uuid.uuid4(), outcome="covered", clause=clause("P1")
    )
    Photo.objects.update(round=2)
    decide(rosas_claim, "not_covered", "N1")
    earlier.refresh_from_db()
    assert earlier.overturned
    services.undo(photo.pk, rosa)
    earlier.refresh_from_db()
    assert not earlier.overturned


def test_the_alarm_ends_everything_at_once(rosas_claim: Claim, rosa: User, omar: User) -> None:
    photo_id = rosas_claim.photo_id
    alarm, new = services.alarm(photo_id, rosa, rosas_claim.token)
    assert new
    assert (alarm.step, alarm.outcome, alarm.clause) == (Step.ALARM, None, None)
    assert services.alarm(photo_id, rosa, rosas_claim.token) == (alarm, False)
    photo = Photo.objects.get()
    assert photo.state == PhotoState.NEEDS_COVERING
    assert photo in Photo.objects.purge_due()
    assert not Claim.objects.exists()
    assert claims.take_next(omar) is None
    assert code_of(lambda: services.undo(photo_id, rosa)) == "undo-too-late"
    assert rulings.undoable(rosa) is None
    actions = AuditEntry.objects.filter(photo=photo_id).order_by("-seq").values_list("action", flat=True)
    assert list(actions[:2]) == ["decide_needs_covering", "photo.alarm"]


def test_no_alarm_about_what_was_never_shown(photo: Photo, rosa: User) -> None:
    claim = claims.take(photo.pk, rosa)
    assert code_of(lambda: services.alarm(photo.pk, rosa, claim.token)) == "not-seen"


def test_no_alarm_without_the_claim(rosas_claim: Claim, rosa: User, omar: User) -> None:
    assert code_of(lambda: services.alarm(rosas_claim.photo_id, omar, uuid.uuid4())) == "claimed-by-another"
    assert state() == PhotoState.AWAITING_REVIEW


@pytest.mark.parametrize("ending", ["decide", "alarm", "skip", "release"])
def test_whatever_ends_a_claim_ends_the_looking(rosas_claim: Claim, rosa: User, ending: str) -> None:
    photo_id = rosas_claim.photo_id
    Viewing.objects.create(reviewer=rosa, photo_id=photo_id, token=rosas_claim.token)
    endings: dict[str, Callable[[], object]] = {
        "decide": lambda: decide(rosas_claim, "covered", "P1"),
        "alarm": lambda: services.alarm(photo_id, rosa, rosas_claim.token),
        "skip": lambda: services.skip(photo_id, rosa),
        "release": lambda: services.release(photo_id, rosa),
    }
    endings[ending]()
    assert Viewing.objects.get().ended_at is not None


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({}, "decision_final_once_per_round|UNIQUE"),
        ({"step": "escalated", "reason": "x"}, "decision_rests_on_a_clause"),
        ({"step": "alarm", "outcome": None, "clause": None, "came_from": "covered"}, "decision_came_from"),
        ({"step": "escalated", "outcome": None, "clause": None}, "decision_refusal_has_a_reason"),
        ({"step": "opinion", "clause": None}, "decision_rests_on_a_clause"),
        ({"step": "maybe", "outcome": None, "clause": None}, "decision_step_is_known"),
    ],
)
def test_the_database_refuses_what_may_not_be(
    rosas_claim: Claim, omar: User, change: dict[str, object], constraint: str
) -> None:
    decide(rosas_claim, "covered", "P1")
    fields = {"outcome": "covered", "clause": clause("P1")} | change
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Decision.objects.create(photo=rosas_claim.photo, reviewer=omar, claim_token=uuid.uuid4(), **fields)
