import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client
from enrolling import Submitter, text_of
from pytest_django import Settings

from enrollment import case_session, originals, receipts, status, transitions
from enrollment.models import Case, Photo
from enrollment.states import Edge, PhotoState, TimelineEvent

URL = "/case/"

pytestmark = pytest.mark.usefixtures("quick_sandbox")


@dataclass
class Clock:
    """Stands still until somebody moves it."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def case(mia: Submitter) -> Case:
    """Mia's case with two photos, and a browser that has it open."""
    made = mia.enrol(b"one", b"two")
    assert mia.look_up().status_code == 302
    return made


@pytest.fixture
def photo(case: Case) -> Photo:
    return case.photos.get(position=1)


def settle(photo: Photo, decision: Edge, ending: Edge, **details: str) -> None:
    """From waiting to the end, as the later stages do it."""
    transitions.move(photo.pk, decision, actor="staff:1", details=details)
    if decision is Edge.DECIDE_COVERED:
        transitions.move(photo.pk, Edge.STORE_FINGERPRINT, actor="worker")
    originals.destroy(photo.pk)
    transitions.move(photo.pk, ending, actor="worker", original_removed_at=Now())


class TestLookUp:
    def test_without_an_open_case_it_asks_for_number_and_secret(self, mia: Submitter) -> None:
        response = mia.client.get(URL)
        assert response.status_code == 200
        assert 'name="secret"' in response.content.decode()
        assert response["Cache-Control"] == "no-store"

    def test_number_and_secret_open_the_case_at_a_bare_address(self, mia: Submitter, case: Case) -> None:
        response = mia.look_up()
        assert response.status_code == 302
        assert response["Location"] == URL
        assert receipts.grouped(case.number) in mia.client.get(URL).content.decode()

    def test_it_forgives_how_they_were_typed(self, mia: Submitter, case: Case) -> None:
        typed = mia.receipt.secret.lower().replace("0", "o").replace("1", "l")
        assert mia.look_up(f" {mia.receipt.number.lower()} ", typed).status_code == 302

    def test_a_wrong_secret_and_an_unknown_number_get_the_same_page(
        self, mia: Submitter, case: Case, rudi: Submitter
    ) -> None:
        stranger = receipts.derive(receipts.new_token())
        same = {"number": "same", "secret": "same"}
        pages = set()
        for number, secret in [
            (mia.receipt.number, stranger.secret),
            (stranger.number, mia.receipt.secret),
            ("nonsense", "nonsense"),
        ]:
            response = rudi.look_up(number, secret)
            assert response.status_code == 422
            page = response.content.decode().replace(number, same["number"]).replace(secret, same["secret"])
            pages.add(re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page))
        assert len(pages) == 1
        assert "(no-such-case)" in pages.pop()
        assert "your case" in rudi.client.get(URL).content.decode().lower()

    @pytest.mark.parametrize(
        "form", [{}, {"number": "", "secret": " "}, {"number": "1" * 201, "secret": "x"}]
    )
    def test_an_incomplete_form_is_refused(self, rudi: Submitter, form: dict[str, str]) -> None:
        response = rudi.client.post(URL, form)
        assert response.status_code == 422
        assert 'role="alert"' in response.content.decode()

    def test_guessing_is_slowed_down_even_with_the_right_secret(
        self, mia: Submitter, case: Case, rudi: Submitter, settings: Settings
    ) -> None:
        settings.ARC_LIMIT_LOOKUPS = 3
        stranger = receipts.derive(receipts.new_token())
        codes = [rudi.look_up(mia.receipt.number, stranger.secret).status_code for _ in range(2)]
        assert codes == [422, 422]  # Mia's own look-up was the first
        assert rudi.look_up(mia.receipt.number, mia.receipt.secret).status_code == 429

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_it_rejects_other_methods(self, mia: Submitter, method: str) -> None:
        assert getattr(mia.client, method)(URL).status_code == 405

    def test_it_needs_the_csrf_token(self, db: None) -> None:
        assert Submitter(Client(enforce_csrf_checks=True)).look_up("x", "y").status_code == 403

    def test_a_busy_database_is_a_503(self, mia: Submitter, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OperationalError("database is locked")

        monkeypatch.setattr(Case.objects, "filter", fail)
        response = mia.look_up("x", "y")
        assert response.status_code == 503
        assert "Retry-After" in response


class TestSession:
    def test_it_holds_the_case_s_id_and_a_deadline_only(self, mia: Submitter, case: Case) -> None:
        assert set(mia.client.session.keys()) == {"case", "case_until"}
        assert mia.client.session["case"] == case.pk

    def test_a_key_planted_before_is_worth_nothing(self, mia: Submitter, case: Case) -> None:
        before = mia.client.session.session_key
        mia.look_up()
        assert mia.client.session.session_key != before
        assert not Session.objects.filter(pk=before).exists()

    def test_the_cookie_dies_with_the_browser(self, mia: Submitter, case: Case) -> None:
        cookie = mia.look_up().cookies["sessionid"]
        assert (cookie["max-age"], cookie["expires"]) == ("", "")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"

    def test_it_ends_when_nothing_was_done_for_a_quarter_of_an_hour(
        self, mia: Submitter, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock()
        monkeypatch.setattr(time, "time", clock)
        mia.look_up()
        for _ in range(3):
            clock.now += case_session.OPEN_SECONDS - 5
            assert case.number[:5] in mia.client.get(URL).content.decode()
        clock.now += case_session.OPEN_SECONDS + 5
        page = mia.client.get(URL).content.decode()
        assert case.number[:5] not in page
        assert "(case-closed)" in page
        assert "(case-closed)" not in mia.client.get(URL).content.decode(), "said once"

    @pytest.mark.parametrize("page", ["withdraw/", "withdraw/1/", "plain/", "send/1/", "deleted/1/"])
    def test_whoever_comes_too_late_is_told_so_and_nothing_happens(
        self, mia: Submitter, case: Case, page: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time() + case_session.OPEN_SECONDS + 5
        monkeypatch.setattr(time, "time", lambda: now)
        ask = mia.client.get if page.startswith("deleted") else mia.client.post
        answer = ask(URL + page, follow=True)
        assert "Nothing was sent or changed since" in text_of(answer.content)
        assert case.photos.filter(state=PhotoState.AWAITING_REVIEW).count() == 2

    def test_a_case_that_is_gone_is_not_open(self, mia: Submitter, case: Case) -> None:
        session = mia.client.session
        session["case"] = case.pk + 1
        session.save()
        assert 'name="secret"' in mia.client.get(URL).content.decode()

    def test_nobody_sees_another_case(self, mia: Submitter, case: Case, zoe: Submitter) -> None:
        own = zoe.enrol(b"three")
        zoe.look_up()
        page = zoe.client.get(URL).content.decode()
        assert receipts.grouped(own.number) in page
        assert receipts.grouped(case.number) not in page


class TestPage:
    def test_a_waiting_photo(self, mia: Submitter, case: Case) -> None:
        text = text_of(mia.client.get(URL).content)
        assert "Photo 1" in text
        assert "Photo 2" in text
        assert "Waiting for a reviewer" in text
        assert "Your covered photo yes, encrypted" in text
        assert "Its fingerprint no" in text
        assert "320 × 240 pixels, 20 % of the picture covered" in text
        assert "Who has the fingerprint" not in text
        assert "We received your covered photo." in text

    def test_it_says_until_when_an_undecided_photo_is_kept(
        self, mia: Submitter, photo: Photo, settings: Settings
    ) -> None:
        until = photo.received_at + timedelta(days=settings.ARC_REVIEW_DAYS)
        assert f"decide by {until:%-d %B %Y}" in text_of(mia.client.get(URL).content)

    def test_a_protected_photo(self, mia: Submitter, photo: Photo) -> None:
        settle(photo, Edge.DECIDE_COVERED, Edge.PROTECT, clause="P1", clause_text="Nudity.", reason="")
        text = text_of(mia.client.get(URL).content)
        assert "Your covered photo no Its fingerprint yes" in text
        assert "Protection is active." in text
        assert "Clause P1 : Nudity." in text

    def test_reports_are_told_and_are_no_change(self, mia: Submitter, photo: Photo) -> None:
        settle(photo, Edge.DECIDE_COVERED, Edge.PROTECT)
        since = status.photos_of(photo.case)[0].since
        transitions.record(photo.pk, TimelineEvent.BLOCKED_AT_PARTNER.value, actor="partner:1")
        assert status.photos_of(photo.case)[0].since == since
        assert "A partner blocked a copy of this photo." in text_of(mia.client.get(URL).content)

    def test_a_refused_photo_shows_clause_and_reason(self, mia: Submitter, photo: Photo) -> None:
        settle(
            photo,
            Edge.DECIDE_NOT_COVERED,
            Edge.CLOSE,
            clause="N2",
            clause_text="No person can be seen.",
            reason="It is a <landscape>.",
        )
        response = mia.client.get(URL)
        text = text_of(response.content)
        assert "Closed" in text
        assert "Clause N2 : No person can be seen." in text
        assert "The reviewer wrote: It is a <landscape>." in text
        assert b"<landscape>" not in response.content
        assert "Your covered photo no Its fingerprint no" in text

    def test_a_withdrawn_photo_that_is_still_here_is_said_to_go(self, mia: Submitter, photo: Photo) -> None:
        transitions.move(photo.pk, Edge.WITHDRAW, actor="submitter")
        assert "yes, encrypted; it is being deleted" in text_of(mia.client.get(URL).content)

    def test_what_we_hold_is_looked_up_and_not_remembered(self, mia: Submitter, case: Case) -> None:
        for photo in case.photos.all():
            originals.destroy(photo.pk)
        assert "yes, encrypted" not in mia.client.get(URL).content.decode()

    def test_every_state_has_words(self, mia: Submitter, case: Case) -> None:
        for state in PhotoState:
            case.photos.update(state=state, original_removed_at=Now(), expires_at=Now())
            response = mia.client.get(URL)
            assert response.status_code == 200
            assert str(state.label) in text_of(response.content)

    def test_there_is_no_picture_and_no_number_in_any_address(self, mia: Submitter, case: Case) -> None:
        page = mia.client.get(URL).content.decode()
        assert "<img" not in page
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page)
        assert len(addresses) > 5
        assert not [address for address in addresses if case.number[:5] in address]

    def test_the_title_is_neutral(self, mia: Submitter, case: Case) -> None:
        assert re.search(r"<title>\s*Your case\s*</title>", mia.client.get(URL).content.decode())

    def test_it_takes_the_same_few_queries_for_one_photo_and_for_many(
        self, mia: Submitter, case: Case, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(12):
            mia.client.get(URL)


class TestLeave:
    def test_it_forgets_the_case_on_both_sides(self, mia: Submitter, case: Case) -> None:
        key = mia.client.session.session_key
        response = mia.client.post("/case/leave/")
        assert response.status_code == 302
        assert response.cookies["sessionid"]["max-age"] == 0
        assert response["Clear-Site-Data"] == '"cache", "storage"'
        assert not Session.objects.filter(pk=key).exists()
        assert 'name="secret"' in mia.client.get(URL).content.decode()

    def test_it_rejects_get(self, mia: Submitter, case: Case) -> None:
        assert mia.client.get("/case/leave/").status_code == 405
        assert case.number[:5] in mia.client.get(URL).content.decode()

    def test_exit_may_ask_for_it_without_a_form(self, mia: Submitter, case: Case) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = mia.client.cookies
        assert strict.post("/case/leave/").status_code == 302
        assert 'name="secret"' in mia.client.get(URL).content.decode()

    def test_without_an_open_case_it_does_no_harm(self, mia: Submitter) -> None:
        assert mia.client.post("/case/leave/").status_code == 302
