import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from enrollment.services import withdraw
from review import claims
from review.models import AuditEntry, Claim

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
    assert page.count('type="radio"') == 12
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
    assert 5 < len(statements) <= 13
