from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from enrollment.models import Photo
from enrollment.services import withdraw
from review import claims, eligibility
from review.conflicts import EXPLANATIONS, Conflict
from review.models import AuditEntry, Claim, Clause
from review.services import decide

Expire = Callable[[Claim], None]
MakeCase = Callable[..., list[Photo]]


def conflict_of(photo: Photo, reviewer: User) -> str:
    with pytest.raises(Conflict) as raised:
        claims.held(photo.pk, reviewer)
    return raised.value.code


def test_the_oldest_photo_comes_first(make_case: MakeCase, rosa: User) -> None:
    young, old = make_case(2)
    Photo.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=2))
    claim = claims.take_next(rosa)
    assert claim is not None
    assert claim.photo_id == old.pk != young.pk


def test_photos_of_one_moment_come_in_the_order_of_their_ids(make_case: MakeCase, rosa: User) -> None:
    photos = make_case(3)
    Photo.objects.update(received_at=timezone.now())
    claim = claims.take_next(rosa)
    assert claim is not None
    assert claim.photo_id == min(photo.pk for photo in photos)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's plan, which knows no statistics")
def test_all_that_somebody_ever_decided_is_not_read_for_each_photo(rosa: User) -> None:
    plan = eligibility.claimable(rosa).explain()
    assert "review_decision" in str(eligibility.claimable(rosa).query)
    assert "decision_by_photo (photo_id=? AND reviewer_id=?)" in plan


def test_nothing_waits(rosa: User) -> None:
    assert claims.take_next(rosa) is None


def test_asking_again_gives_the_own_claim(make_case: MakeCase, rosa: User) -> None:
    make_case(2)
    first, second = claims.take_next(rosa), claims.take_next(rosa)
    assert first is not None
    assert second is not None
    assert (first.pk, first.token) == (second.pk, second.token)


def test_a_photo_with_another_reviewer_is_skipped(make_case: MakeCase, rosa: User, omar: User) -> None:
    make_case(2)
    first, second = claims.take_next(rosa), claims.take_next(omar)
    assert first is not None
    assert second is not None
    assert first.photo_id != second.photo_id


def test_the_last_photo_cannot_be_claimed_twice(rosas_claim: Claim, omar: User) -> None:
    assert claims.take_next(omar) is None


def test_an_expired_claim_is_taken_over(
    rosas_claim: Claim, rosa: User, omar: User, let_expire: Expire
) -> None:
    let_expire(rosas_claim)
    claim = claims.take_next(omar)
    assert claim is not None
    assert claim.pk == rosas_claim.pk
    assert claim.token != rosas_claim.token
    assert conflict_of(claim.photo, rosa) == "claimed-by-another"


def test_a_claim_lives_as_long_as_the_setting_says(settings: Any, photo: Photo, rosa: User) -> None:
    settings.ARC_CLAIM_MINUTES = 7
    claims.take_next(rosa)
    left = claims.held(photo.pk, rosa)
    assert timedelta(minutes=6, seconds=50) < vars(left)["remaining"] <= timedelta(minutes=7)


def test_more_time_starts_anew(rosas_claim: Claim, rosa: User) -> None:
    soon = timezone.now() + timedelta(seconds=30)
    Claim.objects.update(expires_at=soon)
    claims.extend(rosas_claim.photo_id, rosa)
    rosas_claim.refresh_from_db()
    assert rosas_claim.expires_at > soon + timedelta(minutes=9)


def test_no_more_time_once_it_ran_out(rosas_claim: Claim, rosa: User, let_expire: Expire) -> None:
    let_expire(rosas_claim)
    with pytest.raises(Conflict, match="claim-expired"):
        claims.extend(rosas_claim.photo_id, rosa)


def test_nobody_extends_another_reviewers_time(rosas_claim: Claim, omar: User) -> None:
    with pytest.raises(Conflict, match="claimed-by-another"):
        claims.extend(rosas_claim.photo_id, omar)


def test_a_released_photo_is_free(rosas_claim: Claim, rosa: User, omar: User) -> None:
    assert claims.release(rosas_claim.photo_id, rosa)
    claim = claims.take_next(omar)
    assert claim is not None
    assert claim.photo_id == rosas_claim.photo_id


def test_nobody_releases_another_reviewers_photo(rosas_claim: Claim, rosa: User, omar: User) -> None:
    assert not claims.release(rosas_claim.photo_id, omar)
    assert claims.held(rosas_claim.photo_id, rosa) == rosas_claim


def test_claim_and_release_are_in_the_audit(rosas_claim: Claim, rosa: User) -> None:
    claims.release(rosas_claim.photo_id, rosa)
    actor = f"staff:{rosa.pk}"
    entries = AuditEntry.objects.filter(actor=actor, photo=rosas_claim.photo_id).order_by("seq")
    assert [entry.action for entry in entries] == ["photo.claimed", "photo.released"]
    assert {entry.case for entry in entries} == {rosas_claim.photo.case.number}


def test_a_withdrawn_photo_ends_its_claim_at_once(rosas_claim: Claim, rosa: User) -> None:
    withdraw([rosas_claim.photo])
    assert not Claim.objects.exists()
    assert conflict_of(rosas_claim.photo, rosa) == "withdrawn"


def test_a_decided_photo_says_who_was_first(
    rosas_claim: Claim, rosa: User, omar: User, protected: Clause
) -> None:
    claims.note_view(rosas_claim.photo_id, rosa)
    decide(rosas_claim.photo_id, rosa, token=rosas_claim.token, choice="covered", clause=protected)
    assert conflict_of(rosas_claim.photo, rosa) == "decided-by-you"
    assert conflict_of(rosas_claim.photo, omar) == "decided-by-another"


def test_a_photo_never_claimed_is_nobodys(photo: Photo, rosa: User) -> None:
    assert conflict_of(photo, rosa) == "claim-expired"


def test_one_claim_a_photo_is_a_promise_of_the_database(rosas_claim: Claim, omar: User) -> None:
    again = Claim(photo_id=rosas_claim.photo_id, reviewer=omar, expires_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_every_conflict_has_a_sentence() -> None:
    for code in EXPLANATIONS:
        assert Conflict(code).explanation.endswith(".")
