"""The worker's file of fingerprints: true to the feed, written when it should be, gone when it must be."""

import json
import os
import time
import uuid
from pathlib import Path

import pytest
from grids import draw_grid
from listed import fingerprint_id, protect
from photo_rows import MakePhoto
from pytest_django import Settings

from matching import feed, shelf
from matching.engine.index import Index
from matching.models import FeedHead, FeedRecord, Fingerprint
from matching.shelf import Shelf


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def newest() -> Shelf:
    found = shelf.newest(FeedHead.objects.get().feed_id)
    assert found is not None
    return found


def held() -> set[uuid.UUID]:
    return {uuid.UUID(id_) for id_ in Index.open(newest().path)}


def say(**fields: str) -> None:
    """Change what every record says of its fingerprint."""
    for record in FeedRecord.objects.all():
        FeedRecord.objects.filter(pk=record.pk).update(wire=json.dumps({**json.loads(record.wire), **fields}))


def grow_old(path: Path) -> None:
    past = time.time() - 3600
    os.utime(path, (past, past))


def test_without_anything_published_there_is_nothing_to_do(db: None) -> None:
    assert not shelf.is_due()
    assert shelf.renew(1) == 0


def test_it_holds_what_is_listed(make_photo: MakePhoto, data: Path) -> None:
    photos = [protect(make_photo, seed) for seed in (1, 2)]
    assert shelf.is_due()
    assert shelf.renew(1) == 2
    assert held() == {fingerprint_id(photo) for photo in photos}
    assert [match.id for match in Index.open(newest().path).search(draw_grid(2)[None])[0]] == [
        fingerprint_id(photos[1]).hex
    ]
    assert (data / shelf.DIRECTORY).stat().st_mode & 0o777 == 0o700


def test_it_is_left_alone_while_little_is_new(make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    assert not shelf.is_due()
    protect(make_photo, 2)
    grow_old(newest().path)
    assert not shelf.is_due()
    monkeypatch.setattr(shelf, "MANY_NEW", 1)
    assert shelf.is_due()
    assert shelf.renew(1) == 1
    assert len(held()) == 2


def test_what_was_withdrawn_is_gone_from_it_after_a_moment(make_photo: MakePhoto, data: Path) -> None:
    gone, stays = protect(make_photo, 1), protect(make_photo, 2)
    shelf.renew(1)
    mask = Index.open(newest().path).get(fingerprint_id(gone).hex).mask
    assert mask in newest().path.read_bytes()
    feed.withdraw(gone.pk)
    assert not shelf.is_due(), "not twice in a moment"
    grow_old(newest().path)
    assert shelf.is_due()
    shelf.renew(1)
    assert held() == {fingerprint_id(stays)}
    assert [file for file in (data / shelf.DIRECTORY).iterdir() if mask in file.read_bytes()] == []
    assert not shelf.is_due()


def test_a_tombstone_out_of_the_journal_counts_as_well(make_photo: MakePhoto) -> None:
    """After a restore, what was published since the backup is known by its id alone."""
    photo = protect(make_photo, 1)
    protect(make_photo, 2)
    shelf.renew(1)
    lost = fingerprint_id(photo)
    Fingerprint.objects.filter(pk=lost).delete()
    FeedRecord.objects.filter(pk=lost).delete()
    feed.retract_unknown([lost])
    grow_old(newest().path)
    assert shelf.is_due()
    shelf.renew(1)
    assert lost not in held()


def test_a_turn_that_is_too_short_comes_further_the_next_time(
    make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        protect(make_photo, seed)
    monkeypatch.setattr(shelf, "AT_ONCE", 1)
    assert [shelf.renew(0) for _ in range(4)] == [1, 1, 1, 0]
    assert len(held()) == 3


def test_the_extended_sketch_is_not_in_it(make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    say(extended="not even read")
    shelf.renew(1)
    assert Index.open(newest().path).extended() == 0
    assert len(held()) == 1


def test_fingerprints_of_another_algorithm_are_left_out(make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    say(version="arc-999")
    protect(make_photo, 2)
    assert shelf.renew(1) == 2
    assert len(held()) == 1


def test_a_damaged_file_is_an_alarm_and_made_again(
    make_photo: MakePhoto, caplog: pytest.LogCaptureFixture
) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    content = bytearray(newest().path.read_bytes())
    content[-1] ^= 1
    content[len(content) // 2] ^= 1
    newest().path.write_bytes(content)
    with pytest.raises(FileNotFoundError):
        shelf.opened(newest())
    assert "ALARM" in caplog.text
    assert shelf.is_due()
    shelf.renew(1)
    assert len(held()) == 1


def test_only_the_newest_file_stays(make_photo: MakePhoto, data: Path) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    directory = data / shelf.DIRECTORY
    of_before = directory / f"arc-0-{uuid.uuid4().hex}-7.arc"
    writing, left = directory / ".x.arc.1.part", directory / ".y.arc.2.part"
    for file in (of_before, writing, left):
        file.write_bytes(b"")
    grow_old(left)
    protect(make_photo, 2)
    shelf.renew(1)
    assert set(directory.iterdir()) == {newest().path, writing}


def test_another_feed_has_another_file(make_photo: MakePhoto) -> None:
    protect(make_photo, 1)
    shelf.renew(1)
    assert shelf.newest(uuid.uuid4()) is None
