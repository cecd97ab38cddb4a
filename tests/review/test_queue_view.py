from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Attestation, Case, Photo
from enrollment.states import Occasion, PhotoState
from review.models import Claim, Clause

URL = reverse("review:queue")
MakeCase = Callable[..., list[Photo]]


def add_rows(cases: int, photos: int = 1) -> None:
    """Photos without bytes: the queue never looks at any."""
    start = Case.objects.count()
    made = Case.objects.bulk_create(
        Case(number=f"QUEUE{n:05}", secret_digest="x", submission_digest=f"{n:064}", attestation="self")
        for n in range(start, start + cases)
    )
    Photo.objects.bulk_create(
        Photo(case=case, position=position, width=640, height=480, coverage=0.25, detail=200)
        for case in made
        for position in range(1, photos + 1)
    )


def test_the_unwelcome_are_refused(unwelcome: Any) -> None:
    assert unwelcome.client.get(URL).status_code == unwelcome.status


def test_it_takes_get_only(as_rosa: Client) -> None:
    for method in ["post", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(URL).status_code == 405, method


def test_it_shows_what_waits(as_rosa: Client, db: None) -> None:
    add_rows(2, photos=3)
    page = as_rosa.get(URL).content.decode()
    assert "6 photos are waiting." in page
    assert "2 of 3 in its case" in page
    assert "25 %" in page


def test_an_empty_queue_is_good_news(as_rosa: Client) -> None:
    assert "Nothing is waiting." in as_rosa.get(URL).content.decode()


def test_it_shows_no_picture_and_nothing_of_other_cases(as_rosa: Client, photo: Photo) -> None:
    page = as_rosa.get(URL).content.decode()
    assert "<img" not in page
    assert photo.case.number not in page
    assert str(photo.pk) not in page


def test_decided_photos_do_not_wait(as_rosa: Client, db: None) -> None:
    add_rows(1)
    Photo.objects.update(state=PhotoState.COVERED)
    assert "Nothing is waiting." in as_rosa.get(URL).content.decode()


def test_own_claims_stand_on_top_with_the_time_left(as_rosa: Client, rosas_claim: Claim) -> None:
    page = as_rosa.get(URL).content.decode()
    assert reverse("review:photo", args=[rosas_claim.photo_id]) in page
    assert 'data-expires="600"' in page or 'data-expires="599"' in page
    assert "with a reviewer" in page


def test_another_reviewers_claim_is_no_link(as_omar: Client, rosas_claim: Claim) -> None:
    page = as_omar.get(URL).content.decode()
    assert str(rosas_claim.photo_id) not in page
    assert "with a reviewer" in page


def test_a_free_queue_has_nothing_to_filter(as_rosa: Client, db: None) -> None:
    add_rows(2)
    page = as_rosa.get(URL).content.decode()
    assert 'class="filters"' not in page
    assert page.count(">free<") == 2


MARKS: list[tuple[str, str, dict[str, Any]]] = [
    ("appeal", "Appeal", {"occasion": Occasion.APPEAL, "appealed_at": timezone.now()}),
    ("second-opinion", "Second opinion", {"state": PhotoState.SECOND_OPINION}),
    ("escalated", "For a lead", {"state": PhotoState.ESCALATED}),
    ("contested", "Questioned by a partner", {"occasion": Occasion.CONTESTED}),
    ("sent-again", "Sent again", {"occasion": Occasion.COVERED_MORE}),
]


@pytest.mark.parametrize(("flag", "label", "fields"), MARKS, ids=[mark[0] for mark in MARKS])
def test_what_is_special_is_marked_counted_and_filtered(
    as_rosa: Client, db: None, flag: str, label: str, fields: dict[str, Any]
) -> None:
    add_rows(3)
    Photo.objects.filter(pk=Photo.objects.first().pk).update(**fields, coverage=0.4)  # type: ignore[union-attr]
    page = as_rosa.get(URL).content.decode()
    assert f'?flag={flag}">{label} <span class="count">1</span>' in page
    assert f'<span class="badge warn">{label}</span>' in page
    narrowed = as_rosa.get(URL, {"flag": flag}).content.decode()
    assert "<td>40 %</td>" in narrowed
    assert "<td>25 %</td>" not in narrowed


@pytest.mark.parametrize("flag", ["", "none", "appeal", "guardian", "\x00", "9" * 400])
def test_a_filter_that_fits_nothing_is_harmless(as_rosa: Client, db: None, flag: str) -> None:
    add_rows(1)
    assert as_rosa.get(URL, {"flag": flag}).status_code == 200


def test_the_filter_stays_on_the_next_page(as_rosa: Client, db: None) -> None:
    add_rows(60)
    Photo.objects.update(state=PhotoState.SECOND_OPINION)
    assert "?flag=second-opinion&amp;page=2" in as_rosa.get(URL, {"flag": "second-opinion"}).content.decode()


def test_guardians_photos_are_for_those_who_may(
    as_rosa: Client, as_gus: Client, db: None, rosas_claim: Claim
) -> None:
    add_rows(2)
    Case.objects.filter(number="QUEUE00001").update(attestation=Attestation.GUARDIAN)
    Case.objects.filter(pk=rosas_claim.photo.case_id).update(attestation=Attestation.GUARDIAN)
    hidden = as_rosa.get(URL, {"flag": "guardian"}).content.decode()
    assert "1 photo is waiting." in hidden
    assert "with reviewers now" not in hidden
    assert "Guardian" not in hidden
    shown = as_gus.get(URL, {"flag": "guardian"}).content.decode()
    assert "3 photos are waiting." in shown
    assert shown.count('<span class="badge warn">Guardian</span>') == 2


def test_the_last_decision_can_be_taken_back_here(
    as_rosa: Client, rosa: User, rosas_claim: Claim, protected: Clause
) -> None:
    as_rosa.get(reverse("review:image", args=[rosas_claim.photo_id]))
    word = {"token": str(rosas_claim.token), "choice": "covered", "clause": str(protected.pk)}
    page = as_rosa.post(reverse("review:decide", args=[rosas_claim.photo_id]), word, follow=True)
    assert reverse("review:undo", args=[rosas_claim.photo_id]) in page.content.decode()
    assert "Protected by the terms (P1)" in page.content.decode()
    Photo.objects.update(due_at=timezone.now())
    assert "/undo/" not in as_rosa.get(URL).content.decode()


def test_pages(as_rosa: Client, db: None) -> None:
    add_rows(60)
    assert "Page 1 of 3" in as_rosa.get(URL).content.decode()
    assert as_rosa.get(URL, {"page": "3"}).content.decode().count("<td>25 %</td>") == 10


@pytest.mark.parametrize("page", ["0", "-1", "999", "x", "", "9" * 400, "\x00"])
def test_an_impossible_page_is_the_nearest_possible(as_rosa: Client, db: None, page: str) -> None:
    add_rows(30)
    assert as_rosa.get(URL, {"page": page}).status_code == 200


def test_the_number_of_queries_does_not_grow(as_rosa: Client, count_queries: Any) -> None:
    add_rows(5)
    with count_queries() as few:
        as_rosa.get(URL)
    add_rows(195)
    with count_queries() as many:
        as_rosa.get(URL)
    assert 5 < len(few) <= 12
    assert len(many) == len(few)
