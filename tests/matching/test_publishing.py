"""What the public is told: known timelines in, figures of finished months and the end of the audit out."""

from datetime import UTC, date, datetime, timedelta

import pytest
import review_rows
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollment.models import Photo, TimelineEntry
from enrollment.states import TimelineEvent
from matching import publishing
from matching.models import PublishedDay
from matching.publishing import KINDS, NOT_COVERED, Month
from review import audit
from review.models import Decision, Outcome

pytestmark = pytest.mark.django_db
BEFORE = date(2026, 3, 1)


def photos(count: int, day: datetime) -> list[Photo]:
    """So many photos that arrived on that day."""
    made = review_rows.photos(count)
    Photo.objects.filter(pk__in=[photo.pk for photo in made]).update(received_at=day)
    happened(TimelineEvent.RECEIVED, made, day)
    return made


def happened(event: TimelineEvent, to: list[Photo], day: datetime) -> None:
    TimelineEntry.objects.bulk_create(TimelineEntry(photo=photo, event=event, at=day) for photo in to)


def decided(to: list[Photo], outcome: Outcome, at: datetime) -> None:
    rosa = review_rows.person(f"rosa {at}", "Reviewer")
    for photo in to:
        review_rows.said(photo, rosa, outcome)
    Decision.objects.filter(photo__in=to).update(decided_at=at)


def of(month: str) -> Month:
    found = [one for one in publishing.measure(BEFORE)["months"] if one["month"] == month]
    assert len(found) == 1
    return found[0]


def test_each_count_stands_in_its_month() -> None:
    january, february = datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    sent = photos(12, january)
    for number, event in enumerate(publishing.EVENTS.values()):
        if event is not TimelineEvent.RECEIVED:
            happened(event, (sent * 2)[: 10 + number], february)
    decided(sent[:11], Outcome.NOT_COVERED, february)
    assert of("2026-01")["counts"] == {**dict.fromkeys(KINDS), "submitted": 12}
    assert of("2026-02")["counts"] == {
        "submitted": None, "protected": 11, NOT_COVERED: 11, "withdrawn": 12, "expired": 13, "contested": 14,
    }  # fmt: skip


def test_a_month_that_has_begun_is_not_told() -> None:
    photos(20, datetime(2026, 2, 10, tzinfo=UTC))
    photos(20, datetime(2026, 3, 1, tzinfo=UTC))
    assert [month["month"] for month in publishing.measure(BEFORE)["months"]] == ["2026-02"]


def test_a_decision_taken_back_is_none() -> None:
    sent = photos(10, datetime(2026, 1, 5, tzinfo=UTC))
    decided(sent, Outcome.NOT_COVERED, datetime(2026, 1, 6, tzinfo=UTC))
    assert of("2026-01")["counts"]["not_covered"] == 10
    Decision.objects.filter(photo=sent[0]).update(undone_at=timezone.now())
    assert of("2026-01")["counts"]["not_covered"] is None


def test_half_of_the_photos_took_longer() -> None:
    day = datetime(2026, 1, 5, tzinfo=UTC)
    quick, slow = photos(6, day), photos(5, day)
    decided(quick, Outcome.COVERED, day + timedelta(hours=2, minutes=1))
    decided(slow, Outcome.COVERED, day + timedelta(hours=20))
    removed = day + timedelta(hours=2, minutes=5)
    Photo.objects.filter(pk__in=[photo.pk for photo in quick]).update(original_removed_at=removed)
    found = of("2026-01")
    assert found["hours_to_decision"] == 3
    assert found["minutes_to_deletion"] is None  # of six photos only


def test_a_year_is_told_when_it_is_over_and_gives_no_month_away() -> None:
    for month in range(1, 13):
        sent = photos(11, datetime(2025, month, 3, tzinfo=UTC))
        happened(
            TimelineEvent.PROTECTED, sent[: 1 if month == 5 else 10], datetime(2025, month, 4, tzinfo=UTC)
        )
        happened(TimelineEvent.WITHDRAWN, sent[:2], datetime(2025, month, 5, tzinfo=UTC))
    years = publishing.measure(BEFORE)["years"]
    assert [year["year"] for year in years] == [2025]
    assert years[0]["counts"]["submitted"] == 132
    assert years[0]["counts"]["protected"] is None  # 111 without 110 would be May's
    assert years[0]["counts"]["withdrawn"] == 24


class TestPublishing:
    def test_once_a_day_with_the_end_of_the_audit(self) -> None:
        entry = audit.append("tested", actor="test")
        assert publishing.publish_today() == 1
        audit.append("tested", actor="test")
        assert publishing.publish_today() == 0
        day = PublishedDay.objects.get()
        assert (day.audit_entries, day.audit_head) == (entry.seq, entry.digest)

    def test_the_next_day_takes_the_figures_over_and_the_new_end(self) -> None:
        publishing.publish_today()
        PublishedDay.objects.update(day=timezone.now().date() - timedelta(days=1))
        same_month = PublishedDay.objects.get().figures
        entry = audit.append("tested", actor="test")
        with CaptureQueriesContext(connection) as captured:
            assert publishing.publish_today() == 1
        assert not any("timelineentry" in query["sql"] for query in captured)
        day = publishing.latest()
        assert day is not None
        assert (day.audit_head, day.figures) == (entry.digest, same_month)

    def test_a_new_month_is_counted_anew(self) -> None:
        PublishedDay.objects.create(
            day=date(2020, 1, 5),
            audit_entries=0,
            audit_head=audit.GENESIS,
            figures={"before": "2020-01", "months": [], "years": []},
        )
        photos(10, timezone.now() - timedelta(days=40))
        publishing.publish_today()
        day = publishing.latest()
        assert day is not None
        assert day.figures["months"][-1]["counts"]["submitted"] == 10

    def test_a_negative_count_is_refused(self) -> None:
        with pytest.raises(IntegrityError, match="published_entries_are_a_count"), transaction.atomic():
            PublishedDay.objects.create(day=BEFORE, audit_entries=-1, audit_head="", figures={})
