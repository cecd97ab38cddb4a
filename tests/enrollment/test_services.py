import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models.functions import Now
from enrolling import Together
from pytest_django import Settings

from enrollment import originals, receipts, sandbox, services, transitions
from enrollment.inspection import SentFile, Unavailable, UploadRefused
from enrollment.models import Attestation, Case, OriginalKey, Photo, TimelineEntry
from enrollment.originals import NotStored
from enrollment.refusals import Refused
from enrollment.sandbox import Inspected, SandboxFailed
from enrollment.services import AlreadyReceived, NoSuchCase
from enrollment.signals import photo_moved
from enrollment.states import Edge, PhotoState

ONE = SentFile("one.png", b"one", 3)
TWO = SentFile("two.png", b"two", 3)

pytestmark = pytest.mark.usefixtures("store")
needs_rows = pytest.mark.django_db


def submit(token: str, *files: SentFile) -> services.Enrolled:
    return services.submit(token, files, Attestation.SELF)


def nothing_is_kept(store: Path) -> bool:
    files = list(store.iterdir()) if store.exists() else []
    return not (files or Case.objects.exists() or Photo.objects.exists() or OriginalKey.objects.exists())


@pytest.fixture
def token() -> str:
    return receipts.new_token()


@needs_rows
@pytest.mark.usefixtures("quick_sandbox")
class TestSubmit:
    def test_it_makes_a_case_of_sealed_photos(self, token: str, inspected: Inspected) -> None:
        enrolled = submit(token, ONE, TWO)
        case = Case.objects.get(number=enrolled.receipt.number)
        photos = list(case.photos.order_by("position"))
        assert [photo.position for photo in photos] == [1, 2]
        for photo in photos:
            assert photo.state == PhotoState.AWAITING_REVIEW
            assert (photo.width, photo.height) == (inspected.width, inspected.height)
            assert (photo.coverage, photo.detail) == (inspected.coverage, inspected.detail)
            assert [entry.event for entry in photo.timeline.all()] == ["received"]
            assert originals.open_original(photo.pk) == inspected.working
        assert (enrolled.photos, enrolled.repeated, enrolled.stripped) == (2, False, ("location",))

    def test_the_secret_opens_it_and_is_not_stored(self, token: str) -> None:
        receipt = submit(token, ONE).receipt
        case = services.open_case(receipt.shown_number, receipt.shown_secret)
        stored = [str(value) for value in Case.objects.filter(pk=case.pk).values_list()[0]]
        assert not {receipt.secret, token} & set(stored)

    def test_later_stages_hear_of_every_photo(self, token: str) -> None:
        heard: list[tuple[str, str]] = []

        def hear(*, action: str, actor: str, **_: Any) -> None:
            heard.append((action, actor))

        photo_moved.connect(hear)
        try:
            submit(token, ONE, TWO)
        finally:
            photo_moved.disconnect(hear)
        assert heard == [("received", "submitter")] * 2

    def test_sending_twice_gives_the_same_receipt_and_one_case(self, token: str, store: Path) -> None:
        first, second = submit(token, ONE), submit(token, ONE)
        assert second.receipt == first.receipt
        assert (second.repeated, second.other_photos, second.photos) == (True, False, 1)
        assert (Case.objects.count(), len(list(store.iterdir()))) == (1, 1)

    def test_a_second_send_with_other_photos_says_so_and_keeps_none_of_them(
        self, token: str, store: Path
    ) -> None:
        first, second = submit(token, ONE), submit(token, ONE, TWO)
        assert second.receipt == first.receipt
        assert (second.repeated, second.other_photos, second.photos) == (True, True, 1)
        assert len(list(store.iterdir())) == 1

    def test_a_repeated_send_is_not_looked_at_again(
        self, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = submit(token, ONE)
        monkeypatch.delattr(sandbox, "inspect")
        assert submit(token, ONE).receipt == first.receipt

    def test_after_an_hour_the_secret_is_not_shown_again(self, token: str) -> None:
        submit(token, ONE)
        Case.objects.update(created_at=Now() - timedelta(seconds=services.RECEIPT_SHOWN_SECONDS + 1))
        with pytest.raises(AlreadyReceived):
            submit(token, ONE)

    def test_a_taken_number_is_passed_over(self, token: str) -> None:
        taken = receipts.derive(token).number
        Case.objects.create(number=taken, submission_digest="other", attestation=Attestation.SELF)
        enrolled = submit(token, ONE)
        assert enrolled.receipt == receipts.derive(token, 1)
        assert submit(token, ONE).receipt == enrolled.receipt
        services.open_case(enrolled.receipt.number, enrolled.receipt.secret)

    def test_when_every_number_is_taken_nothing_is_left(self, token: str, store: Path) -> None:
        for attempt in range(services.NUMBER_ATTEMPTS):
            number = receipts.derive(token, attempt).number
            Case.objects.create(number=number, submission_digest=str(attempt), attestation=Attestation.SELF)
        with pytest.raises(IntegrityError):
            submit(token, ONE)
        assert list(store.iterdir()) == []


@needs_rows
class TestSubmitRefused:
    @pytest.fixture(autouse=True)
    def picky(self, monkeypatch: pytest.MonkeyPatch, inspected: Inspected) -> None:
        """Only files that say "good" pass; "crash" breaks the sandbox."""

        def inspect(data: bytes) -> Inspected:
            if data == b"crash":
                raise SandboxFailed("the child is gone")
            if data != b"good":
                raise Refused("empty")
            return inspected

        monkeypatch.setattr(sandbox, "inspect", inspect)

    def test_one_refused_photo_means_nothing_is_kept(self, token: str, store: Path) -> None:
        good, bad = SentFile("good", b"good", 4), SentFile("bad", b"bad", 3)
        with pytest.raises(UploadRefused) as refusal:
            submit(token, good, bad, good)
        assert [verdict and verdict.code for verdict in refusal.value.verdicts] == [None, "empty", None]
        assert nothing_is_kept(store)

    def test_the_same_form_may_be_sent_again_after_a_refusal(self, token: str) -> None:
        with pytest.raises(UploadRefused):
            submit(token, SentFile("bad", b"bad", 3))
        assert not submit(token, SentFile("good", b"good", 4)).repeated

    def test_a_file_over_the_limit_is_refused_by_its_true_size(
        self, token: str, store: Path, settings: Settings
    ) -> None:
        large = SentFile("large", b"good", settings.ARC_PHOTO_MAX_BYTES + 1)
        with pytest.raises(UploadRefused) as refusal:
            submit(token, large)
        (refused,) = refusal.value.verdicts
        assert refused is not None
        assert refused.code == "too-large-file"
        assert nothing_is_kept(store)

    def test_a_broken_sandbox_is_our_fault(self, token: str, store: Path) -> None:
        with pytest.raises(Unavailable) as failure:
            submit(token, SentFile("crash", b"crash", 5))
        assert failure.value.code == "inspection-failed"
        assert nothing_is_kept(store)

    def test_names_and_bytes_do_not_show_in_a_traceback(self) -> None:
        assert "secret" not in repr(SentFile("secret name", b"secret bytes", 12))


@needs_rows
class TestEnrollFailing:
    def enroll(self, inspected: Inspected) -> None:
        services.enroll(receipts.new_token(), [inspected] * 3, contents="c", attestation=Attestation.SELF)

    def test_a_full_disk_keeps_nothing(
        self, inspected: Inspected, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sealed: list[uuid.UUID] = []
        seal = originals.seal

        def fail_at_the_third(photo_id: uuid.UUID, data: bytes) -> bytes:
            if len(sealed) == 2:
                raise NotStored("No space left on device")
            sealed.append(photo_id)
            return seal(photo_id, data)

        monkeypatch.setattr(originals, "seal", fail_at_the_third)
        with pytest.raises(Unavailable) as failure:
            self.enroll(inspected)
        assert failure.value.code == "store-failed"
        assert nothing_is_kept(store)

    @pytest.mark.parametrize("when", ["case", "photo", "timeline"])
    def test_a_locked_database_keeps_nothing(
        self, when: str, inspected: Inspected, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OperationalError("database is locked")

        model = {"case": Case, "photo": Photo, "timeline": TimelineEntry}[when]
        monkeypatch.setattr(model, "save", fail)
        with pytest.raises(Unavailable) as failure:
            self.enroll(inspected)
        assert failure.value.code == "database-busy"
        assert nothing_is_kept(store)

    def test_a_later_stage_that_objects_keeps_nothing(self, inspected: Inspected, store: Path) -> None:
        def object_to(**_: object) -> None:
            raise RuntimeError("no")

        photo_moved.connect(object_to)
        try:
            with pytest.raises(RuntimeError):
                self.enroll(inspected)
        finally:
            photo_moved.disconnect(object_to)
        assert nothing_is_kept(store)

    def test_a_commit_whose_answer_was_lost_destroys_nothing(
        self, inspected: Inspected, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record = services._record

        def commit_then_fail(*arguments: Any) -> None:
            record(*arguments)
            raise OperationalError("server closed the connection")

        monkeypatch.setattr(services, "_record", commit_then_fail)
        with pytest.raises(Unavailable):
            self.enroll(inspected)
        assert all(originals.open_original(photo.pk) for photo in Photo.objects.all())
        assert len(list(store.iterdir())) == 3

    def test_what_cannot_be_removed_either_is_left_for_reconcile(
        self, inspected: Inspected, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OperationalError("database is locked")

        def refuse(photo_id: uuid.UUID, *, name: uuid.UUID) -> None:
            raise originals.NotDestroyed("Operation not permitted")

        monkeypatch.setattr(Case, "save", fail)
        monkeypatch.setattr(originals, "discard", refuse)
        with pytest.raises(Unavailable):
            self.enroll(inspected)
        monkeypatch.undo()
        assert originals.reconcile().destroyed == 0


@needs_rows
@pytest.mark.usefixtures("quick_sandbox")
class TestOpenCase:
    def test_unknown_number_and_wrong_secret_are_refused_alike(self, token: str) -> None:
        receipt = submit(token, ONE).receipt
        stranger = receipts.derive(receipts.new_token())
        wrong: list[Callable[[], Case]] = [
            partial(services.open_case, receipt.number, stranger.secret),
            partial(services.open_case, stranger.number, receipt.secret),
            partial(services.open_case, receipt.number, ""),
            partial(services.open_case, "", receipt.secret),
            partial(services.open_case, "", ""),
            partial(services.open_case, receipt.number[::-1], receipt.secret),
            partial(services.open_case, "\0", "💔" * 100),
        ]
        refusals = []
        for attempt in wrong:
            with pytest.raises(NoSuchCase) as refusal:
                attempt()
            refusals.append(str(refusal.value))
        assert len(set(refusals)) == 1

    def test_both_mistakes_cost_the_same_queries_and_digests(
        self, token: str, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
    ) -> None:
        receipt = submit(token, ONE).receipt
        stranger = receipts.derive(receipts.new_token())
        compared: list[str] = []
        compare = receipts.is_secret

        def count(given: str, number: str, stored: str) -> bool:
            compared.append(stored)
            return compare(given, number, stored)

        monkeypatch.setattr(receipts, "is_secret", count)
        for number in (receipt.number, stranger.number, "nonsense"):
            with django_assert_num_queries(1), pytest.raises(NoSuchCase):
                services.open_case(number, stranger.secret)
        assert [len(stored) for stored in compared] == [64, 64, 64]

    def test_a_case_with_the_dummy_digest_cannot_be_opened(self) -> None:
        number = receipts.derive(receipts.new_token()).number
        Case.objects.create(number=number, secret_digest="0" * 64, attestation=Attestation.SELF)
        with pytest.raises(NoSuchCase):
            services.open_case(number, "0" * 25)


@needs_rows
@pytest.mark.usefixtures("quick_sandbox")
class TestWithdraw:
    def test_it_withdraws_each_photo_once(self, token: str) -> None:
        submit(token, ONE, TWO)
        photos = list(Photo.objects.all())
        assert services.withdraw(photos) == 2
        assert services.withdraw(photos) == 0
        assert set(Photo.objects.values_list("state", flat=True)) == {PhotoState.WITHDRAWN}
        assert TimelineEntry.objects.filter(event=Edge.WITHDRAW).count() == 2

    def test_a_withdrawn_photo_is_due_for_its_purge_at_once(self, token: str) -> None:
        submit(token, ONE)
        services.withdraw(list(Photo.objects.all()))
        assert Photo.objects.purge_due().count() == 1

    def test_other_photos_of_the_case_stay(self, token: str) -> None:
        submit(token, ONE, TWO)
        services.withdraw([Photo.objects.get(position=1)])
        assert Photo.objects.get(position=2).state == PhotoState.AWAITING_REVIEW

    def test_all_or_none(self, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        submit(token, ONE, TWO)
        move = transitions.move

        def fail_at_the_second(photo_id: uuid.UUID, edge: Edge, **arguments: Any) -> Photo:
            if Photo.objects.get(pk=photo_id).position == 2:
                raise OperationalError("database is locked")
            return move(photo_id, edge, **arguments)

        monkeypatch.setattr(transitions, "move", fail_at_the_second)
        with pytest.raises(OperationalError):
            services.withdraw(list(Photo.objects.order_by("position")))
        assert not Photo.objects.filter(state=PhotoState.WITHDRAWN).exists()


@needs_rows
@pytest.mark.usefixtures("quick_sandbox")
class TestLapseOverdue:
    def test_it_lapses_what_waited_too_long_and_nothing_else(self, token: str, settings: Settings) -> None:
        submit(token, ONE, TWO)
        late = Now() - timedelta(days=settings.ARC_REVIEW_DAYS, seconds=1)
        Photo.objects.filter(position=1).update(received_at=late)
        assert services.lapse_overdue() == 1
        assert services.lapse_overdue() == 0
        states = dict(Photo.objects.values_list("position", "state"))
        assert states == {1: PhotoState.LAPSED, 2: PhotoState.AWAITING_REVIEW}

    def test_a_failed_photo_that_nobody_mended_goes_as_well(self, token: str) -> None:
        submit(token, ONE)
        Photo.objects.update(received_at="2026-01-01T00:00:00Z", state=PhotoState.FAILED)
        assert services.lapse_overdue() == 1
        assert Photo.objects.get().state == PhotoState.LAPSED
        assert Photo.objects.purge_due().count() == 1

    def test_a_decided_photo_does_not_lapse(self, token: str) -> None:
        submit(token, ONE)
        Photo.objects.update(received_at="2026-01-01T00:00:00Z", state=PhotoState.COVERED)
        assert services.lapse_overdue() == 0

    def test_a_decision_in_the_same_moment_wins(self, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        submit(token, ONE)
        photo = Photo.objects.get()
        monkeypatch.setattr(type(Photo.objects.all()), "lapse_due", lambda rows: rows.filter(pk=photo.pk))
        transitions.move(photo.pk, Edge.DECIDE_COVERED, actor="staff:1")
        assert services.lapse_overdue() == 0


@pytest.mark.usefixtures("quick_sandbox")
class TestRaces:
    def test_a_form_sent_many_times_at_once_makes_one_case(
        self, token: str, together: Together, store: Path
    ) -> None:
        answers = together([partial(submit, token, ONE)] * 6)
        assert len({answer.receipt for answer in answers}) == 1
        assert sum(not answer.repeated for answer in answers) == 1
        assert together([Case.objects.count, Photo.objects.count, OriginalKey.objects.count]) == [1, 1, 1]
        assert len(list(store.iterdir())) == 1

    def test_a_photo_withdrawn_twice_at_once_is_withdrawn_once(self, token: str, together: Together) -> None:
        together([partial(submit, token, ONE)])
        (photos,) = together([lambda: list(Photo.objects.all())])
        assert sorted(together([partial(services.withdraw, photos)] * 4)) == [0, 0, 0, 1]
        assert together([TimelineEntry.objects.filter(event=Edge.WITHDRAW).count]) == [1]
