"""What nobody waits for is asked of the cluster only when it is due and nothing else is."""

import pydoc
from pathlib import Path

import pytest
from django_q.models import OrmQ
from listed import protect
from photo_rows import MakePhoto
from pytest_django import Settings

from enrollment.states import PhotoState
from matching import chores, dispatch, duplicates, shelf, sweeping, tasks
from matching.models import FeedHead, Heartbeat, WaitingSketch
from review import audit, audit_check, team
from review.models import AuditCheck, AuditEntry


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def waiting(make_photo: MakePhoto) -> None:
    duplicates.enlist(make_photo(PhotoState.AWAITING_REVIEW).pk)


@pytest.mark.parametrize("chore", chores.CHORES)
def test_the_path_in_a_message_names_a_task(chore: chores.Chore) -> None:
    assert callable(pydoc.locate(chore.task))


def test_nothing_is_asked_for_when_nothing_is_due(db: None) -> None:
    assert chores.send() == 0
    assert not OrmQ.objects.exists()


def test_a_turn_of_each_that_is_due(waiting: None) -> None:
    assert chores.send() == 1
    audit_check.ask(by="test")
    FeedHead.objects.create(pk=1, seq=1)
    OrmQ.objects.all().delete()
    assert chores.send() == 3
    assert {message.func() for message in OrmQ.objects.all()} == {chore.task for chore in chores.CHORES}


def test_photos_go_first(make_photo: MakePhoto, waiting: None) -> None:
    for _ in range(chores.CALM + 1):
        dispatch.nudge(make_photo(PhotoState.COVERED).pk)
    assert chores.send() == 0


def test_messages_do_not_heap_up(waiting: None) -> None:
    """A cluster that does not get to them is not sent more and more."""
    sent = [chores.send() for _ in range(20)]
    assert sum(sent) <= chores.CALM + len(chores.CHORES)


def test_the_tasks_do_it_and_show_that_the_cluster_lives(waiting: None) -> None:
    assert tasks.compare_waiting() == 1
    audit.append("tested", actor="worker")
    audit_check.ask(by="test")
    assert tasks.check_audit() == AuditEntry.objects.count()
    assert Heartbeat.objects.count() == 1
    assert [tasks.compare_waiting(), tasks.check_audit(), tasks.renew_shelf()] == [0, 0, 0]


def test_the_sweep_does_them_without_a_cluster(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.AWAITING_REVIEW)
    protect(make_photo, 1)
    audit.append("tested", actor="worker")
    assert shelf.is_due()
    assert sweeping.sweep().broken == ()
    assert WaitingSketch.objects.get().compared_at is not None
    assert not shelf.is_due()
    check = AuditCheck.objects.sound().get()
    assert (check.asked_by, check.walked) == ("sweep", 1)
    latest = team.latest()
    assert latest is not None
    assert latest.figures["waiting"]["awaiting_review"] == 1


def test_a_broken_audit_is_an_alarm_until_a_check_finds_it_whole(db: None) -> None:
    found = {"asked_by": "test", "head": "", "finished_at": "2026-01-01T00:00:00Z"}
    AuditCheck.objects.create(**found, fault="entry 5 was changed")
    swept = sweeping.sweep()
    assert (swept.audit_fault, swept.alarming) == ("entry 5 was changed", True)
    AuditCheck.objects.create(**found)
    assert not sweeping.sweep().alarming
