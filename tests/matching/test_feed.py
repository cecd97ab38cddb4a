import json
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from partner_rows import live_partner
from photo_rows import MakePhoto

from enrollment.models import Photo, WithheldPartner
from enrollment.states import PhotoState
from matching import feed, pages, services
from matching.engine import jsonform
from matching.models import FeedHead, FeedRecord, Fingerprint, Partner, Withheld


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def protected(make_photo: MakePhoto) -> list[Photo]:
    photos = [make_photo(PhotoState.COVERED) for _ in range(3)]
    for photo in photos:
        services.process_photo(photo.pk, actor="worker")
    return photos


def records(partner: Partner, after: int = 0) -> list[dict[str, Any]]:
    return [json.loads(text) for text in pages.page(partner, after=after, limit=100).records]


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
    for photo in protected:
        feed.publish(photo.pk)
    assert [record["fingerprint"] for record in records(partner)] == [document] * 3
    assert set(feed.FIELDS) == set(jsonform.FIELDS) == set(document)
    assert not FeedRecord.objects.filter(wire__contains="never").exists()


def test_one_fingerprint_has_one_spelling(document: dict[str, Any]) -> None:
    turned = dict(reversed(document.items()))
    assert feed.wire_form(turned) == feed.wire_form(document)
    with pytest.raises(ValueError, match="JSON"):
        feed.wire_form({**document, "threshold": float("nan")})


def test_the_extended_fingerprint_travels_where_there_is_one(
    partner: Partner, protected: list[Photo], document: dict[str, Any]
) -> None:
    Fingerprint.objects.update(document={**document, "extended": "chosen"})
    feed.publish(protected[0].pk)
    assert records(partner, after=3)[0]["fingerprint"]["extended"] == "chosen"
    feed.narrow(protected[0].pk)
    assert "extended" not in records(partner, after=4)[0]["fingerprint"]


def test_a_withdrawal_becomes_a_tombstone_at_the_end(partner: Partner, protected: list[Photo]) -> None:
    before = records(partner)
    feed.withdraw(protected[0].pk)
    assert records(partner, after=3) == [{"seq": 4, "id": before[0]["id"], "status": "withdrawn"}]
    assert [record["seq"] for record in records(partner)] == [2, 3, 4]
    assert Fingerprint.objects.count() == 2


def test_a_tombstone_keeps_nothing_of_the_fingerprint(
    protected: list[Photo], document: dict[str, Any]
) -> None:
    feed.withdraw(protected[0].pk)
    row = FeedRecord.objects.values().get(tombstone=True)
    assert not any(document[name] in str(row) for name in ("mask", "hash", "sketch"))
    with pytest.raises(IntegrityError, match="feed_tombstone_is_empty"), transaction.atomic():
        FeedRecord.objects.filter(tombstone=True).update(wire="{}")
    with pytest.raises(IntegrityError, match="feed_tombstone_is_empty"), transaction.atomic():
        FeedRecord.objects.filter(tombstone=False).update(wire="")


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


def test_a_sender_keeps_a_photo_from_some_partners(partner: Partner, make_photo: MakePhoto) -> None:
    other = live_partner("Other")
    photo = make_photo(PhotoState.COVERED)
    WithheldPartner.objects.create(case=photo.case, slug=other.slug)
    WithheldPartner.objects.create(case=photo.case, slug="nobody-of-ours")
    services.process_photo(photo.pk, actor="worker")
    assert len(records(partner)) == 1
    assert records(other) == []
    feed.publish(photo.pk)
    assert Withheld.objects.count() == 1
    feed.withdraw(photo.pk)
    assert [record["status"] for record in records(partner)] == ["withdrawn"]
    assert records(other) == []


def test_ids_are_stable_for_a_partner_and_unlinkable_between_two(
    partner: Partner, protected: list[Photo]
) -> None:
    other = live_partner("Other")
    mine = [record["id"] for record in records(partner)]
    theirs = [record["id"] for record in records(other)]
    assert mine == [record["id"] for record in records(partner)]
    assert len({*mine, *theirs}) == 6
    inner = [str(pk) for pk in Fingerprint.objects.values_list("pk", flat=True)]
    assert not any(pk in name or uuid.UUID(pk).hex in name for pk in inner for name in [*mine, *theirs])


def test_only_we_turn_an_id_back(partner: Partner) -> None:
    inner = [uuid.uuid4() for _ in range(20)]
    named = feed.public_ids(partner, b"".join(one.bytes for one in inner))
    assert named == [feed.public_id(partner, one) for one in inner]
    assert [feed.fingerprint_of(partner, name) for name in named] == inner
    assert feed.fingerprint_of(live_partner("Other"), named[0]) != inner[0]


@pytest.mark.parametrize(
    "wrong", ["", "x", "ä" * 22, "A" * 21, "A" * 23, "+" * 22, "A" * 21 + "B", "\0" * 22]
)
def test_what_is_no_id_is_nobodys(partner: Partner, wrong: str) -> None:
    assert feed.fingerprint_of(partner, wrong) is None
