from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Case, Photo
from enrollment.states import PhotoState
from review.models import Claim

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
    assert 5 < len(few) <= 13
    assert len(many) == len(few)
