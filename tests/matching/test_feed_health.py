import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from partner_rows import live_partner, new_partner, record
from pytest_django import DjangoAssertNumQueries, Settings

from matching import feed_health, keys
from matching.feed_health import MOST, Alarm, Health
from matching.models import (
    Call,
    FeedRecord,
    Outcome,
    Partner,
    PartnerCalls,
    PartnerKey,
    Sighting,
    Withheld,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def partner() -> Partner:
    """Live for a month, heard just now, with everything fetched that there was."""
    month = timezone.now() - 30 * DAY
    made = live_partner()
    Partner.objects.filter(pk=made.pk).update(
        pulled=1_000, approved_at=month, staged_at=month, created_at=month
    )
    call(made, Call.PULL)
    return Partner.objects.get(pk=made.pk)


def call(partner: Partner, what: Call, age: timedelta = timedelta(0)) -> None:
    at = timezone.now() - age
    PartnerCalls.objects.update_or_create(
        partner=partner, what=what, defaults={"first_at": at, "last_at": at}
    )


def only() -> Health:
    (health,) = feed_health.everybody()
    return health


def test_who_was_never_live_is_not_listed_and_who_is_paused_is(partner: Partner) -> None:
    new_partner()
    Partner.objects.filter(pk=partner.pk).update(stage=Partner.Stage.PAUSED)
    assert only().partner == partner


def test_a_partner_that_keeps_up(partner: Partner) -> None:
    seen = record()
    Partner.objects.filter(pk=partner.pk).update(pulled=seen.seq, applied=seen.seq)
    health = only()
    assert (health.alarms, health.unread.count, health.unconfirmed.count) == ((), 0, 0)
    assert (health.failing, health.reports) == ((), ())


def test_what_was_not_fetched_is_counted_with_its_age(partner: Partner) -> None:
    fetched = record(age=9 * HOUR)
    record(age=3 * HOUR)
    record(age=HOUR, tombstone=True)
    Partner.objects.filter(pk=partner.pk).update(pulled=fetched.seq)
    waiting = only().unread
    assert waiting.count == 2
    assert waiting.since is not None
    assert timezone.now() - waiting.since == pytest.approx(3 * HOUR, abs=timedelta(minutes=1))


def test_a_new_partner_is_not_behind_by_the_age_of_the_feed() -> None:
    record(age=400 * DAY)
    partner = live_partner()
    assert only().unread.since == partner.approved_at


def test_what_is_not_meant_for_it_does_not_wait(partner: Partner) -> None:
    other = live_partner("Other")
    Partner.objects.filter(pk=partner.pk).update(pulled=1)
    first = record()
    assert first.seq == 1
    record(partner=other, tombstone=True)
    kept = record(tombstone=True)
    Withheld.objects.create(record=kept, partner=partner)
    mine = next(health for health in feed_health.everybody() if health.partner == partner)
    assert (mine.unread.count, mine.unconfirmed.count) == (0, 0)


@pytest.mark.parametrize("age", [23 * HOUR, 25 * HOUR])
def test_a_withdrawal_is_late_after_the_deadline(
    partner: Partner, age: timedelta, settings: Settings
) -> None:
    assert settings.ARC_TOMBSTONE_HOURS == 24
    record(age=age, tombstone=True)
    record(tombstone=True)
    health = only()
    assert health.unconfirmed.count == 2
    assert health.alarms == ((Alarm.UNCONFIRMED,) if age > DAY else ())


def test_a_confirmed_withdrawal_does_not_wait(partner: Partner) -> None:
    late = record(age=99 * HOUR, tombstone=True)
    Partner.objects.filter(pk=partner.pk).update(applied=late.seq)
    assert only().unconfirmed == feed_health.NOTHING


def test_what_was_withdrawn_before_it_went_live_does_not_wait(partner: Partner) -> None:
    old = record(age=99 * HOUR, tombstone=True)
    Partner.objects.filter(pk=partner.pk).update(live_from=old.seq)
    assert only().alarms == ()
    record(age=98 * HOUR, tombstone=True)
    assert only().alarms == (Alarm.UNCONFIRMED,)


def test_who_never_fetched_has_nothing_to_forget(partner: Partner) -> None:
    record(age=99 * HOUR, tombstone=True)
    Partner.objects.filter(pk=partner.pk).update(pulled=0)
    assert only().alarms == ()


def test_a_paused_partner_still_owes_its_confirmation_but_may_be_silent(partner: Partner) -> None:
    record(age=99 * HOUR, tombstone=True)
    PartnerCalls.objects.update(last_at=timezone.now() - 9 * DAY)
    assert only().alarms == (Alarm.UNCONFIRMED, Alarm.SILENT)
    Partner.objects.update(stage=Partner.Stage.PAUSED)
    assert only().alarms == (Alarm.UNCONFIRMED,)


def test_silence_counts_from_the_last_call_that_worked(partner: Partner) -> None:
    PartnerCalls.objects.all().delete()
    call(partner, Call.MATCH, 30 * HOUR)
    PartnerCalls.objects.create(partner=partner, what=Call.PULL, failed_at=timezone.now(), failures=9)
    assert only().alarms == (Alarm.SILENT,)
    call(partner, Call.SIGHTING, 23 * HOUR)
    assert only().alarms == ()


def test_silence_counts_from_the_day_it_went_live_or_went_on() -> None:
    partner = live_partner()
    assert only().alarms == ()
    Partner.objects.filter(pk=partner.pk).update(staged_at=timezone.now() - 25 * HOUR)
    assert only().alarms == (Alarm.SILENT,)


def test_failing_calls_are_named_with_their_code(partner: Partner) -> None:
    PartnerCalls.objects.create(
        partner=partner, what=Call.CONFIRM, failed_at=timezone.now(), failed_code="cursor-ahead", failures=4
    )
    (failing,) = only().failing
    assert (failing.what, failing.failed_code, failing.failures) == ("confirm", "cursor-ahead", 4)


def test_reports_are_counted_by_outcome(partner: Partner) -> None:
    seen = record()
    for number, outcome in enumerate([Outcome.DISPUTED, Outcome.BLOCKED, Outcome.BLOCKED]):
        Sighting.objects.create(
            partner=partner, record=seen, reference_digest=f"{number:064}", outcome=outcome
        )
    assert only().reports == ((Outcome.BLOCKED, 2), (Outcome.DISPUTED, 1))


def test_the_last_key_is_the_one_that_matters(partner: Partner) -> None:
    assert (only().has_key, only().keys_end_at) == (False, None)
    keys.issue(partner, actor="staff:1", valid_for=timedelta(days=3), newest_seen="")
    soon = PartnerKey.objects.get().expires_at
    assert (only().has_key, only().keys_end_at) == (True, soon)
    keys.issue(partner, actor="staff:1", valid_for=90 * DAY, newest_seen=keys.newest(partner))
    assert only().keys_end_at is None


def test_the_cost_is_by_partner_and_not_by_record(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One walk over the feed would fetch, and count, all of it."""
    with django_assert_num_queries(4 + 3):  # nothing waits, so nothing is counted
        feed_health.everybody()
    Partner.objects.filter(pk=partner.pk).update(pulled=1)
    FeedRecord.objects.bulk_create(
        FeedRecord(fingerprint_id=uuid.uuid4(), seq=number, tombstone=True) for number in range(1, MOST + 200)
    )
    live_partner("Other")
    with django_assert_num_queries(4 + 5 + 3):  # the other one has fetched nothing, so it owes nothing
        found = feed_health.everybody()
    mine = next(health for health in found if health.partner == partner)
    assert mine.unread.shown == mine.unconfirmed.shown == "more than 1000"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the other planner decides by the rows there are")
def test_withdrawals_are_found_by_their_own_index(partner: Partner) -> None:
    """Else a partner far behind in a feed of a million would have all of it walked each minute."""
    record(tombstone=True)
    for query in plans(lambda: feed_health.unconfirmed(partner)):
        assert "INDEX feed_tombstones" in query
    assert "TEMP B-TREE" not in " ".join(plans(lambda: feed_health.unread(partner)))


def plans(look: Callable[[], object]) -> list[str]:
    """How SQLite goes about each query of it."""
    with CaptureQueriesContext(connection) as captured:
        look()
    assert captured.captured_queries
    found = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            found.append(" / ".join(row[3] for row in cursor.fetchall()))
    return found
