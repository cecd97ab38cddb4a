import re

import pytest
from django.utils import timezone
from partner_rows import live_partner, new_partner, record, try_everything

from matching import checklist
from matching.checklist import Trial
from matching.models import Call, Partner, PartnerCalls, PartnerProgress, Planted

pytestmark = pytest.mark.django_db


def withdrawn_test_record(partner: Partner) -> int:
    tombstone = record(partner=partner, tombstone=True)
    Planted.objects.create(pk=tombstone.pk, partner=partner, kind=Planted.Kind.TEST, document={})
    return tombstone.seq


def test_everything_is_open_at_first() -> None:
    assert checklist.missing(new_partner()) == list(Trial)


@pytest.mark.parametrize(
    ("call", "trial"), [(Call.KEY, Trial.KEY), (Call.PULL, Trial.PULL), (Call.MATCH, Trial.MATCH)]
)
def test_a_call_that_worked_once_is_done_with_its_date(call: Call, trial: Trial) -> None:
    partner, now = new_partner(), timezone.now()
    PartnerCalls.objects.create(partner=partner, what=call, first_at=now, failed_at=now, failures=3)
    done = {item.trial: item.done_at for item in checklist.items(partner)}
    assert done == {**dict.fromkeys(Trial), trial: now}


def test_a_call_that_only_failed_is_still_open() -> None:
    partner = new_partner()
    PartnerCalls.objects.create(partner=partner, what=Call.PULL, failed_at=timezone.now(), failures=1)
    assert Trial.PULL in checklist.missing(partner)


def test_another_partners_calls_do_not_count() -> None:
    try_everything(new_partner("Other"))
    assert checklist.missing(new_partner()) == list(Trial)


def test_the_tombstone_must_be_confirmed_to_its_number() -> None:
    partner = new_partner()
    PartnerCalls.objects.create(partner=partner, what=Call.CONFIRM, first_at=timezone.now())
    partner.applied = 10
    assert Trial.TOMBSTONE in checklist.missing(partner)  # nothing was withdrawn yet
    seq = withdrawn_test_record(partner)
    partner.applied = seq - 1
    assert Trial.TOMBSTONE in checklist.missing(partner)
    partner.applied = seq
    confirmed = PartnerProgress.objects.create(
        partner=partner, kind=PartnerProgress.Kind.APPLIED, through=seq, at=timezone.now()
    )
    done = {item.trial: item.done_at for item in checklist.items(partner)}
    assert done[Trial.TOMBSTONE] == confirmed.at


def test_commands_name_the_variable_and_this_service(settings: object) -> None:
    items = checklist.items(live_partner())
    assert len(items) == len(Trial)
    for item in items:
        assert "http://127.0.0.1:8000" in item.command
        assert "\n" not in item.command
        # The only bearer there is is the variable; arc reads the same one by itself.
        assert re.findall(r"Bearer (\S+)", item.command) in ([], ['$ARC_KEY"'])
        assert item.command.startswith(("curl ", "arc pull "))
        assert item.advice
