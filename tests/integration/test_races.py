"""Whatever meets whatever: each thing happens once, and a withdrawal always has the last word."""

import pytest
from stage import Stage

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db

SENT_TWICE = ("one_form_is_sent_twice", "new 2+repeated 2")
WITHDRAWN_MEANWHILE = ("a_covered_photo_is_withdrawn_while_a_worker_has_it", "withdrawn 1, withdrawn")
TWO_CLUSTERS = ("a_photo_is_delivered_to_two_clusters", "2 steps, protected")
ALL = [
    SENT_TWICE,
    WITHDRAWN_MEANWHILE,
    TWO_CLUSTERS,
    ("a_case_is_withdrawn_twice", "withdrawn 0+withdrawn 2"),
    ("a_refused_photo_is_withdrawn_while_a_worker_has_it", "withdrawn 1, withdrawn"),
    ("a_photo_is_withdrawn_while_it_is_decided", "withdrawn 1, withdrawn"),
    ("two_sweeps_meet", "2 steps, protected"),
    ("a_sweep_meets_a_worker", "2 steps, protected"),
]


def race(stage: Stage, rounds: int, name: str, only: str) -> None:
    """``only`` is how every single round must end."""
    assert stage.do("race", str(rounds), name) == {name: {only: rounds}}
    stage.do("decide", "N1")
    stage.recover()
    assert stage.faults() == []


@pytest.mark.parametrize(("name", "only"), [SENT_TWICE, WITHDRAWN_MEANWHILE])
def test_ten_times(shared_stage: Stage, name: str, only: str) -> None:
    race(shared_stage, 10, name, only)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "only"), ALL)
def test_a_hundred_times(stage: Stage, name: str, only: str) -> None:
    race(stage, 100, name, only)
