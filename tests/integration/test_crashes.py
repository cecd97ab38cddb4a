"""Killed at every named point: a restart, a sweep and two more deliveries later, all is as it should be.

The fast run dies at one point of each kind, the slow one at all of them.
"""

import pytest
from crashpoints import POINTS
from stage import Sender, Stage

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db

FAST = {"U7", "D3", "B2", "A3", "R3", "S1", "Q2", "P2", "W1", "E1", "N2"}


def points(kinds: str) -> list[object]:
    chosen = [name for name in POINTS if name[0] in kinds]
    return [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in chosen]


def assert_recovered(stage: Stage, sender: Sender) -> None:
    stage.recover()
    stage.deliver_again(sender.number)
    assert stage.faults() == []


def test_every_point_has_a_story() -> None:
    assert len(POINTS) == 53
    assert set(POINTS) > FAST
    assert {name[0] for name in POINTS} == set("UDBARSQHPWENF")


@pytest.mark.parametrize("point", points("U"))
def test_an_upload_dies_and_is_sent_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    stage.canaries += mia.canaries
    stage.die(point, "send", mia.token, *mia.canaries)
    assert stage.faults() == [], "before she tries again"
    assert stage.send(mia)["status"] == 200
    assert stage.send(mia)["number"] == mia.number
    stage.do("decide", "P1")
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("D"))
def test_a_decision_dies_and_is_made_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    stage.die(point, "decide", "N1")
    assert stage.do("decide", "N1") == (1 if point == "D4" else 2)
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("B"))
def test_an_undo_dies_and_is_asked_for_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide with undo", "N1") == 2
    stage.die(point, "undo", mia.number)
    assert stage.do("undo", mia.number) == 2
    assert stage.do("undo", mia.number) == 2
    assert stage.faults() == [], "before she decides again"
    assert stage.do("decide", "N1") == 2
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("A"))
def test_an_alarm_dies_and_is_sounded_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    stage.die(point, "alarm")
    assert stage.do("alarm") == (1 if point == "A3" else 2)
    assert_recovered(stage, mia)
    assert stage.do("resend", mia.number, *stage.canaries[-2:]) == 2


@pytest.mark.parametrize("point", points("R"))
def test_an_appeal_dies_and_is_sent_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender(photos=1)
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "N1") == 1
    stage.recover()
    again = stage.sender(photos=1).canaries
    stage.canaries += again
    stage.die(point, "resend", mia.number, *again)
    assert stage.faults() == [], "before she tries again"
    assert stage.do("resend", mia.number, *again) == (0 if point == "R4" else 1)
    assert stage.do("decide", "P1") == 0, "never the same reviewer"
    assert stage.do("decide", "P1", "omar") == 1
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("S"))
def test_a_question_dies_and_is_asked_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender(photos=1)
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "P1") == 1
    stage.recover()
    stage.die(point, "suspend", mia.number)
    assert stage.do("suspend", mia.number) == (0 if point == "S3" else 1)
    assert stage.faults() == [], "before she answers"
    again = stage.sender(photos=1).canaries
    stage.canaries += again
    assert stage.do("resend", mia.number, *again) == 1
    assert stage.do("decide", "P1", "omar") == 1
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("Q"))
def test_a_report_dies_and_is_sent_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender(photos=1)
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "P1") == 1
    stage.recover()
    stage.die(point, "report", mia.number, "disputed")
    assert stage.do("report", mia.number, "disputed") == (0 if point == "Q3" else 1)
    assert stage.do("report", mia.number, "disputed") == 0
    assert "suspended" in stage.states()
    assert stage.faults() == [], "before she answers"
    assert stage.do("withdraw", mia.number) == 1
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("HPF"))
def test_a_worker_dies_over_a_protected_photo(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "P1") == 2
    stage.die(point, "work", mia.number)
    assert_recovered(stage, mia)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["decide N1", "withdraw"])
@pytest.mark.parametrize("point", [name for name in POINTS if name[0] == "P"])
def test_a_worker_dies_over_a_photo_nobody_needs(shared_stage: Stage, point: str, verb: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    if verb == "withdraw":
        assert stage.do("withdraw", mia.number) == 2
    else:
        assert stage.do("decide", "N1") == 2
    stage.die(point, "work", mia.number)
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("W"))
def test_a_withdrawal_dies_and_is_asked_for_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "P1") == 2
    assert stage.do("work", mia.number) == 4
    stage.die(point, "withdraw", mia.number)
    assert stage.faults() == [], "before she asks again"
    assert stage.do("withdraw", mia.number) == (0 if point == "W3" else 2)
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("E"))
def test_a_sweep_dies_over_a_term_that_is_over(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    assert stage.do("decide", "P1") == 2
    stage.recover()
    stage.change("UPDATE enrollment_photo SET expires_at = '2026-01-01' WHERE state = 'protected'")
    stage.die(point, "manage", "sweep")
    assert stage.faults() == []
    assert "protected" not in stage.states()
    assert_recovered(stage, mia)


@pytest.mark.parametrize("point", points("N"))
def test_a_change_of_mind_dies_and_is_told_again(shared_stage: Stage, point: str) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia)["status"] == 200
    stage.change("UPDATE enrollment_case SET extended = TRUE WHERE number = ?", mia.number)
    assert stage.do("decide", "P1") == 2
    stage.recover()
    assert extended_fingerprints(stage) == 2
    stage.die(point, "narrow", mia.number)
    assert stage.faults() == [], "before she tries again"
    assert stage.do("narrow", mia.number) is True
    assert stage.do("narrow", mia.number) is False
    assert extended_fingerprints(stage) == 0
    assert_recovered(stage, mia)


def extended_fingerprints(stage: Stage) -> int:
    return len(stage.query("SELECT id FROM matching_fingerprint WHERE document LIKE '%\"extended\"%'"))
