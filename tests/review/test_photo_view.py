import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from enrollment.services import withdraw
from enrollment.states import PhotoState
from review import claims
from review.models import AuditEntry, Claim, Clause, Decision, NearDuplicate, ReviewerSettings, Step

Expire = Callable[[Claim], None]
MakeCase = Callable[..., list[Photo]]


@pytest.fixture
def url(rosas_claim: Claim) -> str:
    return reverse("review:photo", args=[rosas_claim.photo_id])


def test_the_unwelcome_are_refused(unwelcome: Any, url: str) -> None:
    assert unwelcome.client.get(url).status_code == unwelcome.status


def test_it_takes_get_only(as_rosa: Client, url: str) -> None:
    for method in ["post", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(url).status_code == 405, method


def test_the_holder_sees_what_a_decision_needs(as_rosa: Client, url: str, rosas_claim: Claim) -> None:
    page = as_rosa.get(url).content.decode()
    photo = rosas_claim.photo
    assert f"{photo.case.number}, photo 1 of 1" in page
    assert f"{photo.coverage:.0%}".replace("%", " %") in page
    assert reverse("review:image", args=[photo.pk]) in page
    assert str(rosas_claim.token) in page
    assert page.count('type="radio"') == 15
    assert "We received your covered photo." in page


def test_no_secret_of_the_case_is_in_it(as_rosa: Client, url: str, rosas_claim: Claim) -> None:
    page = as_rosa.get(url).content.decode()
    case = rosas_claim.photo.case
    assert case.secret_digest not in page
    assert case.submission_digest not in page


def test_the_page_alone_is_no_view_of_the_picture(as_rosa: Client, url: str) -> None:
    as_rosa.get(url)
    assert not AuditEntry.objects.filter(action="photo.viewed").exists()


def test_another_reviewer_is_told(as_omar: Client, url: str) -> None:
    response = as_omar.get(url)
    assert response.status_code == 409
    assert "(claimed-by-another)" in response.content.decode()
    assert "<img" not in response.content.decode()


def test_an_expired_claim_is_told(as_rosa: Client, url: str, rosas_claim: Claim, let_expire: Expire) -> None:
    let_expire(rosas_claim)
    response = as_rosa.get(url)
    assert response.status_code == 409
    assert "(claim-expired)" in response.content.decode()


def test_a_withdrawn_photo_is_told(as_rosa: Client, url: str, rosas_claim: Claim) -> None:
    withdraw([rosas_claim.photo])
    response = as_rosa.get(url)
    assert response.status_code == 409
    assert "(withdrawn)" in response.content.decode()


def test_an_unknown_photo_is_not_found(as_rosa: Client) -> None:
    assert as_rosa.get(reverse("review:photo", args=[uuid.uuid4()])).status_code == 404


def test_a_role_taken_away_ends_it(as_rosa: Client, rosa: User, url: str) -> None:
    rosa.groups.clear()
    assert as_rosa.get(url).status_code == 403


def test_the_number_of_queries_is_bounded(
    as_rosa: Client, rosa: User, make_case: MakeCase, count_queries: Any
) -> None:
    make_case(10)
    claim = claims.take_next(rosa)
    assert claim is not None
    with count_queries() as statements:
        as_rosa.get(reverse("review:photo", args=[claim.photo_id]))
    assert 5 < len(statements) <= 12


def test_it_prefetches_nothing(as_rosa: Client, url: str, make_case: MakeCase) -> None:
    """Whatever comes next has to be asked for, by nobody but a person."""
    [next_photo] = make_case(seed=2)
    page = as_rosa.get(url).content.decode()
    assert str(next_photo.pk) not in page
    assert 'rel="prefetch' not in page
    assert 'rel="preload' not in page
    assert page.count("image.png") == 1


def test_the_time_of_the_claim_counts_down(as_rosa: Client, url: str) -> None:
    page = as_rosa.get(url).content.decode()
    assert 'data-expires="600"' in page or 'data-expires="599"' in page
    assert 'data-hides="in-hand" data-shows="too-late"' in page


class TestHowItLooks:
    def test_small_grey_and_held(self, as_rosa: Client, url: str) -> None:
        page = as_rosa.get(url).content.decode()
        assert 'class="masked small grey"' in page
        assert '<button class="picture" type="button"' in page

    def test_as_chosen(self, as_rosa: Client, rosa: User, url: str) -> None:
        ReviewerSettings.objects.create(user=rosa, size="large", blur=3, greyscale=False, hold_to_view=False)
        page = as_rosa.get(url).content.decode()
        assert 'class="masked large blur-3"' in page
        assert '<input class="enlarge" type="checkbox"' in page

    def test_words_stand_in_for_a_picture_that_fails(self, as_rosa: Client, url: str) -> None:
        page = as_rosa.get(url).content.decode()
        assert "please load this page again" in page
        assert 'data-fallback="no-picture"' in page
        assert 'id="no-picture"' in page


class TestLikeness:
    @pytest.fixture
    def like(self, rosas_claim: Claim, make_case: MakeCase) -> Photo:
        """A photo of another case that looks much the same, and one of the same case."""
        [other] = make_case(seed=2)
        NearDuplicate.objects.create(photo=other, other=rosas_claim.photo, distance=12.5)
        return other

    def test_a_reviewer_reads_how_many(self, as_rosa: Client, url: str, like: Photo) -> None:
        page = as_rosa.get(url).content.decode()
        assert "1 photo</dd>" in page
        assert like.case.number not in page

    def test_a_lead_reads_which(self, as_rosa: Client, rosa: User, url: str, like: Photo) -> None:
        rosa.groups.add(Group.objects.get(name="Lead"))
        page = as_rosa.get(url).content.decode()
        assert f"Case {like.case.number}, photo 1" in page
        assert "distance 12.50" in page

    def test_none_is_said(self, as_rosa: Client, url: str) -> None:
        assert "<dd>none</dd>" in as_rosa.get(url).content.decode()


class TestWhatOthersSaid:
    OPINION = "What Omar thinks of it."

    @pytest.fixture
    def said(self, rosas_claim: Claim, omar: User, protected: Clause) -> Photo:
        Decision.objects.create(
            photo=rosas_claim.photo,
            reviewer=omar,
            claim_token=uuid.uuid4(),
            step=Step.SECOND_OPINION_ASKED,
            outcome=protected.outcome,
            clause=protected,
            reason=self.OPINION,
        )
        return rosas_claim.photo

    def test_the_second_reviewer_is_blind(self, as_rosa: Client, url: str, said: Photo, omar: User) -> None:
        Photo.objects.update(state=PhotoState.SECOND_OPINION)
        page = as_rosa.get(url).content.decode()
        assert "Second opinion" in page
        assert self.OPINION not in page
        assert omar.username not in page

    def test_a_lead_reads_it_all(
        self, as_rosa: Client, rosa: User, url: str, said: Photo, omar: User
    ) -> None:
        rosa.groups.add(Group.objects.get(name="Lead"))
        Photo.objects.update(state=PhotoState.ESCALATED)
        page = as_rosa.get(url).content.decode()
        assert self.OPINION in page
        assert omar.username in page
        assert '(<span class="code">P1</span>)' in page
