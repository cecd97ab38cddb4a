"""What the sender chose, where fingerprints are made: the extended sketch, and the term."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from photo_rows import WORKING, MakePhoto

from enrollment import sandbox
from enrollment.models import Case, Photo
from enrollment.services import lapse_overdue, revoke_extended
from enrollment.states import PhotoState
from matching import journal, restoring, services
from matching.models import FeedRecord, Fingerprint


@pytest.fixture
def extended(make_photo: MakePhoto, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> Photo:
    """A decided photo whose sender wants the extended fingerprint, too."""
    photo = make_photo(PhotoState.COVERED)
    Case.objects.filter(pk=photo.case_id).update(extended=True)

    def make(working: bytes) -> dict[str, Any]:
        assert working == WORKING
        return {**document, "extended": "AAAA"}

    monkeypatch.setattr(sandbox, "fingerprint_extended", make)
    return photo


def kept_of(photo: Photo) -> dict[str, Any]:
    document: dict[str, Any] = Fingerprint.objects.get(photo=photo).document
    return document


def test_the_extended_sketch_is_made_for_those_who_chose_it(extended: Photo, make_photo: MakePhoto) -> None:
    plain = make_photo(PhotoState.COVERED)
    for photo in (extended, plain):
        assert services.process_photo(photo.pk, actor="worker") == 2
    assert kept_of(extended)["extended"] == "AAAA"
    assert "extended" not in kept_of(plain)


def test_taken_back_it_is_sent_anew_without(extended: Photo) -> None:
    services.process_photo(extended.pk, actor="worker")
    record = FeedRecord.objects.get()
    assert revoke_extended(extended.case, actor="submitter")
    assert "extended" not in kept_of(extended)
    again = FeedRecord.objects.get()
    assert (again.pk, again.tombstone, again.seq > record.seq) == (record.pk, False, True)
    assert extended.pk in journal.read().narrowed


def test_taken_back_before_it_was_made_it_is_never_made(extended: Photo) -> None:
    revoke_extended(extended.case, actor="submitter")
    services.process_photo(extended.pk, actor="worker")
    assert "extended" not in kept_of(extended)


def test_taken_back_while_it_is_made_it_is_not_kept(
    extended: Photo, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    def make(working: bytes) -> dict[str, Any]:
        revoke_extended(extended.case, actor="submitter")
        return {**document, "extended": "AAAA"}

    monkeypatch.setattr(sandbox, "fingerprint_extended", make)
    services.process_photo(extended.pk, actor="worker")
    assert "extended" not in kept_of(extended)


def test_a_fingerprint_nobody_was_sent_is_not_published_by_it(extended: Photo) -> None:
    services.fingerprint_photo(extended.pk, actor="worker")
    revoke_extended(extended.case, actor="submitter")
    assert "extended" not in kept_of(extended)
    assert not FeedRecord.objects.exists()


def test_an_old_backup_learns_of_it(extended: Photo) -> None:
    services.process_photo(extended.pk, actor="worker")
    revoke_extended(extended.case, actor="submitter")
    # As a backup from before remembers it.
    Case.objects.update(extended=True)
    Fingerprint.objects.update(document={**kept_of(extended), "extended": "AAAA"})
    assert restoring.reapply(journal.read()).narrowed == 1
    assert "extended" not in kept_of(extended)
    assert restoring.reapply(journal.read()).narrowed == 0


@pytest.mark.parametrize("days", [None, 90])
def test_the_term_begins_with_protection(make_photo: MakePhoto, days: int | None) -> None:
    photo = make_photo(PhotoState.COVERED)
    Case.objects.update(expires_after_days=days)
    services.process_photo(photo.pk, actor="worker")
    photo.refresh_from_db()
    if days is None:
        assert photo.expires_at is None
    else:
        assert photo.expires_at is not None
        assert abs(photo.expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


def test_at_its_end_partners_are_told_to_stop(make_photo: MakePhoto) -> None:
    photo = make_photo(PhotoState.COVERED)
    Case.objects.update(expires_after_days=90)
    services.process_photo(photo.pk, actor="worker")
    Photo.objects.update(expires_at=timezone.now())
    assert lapse_overdue() == 1
    assert FeedRecord.objects.get().tombstone
    assert not Fingerprint.objects.exists()
    photo.refresh_from_db()
    assert photo.state == PhotoState.EXPIRED
    assert services.process_photo(photo.pk, actor="worker") == 0
