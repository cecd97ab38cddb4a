"""Whatever meets whatever: each thing happens once, and a withdrawal always has the last word."""

import pytest
from stage import Stage

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db

SENT_TWICE = ("one_form_is_sent_twice", "new 2+repeated 2")
WITHDRAWN_MEANWHILE = ("a_covered_photo_is_withdrawn_while_a_worker_has_it", "withdrawn 1, withdrawn")
TWO_CLUSTERS = ("a_photo_is_delivered_to_two_clusters", "2 steps, protected")
UNDONE_OR_DONE = (
    "a_decision_is_taken_back_when_the_worker_begins",
    "taken back, 0 steps, awaiting_review, original",
    "undo-too-late, 2 steps, protected, nothing",
    "undo-too-late, 0 steps, covered, original",
)
SENT_AGAIN = ("a_photo_is_withdrawn_while_it_is_sent_again", "withdrawn 1, withdrawn, nothing")
QUESTIONED = ("a_photo_is_withdrawn_while_it_is_questioned", "withdrawn 1, withdrawn, 0 fingerprints")
ALL = [
    SENT_TWICE,
    WITHDRAWN_MEANWHILE,
    TWO_CLUSTERS,
    UNDONE_OR_DONE,
    SENT_AGAIN,
    QUESTIONED,
    ("a_photo_is_sent_again_twice", "not taken+taken, readable True"),
    ("a_case_is_withdrawn_twice", "withdrawn 0+withdrawn 2"),
    ("a_refused_photo_is_withdrawn_while_a_worker_has_it", "withdrawn 1, withdrawn"),
    ("a_photo_is_withdrawn_while_it_is_decided", "withdrawn 1, withdrawn"),
    ("two_sweeps_meet", "2 steps, protected"),
    ("a_sweep_meets_a_worker", "2 steps, protected"),
]


def race(stage: Stage, rounds: int, name: str, *only: str) -> None:
    """``only`` is how every single round must end: in one of these ways."""
    ends = stage.do("race", str(rounds), name)[name]
    assert sum(ends.values()) == rounds
    assert set(ends) <= set(only)
    stage.do("decide", "N1")
    stage.recover()
    assert stage.faults() == []


@pytest.mark.parametrize("ends", [SENT_TWICE, WITHDRAWN_MEANWHILE, UNDONE_OR_DONE, SENT_AGAIN])
def test_ten_times(shared_stage: Stage, ends: tuple[str, ...]) -> None:
    race(shared_stage, 10, *ends)


@pytest.mark.slow
@pytest.mark.parametrize("ends", ALL)
def test_a_hundred_times(stage: Stage, ends: tuple[str, ...]) -> None:
    race(stage, 100, *ends)
