"""What a process finds of a photo: what the partner may know at this moment, however old its file is."""

from pathlib import Path

import pytest
from grids import draw_grid, enroll
from listed import fingerprint_id, list_again, plant, protect
from partner_rows import live_partner
from photo_rows import MakePhoto
from pytest_django import DjangoAssertNumQueries, Settings

from enrollment.models import Photo
from enrollment.states import Edge
from enrollment.transitions import move
from matching import feed, lookup, shelf
from matching.engine import reference
from matching.engine.grid import mirrored
from matching.engine.index import Index
from matching.lookup import CatchingUp, Found
from matching.models import FeedHead, FeedRecord, Partner, Planted, Withheld


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


def found(partner: Partner, seed: int) -> list[Found]:
    return lookup.find(partner, draw_grid(seed))


def test_nothing_is_found_on_an_empty_list(partner: Partner) -> None:
    assert found(partner, 1) == []


@pytest.mark.parametrize("in_the_file", [True, False])
def test_it_finds_what_the_engine_finds(partner: Partner, make_photo: MakePhoto, in_the_file: bool) -> None:
    photos = {seed: protect(make_photo, seed) for seed in (1, 2, 3)}
    if in_the_file:
        shelf.renew(1)
    [match] = found(partner, 2)
    [expected] = reference.search({"2": enroll(2)}, draw_grid(2))
    assert (match.id, match.mirrored) == (fingerprint_id(photos[2]), False)
    assert match.rate == pytest.approx(expected.rate)
    [flipped] = lookup.find(partner, mirrored(draw_grid(3)))
    assert (flipped.id, flipped.mirrored) == (fingerprint_id(photos[3]), True)
    assert found(partner, 4) == []


def test_what_was_published_since_is_found_at_once(partner: Partner, make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    assert found(partner, 2) == []
    for seed in (2, 3, 4):
        protect(make_photo, seed)
        assert len(found(partner, seed)) == 1
    assert len(found(partner, 1)) == 1


@pytest.mark.parametrize("in_the_file", [True, False])
@pytest.mark.parametrize("edge", [Edge.WITHDRAW, Edge.SUSPEND, Edge.EXPIRE])
def test_what_was_taken_back_is_not_found_from_the_next_request_on(
    partner: Partner, make_photo: MakePhoto, edge: Edge, in_the_file: bool
) -> None:
    photo = protect(make_photo, 1)
    if in_the_file:
        shelf.renew(1)
    assert len(found(partner, 1)) == 1
    Photo.objects.filter(pk=photo.pk).update(expires_at=photo.received_at)
    move(photo.pk, edge, actor="test")
    assert found(partner, 1) == []


def test_what_is_withdrawn_while_it_is_looked_for_is_not_found(
    partner: Partner, make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = protect(make_photo, 1)
    search = Index.search

    def slow_search(*args: object) -> object:
        feed.withdraw(photo.pk)
        return search(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "search", slow_search)
    assert found(partner, 1) == []


def test_protected_again_it_is_found_under_its_new_name(partner: Partner, make_photo: MakePhoto) -> None:
    photo = protect(make_photo, 1)
    shelf.renew(1)
    before = fingerprint_id(photo)
    feed.retract(photo.pk)
    list_again(photo, 1)
    assert [match.id for match in found(partner, 1)] == [fingerprint_id(photo)]
    assert fingerprint_id(photo) != before


def test_each_partner_finds_what_it_may_know(partner: Partner, make_photo: MakePhoto) -> None:
    other, new = live_partner("Other"), Partner.objects.create(name="New", slug="new")
    photo = protect(make_photo, 1)
    mine, canary = plant(new, 2), plant(other, 3, Planted.Kind.CANARY)
    Withheld.objects.create(record=FeedRecord.objects.get(photo=photo), partner=other)
    shelf.renew(1)
    seen = {(who.name, seed) for who in (partner, other, new) for seed in (1, 2, 3) if found(who, seed)}
    assert seen == {("Platform", 1), ("New", 2), ("Other", 3)}
    assert [match.id for match in found(new, 2)] == [mine.pk]
    assert [match.id for match in found(other, 3)] == [canary.pk]


def test_too_much_that_is_new_is_taken_in_by_several_requests(
    partner: Partner, make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        protect(make_photo, seed)
    monkeypatch.setattr(lookup, "MOST_NEW", 2)
    for _ in range(2):
        with pytest.raises(CatchingUp):
            found(partner, 0)
    assert [len(found(partner, seed)) for seed in range(5)] == [1] * 5


def test_the_workers_file_is_taken_up_as_soon_as_it_is_there(
    partner: Partner, make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        protect(make_photo, seed)
    monkeypatch.setattr(lookup, "MOST_NEW", 1)
    with pytest.raises(CatchingUp):
        found(partner, 0)
    shelf.renew(1)
    assert len(found(partner, 0)) == 1


def test_nobody_waits_while_a_newer_file_is_opened(
    partner: Partner, make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    assert len(found(partner, 1)) == 1
    protect(make_photo, 2)
    shelf.renew(1)
    opened, meanwhile = shelf.opened, list[int]()

    def looked_at_meanwhile(newest: shelf.Shelf) -> Index:
        monkeypatch.setattr(shelf, "opened", lambda newest: pytest.fail("a second one opens it"))
        meanwhile.extend(len(found(partner, seed)) for seed in (1, 2))
        return opened(newest)

    monkeypatch.setattr(shelf, "opened", looked_at_meanwhile)
    assert [len(found(partner, seed)) for seed in (1, 2)] == [1, 1]
    assert meanwhile == [1, 1]


def test_a_file_that_was_damaged_is_done_without(partner: Partner, make_photo: MakePhoto, data: Path) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    [file] = (data / shelf.DIRECTORY).iterdir()
    file.write_bytes(file.read_bytes()[:-64])
    assert len(found(partner, 1)) == 1


def test_after_a_restore_it_goes_on(partner: Partner, make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    assert len(found(partner, 1)) == 1
    feed.leap()
    protect(make_photo, 2)
    assert (len(found(partner, 1)), len(found(partner, 2))) == (1, 1)


def test_another_feed_begins_anew(partner: Partner, make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    assert len(found(partner, 1)) == 1
    FeedHead.objects.update(feed_id="00000000-0000-4000-8000-000000000000", seq=0)
    FeedRecord.objects.update(seq=1, tombstone=True, wire="")
    assert found(partner, 1) == []


def test_it_asks_the_database_little(
    partner: Partner, make_photo: MakePhoto, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for seed in (1, 2, 3):
        protect(make_photo, seed)
    found(partner, 1)
    with django_assert_num_queries(3):  # the head, what is new, and who may see what was found
        assert len(found(partner, 1)) == 1
    with django_assert_num_queries(2):
        assert found(partner, 9) == []
