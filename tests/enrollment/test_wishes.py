"""What a sender chooses: how well, for how long, and for whom; and taking the extended fingerprint back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from enrolling import Book, Submitter, protect, text_of

from enrollment import services, transitions
from enrollment.forms import UploadForm
from enrollment.models import Case, Term
from enrollment.states import Edge, PhotoState, TimelineEvent
from enrollment.wishes import Wishes, wishes_of
from review.models import AuditEntry

pytestmark = [pytest.mark.usefixtures("quick_sandbox"), pytest.mark.django_db]


class TestSending:
    def test_nothing_chosen_is_everything_as_usual(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Video")
        assert wishes_of(mia.enrol(b"one")) == Wishes()

    def test_what_was_chosen_is_kept_and_told(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Video", "Chat")
        chosen: dict[str, Any] = {
            "extended": "on",
            "term": "365",
            "offered": "forum,video,chat",
            "partners": ["chat"],
        }
        answer = mia.send(b"one", **chosen)
        told = text_of(answer.content)
        assert "1 year" in told
        assert "plain and extended" in told
        assert "all partners but Forum, Video" in told
        assert wishes_of(Case.objects.get()) == Wishes(True, Term.YEAR, frozenset({"forum", "video"}))

    def test_who_joined_while_the_form_was_open_is_not_left_out(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Newcomer")
        case = mia.enrol(b"one", offered="forum", partners=["forum"])
        assert wishes_of(case).withheld == frozenset()

    def test_who_left_while_the_form_was_open_stays_left_out(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum")
        case = mia.enrol(b"one", offered="forum,gone", partners=["forum"])
        assert wishes_of(case).withheld == {"gone"}

    def test_somebody_must_be_left(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Video")
        answer = mia.send(b"one", offered="forum,video")
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "(no-partner)" in page
        assert re.search(r"<details class=\"card\" open", page)
        assert not Case.objects.exists()

    @pytest.mark.parametrize("wrong", [{"term": "91"}, {"term": "x"}, {"offered": "a" * 5101}])
    def test_what_cannot_be_chosen_is_refused(self, mia: Submitter, wrong: dict[str, str]) -> None:
        assert mia.send(b"one", **wrong).status_code == 422
        assert not Case.objects.exists()

    @pytest.mark.parametrize("odd", ["<b>", "a b", ",,,", "\x00", "é"])
    def test_odd_names_are_no_partners(self, mia: Submitter, odd: str) -> None:
        assert UploadForm({"offered": f"{odd},forum"}).is_valid() is False
        assert wishes_of(mia.enrol(b"one", offered=odd.replace("\x00", ""))).withheld == frozenset()

    def test_the_form_ticks_every_partner(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Video")
        page = mia.client.get("/send/").content.decode()
        assert len(re.findall(r'name="partners"[^>]* checked', page)) == 2
        assert 'name="offered" value="forum,video"' in page

    def test_a_refused_form_keeps_what_was_chosen(self, mia: Submitter, book: Book) -> None:
        book.open_with("Forum", "Video")
        answer = mia.send(term="90", extended="on", offered="forum,video", partners=["video"])
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.findall(r'name="partners" value="(\w+)"[^>]* checked', page) == ["video"]
        assert re.search(r'<option value="90" selected', page)

    def test_the_first_send_counts(self, mia: Submitter) -> None:
        token = "a" * 43
        mia.send(b"one", token=token, extended="on")
        page = text_of(mia.send(b"one", token=token).content)
        assert "what you chose the first time stands" in page
        assert "plain and extended" in page


class TestTerm:
    @pytest.mark.parametrize(("seconds", "state"), [(-1, PhotoState.EXPIRED), (60, PhotoState.PROTECTED)])
    def test_protection_ends_with_it(self, mia: Submitter, seconds: int, state: PhotoState) -> None:
        photo = mia.enrol(b"one", term="90").photos.get()
        protect(photo, expires_at=Now() + timedelta(seconds=seconds))
        assert services.lapse_overdue() == (state is PhotoState.EXPIRED)
        photo.refresh_from_db()
        assert photo.state == state
        assert services.lapse_overdue() == 0

    def test_without_one_it_never_ends(self, mia: Submitter) -> None:
        photo = mia.enrol(b"one").photos.get()
        protect(photo)
        assert services.lapse_overdue() == 0

    def test_the_case_tells_when_and_what_then(self, mia: Submitter) -> None:
        photo = mia.enrol(b"one", term="90").photos.get()
        protect(photo, expires_at="2027-03-04T12:00:00Z")
        mia.look_up()
        assert "protection ends on 4 March 2027" in text_of(mia.client.get("/case/").content)
        transitions.move(photo.pk, Edge.EXPIRE, actor="sweep")
        page = text_of(mia.client.get("/case/").content)
        assert "Ended: the term you chose is over" in page
        assert "The term you chose is over. Matching stopped" in page
        assert "Send photo 1 again" in page
        assert "Withdraw this photo" not in page

    def test_withdrawn_in_the_same_moment_stays_withdrawn(self, mia: Submitter) -> None:
        photo = mia.enrol(b"one", term="90").photos.get()
        protect(photo, expires_at=Now())
        services.withdraw([photo])
        assert services.lapse_overdue() == 0


class TestTakingTheExtendedOneBack:
    URL = "/case/plain/"

    @pytest.fixture
    def case(self, mia: Submitter) -> Case:
        made = mia.enrol(b"one", b"two", extended="on")
        mia.look_up()
        return made

    def test_it_is_asked_first_and_done_once(self, mia: Submitter, case: Case) -> None:
        assert "plain and extended" in text_of(mia.client.get("/case/").content)
        assert "Yes, take it back" in text_of(mia.client.get(self.URL).content)
        case.refresh_from_db()
        assert case.extended
        answers = [mia.client.post(self.URL)["Location"] for _ in range(2)]
        assert answers == ["/case/", "/case/"]
        case.refresh_from_db()
        assert not case.extended
        page = text_of(mia.client.get("/case/").content)
        assert page.count("You took back the extended fingerprint.") == 2, "once for each photo"
        assert "Take back" not in page
        first = case.photos.get(position=1)
        audited = AuditEntry.objects.filter(photo=first.pk).order_by("seq").values_list("action", flat=True)
        assert list(audited) == ["received", TimelineEvent.NARROWED]

    def test_a_withdrawn_photo_is_left_alone(self, mia: Submitter, case: Case) -> None:
        services.withdraw([case.photos.get(position=1)])
        assert services.revoke_extended(case, actor="submitter")
        told = case.photos.get(position=1).timeline.values_list("event", flat=True)
        assert TimelineEvent.NARROWED not in told

    def test_of_a_plain_case_there_is_nothing_to_take_back(self, mia: Submitter) -> None:
        mia.enrol(b"one")
        mia.look_up()
        for answer in (mia.client.get(self.URL), mia.client.post(self.URL)):
            assert (answer.status_code, answer["Location"]) == (302, "/case/")
        assert self.URL not in mia.client.get("/case/").content.decode()

    def test_nobody_takes_back_anothers(self, case: Case, zoe: Submitter) -> None:
        assert zoe.client.post(self.URL).status_code == 302
        zoe.enrol(b"three")
        zoe.look_up()
        zoe.client.post(self.URL)
        case.refresh_from_db()
        assert case.extended

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_it_rejects_other_methods(self, mia: Submitter, case: Case, method: str) -> None:
        assert getattr(mia.client, method)(self.URL).status_code == 405
