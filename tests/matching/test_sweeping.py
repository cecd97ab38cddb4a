import os
import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Task
from photo_rows import WORKING, MakePhoto
from pytest_django import Settings

from enrollment import limiter, originals, sandbox
from enrollment.models import OriginalKey, Photo
from enrollment.states import PhotoState
from matching import sweeping


def age(settings: Settings, photo_id: uuid.UUID, seconds: float) -> None:
    file = settings.STORE_DIR / photo_id.hex
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))


def test_it_does_all_due_work_once(make_photo: MakePhoto, settings: Settings) -> None:
    for state in (PhotoState.COVERED, PhotoState.COVERED, PhotoState.NOT_COVERED, PhotoState.WITHDRAWN):
        make_photo(state)
    long_ago = timezone.now() - timedelta(days=settings.ARC_REVIEW_DAYS, seconds=1)
    make_photo(PhotoState.AWAITING_REVIEW, received_at=long_ago)
    waiting = make_photo(PhotoState.AWAITING_REVIEW)
    first = sweeping.sweep()
    assert (first.lapsed, first.steps, first.broken, first.alarming) == (1, 7, (), False)
    states = sorted(Photo.objects.exclude(pk=waiting.pk).values_list("state", flat=True))
    assert states == ["closed", "closed", "protected", "protected", "withdrawn"]
    assert [key.pk for key in OriginalKey.objects.all()] == [waiting.pk]
    second = sweeping.sweep()
    assert (second.lapsed, second.steps) == (0, 0)
    assert originals.open_original(waiting.pk) == WORKING


def test_one_photo_that_cannot_be_done_does_not_keep_the_others(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = make_photo(PhotoState.COVERED, original=b"poison", due_at="2026-01-01T00:00Z")
    make_photo(PhotoState.COVERED)
    assert sweeping.sweep().steps == 2
    poison.refresh_from_db()
    assert poison.state == PhotoState.COVERED


def test_failed_photos_are_left_alone_until_asked(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.FAILED)
    swept = sweeping.sweep()
    assert (swept.steps, swept.left.failed, swept.alarming) == (0, 1, True)
    swept = sweeping.sweep(retry_failed=True)
    assert (swept.retried, swept.steps, swept.alarming) == (1, 2, False)
    photo.refresh_from_db()
    assert photo.state == PhotoState.PROTECTED


def test_strays_in_the_store_are_removed(make_photo: MakePhoto, settings: Settings) -> None:
    make_photo()  # in a database without any photo nothing is taken for a stray
    stray = uuid.uuid4()
    originals.seal(stray, b"an upload that was killed")
    age(settings, stray, originals.STRAY_AFTER_SECONDS + 60)
    assert sweeping.sweep().strays == 1
    assert not originals.is_held(stray)


def test_a_missing_original_is_an_alarm(
    make_photo: MakePhoto, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    photo = make_photo(PhotoState.AWAITING_REVIEW)
    (settings.STORE_DIR / photo.pk.hex).unlink()
    swept = sweeping.sweep()
    assert (swept.lost, swept.alarming) == (1, True)
    assert str(photo.pk) in caplog.text


def test_a_part_that_breaks_is_named_and_the_rest_is_done(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise OSError("disk")

    monkeypatch.setattr(limiter, "forget_old", fail)
    monkeypatch.setattr(originals, "reconcile", fail)
    make_photo(PhotoState.COVERED)
    swept = sweeping.sweep()
    assert (swept.steps, swept.broken, swept.alarming) == (2, ("store", "limiter"), True)


def test_old_records_of_failed_tasks_are_forgotten(db: None, store: None) -> None:
    for name, days in (("old", 8), ("new", 6)):
        then = timezone.now() - timedelta(days=days)
        Task.objects.create(
            id=uuid.uuid4().hex, name=name, func="f", started=then, stopped=then, success=False
        )
    sweeping.sweep()
    assert [task.name for task in Task.objects.all()] == ["new"]


def test_another_sweep_in_the_middle_is_harmless(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[int] = []
    fingerprint = sandbox.fingerprint

    def sweep_meanwhile(working: bytes) -> dict[str, object]:
        if not inner:
            inner.append(0)
            inner.append(sweeping.sweep().steps)
        return fingerprint(working)

    monkeypatch.setattr(sandbox, "fingerprint", sweep_meanwhile)
    for _ in range(3):
        make_photo(PhotoState.COVERED)
    outer = sweeping.sweep()
    assert inner[1:] == [4]
    assert outer.steps == 2
    assert Photo.objects.filter(state=PhotoState.PROTECTED).count() == 3


@pytest.mark.django_db
def test_ended_sessions_are_forgotten() -> None:
    for name, seconds in (("ended", -1), ("going on", 60)):
        Session.objects.create(
            session_key=name, session_data="", expire_date=timezone.now() + timedelta(seconds=seconds)
        )
    assert sweeping.sweep().broken == ()
    assert [session.session_key for session in Session.objects.all()] == ["going on"]
