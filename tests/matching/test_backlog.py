from datetime import timedelta

from django.utils import timezone
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import backlog
from matching.backlog import Backlog


def test_an_idle_service_has_no_backlog(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.AWAITING_REVIEW)
    make_photo(PhotoState.PROTECTED, original_removed_at=timezone.now())
    make_photo(PhotoState.COVERED, due_at=timezone.now() + timedelta(seconds=9))
    measured = backlog.measure()
    assert measured == Backlog(to_fingerprint=0, to_purge=0, overdue=0, unpurged=0, failed=0)
    assert not measured.alarming


def test_due_work_is_counted_and_is_no_alarm(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.COVERED)
    for state in PhotoState.purging():
        make_photo(state)
    measured = backlog.measure()
    assert (measured.to_fingerprint, measured.to_purge) == (1, len(PhotoState.purging())) == (1, 5)
    assert not measured.alarming


def test_work_that_waits_too_long_is_an_alarm(make_photo: MakePhoto) -> None:
    long_ago = timezone.now() - backlog.TOO_LONG - timedelta(seconds=1)
    make_photo(PhotoState.COVERED, due_at=long_ago)
    assert backlog.measure().overdue == 1
    make_photo(PhotoState.WITHDRAWN, due_at=long_ago)
    assert backlog.measure().unpurged == 1
    assert backlog.measure().alarming


def test_a_failed_photo_is_an_alarm(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.FAILED)
    assert backlog.measure().alarming
