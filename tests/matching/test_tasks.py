import pydoc
import traceback

import pytest
from django.db import IntegrityError
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import dispatch, heartbeat, tasks
from matching.models import Fingerprint, Heartbeat
from review import audit_check


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


def test_a_failure_tells_django_q_only_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reaches it is written into its log and into a row as it is."""

    def fail(seconds: float) -> int:
        raise IntegrityError("breaks x\nDETAIL: Key (number)=(K7SECRET)")

    monkeypatch.setattr(audit_check, "advance", fail)
    monkeypatch.setattr(heartbeat, "beat", lambda: True)
    with pytest.raises(tasks.Failed, match="IntegrityError") as failed:
        tasks.check_audit()
    assert "K7SECRET" not in "".join(traceback.format_exception(failed.value))
