import uuid
from typing import Any

import pytest
from django.utils import timezone
from photo_rows import MakePhoto
from pytest_django import DjangoCaptureOnCommitCallbacks

from enrollment import transitions
from enrollment.signals import photo_moved
from enrollment.states import Edge, PhotoState
from enrollment.transitions import StaleState
from matching import dispatch, journal, services
from matching.models import FeedRecord, Fingerprint


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    nudges: list[uuid.UUID] = []
    monkeypatch.setattr(dispatch, "nudge", nudges.append)
    return nudges


def test_a_withdrawal_stops_matching_in_its_own_transaction(
    make_photo: MakePhoto,
    nudged: list[uuid.UUID],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = make_photo(PhotoState.COVERED)
    services.process_photo(photo.pk, actor="worker")
    with django_capture_on_commit_callbacks(execute=True):
        transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter")
        assert not Fingerprint.objects.exists()
        assert FeedRecord.objects.get().tombstone
        assert nudged == []
    assert nudged == [photo.pk]


def test_a_withdrawal_that_comes_too_late_touches_nothing(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    services.process_photo(photo.pk, actor="worker")
    transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter")
    with pytest.raises(StaleState):
        transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter")
    assert FeedRecord.objects.get().seq == 2


def test_a_queue_out_of_order_does_not_keep_anyone_from_withdrawing(
    make_photo: MakePhoto,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(photo_id: uuid.UUID) -> None:
        raise OSError("the queue is away")

    monkeypatch.setattr(dispatch, "nudge", fail)
    photo = make_photo(PhotoState.AWAITING_REVIEW)
    with django_capture_on_commit_callbacks(execute=True):
        transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter")
    photo.refresh_from_db()
    assert photo.state == PhotoState.WITHDRAWN


@pytest.mark.parametrize("edge", sorted(set(Edge) - {Edge.WITHDRAW, Edge.SUSPEND, Edge.EXPIRE}))
def test_no_other_edge_touches_what_was_published(
    make_photo: MakePhoto,
    nudged: list[uuid.UUID],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    edge: Edge,
) -> None:
    services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
    fields: dict[str, Any] = {}
    if edge in {Edge.PROTECT, Edge.CLOSE}:
        fields["original_removed_at"] = timezone.now()
    source = min(edge.sources)
    gone = {"original_removed_at": timezone.now()} if source in PhotoState.without_original() else {}
    photo = make_photo(source, **gone)
    with django_capture_on_commit_callbacks(execute=True):
        transitions.move(photo.pk, edge, actor="worker", **fields)
    assert Fingerprint.objects.count() == 1
    assert not FeedRecord.objects.filter(tombstone=True).exists()
    assert nudged == []


def test_a_question_retracts_and_the_next_protection_gets_a_fingerprint_of_its_own(
    make_photo: MakePhoto, nudged: list[uuid.UUID]
) -> None:
    photo = make_photo(PhotoState.COVERED)
    services.process_photo(photo.pk, actor="worker")
    first = Fingerprint.objects.get().pk
    transitions.move(photo.pk, Edge.SUSPEND, actor="partner:1")
    assert not Fingerprint.objects.exists()
    assert FeedRecord.objects.get().tombstone
    assert first in journal.read().retracted
    assert photo.pk not in journal.read().withdrawn


def test_an_alarm_is_purged_at_once(
    make_photo: MakePhoto,
    nudged: list[uuid.UUID],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = make_photo(PhotoState.AWAITING_REVIEW)
    with django_capture_on_commit_callbacks(execute=True):
        transitions.move(photo.pk, Edge.DECIDE_NEEDS_COVERING, actor="staff:1", details={"alarm": True})
    assert nudged == [photo.pk]
    assert services.process_photo(photo.pk, actor="worker") == 1
    photo.refresh_from_db()
    assert photo.state == PhotoState.CLOSED


def test_a_withdrawal_takes_the_locks_in_the_order_of_a_purge() -> None:
    """Feed first, audit second, or a withdrawal and a purge could wait for each other for ever."""
    names = [receiver[0][0] for receiver in photo_moved.receivers]
    assert names.index("matching.withdraw") < names.index("review.audit")
