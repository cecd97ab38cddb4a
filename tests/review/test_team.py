"""The lead's figures, against cases whose answers can be worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import review_rows
from django.contrib.auth.models import User
from django.utils import timezone

from enrollment.models import Photo
from enrollment.states import PhotoState
from review import team
from review.models import Decision, Outcome, Step, TeamFigures, Viewing

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONG_AGO = timedelta(days=400)


def test_a_service_without_any_case(db: None) -> None:
    figures = team.measure()
    assert figures["waiting"] == {"awaiting_review": 0, "second_opinion": 0, "escalated": 0}
    assert figures["ages"] == {}
    assert figures["classes"] == [0] * (len(team.AGES) + 1)
    assert (figures["kappa"], figures["pairs"], figures["decisions"]) == (None, 0, 0)
    assert len(figures["received"]) == len(figures["said"]) == team.DAYS
    assert len(figures["incidents"]) == team.WEEKS


def test_what_waits_and_for_how_long(db: None) -> None:
    for hours in range(1, 11):
        review_rows.photos(1, age=hours * 10 * HOUR)
    Photo.objects.filter(pk__in=Photo.objects.values("pk")[:3]).update(state=PhotoState.ESCALATED)
    review_rows.photos(1, state=PhotoState.COVERED, age=29 * DAY)
    figures = team.measure()
    assert figures["waiting"] == {"awaiting_review": 7, "second_opinion": 0, "escalated": 3}
    ages = {percent: round(age / 3600) for percent, age in figures["ages"].items()}
    assert ages == {"50": 50, "90": 90, "100": 100}


@pytest.mark.parametrize(
    ("age", "place"),
    [
        (59 * HOUR / 60, 0), (61 * HOUR / 60, 1), (5 * HOUR, 2), (25 * HOUR, 3), (4 * DAY, 4), (8 * DAY, 5),
        (15 * DAY, 6), (22 * DAY, 7), (300 * DAY, 7),
    ],
)  # fmt: skip
def test_every_age_is_in_one_class(db: None, age: timedelta, place: int) -> None:
    review_rows.photos(2, age=age)
    assert team.measure()["classes"] == [2 * (n == place) for n in range(len(team.AGES) + 1)]


def test_load_by_day(db: None, rosa: User) -> None:
    today = review_rows.photos(3, age=timedelta(0))
    yesterday = review_rows.photos(2, age=DAY)
    review_rows.photos(5, age=(team.DAYS + 1) * DAY)
    for photo in today[:2]:
        review_rows.said(photo, rosa, Outcome.COVERED)
    undone = review_rows.said(yesterday[0], rosa, Outcome.COVERED)
    Decision.objects.filter(pk=undone.pk).update(undone_at=timezone.now())
    figures = team.measure()
    assert [count for _, count in figures["received"]] == [0] * (team.DAYS - 2) + [2, 3]
    assert [count for _, count in figures["said"]] == [0] * (team.DAYS - 1) + [2]
    days = [date.fromisoformat(day) for day, _ in figures["received"]]
    assert days[-1] == timezone.now().date()
    assert all(later - earlier == DAY for earlier, later in pairwise(days))


def test_agreement_of_those_who_did_not_know_of_each_other(rosa: User, omar: User) -> None:
    yes, no = Outcome.COVERED, Outcome.NOT_COVERED
    for first, second, times in ((yes, yes, 4), (no, no, 3), (yes, no, 2), (no, yes, 1)):
        for _ in range(times):
            review_rows.blind_pair(first, second, (rosa, omar))
    figures = team.measure()
    by_chance = 0.6 * 0.5 + 0.4 * 0.5
    assert (figures["pairs"], figures["agreeing"]) == (10, 7)
    assert figures["kappa"] == pytest.approx((0.7 - by_chance) / (1 - by_chance))


def test_who_knew_of_the_other_is_no_pair(rosa: User, omar: User) -> None:
    """A lead sees the opinions; an appeal is decided in another round; what was taken back was never said."""
    escalated = review_rows.blind_pair(Outcome.COVERED, Outcome.COVERED, (rosa, omar))
    Decision.objects.filter(photo=escalated).update(came_from=PhotoState.ESCALATED)
    appealed, undone, old = (
        review_rows.blind_pair(Outcome.COVERED, Outcome.COVERED, (rosa, omar)) for _ in range(3)
    )
    Decision.objects.filter(photo=appealed, reviewer=omar).update(round=2)
    Decision.objects.filter(photo=undone, reviewer=rosa).update(undone_at=timezone.now())
    Decision.objects.filter(photo=old).update(decided_at=timezone.now() - LONG_AGO)
    assert team.measure()["pairs"] == 0


def test_overturned_decisions(rosa: User) -> None:
    decided = [review_rows.said(photo, rosa, Outcome.NOT_COVERED) for photo in review_rows.photos(4)]
    Decision.objects.filter(pk=decided[0].pk).update(overturned=True)
    Decision.objects.filter(pk=decided[1].pk).update(decided_at=timezone.now() - LONG_AGO)
    opinion = review_rows.said(review_rows.photos(1)[0], rosa, Outcome.COVERED, Step.OPINION)
    Decision.objects.filter(pk=opinion.pk).update(overturned=True)
    figures = team.measure()
    assert (figures["overturned"], figures["decisions"]) == (1, 3)


def test_incidents_by_week(rosa: User) -> None:
    alarms = [review_rows.said(photo, rosa, None, Step.ALARM) for photo in review_rows.photos(4)]
    ages = [timedelta(0), 7 * DAY, 7 * DAY, 7 * team.WEEKS * DAY + 7 * DAY]
    for alarm, age in zip(alarms, ages, strict=True):
        Decision.objects.filter(pk=alarm.pk).update(decided_at=timezone.now() - age)
    incidents = team.measure()["incidents"]
    assert [count for _, count in incidents] == [0] * (team.WEEKS - 2) + [2, 1]
    assert {datetime.fromisoformat(week).replace(tzinfo=UTC).weekday() for week, _ in incidents} == {0}


def test_people_are_listed_by_name_with_what_is_left_of_their_day(
    omar: User, rosa: User, ada: User, sol: User
) -> None:
    [photo] = review_rows.photos(1)
    now = timezone.now()
    Viewing.objects.create(reviewer=rosa, photo=photo, token=photo.pk, started_at=now, ended_at=now)
    people = team.measure()["people"]
    assert [person["name"] for person in people] == ["omar", "rosa"]
    assert [person["photos"] for person in people] == [0, 1]
    assert people[0]["photos_left"] == people[1]["photos_left"] + 1


def test_they_are_worked_out_anew_when_old(db: None) -> None:
    assert team.refresh()
    assert not team.refresh()
    review_rows.photos(1)
    TeamFigures.objects.update(at=timezone.now() - team.EVERY - HOUR)
    assert team.refresh()
    latest = team.latest()
    assert latest is not None
    assert latest.figures["waiting"]["awaiting_review"] == 1
    assert TeamFigures.objects.count() == 1
