import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from partner_rows import live_partner, record

from matching import partner_watch, sweeping
from matching.feed_health import Alarm
from matching.models import Call, Partner, PartnerCalls

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=9)


@pytest.fixture
def partner() -> Partner:
    """Live for long, silent for long, with a withdrawal that it has not confirmed."""
    made = live_partner()
    then = timezone.now() - LONG_AGO
    Partner.objects.filter(pk=made.pk).update(staged_at=then, approved_at=then, pulled=1, slug="example")
    record(tombstone=True, age=timedelta(days=2))
    return Partner.objects.get(pk=made.pk)


def alarms_told(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.CRITICAL]
    caplog.clear()
    return told


def test_each_alarm_is_told_once_and_again_after_it_was_over(
    partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    assert partner_watch.watch() == 1
    assert alarms_told(caplog) == [
        "ALARM partner example: withdrawals are not confirmed in time",
        "ALARM partner example: no call has worked for too long",
    ]
    assert partner_watch.watch() == 1
    assert alarms_told(caplog) == []
    heard = PartnerCalls.objects.create(partner=partner, what=Call.PULL, last_at=timezone.now())
    assert partner_watch.watch() == 1
    assert [entry.alarms for entry in partner_watch.in_alarm()] == ["unconfirmed"]
    Partner.objects.update(applied=1)
    assert partner_watch.watch() == 0
    assert not partner_watch.in_alarm().exists()
    assert alarms_told(caplog) == []
    heard.delete()
    partner_watch.watch()
    assert alarms_told(caplog) == ["ALARM partner example: no call has worked for too long"]


def test_of_two_sweeps_at_once_one_tells(partner: Partner, caplog: pytest.LogCaptureFixture) -> None:
    seen_by_the_slower = Partner.objects.get(pk=partner.pk)
    partner_watch.watch()
    assert len(alarms_told(caplog)) == 2
    partner_watch._tell(seen_by_the_slower, tuple(Alarm))
    assert alarms_told(caplog) == []


def test_the_sweep_looks_and_says_that_a_person_must(partner: Partner, store: object) -> None:
    swept = sweeping.sweep()
    assert (swept.late_partners, swept.alarming, swept.broken) == (1, True, ())


def test_the_longest_names_of_alarms_fit() -> None:
    assert len(" ".join(Alarm)) <= (Partner._meta.get_field("alarms").max_length or 0)
