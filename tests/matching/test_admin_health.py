import re
from datetime import timedelta

import pytest
from django.utils import timezone
from partner_rows import browser, live_partner, new_partner, record
from review_rows import person

from matching import keys
from matching.models import Call, Partner, PartnerCalls, PartnerKey, Sighting

pytestmark = pytest.mark.django_db
HEALTH = "/admin/matching/partner/health/"


def page() -> str:
    answer = browser(person("manager", "Partner manager")).get(HEALTH)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    # Words as they are read, whatever the tags and lines between them.
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_without_a_live_partner_it_says_so() -> None:
    new_partner("Newcomer")
    shown = page()
    assert "No partner has gone live yet." in shown
    assert "Newcomer" not in shown


def test_all_of_a_partners_troubles_are_on_it() -> None:
    partner = live_partner("Slow Platform")
    then = timezone.now() - timedelta(days=9)
    Partner.objects.filter(pk=partner.pk).update(
        staged_at=then, approved_at=then, pulled=1, contact="them@example.org"
    )
    seen = record(age=timedelta(days=3))
    record(age=timedelta(days=2), tombstone=True)
    PartnerCalls.objects.create(
        partner=partner, what=Call.CONFIRM, last_at=then, failed_at=timezone.now(),
        failed_code="confirmation-behind", failures=2,
    )  # fmt: skip
    Sighting.objects.create(partner=partner, record=seen, reference_digest="0" * 64, outcome="disputed")
    secret = keys.issue(partner, actor="staff:1", valid_for=timedelta(days=2), newest_seen="")
    shown = page()
    for words in (
        "One partner needs a person.",
        "1 week, 2 days ago: silent for too long",
        "1, behind by 2 days",
        "1, the first for 2 days: late",
        "confirmation-behind 2 times in a row",
        "disputed 1",
        "the last one ends on",
        "Write this to them@example.org in your mail program",
        "1 withdrawal waits for your confirmation",
    ):
        assert words in shown.replace("\xa0", " "), words
    key = PartnerKey.objects.get()
    assert not [private for private in (secret, key.digest, key.prefix, "0" * 64) if private in shown]


def test_a_partner_that_keeps_up_is_left_in_peace() -> None:
    live_partner("Quick Platform")
    shown = page()
    assert "needs a person" not in shown
    assert "Remind them" not in shown


def test_it_is_for_who_may_see_partners_and_only_looks() -> None:
    assert browser(person("auditor", "Auditor")).get(HEALTH).status_code == 200
    assert browser(person("reviewer", "Reviewer")).get(HEALTH).status_code == 403
    assert browser(person("manager", "Partner manager")).post(HEALTH).status_code == 405
