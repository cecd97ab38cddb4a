import pytest

from arcsite.bench_processes import Rate, rate, summary
from arcsite.bench_service import NotMeasured
from arcsite.bench_visitor import Answered


@pytest.mark.parametrize(
    ("two", "held"), [(Rate(160, 0.04), [True, True]), (Rate(140, 0.05), [False, False])]
)
def test_two_are_compared_with_one(two: Rate, held: list[bool]) -> None:
    assert [figure.held for figure in summary([Rate(100, 0.04), two])[2:]] == held


def test_a_rate_is_of_answers_to_look_ups() -> None:
    answers = [Answered(422, seconds / 100, b"") for seconds in range(1, 101)]
    assert rate(answers, 2.0) == Rate(50, 0.96)
    with pytest.raises(NotMeasured, match=r"\[422, 503\]"):
        rate([*answers, Answered(503, 1.0, b"")], 2.0)
