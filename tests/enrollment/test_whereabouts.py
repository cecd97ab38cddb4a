"""Who has the fingerprint, as a case tells it; and the record of a photo's deletion."""

from datetime import UTC, datetime

import pytest
from django.db.models.functions import Now
from enrolling import Book, Submitter, protect, text_of

from enrollment import originals, services, transitions
from enrollment.inspection import SentFile
from enrollment.models import Case, Photo
from enrollment.recipients import Delivery, Sightings, Withdrawal
from enrollment.states import Edge

RECORD = "/case/deleted/1/"
MARCH = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("quick_sandbox")


@pytest.fixture
def case(mia: Submitter) -> Case:
    made = mia.enrol(b"one", b"two")
    mia.look_up()
    return made


@pytest.fixture
def photo(case: Case) -> Photo:
    """Mia's first photo, protected."""
    return protect(case.photos.get(position=1))


def status_of(mia: Submitter) -> str:
    return text_of(mia.client.get("/case/").content)


def test_each_partner_s_word_is_told(mia: Submitter, photo: Photo, book: Book) -> None:
    sightings = Sightings(seen=1, blocked=2, removed=3, not_removed=1, disputed=4)
    book.sent[photo.pk] = [
        Delivery("Chat"),
        Delivery("Forum <i>", sent_at=MARCH),
        Delivery("Video", sent_at=MARCH, confirmed=True, sightings=sightings),
    ]
    page = status_of(mia)
    assert "1 of 3 partners confirmed that they use it." in page
    assert "Chat not fetched yet none" in page
    assert "Forum <i> fetched on 1 March 2026, not confirmed yet none" in page
    assert "Video in use, confirmed; fetched on 1 March 2026" in page
    assert "2 blocked 3 removed 1 not removed 1 seen, not decided yet 4 taken for other photos" in page
    assert b"<i>" not in mia.client.get("/case/").content


def test_after_withdrawing_it_tells_who_stopped(mia: Submitter, photo: Photo, book: Book) -> None:
    services.withdraw([photo])
    late, soon = datetime(2026, 3, 8, tzinfo=UTC), datetime(2999, 3, 8, tzinfo=UTC)
    book.sent[photo.pk] = [
        Delivery("Chat"),
        Delivery("Forum", MARCH, True, withdrawal=Withdrawal.CONFIRMED),
        Delivery("Pages", MARCH, True, withdrawal=Withdrawal.WAITING, withdrawal_deadline=soon),
        Delivery("Video", MARCH, True, withdrawal=Withdrawal.WAITING, withdrawal_deadline=late),
    ]
    page = status_of(mia)
    assert "1 of 3 partners confirmed that they no longer use it." in page
    assert "Forum no longer used, confirmed" in page
    assert "Pages told to stop, not confirmed yet It has to by 8 March 2999." in page
    assert "Video told to stop, not confirmed yet It had to by 8 March 2026; we are asking them." in page
    assert "Chat" not in page, "it never had it"


def test_before_there_is_a_fingerprint_nobody_is_named(mia: Submitter, case: Case, book: Book) -> None:
    book.sent[case.photos.get(position=2).pk] = [Delivery("Chat")]
    assert "Who has the fingerprint" not in status_of(mia)


def test_the_record_tells_when_it_came_was_decided_and_went(mia: Submitter, photo: Photo) -> None:
    response = mia.client.get(RECORD)
    page = text_of(response.content)
    assert f"Photo 1 of case {mia.receipt.shown_number}. We no longer have it." in page
    assert "A reviewer decided: protected by the terms." in page
    times = dict(photo.timeline.values_list("event", "at"))
    for words, event in (("Received", "received"), ("Deleted and verified", "protect")):
        assert f"{words} {times[event]:%-d %B %Y, %H:%M:%S} UTC" in page
    assert "nothing was found" in page
    assert "The fingerprint, until you withdraw" in page
    assert b"<img" not in response.content
    assert response["Cache-Control"] == "no-store"


def test_each_time_it_was_sent_is_a_part_of_its_own(mia: Submitter, case: Case) -> None:
    photo = case.photos.get(position=1)
    transitions.move(photo.pk, Edge.DECIDE_NOT_COVERED, actor="staff:1")
    originals.destroy(photo.pk)
    transitions.move(photo.pk, Edge.CLOSE, actor="worker", original_removed_at=Now())
    photo.refresh_from_db()
    services.resend(photo, SentFile("again", b"again", 5))
    assert mia.client.get(RECORD)["Location"] == "/case/", "it is here again"
    services.withdraw([photo])
    originals.destroy(photo.pk)
    transitions.record(photo.pk, "purge", actor="worker")
    Photo.objects.filter(pk=photo.pk).update(original_removed_at=Now())
    page = text_of(mia.client.get(RECORD).content)
    assert "Sent, time 1" in page
    assert "Sent, time 2" in page
    assert page.count("not protected by the terms") == 1, "the second time nobody decided"
    assert "No fingerprint." in page


def test_of_a_photo_that_is_here_there_is_no_record(mia: Submitter, case: Case) -> None:
    response = mia.client.get(RECORD, follow=True)
    assert response.redirect_chain == [("/case/", 302)]
    assert "not deleted yet" in text_of(response.content)


def test_a_record_is_for_its_own_case_only(mia: Submitter, photo: Photo, zoe: Submitter) -> None:
    assert zoe.client.get(RECORD)["Location"] == "/case/"
    zoe.enrol(b"three")
    zoe.look_up()
    assert zoe.client.get("/case/deleted/2/").status_code == 404
    assert zoe.client.get(RECORD).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_rejects_other_methods(mia: Submitter, photo: Photo, method: str) -> None:
    assert getattr(mia.client, method)(RECORD).status_code == 405
