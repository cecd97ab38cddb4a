"""Waiting photos are compared with other cases' once, and nothing of it outlives their waiting."""

import base64
import uuid
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from photo_rows import WORKING, MakePhoto

from enrollment import originals, receipts, sandbox, services
from enrollment.inspection import SentFile
from enrollment.models import Attestation, Case, Photo
from enrollment.sandbox import Inspected
from enrollment.states import Edge, PhotoState
from enrollment.transitions import move
from matching import duplicates
from matching.engine.fingerprint import VERSION
from matching.models import Fingerprint, WaitingSketch
from review.models import NearDuplicate


def drawn(seed: int) -> dict[str, Any]:
    """A document with a sketch of nothing but its number: other numbers are other pictures."""
    signs = np.random.default_rng(seed).integers(0, 2, 480).astype(bool)
    return {
        "version": VERSION,
        "sketch": base64.b64encode(np.packbits(np.repeat(signs, 2)).tobytes()).decode(),
    }


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child process is spared: what an original shows is the number that was sealed."""
    monkeypatch.setattr(sandbox, "fingerprint", lambda working: drawn(int(working)))


@pytest.fixture
def make_waiting(make_photo: MakePhoto, pictures: None) -> MakePhoto:
    def make(seed: int, state: PhotoState = PhotoState.AWAITING_REVIEW, **fields: Any) -> Photo:
        photo = make_photo(state, original=str(seed).encode(), **fields)
        duplicates.enlist(photo.pk)
        return photo

    return make


def protect(photo: Photo, seed: int) -> None:
    """Give it a fingerprint, as if it had been decided long ago."""
    Photo.objects.filter(pk=photo.pk).update(state=PhotoState.COVERED)
    duplicates.forget(photo.pk)
    Fingerprint.objects.create(photo=photo, version=VERSION, document=drawn(seed))


def pairs() -> set[tuple[uuid.UUID, uuid.UUID]]:
    return set(NearDuplicate.objects.values_list("photo", "other"))


def test_the_same_picture_in_other_cases_is_found(make_waiting: MakePhoto) -> None:
    listed, early, late, different = (make_waiting(seed) for seed in (1, 1, 1, 2))
    protect(listed, 1)
    assert duplicates.compare_waiting(60) == 3
    assert pairs() == {(early.pk, listed.pk), (late.pk, listed.pk), (late.pk, early.pk)}
    assert not {pair for pair in pairs() if different.pk in pair}
    assert set(NearDuplicate.objects.values_list("distance", flat=True)) == {0.0}


def test_photos_of_one_case_are_no_news(make_waiting: MakePhoto) -> None:
    first, second = make_waiting(1), make_waiting(1)
    Photo.objects.filter(pk=second.pk).update(case=Case.objects.get(pk=first.case_id), position=2)
    assert duplicates.compare_waiting(60) == 2
    assert pairs() == set()


def test_each_is_compared_once(make_waiting: MakePhoto) -> None:
    make_waiting(1)
    assert duplicates.compare_waiting(60) == 1
    assert not duplicates.due().exists()
    assert duplicates.compare_waiting(60) == 0
    make_waiting(1)
    assert duplicates.compare_waiting(60) == 1
    assert len(pairs()) == 1


def test_done_twice_it_is_there_once(make_waiting: MakePhoto) -> None:
    make_waiting(1), make_waiting(1)
    duplicates.compare_waiting(60)
    before = pairs()
    WaitingSketch.objects.update(compared_at=None)
    duplicates.compare_waiting(60)
    assert pairs() == before


def test_a_turn_ends_in_time(make_waiting: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "AT_ONCE", 2)
    for _ in range(5):
        make_waiting(1)
    assert duplicates.compare_waiting(0) == 1
    assert duplicates.compare_waiting(60) == 4
    assert len(pairs()) == 10


def test_everything_is_read_in_parts(make_waiting: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "OTHERS_AT_ONCE", 2)
    for number in range(5):
        protect(make_waiting(number), number)
    late = make_waiting(3)
    with CaptureQueriesContext(connection) as queries:
        duplicates.compare_waiting(60)
    assert [pair[0] for pair in pairs()] == [late.pk]
    read = [q["sql"] for q in queries if "matching_fingerprint" in q["sql"] and "LIMIT 2" in q["sql"]]
    assert len(read) == 4


def test_a_picture_that_everybody_sends_makes_few_pairs(
    make_waiting: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "MOST_NEIGHBOURS", 2)
    for _ in range(6):
        protect(make_waiting(1), 1)
    make_waiting(1)
    duplicates.compare_waiting(60)
    assert len(pairs()) == 2


@pytest.mark.parametrize("original", [None, b"poison"])
def test_a_photo_that_cannot_be_read_is_given_up(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, original: bytes | None
) -> None:
    def fail(working: bytes) -> dict[str, Any]:
        raise sandbox.SandboxFailed("poison")

    monkeypatch.setattr(sandbox, "fingerprint", fail)
    duplicates.enlist(make_photo(PhotoState.AWAITING_REVIEW, original=original).pk)
    for _ in range(duplicates.ATTEMPTS):
        assert duplicates.due().exists()
        assert duplicates.compare_waiting(60) == 0
    assert not duplicates.due().exists()
    assert WaitingSketch.objects.get().attempts == duplicates.ATTEMPTS


def test_the_last_attempt_counts_too(make_waiting: MakePhoto) -> None:
    make_waiting(1)
    WaitingSketch.objects.update(attempts=duplicates.ATTEMPTS - 1)
    assert duplicates.compare_waiting(60) == 1


def test_what_was_decided_meanwhile_is_not_kept(
    make_waiting: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, other = make_waiting(1), make_waiting(1)
    move(other.pk, Edge.DECIDE_NEEDS_COVERING, actor="test")

    def overtaken(working: bytes) -> dict[str, Any]:
        move(photo.pk, Edge.WITHDRAW, actor="test")
        return drawn(1)

    monkeypatch.setattr(sandbox, "fingerprint", overtaken)
    assert duplicates.compare_waiting(60) == 0
    assert not WaitingSketch.objects.exists()
    assert pairs() == set()


@pytest.mark.parametrize(
    ("edges", "sketches", "likenesses"),
    [
        ([Edge.ASK_SECOND_OPINION], 2, 1),
        ([Edge.ESCALATE], 2, 1),
        ([Edge.DECIDE_COVERED], 1, 1),
        ([Edge.DECIDE_COVERED, Edge.UNDO_TO_QUEUE], 2, 1),
        ([Edge.DECIDE_NOT_COVERED], 1, 0),
        ([Edge.DECIDE_NOT_COVERED, Edge.UNDO_TO_QUEUE], 2, 0),
        ([Edge.DECIDE_NEEDS_COVERING], 1, 0),
        ([Edge.LAPSE], 1, 0),
        ([Edge.WITHDRAW], 1, 0),
    ],
)
def test_it_is_kept_as_long_as_it_is_of_use(
    make_waiting: MakePhoto, edges: list[Edge], sketches: int, likenesses: int
) -> None:
    photo, _ = make_waiting(1), make_waiting(1)
    duplicates.compare_waiting(60)
    for edge in edges:
        move(photo.pk, edge, actor="test")
    assert WaitingSketch.objects.count() == sketches
    assert len(pairs()) == likenesses


def test_what_is_sent_again_is_another_picture(make_waiting: MakePhoto) -> None:
    photo, other = make_waiting(1), make_waiting(1)
    duplicates.compare_waiting(60)
    assert len(pairs()) == 1
    Photo.objects.filter(pk=photo.pk).update(
        state=PhotoState.CLOSED, original_removed_at="2026-01-01T00:00:00Z"
    )
    move(photo.pk, Edge.RESEND, actor="submitter")
    assert pairs() == set()
    row = WaitingSketch.objects.get(pk=photo.pk)
    assert (bytes(row.sketch), row.attempts, row.compared_at) == (b"", 0, None)
    assert WaitingSketch.objects.get(pk=other.pk).compared_at is not None


def test_the_sweep_takes_in_what_no_trigger_told_of(make_photo: MakePhoto) -> None:
    waiting = make_photo(PhotoState.ESCALATED)
    decided = make_photo(PhotoState.COVERED)
    duplicates.enlist(decided.pk)
    assert duplicates.enlist_missed() == 2
    assert list(WaitingSketch.objects.values_list("pk", flat=True)) == [waiting.pk]
    assert duplicates.enlist_missed() == 0


def test_a_picture_is_known_as_soon_as_it_is_taken_in(
    make_waiting: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No original is opened to look for its neighbours, whether it is sent or sent again."""
    listed, closed = make_waiting(1), make_waiting(2)
    duplicates.compare_waiting(60)
    protect(listed, 1)
    move(closed.pk, Edge.DECIDE_NEEDS_COVERING, actor="test")
    move(closed.pk, Edge.CLOSE, actor="test", original_removed_at=Now())
    sketch = base64.b64decode(drawn(1)["sketch"])
    inspected = Inspected(b"pixels", 320, 240, coverage=0.2, detail=120, stripped=(), sketch=sketch)
    monkeypatch.setattr(sandbox, "inspect", lambda data: inspected)
    monkeypatch.setattr(originals, "open_original", lambda photo_id: pytest.fail("it was opened"))
    file = SentFile("photo.jpg", b"sent", 4)
    services.submit(receipts.new_token(), [file], Attestation.SELF)
    services.resend(Photo.objects.get(pk=closed.pk), file)
    assert duplicates.compare_waiting(60) == 2
    assert len(pairs()) == 3


def test_a_real_photo_leaves_nothing_but_its_sketch(make_photo: MakePhoto, document: dict[str, Any]) -> None:
    photo = make_photo(PhotoState.AWAITING_REVIEW)
    duplicates.enlist(photo.pk)
    duplicates.compare_waiting(60)
    row = WaitingSketch.objects.get()
    assert bytes(row.sketch) == base64.b64decode(document["sketch"])
    assert originals.open_original(photo.pk) == WORKING
