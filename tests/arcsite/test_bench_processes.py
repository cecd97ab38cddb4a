import pytest

from arcsite.bench_processes import Rate, as_quick, rate, summary
from arcsite.bench_service import NotMeasured
from arcsite.bench_visitor import Answered

ONE = Rate(4, 100, 0.040)


@pytest.mark.parametrize(
    ("two", "held"), [(Rate(7, 160, 0.040), [True, True]), (Rate(4, 140, 0.041), [False, False])]
)
def test_two_are_compared_with_one(two: Rate, held: list[bool]) -> None:
    assert [figure.held for figure in summary(ONE, two)[2:]] == held


@pytest.mark.parametrize(
    ("slow", "tried"),
    [
        ({8: 0.040}, [8]),
        ({8: 0.044, 7: 0.041, 6: 0.039}, [8, 7, 6]),
        ({8: 0.090, 7: 0.080, 6: 0.070, 5: 0.060, 4: 0.050}, [8, 7, 6, 5, 4]),
    ],
)
def test_there_are_fewer_visitors_until_they_wait_as_long_as_at_one(
    slow: dict[int, float], tried: list[int]
) -> None:
    asked: list[int] = []

    def measured(visitors: int) -> Rate:
        asked.append(visitors)
        return Rate(visitors, 20 * visitors, slow[visitors])

    assert as_quick(ONE, measured).visitors == tried[-1]
    assert asked == tried


def test_a_rate_is_of_answers_to_look_ups() -> None:
    answers = [Answered(422, seconds / 100, b"") for seconds in range(1, 101)]
    assert rate(4, answers, 2.0) == Rate(4, 50, 0.96)
    with pytest.raises(NotMeasured, match=r"\[422, 503\]"):
        rate(4, [*answers, Answered(503, 1.0, b"")], 2.0)
