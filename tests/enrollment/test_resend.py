"""One photo of a case, sent again: when, how often, and what is kept of it."""

import html
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.db.models.functions import Now
from enrolling import Submitter, protect

from enrollment import originals, services, transitions
from enrollment.inspection import SentFile, Unavailable
from enrollment.models import Case, OriginalKey, Photo, TimelineEntry
from enrollment.occasions import MOST_ROUNDS
from enrollment.sandbox import Inspected
from enrollment.states import Edge, Occasion, PhotoState

URL = "/case/send/1/"
FILE = SentFile("again.png", b"again", 5)

pytestmark = pytest.mark.usefixtures("quick_sandbox")


@pytest.fixture
def case(mia: Submitter) -> Case:
    """Mia's case with two photos, open in her browser."""
    made = mia.enrol(b"one", b"two")
    mia.look_up()
    return made


@pytest.fixture
def photo(case: Case) -> Photo:
    return case.photos.get(position=1)


def close(photo: Photo, edge: Edge) -> Photo:
    """Decided or lapsed, purged and closed, as the later stages do it."""
    transitions.move(photo.pk, edge, actor="staff:1", details={"reason": "We saw a landscape."})
    originals.destroy(photo.pk)
    transitions.move(photo.pk, Edge.CLOSE, actor="worker", original_removed_at=Now())
    photo.refresh_from_db()
    return photo


def expire(photo: Photo) -> None:
    protect(photo)
    transitions.move(photo.pk, Edge.EXPIRE, actor="sweep", expires_at=Now())
    photo.refresh_from_db()


def suspend(photo: Photo) -> Photo:
    protect(photo)
    transitions.move(photo.pk, Edge.SUSPEND, actor="partner:1", due_at=Now() + timedelta(days=14))
    photo.refresh_from_db()
    return photo


def page_of(mia: Submitter, url: str = "/case/") -> str:
    return html.unescape(re.sub(r"\s+", " ", mia.client.get(url).content.decode()))


def send(mia: Submitter, url: str = URL, data: bytes = b"again") -> int:
    file = SimpleUploadedFile("again.png", data, "image/png")
    return mia.client.post(url, {"photo": file}).status_code


@pytest.mark.parametrize(
    ("edge", "occasion"),
    [
        (Edge.DECIDE_NOT_COVERED, Occasion.APPEAL),
        (Edge.DECIDE_NEEDS_COVERING, Occasion.COVERED_MORE),
        (Edge.LAPSE, Occasion.AGAIN),
        (Edge.LOSE, Occasion.AGAIN),
    ],
)
def test_a_closed_photo_is_sent_again_and_waits_anew(
    mia: Submitter, photo: Photo, store: Path, edge: Edge, occasion: Occasion
) -> None:
    close(photo, edge)
    assert "Send photo 1 again" in page_of(mia)
    assert f'href="{URL}"' in page_of(mia)
    assert "Send again" in page_of(mia, URL)
    assert send(mia) == 302
    assert "We received your covered photo again." in page_of(mia)
    before, photo = photo, Photo.objects.get(pk=photo.pk)
    assert (photo.state, photo.round, photo.occasion) == (PhotoState.AWAITING_REVIEW, 2, occasion)
    assert (photo.appealed_at is not None) == (occasion is Occasion.APPEAL)
    assert photo.original_removed_at is None
    assert photo.received_at > before.received_at
    assert originals.open_original(photo.pk) == b"pixels"
    assert photo.sealed_as is not None
    assert photo.sealed_as.hex in {path.name for path in store.iterdir()}
    last = TimelineEntry.objects.filter(photo=photo).latest("pk")
    assert (last.event, last.details) == ("resend", {"round": 2, "occasion": occasion})
    assert "landscape" not in page_of(mia), "what was decided before no longer stands"


def test_a_questioned_photo_is_sent_again(mia: Submitter, photo: Photo) -> None:
    suspend(photo)
    page = page_of(mia)
    assert "A platform asked us to look again" in page
    assert "Without it we withdraw the photo on" in page
    assert services.resend(photo, FILE) is Occasion.CONTESTED
    assert "Without it we withdraw" not in page_of(mia)


def test_an_expired_photo_is_sent_again(mia: Submitter, photo: Photo) -> None:
    expire(photo)
    assert "the same term starts afresh" in page_of(mia)
    assert services.resend(photo, FILE) is Occasion.RENEWED
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.AWAITING_REVIEW


@pytest.mark.parametrize("state", sorted(set(PhotoState) - Edge.RESEND.sources))
def test_from_no_other_state(mia: Submitter, photo: Photo, state: PhotoState) -> None:
    removed = Now() if state in PhotoState.without_original() else None
    Photo.objects.filter(pk=photo.pk).update(state=state, original_removed_at=removed)
    assert f'href="{URL}"' not in page_of(mia)
    for answer in (mia.client.get(URL), mia.client.post(URL, {"photo": SimpleUploadedFile("a.png", b"a")})):
        assert (answer.status_code, answer["Location"]) == (302, "/case/")
    assert "cannot be sent again now" in page_of(mia)
    assert Photo.objects.get(pk=photo.pk).round == 1


def test_there_is_one_appeal(mia: Submitter, photo: Photo) -> None:
    services.resend(close(photo, Edge.DECIDE_NOT_COVERED), FILE)
    close(photo, Edge.DECIDE_NOT_COVERED)
    assert send(mia) == 302
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.CLOSED
    assert f'href="{URL}"' not in page_of(mia)


def test_a_photo_that_never_gets_covered_is_not_sent_for_ever(photo: Photo) -> None:
    for _ in range(MOST_ROUNDS - 1):
        services.resend(close(photo, Edge.DECIDE_NEEDS_COVERING), FILE)
    with pytest.raises(services.NotTheTime):
        services.resend(close(photo, Edge.DECIDE_NEEDS_COVERING), FILE)
    assert photo.round == MOST_ROUNDS


def test_an_accident_of_ours_in_an_appeal_does_not_cost_it(photo: Photo) -> None:
    services.resend(close(photo, Edge.DECIDE_NOT_COVERED), FILE)
    assert services.resend(close(photo, Edge.LAPSE), FILE) is Occasion.AGAIN


def test_two_sends_of_one_page_are_one(photo: Photo, store: Path) -> None:
    close(photo, Edge.DECIDE_NOT_COVERED)
    services.resend(photo, FILE)
    with pytest.raises(services.NotTheTime):
        services.resend(photo, FILE)
    assert originals.open_original(photo.pk) == b"pixels"
    assert len(list(store.iterdir())) == 2, "this one and the other photo of the case"


@pytest.mark.parametrize("failing", ["store", "database"])
def test_nothing_is_kept_of_a_send_that_failed(
    photo: Photo, store: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise originals.NotStored("full") if failing == "store" else DatabaseError("locked")

    close(photo, Edge.DECIDE_NOT_COVERED)
    module, name = (originals, "seal") if failing == "store" else (transitions, "move")
    monkeypatch.setattr(module, name, fail)
    with pytest.raises(Unavailable):
        services.resend(photo, FILE)
    assert len(list(store.iterdir())) == OriginalKey.objects.count() == 1
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.CLOSED


@pytest.mark.parametrize("data", [b"", b"x" * 15_000_001])
def test_a_file_that_will_not_do_is_refused_with_its_message(
    mia: Submitter, photo: Photo, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.undo()  # the real sandbox
    close(photo, Edge.DECIDE_NOT_COVERED)
    answer = mia.client.post(URL, {"photo": SimpleUploadedFile("odd.png", data, "image/png")})
    assert answer.status_code == (413 if data else 422)
    assert 'role="alert"' in answer.content.decode()
    assert "The file was not kept" in answer.content.decode()
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.CLOSED


def test_no_file_and_a_file_in_the_wrong_place(mia: Submitter, photo: Photo) -> None:
    close(photo, Edge.DECIDE_NOT_COVERED)
    answer = mia.client.post(URL, {})
    assert answer.status_code == 422
    assert "Please choose the covered photo." in answer.content.decode()
    both = {"photo": SimpleUploadedFile("a.png", b"a"), "other": SimpleUploadedFile("b.png", b"b")}
    assert mia.client.post(URL, both).status_code == 422


def test_only_with_the_case_open_and_only_its_own_photos(
    mia: Submitter, zoe: Submitter, photo: Photo
) -> None:
    close(photo, Edge.DECIDE_NOT_COVERED)
    assert send(zoe) == 302
    zoe.enrol(b"hers")
    zoe.look_up()
    assert send(zoe, "/case/send/2/") == 404
    assert send(mia, "/case/send/3/") == 404
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.CLOSED


def test_no_answer_in_the_term_withdraws(photo: Photo) -> None:
    suspend(photo)
    assert services.lapse_overdue() == 0
    Photo.objects.filter(pk=photo.pk).update(due_at=Now() - timedelta(seconds=1))
    assert services.lapse_overdue() == 1
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.WITHDRAWN


def test_an_answer_in_the_same_moment_wins(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    suspend(photo)
    services.resend(photo, FILE)
    stale = Photo.objects.filter(pk=photo.pk)
    monkeypatch.setattr(type(stale), "contest_over", lambda rows: Seen(photo))
    assert services.lapse_overdue() == 0
    assert Photo.objects.get(pk=photo.pk).state == PhotoState.AWAITING_REVIEW


class Seen(list[Photo]):
    """A list of photos as a query found it a moment ago."""

    def __init__(self, photo: Photo) -> None:
        super().__init__([photo])

    def values_list(self, *_: str) -> list[tuple[object, str, int]]:
        return [(photo.pk, photo.state, photo.round) for photo in self]


class TestOwnFile:
    """Whoever is still at work on the earlier file cannot touch the one sent again."""

    def test_a_worker_that_slept_destroys_nothing(self, photo: Photo, store: Path) -> None:
        lease = uuid.uuid4()
        Photo.objects.filter(pk=photo.pk).update(lease_token=lease)
        services.resend(close(photo, Edge.DECIDE_NOT_COVERED), FILE)
        with pytest.raises(transitions.StaleState):
            originals.destroy(photo.pk, lease=lease)
        assert originals.open_original(photo.pk) == b"pixels"

    def test_reconcile_removes_the_file_of_a_send_that_died_and_no_key(
        self, photo: Photo, store: Path, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(originals, "STRAY_AFTER_SECONDS", -1)
        close(photo, Edge.DECIDE_NOT_COVERED)
        originals.seal(photo.pk, b"died under the old name")
        services.resend(photo, FILE)
        assert originals.reconcile().destroyed == 1
        assert originals.reconcile().destroyed == 0
        assert originals.open_original(photo.pk) == inspected.working
        assert originals.reconcile().lost == ()
        (store / Photo.objects.get(pk=photo.pk).sealed_as.hex).unlink()  # type: ignore[union-attr]
        assert originals.reconcile().lost == (photo.pk,)

    def test_it_is_destroyed_under_its_own_name(self, photo: Photo, store: Path) -> None:
        services.resend(close(photo, Edge.DECIDE_NOT_COVERED), FILE)
        assert originals.is_held(photo.pk)
        originals.destroy(photo.pk)
        assert not originals.is_held(photo.pk)
        assert len(list(store.iterdir())) == 1
