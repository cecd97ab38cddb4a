import pytest
from django_q.models import OrmQ
from photo_rows import MakePhoto
from pytest_django import Settings

from enrollment.models import Photo
from enrollment.states import PhotoState
from matching import dispatch
from matching.dispatch import Dispatcher


def queued() -> list[tuple[str, tuple[str, ...]]]:
    return [(message.func(), message.args()) for message in OrmQ.objects.order_by("pk")]


def test_each_due_photo_is_sent_once_with_its_key_only(make_photo: MakePhoto) -> None:
    covered, withdrawn = make_photo(PhotoState.COVERED), make_photo(PhotoState.WITHDRAWN)
    make_photo(PhotoState.AWAITING_REVIEW)
    dispatcher = Dispatcher()
    assert [dispatcher.dispatch() for _ in range(3)] == [2, 0, 0]
    assert sorted(queued()) == sorted((dispatch.PROCESS, (str(photo.pk),)) for photo in (covered, withdrawn))


def test_a_photo_that_is_still_due_after_a_lease_period_is_sent_again(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    now = 1000.0
    monkeypatch.setattr("matching.dispatch.time.monotonic", lambda: now)
    make_photo()
    dispatcher = Dispatcher()
    assert dispatcher.dispatch() == 1
    now += settings.ARC_LEASE_SECONDS - 1
    assert dispatcher.dispatch() == 0
    now += 1
    assert dispatcher.dispatch() == 1


def test_the_queue_is_never_flooded(make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "MOST_QUEUED", 3)
    for _ in range(5):
        make_photo()
    dispatcher = Dispatcher()
    assert [dispatcher.dispatch() for _ in range(2)] == [3, 0]
    OrmQ.objects.order_by("pk")[0].delete()
    assert dispatcher.dispatch() == 1
    OrmQ.objects.all().delete()
    assert dispatcher.dispatch() == 1
    assert dispatcher.dispatch() == 0


def test_the_longest_waiting_goes_first(make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "MOST_QUEUED", 1)
    make_photo()
    oldest = make_photo(due_at="2026-01-01T00:00Z")
    Dispatcher().dispatch()
    assert queued() == [(dispatch.PROCESS, (str(oldest.pk),))]


def test_what_was_tried_before_waits_behind_the_others(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MOST_QUEUED", 1)
    make_photo(due_at="2026-01-01T00:00Z", attempts=1)
    untried = make_photo(due_at="2026-01-02T00:00Z")
    Dispatcher().dispatch()
    assert queued() == [(dispatch.PROCESS, (str(untried.pk),))]


def test_a_leased_photo_is_left_to_its_worker(make_photo: MakePhoto) -> None:
    Photo.objects.filter(pk=make_photo().pk).update(lease_until="2999-01-01T00:00Z")
    assert Dispatcher().dispatch() == 0


def test_a_full_queue_is_not_asked_for_a_beat(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch.ask_for_beat()
    assert queued() == [(dispatch.BEAT, ())]
    monkeypatch.setattr(dispatch, "MOST_QUEUED", 1)
    dispatch.ask_for_beat()
    assert OrmQ.objects.count() == 1
