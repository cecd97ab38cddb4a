from datetime import timedelta

import pytest
from django.utils import timezone

from matching import heartbeat
from matching.models import Heartbeat

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_without_a_beat_there_is_silence() -> None:
    assert heartbeat.silent_for(MINUTE)


def test_a_beat_ends_the_silence() -> None:
    heartbeat.beat()
    assert not heartbeat.silent_for(MINUTE)


def test_of_several_clusters_each_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "name", lambda: "another host")
    assert heartbeat.beat()
    monkeypatch.undo()
    assert not heartbeat.silent_for(MINUTE)
    assert heartbeat.silent_for(MINUTE, here=True)
    assert heartbeat.beat()
    assert Heartbeat.objects.count() == 2


def test_an_old_beat_is_silence_again_and_is_renewed() -> None:
    heartbeat.beat()
    Heartbeat.objects.update(beat_at=timezone.now() - 2 * MINUTE)
    assert heartbeat.silent_for(MINUTE)
    assert heartbeat.beat()
    assert not heartbeat.silent_for(MINUTE)
