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


def test_an_old_beat_is_silence_again_and_is_renewed() -> None:
    heartbeat.beat()
    Heartbeat.objects.update(beat_at=timezone.now() - 2 * MINUTE)
    assert heartbeat.silent_for(MINUTE)
    assert heartbeat.beat()
    assert not heartbeat.silent_for(MINUTE)
