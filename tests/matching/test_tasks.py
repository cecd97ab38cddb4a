import pydoc

import pytest
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import dispatch, tasks
from matching.models import Fingerprint, Heartbeat


@pytest.mark.parametrize("path", [dispatch.PROCESS, dispatch.BEAT])
def test_the_path_in_a_message_names_a_task(path: str) -> None:
    assert callable(pydoc.locate(path))


def test_processing_counts_its_steps_and_may_run_twice(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    assert [tasks.process_photo(str(photo.pk)) for _ in range(3)] == [2, 0, 0]
    assert Fingerprint.objects.count() == 1


def test_every_task_is_a_sign_of_life(make_photo: MakePhoto) -> None:
    tasks.process_photo(str(make_photo(PhotoState.CLOSED, original_removed_at="2026-01-01T00:00Z").pk))
    assert Heartbeat.objects.count() == 1


def test_a_beat_writes_once_in_a_while(db: None) -> None:
    assert [tasks.beat(), tasks.beat()] == [1, 0]
