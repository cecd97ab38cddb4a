import uuid
from typing import Any

import pytest
from photo_rows import MakePhoto

from enrollment.models import Photo
from enrollment.states import PhotoState
from matching import feed, services
from matching.engine import jsonform
from matching.models import FeedHead, FeedRecord, Fingerprint, Partner


@pytest.fixture
def partner(db: None) -> Partner:
    return Partner.objects.create(name="Platform")


@pytest.fixture
def protected(make_photo: MakePhoto) -> list[Photo]:
    photos = [make_photo(PhotoState.COVERED) for _ in range(3)]
    for photo in photos:
        services.process_photo(photo.pk, actor="worker")
    return photos


def records(partner: Partner, after: int = 0) -> list[dict[str, Any]]:
    return feed.page(partner, after=after, limit=100).records


def test_an_empty_feed_keeps_the_cursor(partner: Partner) -> None:
    assert feed.page(partner, after=0, limit=10) == feed.Page([], next=0, more=False)


def test_protected_photos_are_published_in_order(partner: Partner, protected: list[Photo]) -> None:
    published = records(partner)
    assert [record["seq"] for record in published] == [1, 2, 3]
    assert {record["status"] for record in published} == {"active"}
    assert all(set(record) == {"seq", "id", "status", "fingerprint"} for record in published)


def test_nothing_is_published_before_the_original_is_gone(partner: Partner, make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    assert services.fingerprint_photo(photo.pk, actor="worker")
    assert records(partner) == []
    assert services.purge_photo(photo.pk, actor="worker")
    assert len(records(partner)) == 1


def test_a_fingerprint_has_the_fields_of_the_engine_and_no_other(
    partner: Partner, protected: list[Photo], document: dict[str, Any]
) -> None:
    Fingerprint.objects.update(document={**document, "case": "never", "received_at": "never"})
    assert [record["fingerprint"] for record in records(partner)] == [document] * 3
    assert set(feed.FIELDS) == set(jsonform.FIELDS) == set(document)


def test_the_extended_fingerprint_travels_where_there_is_one(
    partner: Partner, protected: list[Photo], document: dict[str, Any]
) -> None:
    Fingerprint.objects.update(document={**document, "extended": "chosen"})
    assert {record["fingerprint"]["extended"] for record in records(partner)} == {"chosen"}


def test_pages_follow_on_one_another(partner: Partner, protected: list[Photo]) -> None:
    first = feed.page(partner, after=0, limit=2)
    assert ([record["seq"] for record in first.records], first.next, first.more) == ([1, 2], 2, True)
    second = feed.page(partner, after=first.next, limit=2)
    assert ([record["seq"] for record in second.records], second.next, second.more) == ([3], 3, False)
    assert feed.page(partner, after=second.next, limit=2) == feed.Page([], next=3, more=False)


def test_a_cursor_beyond_the_end_is_refused(partner: Partner, protected: list[Photo]) -> None:
    with pytest.raises(feed.CursorAhead):
        feed.page(partner, after=4, limit=10)


def test_a_withdrawal_becomes_a_tombstone_at_the_end(partner: Partner, protected: list[Photo]) -> None:
    before = records(partner)
    feed.withdraw(protected[0].pk)
    assert records(partner, after=3) == [{"seq": 4, "id": before[0]["id"], "status": "withdrawn"}]
    assert [record["seq"] for record in records(partner)] == [2, 3, 4]
    assert Fingerprint.objects.count() == 2


def test_withdrawing_twice_changes_nothing(partner: Partner, protected: list[Photo]) -> None:
    feed.withdraw(protected[0].pk)
    feed.withdraw(protected[0].pk)
    assert FeedHead.objects.get().seq == 4
    assert FeedRecord.objects.filter(tombstone=True).count() == 1


def test_what_was_never_published_leaves_no_tombstone(partner: Partner, make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    assert services.fingerprint_photo(photo.pk, actor="worker")
    feed.withdraw(photo.pk)
    assert not Fingerprint.objects.exists()
    assert records(partner) == []


def test_ids_are_stable_for_a_partner_and_unlinkable_between_two(
    partner: Partner, protected: list[Photo]
) -> None:
    other = Partner.objects.create(name="Other")
    mine = [record["id"] for record in records(partner)]
    theirs = [record["id"] for record in records(other)]
    assert mine == [record["id"] for record in records(partner)]
    assert len({*mine, *theirs}) == 6
    inner = [str(pk) for pk in Fingerprint.objects.values_list("pk", flat=True)]
    assert not any(pk in name or uuid.UUID(pk).hex in name for pk in inner for name in [*mine, *theirs])
