from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.looking import Budget, Limits, Span, budget, last_run, merged, total

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
LIMITS = Limits(
    photos=3, looking=timedelta(minutes=60), stretch=timedelta(minutes=20), rest=timedelta(minutes=10)
)


def at(minute: float) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def spent(*looks: tuple[float, float], now: float) -> Budget:
    return budget((span(*look) for look in looks), LIMITS, day_began=MIDNIGHT, now=at(now))


def minutes(duration: timedelta) -> float:
    return duration.total_seconds() / 60


def test_a_fresh_day_is_whole() -> None:
    day = spent(now=480)
    assert (day.photos_left, minutes(day.looking_left), minutes(day.until_break)) == (3, 60, 20)
    assert (day.is_spent, day.break_until) == (False, None)


def test_photos_and_time_add_up() -> None:
    day = spent((480, 485), (486, 490), now=491)
    assert (day.photos_left, minutes(day.looking_left), minutes(day.until_break)) == (1, 51, 11)


@pytest.mark.parametrize(
    "looks", [[(0, 1), (20, 21), (40, 41)], [(0, 61)]], ids=["as many photos", "as much time"]
)
def test_either_limit_ends_the_day(looks: list[tuple[float, float]]) -> None:
    day = spent(*looks, now=100)
    assert day.is_spent
    assert day.photos_left >= 0
    assert day.looking_left >= timedelta()


def test_yesterday_counts_no_more_but_for_its_part_of_today() -> None:
    day = spent((-300, -290), (-4, 3), now=60)
    assert (day.photos, minutes(day.looked)) == (0, 3)


def test_a_break_is_due_after_a_stretch_and_over_after_the_rest() -> None:
    looks = [(0, 9), (12, 23)]
    assert spent(*looks, now=23).break_until == at(33)
    assert spent(*looks, now=32.9).break_until == at(33)
    rested = spent(*looks, now=33)
    assert (rested.break_until, minutes(rested.until_break)) == (None, 20)


def test_a_break_taken_early_counts() -> None:
    assert spent((0, 19), (29, 48), now=48).break_until is None
    assert spent((0, 19), (28.9, 48), now=48).break_until == at(58)


def test_midnight_is_no_rest() -> None:
    assert spent((-15, -1), (1, 8), now=8).break_until == at(18)


def test_whoever_goes_on_looking_rests_from_the_end_of_it() -> None:
    assert spent((0, 25), now=25).break_until == at(35)


def test_two_at_once_tire_once() -> None:
    day = spent((0, 10), (5, 12), now=12)
    assert (day.photos, minutes(day.looked)) == (2, 12)


moments = st.integers(-1500, 1400)
spans = st.lists(
    st.tuples(moments, st.integers(0, 90)).map(lambda pair: span(pair[0], sum(pair))), max_size=30
)


@settings(max_examples=30, deadline=None)
@given(spans)
def test_merging_keeps_every_minute_once(looks: list[Span]) -> None:
    united = merged(looks)
    covered = {n for look in looks for n in range(_minute(look.start), _minute(look.end))}
    assert minutes(total(united)) == len(covered)
    assert all(a.end < b.start for a, b in pairwise(united))


@settings(max_examples=30, deadline=None)
@given(spans, st.integers(0, 90))
def test_more_looking_never_gives_more_budget(looks: list[Span], longer: int) -> None:
    now = at(1500)
    before = budget(looks, LIMITS, day_began=MIDNIGHT, now=now)
    after = budget([*looks, span(1400, 1400 + longer)], LIMITS, day_began=MIDNIGHT, now=now)
    assert after.looking_left <= before.looking_left
    assert after.photos_left <= before.photos_left
    assert after.until_break <= before.until_break


@settings(max_examples=30, deadline=None)
@given(spans)
def test_a_run_has_no_pause_in_it(looks: list[Span]) -> None:
    united = merged(looks)
    run = last_run(united, LIMITS.rest)
    assert united[len(united) - len(run) :] == run
    assert all(b.start - a.end < LIMITS.rest for a, b in pairwise(run))


def _minute(moment: datetime) -> int:
    return int((moment - MIDNIGHT).total_seconds() // 60)
