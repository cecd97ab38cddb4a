"""A worker may be killed between any two steps, be late, or be told twice. Here it is by exceptions."""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from photo_rows import WORKING, MakePhoto
from pytest_django import Settings

from enrollment import originals, sandbox, transitions
from enrollment.models import OriginalKey, Photo, TimelineEntry
from enrollment.states import Edge, PhotoState, TimelineEvent
from enrollment.transitions import StaleState
from matching import feed, services, wal
from matching.models import FeedRecord, Fingerprint
from review import audit
from review.models import AuditEntry


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


def die(*_: Any, **__: Any) -> Any:
    raise Killed


def events(photo: Photo) -> list[str]:
    return list(TimelineEntry.objects.filter(photo=photo).values_list("event", flat=True))


def audited(photo: Photo) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(photo=photo.pk).order_by("seq").values_list("action", "actor"))


def end_lease(photo: Photo) -> None:
    Photo.objects.filter(pk=photo.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_covered_photo_becomes_protected_and_its_original_is_gone(
    make_photo: MakePhoto, document: dict[str, Any]
) -> None:
    photo = make_photo(PhotoState.COVERED)
    assert services.process_photo(photo.pk, actor="worker") == 2
    photo.refresh_from_db()
    assert photo.state == PhotoState.PROTECTED
    assert photo.original_removed_at is not None
    assert (photo.lease_token, photo.lease_until, photo.attempts) == (None, None, 0)
    assert not originals.is_held(photo.pk)
    stored = Fingerprint.objects.get(photo=photo)
    assert (stored.document, stored.version) == (document, document["version"])
    assert FeedRecord.objects.get().fingerprint_id == stored.pk
    assert events(photo) == [Edge.STORE_FINGERPRINT, Edge.PROTECT]
    assert audited(photo) == [(Edge.STORE_FINGERPRINT, "worker"), (Edge.PROTECT, "worker")]
    assert audit.verify().fault == ""


@pytest.mark.parametrize("state", [PhotoState.NOT_COVERED, PhotoState.LAPSED])
def test_a_photo_that_is_not_protected_is_purged_and_closed(make_photo: MakePhoto, state: PhotoState) -> None:
    photo = make_photo(state)
    assert services.process_photo(photo.pk, actor="sweep") == 1
    photo.refresh_from_db()
    assert photo.state == PhotoState.CLOSED
    assert not originals.is_held(photo.pk)
    assert audited(photo) == [(Edge.CLOSE, "sweep")]
    assert not Fingerprint.objects.exists()
    assert not FeedRecord.objects.exists()


def test_a_withdrawn_photo_stays_withdrawn_and_its_original_is_gone(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.WITHDRAWN)
    assert services.process_photo(photo.pk, actor="worker") == 1
    photo.refresh_from_db()
    assert photo.state == PhotoState.WITHDRAWN
    assert photo.original_removed_at is not None
    assert photo.lease_token is None
    assert not originals.is_held(photo.pk)
    assert events(photo) == [TimelineEvent.PURGED]
    assert audited(photo) == [("purge", "worker")]


@pytest.mark.parametrize("state", sorted(set(PhotoState) - {PhotoState.COVERED, *PhotoState.purging()}))
def test_nothing_is_done_in_any_other_state(make_photo: MakePhoto, state: PhotoState) -> None:
    settled = state in PhotoState.without_original()
    moment = timezone.now() if settled else None
    photo = make_photo(state, original_removed_at=moment, expires_at=moment)
    assert services.process_photo(photo.pk, actor="worker") == 0
    assert originals.is_held(photo.pk)
    assert events(photo) == []


@pytest.mark.parametrize("state", [PhotoState.COVERED, *PhotoState.purging()])
def test_nothing_is_done_before_the_undo_window_is_over(make_photo: MakePhoto, state: PhotoState) -> None:
    photo = make_photo(state, due_at=timezone.now() + timedelta(seconds=5))
    assert services.process_photo(photo.pk, actor="worker") == 0
    assert originals.open_original(photo.pk) == WORKING


def test_the_second_delivery_finds_nothing_to_do(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    assert [services.process_photo(photo.pk, actor="worker") for _ in range(3)] == [2, 0, 0]
    assert Fingerprint.objects.count() == FeedRecord.objects.count() == 1
    assert len(audited(photo)) == 2


def test_an_unknown_photo_is_nothing_to_do(db: None) -> None:
    assert services.process_photo(uuid.uuid4(), actor="worker") == 0


POINTS: list[tuple[str, Any, str]] = [
    ("before the original is opened", originals, "open_original"),
    ("in the child process", sandbox, "fingerprint"),
    ("before the fingerprint takes effect", services, "_store"),
    ("in the middle of that effect", Fingerprint.objects, "create"),
    ("before the original is destroyed", originals, "destroy"),
    ("after it was destroyed", services, "_confirm_destroyed"),
    ("in the middle of the confirmation", feed, "publish"),
    ("before the log is emptied", wal, "truncate"),
]


@pytest.mark.parametrize(
    ("module", "name"), [point[1:] for point in POINTS], ids=[point[0] for point in POINTS]
)
def test_a_worker_killed_anywhere_leaves_what_the_next_one_finishes(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    photo = make_photo(PhotoState.COVERED)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Killed):
            services.process_photo(photo.pk, actor="worker")
    services.process_photo(photo.pk, actor="worker")
    end_lease(photo)
    services.process_photo(photo.pk, actor="sweep")
    photo.refresh_from_db()
    assert photo.state == PhotoState.PROTECTED
    assert not originals.is_held(photo.pk)
    assert [action for action, _ in audited(photo)] == events(photo) == [Edge.STORE_FINGERPRINT, Edge.PROTECT]
    assert Fingerprint.objects.count() == FeedRecord.objects.count() == 1
    assert audit.verify().fault == ""


def test_a_killed_worker_keeps_others_away_until_its_lease_ends(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(PhotoState.COVERED)
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "fingerprint", die)
        with pytest.raises(Killed):
            services.fingerprint_photo(photo.pk, actor="worker")
    assert services.fingerprint_photo(photo.pk, actor="worker") is False
    end_lease(photo)
    assert services.fingerprint_photo(photo.pk, actor="worker") is True


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], object]) -> None:
    """Let something happen right after one step of the work."""
    step = getattr(module, name)

    def stepped(*args: Any, **options: Any) -> Any:
        result = step(*args, **options)
        happens()
        return result

    monkeypatch.setattr(module, name, stepped)


def test_a_late_worker_has_no_effect_when_its_lease_ran_out(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(PhotoState.COVERED)
    meanwhile(monkeypatch, sandbox, "fingerprint", lambda: end_lease(photo))
    with pytest.raises(StaleState):
        services.fingerprint_photo(photo.pk, actor="worker")
    assert not Fingerprint.objects.exists()
    assert events(photo) == []


def test_a_late_worker_has_no_effect_when_another_took_over(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(PhotoState.COVERED)

    def overtake() -> None:
        monkeypatch.undo()
        end_lease(photo)
        monkeypatch.setattr(sandbox, "fingerprint", lambda _: {"version": "the faster one"})
        assert services.fingerprint_photo(photo.pk, actor="sweep")

    meanwhile(monkeypatch, sandbox, "fingerprint", overtake)
    with pytest.raises(StaleState):
        services.fingerprint_photo(photo.pk, actor="worker")
    assert Fingerprint.objects.get().version == "the faster one"
    assert audited(photo) == [(Edge.STORE_FINGERPRINT, "sweep")]


@pytest.mark.parametrize(
    ("module", "name"),
    [(originals, "open_original"), (sandbox, "fingerprint"), (originals, "destroy")],
    ids=["at the opening", "at the fingerprint", "at the destruction"],
)
def test_a_withdrawal_in_the_middle_of_the_work_wins(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    photo = make_photo(PhotoState.COVERED)
    with monkeypatch.context() as patch:
        meanwhile(patch, module, name, lambda: transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter"))
        services.process_photo(photo.pk, actor="worker")
    services.process_photo(photo.pk, actor="worker")
    photo.refresh_from_db()
    assert photo.state == PhotoState.WITHDRAWN
    assert photo.original_removed_at is not None
    assert not originals.is_held(photo.pk)
    assert not Fingerprint.objects.exists()
    assert not FeedRecord.objects.exists()
    assert events(photo)[-2:] == [Edge.WITHDRAW, TimelineEvent.PURGED]


def test_a_purge_of_a_withdrawn_photo_by_a_late_worker_is_confirmed_by_the_next(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(PhotoState.WITHDRAWN)
    with monkeypatch.context() as patch:
        meanwhile(patch, originals, "destroy", lambda: end_lease(photo))
        with pytest.raises(StaleState):
            services.purge_photo(photo.pk, actor="worker")
    photo.refresh_from_db()
    assert photo.original_removed_at is None
    assert services.purge_photo(photo.pk, actor="worker")
    assert events(photo) == [TimelineEvent.PURGED]


def test_a_photo_is_never_called_purged_when_its_destruction_failed(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(PhotoState.FINGERPRINTED)

    def refuse(photo_id: uuid.UUID) -> None:
        raise originals.NotDestroyed("read-only")

    monkeypatch.setattr(originals, "destroy", refuse)
    assert services.process_photo(photo.pk, actor="worker") == 0
    photo.refresh_from_db()
    assert (photo.state, photo.original_removed_at) == (PhotoState.FINGERPRINTED, None)
    assert events(photo) == []


def test_a_purge_is_tried_for_ever_and_says_so(
    make_photo: MakePhoto, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    photo = make_photo(PhotoState.NOT_COVERED, attempts=settings.ARC_TASK_ATTEMPTS)
    assert services.process_photo(photo.pk, actor="worker") == 1
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]


def poison(working: bytes) -> dict[str, Any]:
    raise ValueError(f"secret-canary in {working!r}")


def test_three_attempts_and_the_fourth_finds_it_failed(
    make_photo: MakePhoto,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
) -> None:
    settings.ARC_TASK_ATTEMPTS = 3
    monkeypatch.setattr(sandbox, "fingerprint", poison)
    photo = make_photo(PhotoState.COVERED)
    for _ in range(3):
        assert services.process_photo(photo.pk, actor="worker") == 0
        photo.refresh_from_db()
        assert photo.state == PhotoState.COVERED
        end_lease(photo)
    assert services.process_photo(photo.pk, actor="worker") == 0
    photo.refresh_from_db()
    assert photo.state == PhotoState.FAILED
    assert events(photo) == [Edge.FAIL]
    assert originals.open_original(photo.pk) == WORKING
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3 + [logging.CRITICAL]
    assert "ValueError at poison:" in caplog.text
    assert "canary" not in caplog.text


def test_a_silent_store_is_no_fault_of_the_photo(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    photo = make_photo(PhotoState.COVERED)

    def silent(photo_id: uuid.UUID) -> bytes:
        raise originals.StoreSilent("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(originals, "open_original", silent)
        for _ in range(settings.ARC_TASK_ATTEMPTS + 2):
            assert services.process_photo(photo.pk, actor="worker") == 0
            assert services.process_photo(photo.pk, actor="worker") == 0, "the lease is a pause"
            end_lease(photo)
    photo.refresh_from_db()
    assert (photo.state, photo.attempts) == (PhotoState.COVERED, 0)
    assert services.process_photo(photo.pk, actor="worker") == 2


def test_a_failed_photo_gets_its_attempts_back(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.FAILED)
    assert services.retry_failed(actor="sweep") == 1
    assert services.retry_failed(actor="sweep") == 0
    assert services.process_photo(photo.pk, actor="worker") == 2


def test_an_original_that_vanished_is_an_error_and_no_fingerprint(
    make_photo: MakePhoto, caplog: pytest.LogCaptureFixture
) -> None:
    photo = make_photo(PhotoState.COVERED)
    OriginalKey.objects.all().delete()
    assert services.process_photo(photo.pk, actor="worker") == 0
    assert not Fingerprint.objects.exists()
    assert "OriginalGone" in caplog.text
