import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from enrollment.models import Attestation, Case, OriginalKey, Photo, Term, TimelineEntry, WithheldPartner
from enrollment.states import Edge, PhotoState, TimelineEvent

pytestmark = pytest.mark.django_db


def make_case(**changes: Any) -> Case:
    fields = {
        "number": uuid.uuid4().hex[:10],
        "submission_digest": uuid.uuid4().hex,
        "attestation": Attestation.SELF,
    }
    return Case.objects.create(**(fields | changes))


def make_photo(case: Case, **changes: Any) -> Photo:
    fields = {"position": 1, "width": 320, "height": 240, "coverage": 0.2, "detail": 99.0}
    return Photo.objects.create(case=case, **(fields | changes))


def refuses(constraint: str) -> Any:
    return pytest.raises(IntegrityError, match=constraint)


def test_a_case_number_and_a_submission_exist_once() -> None:
    case = make_case()
    with refuses("enrollment_case.number"), transaction.atomic():
        make_case(number=case.number)
    with refuses("enrollment_case.submission_digest"), transaction.atomic():
        make_case(submission_digest=case.submission_digest)


def test_an_attestation_is_a_known_one() -> None:
    with refuses("case_attestation_is_known"), transaction.atomic():
        make_case(attestation="somebody")


def test_a_term_is_one_that_can_be_chosen() -> None:
    assert make_case(expires_after_days=Term.YEAR).expires_after_days == 365
    with refuses("case_term_is_known"), transaction.atomic():
        make_case(expires_after_days=91)


def test_a_partner_is_left_out_once() -> None:
    case = make_case()
    WithheldPartner.objects.create(case=case, slug="forum")
    with refuses("enrollment_withheldpartner.case_id|withheld_once_per_case"), transaction.atomic():
        WithheldPartner.objects.create(case=case, slug="forum")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("photo_state_is_legal", {"state": "lost"}),
        ("photo_settled_only_without_original", {"state": PhotoState.PROTECTED}),
        ("photo_settled_only_without_original", {"state": PhotoState.CLOSED}),
        ("photo_settled_only_without_original", {"state": PhotoState.EXPIRED, "expires_at": Now()}),
        ("photo_expired_had_a_term", {"state": PhotoState.EXPIRED, "original_removed_at": Now()}),
        ("photo_coverage_is_a_share", {"coverage": 0.0}),
        ("photo_coverage_is_a_share", {"coverage": 1.0}),
    ],
)
def test_a_photo_holds_what_is_promised(constraint: str, fields: dict[str, Any]) -> None:
    case = make_case()
    with refuses(constraint), transaction.atomic():
        make_photo(case, **fields)


def test_a_position_is_taken_once_in_a_case() -> None:
    case = make_case()
    make_photo(case)
    with refuses("case_id, enrollment_photo.position|photo_position_once_per_case"), transaction.atomic():
        make_photo(case)


def test_a_timeline_holds_known_events_only() -> None:
    photo = make_photo(make_case())
    with refuses("timeline_event_is_known"), transaction.atomic():
        TimelineEntry.objects.create(photo=photo, event="rumour")


def test_a_key_belongs_to_a_photo() -> None:
    with refuses("foreign key"), transaction.atomic():
        OriginalKey.objects.create(photo_id=uuid.uuid4(), wrapped=b"")
        transaction.get_connection().check_constraints()


def test_every_edge_can_be_told_on_the_timeline() -> None:
    assert {edge.value for edge in Edge} < set(TimelineEvent.values)


def test_every_state_is_reached_by_an_edge_and_only_withdrawn_is_final() -> None:
    assert {edge.target for edge in Edge} == set(PhotoState)
    left = {state for edge in Edge for state in edge.sources}
    assert set(PhotoState) - left == {PhotoState.WITHDRAWN}
