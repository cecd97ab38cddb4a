import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from partner_rows import live_partner

from matching import feed, pages
from matching.models import FeedHead, FeedRecord, Partner, PartnerProgress, Withheld

pytestmark = pytest.mark.django_db
WIRE = '{"version":"arc-1"}'


@pytest.fixture
def partner() -> Partner:
    return live_partner()


def publish(count: int, **fields: Any) -> list[FeedRecord]:
    head, _ = FeedHead.objects.get_or_create(pk=1)
    row = {"version": "arc-1", "wire": WIRE} | fields
    made = FeedRecord.objects.bulk_create(
        FeedRecord(fingerprint_id=uuid.uuid4(), seq=head.seq + number, **row)
        for number in range(1, count + 1)
    )
    FeedHead.objects.update(seq=head.seq + count)
    return made


def seqs(page: pages.Page) -> list[int]:
    return [json.loads(record)["seq"] for record in page.records]


def test_an_empty_feed_keeps_the_cursor(partner: Partner) -> None:
    page = pages.page(partner, after=0, limit=10)
    assert (page.records, page.next, page.more) == ([], 0, False)
    assert json.loads(page.text()) == {
        "feed": str(FeedHead.objects.get().feed_id), "records": [], "next": 0, "more": False
    }  # fmt: skip


def test_pages_follow_on_one_another(partner: Partner) -> None:
    publish(3)
    first = pages.page(partner, after=0, limit=2)
    assert (seqs(first), first.next, first.more) == ([1, 2], 2, True)
    second = pages.page(partner, after=first.next, limit=2)
    assert (seqs(second), second.next, second.more) == ([3], 3, False)
    third = pages.page(partner, after=second.next, limit=2)
    assert (seqs(third), third.next, third.more) == ([], 3, False)


def test_a_whole_page_at_the_end_says_that_it_is_the_end(partner: Partner) -> None:
    publish(2)
    page = pages.page(partner, after=0, limit=2)
    assert (seqs(page), page.next, page.more) == ([1, 2], 2, False)


def test_a_cursor_beyond_the_end_is_refused(partner: Partner) -> None:
    publish(3)
    with pytest.raises(pages.CursorAhead):
        pages.page(partner, after=4, limit=10)


def test_what_a_partner_may_not_see_is_not_looked_through_again(partner: Partner) -> None:
    """Else each poll of a partner kept from everything would read the whole feed."""
    Withheld.objects.bulk_create(Withheld(record=record, partner=partner) for record in publish(5))
    page = pages.page(partner, after=0, limit=2)
    assert (page.records, page.next, page.more) == ([], 5, False)


def test_planted_records_are_for_one_partner_alone(partner: Partner) -> None:
    other = live_partner("Other")
    publish(1, partner=partner)
    publish(1)
    assert seqs(pages.page(partner, after=0, limit=9)) == [1, 2]
    assert seqs(pages.page(other, after=0, limit=9)) == [2]
    other.stage = Partner.Stage.ONBOARDING
    assert seqs(pages.page(other, after=0, limit=9)) == []
    partner.stage = Partner.Stage.ONBOARDING
    assert seqs(pages.page(partner, after=0, limit=9)) == [1]


def test_a_client_is_told_of_versions_that_it_cannot_read(partner: Partner) -> None:
    publish(1)
    publish(1, version="arc-0")
    publish(1, version="", wire="", tombstone=True)
    found = [
        json.loads(record) for record in pages.page(partner, after=0, limit=9, versions={"arc-1"}).records
    ]
    assert [record["status"] for record in found] == ["active", "unsupported", "withdrawn"]
    assert set(found[1]) == {"seq", "id", "status", "version"}
    everything = [json.loads(record) for record in pages.page(partner, after=0, limit=9).records]
    assert [record["status"] for record in everything] == ["active", "active", "withdrawn"]


def test_the_feed_of_test_records_is_another_one(partner: Partner) -> None:
    """A cursor of the one would skip everything older in the other."""
    live = pages.identity(partner)
    assert live == pages.identity(live_partner("Other"))
    partner.stage = Partner.Stage.ONBOARDING
    assert pages.identity(partner) not in {live, ""}
    assert pages.identity(partner) == pages.page(partner, after=0, limit=1).feed


@pytest.mark.parametrize("stage", [Partner.Stage.LIVE, Partner.Stage.ONBOARDING])
def test_a_page_is_read_by_an_index_and_never_sorted(partner: Partner, stage: Partner.Stage) -> None:
    publish(50)
    publish(3, partner=partner)
    partner.stage = stage
    with CaptureQueriesContext(connection) as queries:
        pages.page(partner, after=10, limit=5)
    asked = [query["sql"] for query in queries if "matching_feedrecord" in query["sql"]]
    assert len(asked) == 1
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + ("QUERY PLAN " if connection.vendor == "sqlite" else "") + asked[0])
        plan = str(cursor.fetchall())
    assert connection.vendor != "sqlite" or ("TEMP B-TREE" not in plan and "USING INDEX" in plan)


def test_progress_only_advances(partner: Partner) -> None:
    for through in (5, 9, 9, 7):
        pages.note_pulled(partner, through)
    partner.refresh_from_db()
    assert partner.pulled == 9
    assert partner.pulled_at is not None
    assert sorted(PartnerProgress.objects.values_list("kind", "through")) == [("pulled", 5), ("pulled", 9)]


def test_a_confirmation_stands(partner: Partner) -> None:
    publish(5)
    assert pages.confirm(partner, 3) == pages.confirm(partner, 3) == 3
    with pytest.raises(pages.Behind) as behind:
        pages.confirm(partner, 2)
    assert behind.value.applied == 3
    with pytest.raises(pages.CursorAhead):
        pages.confirm(partner, 6)
    partner.refresh_from_db()
    assert partner.applied == 3
    assert PartnerProgress.objects.filter(kind="applied").count() == 1


def test_a_restored_feed_takes_old_cursors(partner: Partner) -> None:
    """The backup is older than what the partner read: it goes on, and misses nothing published after."""
    publish(5)
    feed.leap()
    publish(1)
    page = pages.page(partner, after=400, limit=9)
    assert seqs(page) == [feed.LEAP + 6]
