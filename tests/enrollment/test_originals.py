import os
import uuid
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from enrollment import originals
from enrollment.models import Attestation, Case, OriginalKey, Photo
from enrollment.originals import NotDestroyed, NotStored, OriginalDamaged, OriginalGone
from enrollment.states import PhotoState

DATA = b"the pixels of a covered photo, canary 7f3a" * 50


@pytest.fixture(autouse=True)
def own_store(store: Path) -> Path:
    return store


def make_photo(data: bytes | None = DATA, **fields: object) -> Photo:
    """A photo in the database, sealed unless ``data`` is None."""
    case = Case.objects.create(
        number=uuid.uuid4().hex[:10], submission_digest=uuid.uuid4().hex, attestation=Attestation.SELF
    )
    measured = {"position": 1, "width": 320, "height": 240, "coverage": 0.2, "detail": 99.0}
    photo = Photo.objects.create(case=case, **(measured | fields))
    if data is not None:
        OriginalKey.objects.create(photo=photo, wrapped=originals.seal(photo.pk, data))
    return photo


def file_of(store: Path, photo: Photo) -> Path:
    return store / photo.pk.hex


def age(path: Path, seconds: int) -> None:
    then = path.lstat().st_mtime - seconds
    os.utime(path, (then, then), follow_symlinks=False)


@pytest.mark.django_db
class TestSealAndOpen:
    @pytest.mark.parametrize("data", [b"", b"x", DATA, bytes(3_000_000)])
    def test_what_goes_in_comes_out(self, data: bytes) -> None:
        assert originals.open_original(make_photo(data).pk) == data

    def test_only_ciphertext_is_on_the_disk_and_only_for_the_owner(self, store: Path) -> None:
        photo = make_photo()
        assert [path.name for path in store.iterdir()] == [photo.pk.hex]
        assert b"canary" not in file_of(store, photo).read_bytes()
        assert store.stat().st_mode & 0o777 == 0o700
        assert file_of(store, photo).stat().st_mode & 0o777 == 0o600

    def test_a_store_that_was_left_open_is_closed(self, store: Path) -> None:
        store.mkdir(mode=0o755)
        store.chmod(0o755)
        make_photo()
        assert store.stat().st_mode & 0o777 == 0o700

    def test_every_photo_has_a_key_of_its_own(self) -> None:
        one, other = make_photo(), make_photo()
        keys = {bytes(OriginalKey.objects.get(pk=photo.pk).wrapped) for photo in (one, other)}
        assert len(keys) == 2

    def test_without_the_key_it_is_gone(self) -> None:
        photo = make_photo()
        OriginalKey.objects.all().delete()
        with pytest.raises(OriginalGone):
            originals.open_original(photo.pk)

    def test_without_the_file_it_is_gone(self, store: Path) -> None:
        photo = make_photo()
        file_of(store, photo).unlink()
        with pytest.raises(OriginalGone):
            originals.open_original(photo.pk)

    def test_another_master_key_opens_nothing(self, settings: Settings) -> None:
        photo = make_photo()
        settings.ARC_MASTER_KEY = "x" * 43
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    @pytest.mark.parametrize("wrapped", [b"", b"short", bytes(60)])
    def test_a_damaged_key_opens_nothing(self, wrapped: bytes) -> None:
        photo = make_photo()
        OriginalKey.objects.filter(pk=photo.pk).update(wrapped=wrapped)
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    @pytest.mark.parametrize("keep", [0, 3, 4, 10, 16, 17, -1])
    def test_a_truncated_file_is_noticed(self, store: Path, keep: int) -> None:
        photo = make_photo()
        path = file_of(store, photo)
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    @pytest.mark.parametrize("place", [0, 5, 100, -1])
    def test_one_flipped_bit_is_noticed(self, store: Path, place: int) -> None:
        photo = make_photo()
        data = bytearray(file_of(store, photo).read_bytes())
        data[place] ^= 1
        file_of(store, photo).write_bytes(data)
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    def test_swapped_files_are_noticed(self, store: Path) -> None:
        one, other = make_photo(), make_photo()
        file_of(store, one).rename(store / "aside")
        file_of(store, other).rename(file_of(store, one))
        (store / "aside").rename(file_of(store, other))
        for photo in (one, other):
            with pytest.raises(OriginalDamaged):
                originals.open_original(photo.pk)

    def test_files_swapped_together_with_their_keys_are_noticed(self, store: Path) -> None:
        one, other = make_photo(), make_photo()
        wrapped = bytes(OriginalKey.objects.get(pk=other.pk).wrapped)
        OriginalKey.objects.filter(pk=one.pk).update(wrapped=wrapped)
        file_of(store, one).write_bytes(file_of(store, other).read_bytes())
        with pytest.raises(OriginalDamaged):
            originals.open_original(one.pk)

    def test_no_symbolic_link_is_followed_when_reading(self, store: Path, tmp_path: Path) -> None:
        photo = make_photo()
        moved = file_of(store, photo).rename(tmp_path / "elsewhere")
        file_of(store, photo).symlink_to(moved)
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    def test_no_symbolic_link_is_followed_when_writing(self, store: Path, tmp_path: Path) -> None:
        photo = make_photo(None)
        store.mkdir(mode=0o700)
        target = tmp_path / "target"
        target.write_bytes(b"precious")
        file_of(store, photo).symlink_to(target)
        (store / f"{photo.pk.hex}.new").symlink_to(target)
        with pytest.raises(NotStored):
            originals.seal(photo.pk, DATA)
        assert target.read_bytes() == b"precious"

    def test_a_store_that_is_a_symbolic_link_is_refused(self, store: Path, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        store.symlink_to(tmp_path / "real")
        with pytest.raises(NotStored):
            originals.seal(uuid.uuid4(), DATA)
        assert not list((tmp_path / "real").iterdir())

    def test_a_pipe_in_place_of_the_file_does_not_hang_us(self, store: Path) -> None:
        photo = make_photo()
        file_of(store, photo).unlink()
        os.mkfifo(file_of(store, photo))
        with pytest.raises(OriginalDamaged):
            originals.open_original(photo.pk)

    @pytest.mark.parametrize("broken", ["fsync", "rename"])
    def test_a_full_disk_leaves_nothing_behind(
        self, store: Path, broken: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, broken, fail)
        with pytest.raises(NotStored, match="No space left"):
            originals.seal(uuid.uuid4(), DATA)
        assert list(store.iterdir()) == []


@pytest.mark.django_db
class TestDestroy:
    def test_key_and_file_are_gone(self, store: Path) -> None:
        photo = make_photo()
        assert originals.is_held(photo.pk)
        originals.destroy(photo.pk)
        assert not originals.is_held(photo.pk)
        assert not OriginalKey.objects.exists()
        assert list(store.iterdir()) == []

    def test_it_may_run_twice_and_after_a_half_done_one(self, store: Path) -> None:
        photo, half = make_photo(), make_photo()
        OriginalKey.objects.filter(pk=half.pk).delete()
        (store / f"{half.pk.hex}.new").write_bytes(b"partial")
        for _ in range(2):
            originals.destroy(photo.pk)
            originals.destroy(half.pk)
        assert list(store.iterdir()) == []

    def test_it_leaves_others_alone(self) -> None:
        photo, other = make_photo(), make_photo()
        originals.destroy(photo.pk)
        assert originals.open_original(other.pk) == DATA

    def test_a_planted_link_goes_and_its_target_stays(self, store: Path, tmp_path: Path) -> None:
        photo = make_photo()
        target = tmp_path / "target"
        target.write_bytes(b"precious")
        file_of(store, photo).unlink()
        file_of(store, photo).symlink_to(target)
        originals.destroy(photo.pk)
        assert not file_of(store, photo).is_symlink()
        assert target.exists()

    def test_what_cannot_be_unlinked_is_not_called_destroyed(
        self, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = make_photo()

        def fail(*_: object, **__: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", fail)
            with pytest.raises(NotDestroyed):
                originals.destroy(photo.pk)
        assert originals.is_held(photo.pk)
        assert not OriginalKey.objects.exists(), "the key goes first, so the file is noise already"
        originals.destroy(photo.pk)
        assert not originals.is_held(photo.pk)

    def test_an_unlink_that_lies_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        photo = make_photo()
        monkeypatch.setattr(os, "unlink", lambda *_, **__: None)
        with pytest.raises(NotDestroyed):
            originals.destroy(photo.pk)

    def test_a_store_that_is_away_is_not_called_destroyed(self, store: Path, tmp_path: Path) -> None:
        photo = make_photo()
        store.rename(tmp_path / "unmounted")
        with pytest.raises(NotDestroyed):
            originals.destroy(photo.pk)

    def test_it_refuses_to_run_inside_a_transaction(self) -> None:
        photo = make_photo()
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            originals.destroy(photo.pk)
        assert originals.open_original(photo.pk) == DATA


@pytest.mark.django_db
class TestDiscard:
    def test_a_file_without_a_key_goes(self, store: Path) -> None:
        photo_id = uuid.uuid4()
        originals.seal(photo_id, DATA)
        originals.discard(photo_id)
        assert list(store.iterdir()) == []

    def test_a_file_whose_key_was_stored_after_all_stays(self) -> None:
        photo = make_photo()
        originals.discard(photo.pk)
        assert originals.open_original(photo.pk) == DATA


@pytest.mark.django_db
class TestReconcile:
    def test_with_nothing_amiss_it_touches_nothing(self) -> None:
        photo = make_photo()
        assert originals.reconcile() == originals.Reconciliation(destroyed=0, lost=(), unknown=0)
        assert originals.open_original(photo.pk) == DATA

    def test_without_a_store_there_is_nothing_to_do(self) -> None:
        assert originals.reconcile() == originals.Reconciliation(destroyed=0, lost=(), unknown=0)

    @pytest.mark.parametrize("name", ["{}", "{}.new"])
    def test_an_old_file_without_a_key_is_destroyed(self, store: Path, name: str) -> None:
        make_photo()
        stray = store / name.format(uuid.uuid4().hex)
        stray.write_bytes(b"left by a crash")
        assert originals.reconcile().destroyed == 0, "an upload may still be at work"
        age(stray, originals.STRAY_AFTER_SECONDS + 5)
        assert originals.reconcile().destroyed == 1
        assert not stray.exists()

    def test_a_key_that_outlived_its_purge_is_destroyed(self, store: Path) -> None:
        photo = make_photo()
        Photo.objects.filter(pk=photo.pk).update(original_removed_at="2026-01-01T00:00:00Z")
        assert originals.reconcile().destroyed == 1
        assert not originals.is_held(photo.pk)

    def test_a_needed_file_that_is_missing_is_reported(self, store: Path) -> None:
        photo = make_photo()
        file_of(store, photo).unlink()
        assert originals.reconcile().lost == (photo.pk,)

    def test_a_needed_key_that_is_missing_is_reported(self) -> None:
        photo = make_photo()
        OriginalKey.objects.all().delete()
        assert originals.reconcile().lost == (photo.pk,)

    def test_a_purge_half_way_is_no_loss(self) -> None:
        photo = make_photo(state=PhotoState.WITHDRAWN)
        originals.destroy(photo.pk)
        assert originals.reconcile().lost == ()

    def test_it_counts_what_is_not_ours_and_leaves_it(self, store: Path) -> None:
        make_photo()
        foreign = store / "lost+found"
        foreign.mkdir()
        age(foreign, 100_000)
        assert originals.reconcile().unknown == 1
        assert foreign.exists()

    def test_a_planted_directory_named_like_an_original_holds_up_nothing(self, store: Path) -> None:
        photo, lost = make_photo(), make_photo()
        planted = store / uuid.uuid4().hex
        stray = store / uuid.uuid4().hex
        stray.write_bytes(b"left by a crash")
        file_of(store, lost).unlink()
        file_of(store, lost).mkdir()
        planted.mkdir()
        for entry in (planted, stray, file_of(store, lost)):
            age(entry, originals.STRAY_AFTER_SECONDS + 5)
        for destroyed in (1, 0):
            found = originals.reconcile()
            assert (found.destroyed, found.unknown, found.stuck) == (destroyed, 2, 0)
            assert found.lost == (lost.pk,)
        assert not stray.exists()
        assert originals.open_original(photo.pk) == DATA

    def test_a_stray_that_stays_is_counted_and_holds_up_nothing(
        self, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lost = make_photo()
        file_of(store, lost).unlink()
        stray = store / uuid.uuid4().hex
        stray.write_bytes(b"left by a crash")
        age(stray, originals.STRAY_AFTER_SECONDS + 5)

        def refuse(*args: object, **options: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.unlink", refuse)
        found = originals.reconcile()
        assert (found.destroyed, found.stuck, found.lost) == (0, 1, (lost.pk,))
