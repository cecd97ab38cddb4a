"""The rows that pages are measured among are such as the service writes, and missed goals are told."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from arcsite import bench_rows, bench_web
from arcsite.bench_web import Measured
from enrollment.models import Photo
from review import audit, claims, team
from review.models import Decision


@pytest.fixture
def reviewers(db: None) -> list[User]:
    return bench_rows.make_reviewers()


def test_the_rows_are_sound(reviewers: list[User]) -> None:
    bench_rows.add_cases(60, reviewers)
    bench_rows.add_cases(60, reviewers)
    verdict = audit.verify()
    assert (verdict.count, verdict.fault) == (120 * bench_rows.ENTRIES_A_CASE, "")
    assert Photo.objects.count() == 120
    assert Decision.objects.count() == Photo.objects.filter(waits=0).count() > 60
    assert {photo.state for photo in Photo.objects.all()} == set(bench_rows.STATES)
    connection.check_constraints()


def test_there_is_work_for_the_visitor(reviewers: list[User]) -> None:
    bench_rows.add_cases(100, reviewers)
    claim = claims.take_next(reviewers[0])
    assert claim is not None
    assert team.measure()["decisions"] > 30


def measured(seconds: float, queries: int = 9) -> Measured:
    return Measured(queries, [seconds] * 100)


@pytest.mark.parametrize(
    ("few", "many", "missed"),
    [
        (measured(0.020), measured(0.029), []),
        (measured(0.020), measured(0.031), ["x: times slower"]),
        (measured(0.120), measured(0.151), ["x: p50 / p95, many"]),
        (measured(0.020), measured(0.020, 10), ["x: queries"]),
        (measured(0.020, 13), measured(0.020, 13), ["x: queries"]),
    ],
)
def test_what_misses_its_goal(few: Measured, many: Measured, missed: list[str]) -> None:
    figures = bench_web.summary("x", few, many, "few", "many")
    assert [figure.name for figure in figures if figure.held is False] == missed
