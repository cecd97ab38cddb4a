import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from review.models import Claim

VERBS = ["extend", "release"]


@pytest.fixture(params=VERBS)
def url(request: pytest.FixtureRequest, rosas_claim: Claim) -> str:
    return reverse(f"review:{request.param}", args=[rosas_claim.photo_id])


def test_the_unwelcome_are_refused(unwelcome: Any, url: str, rosas_claim: Claim) -> None:
    assert unwelcome.client.post(url).status_code == unwelcome.status
    assert Claim.objects.get().expires_at == rosas_claim.expires_at


def test_it_takes_post_only(as_rosa: Client, url: str) -> None:
    for method in ["get", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(url).status_code == 405, method
    assert Claim.objects.exists()


def test_another_reviewer_changes_nothing(as_omar: Client, url: str, rosas_claim: Claim) -> None:
    as_omar.post(url)
    assert Claim.objects.get().expires_at == rosas_claim.expires_at


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_photo_is_not_found(as_rosa: Client, verb: str) -> None:
    assert as_rosa.post(reverse(f"review:{verb}", args=[uuid.uuid4()])).status_code == 404


def test_more_time(as_rosa: Client, rosas_claim: Claim) -> None:
    Claim.objects.update(expires_at=timezone.now() + timedelta(seconds=20))
    response = as_rosa.post(reverse("review:extend", args=[rosas_claim.photo_id]), follow=True)
    assert response.redirect_chain == [(reverse("review:photo", args=[rosas_claim.photo_id]), 302)]
    assert Claim.objects.get().expires_at > timezone.now() + timedelta(minutes=9)


def test_no_more_time_after_the_end(
    as_rosa: Client, rosas_claim: Claim, let_expire: Callable[[Claim], None]
) -> None:
    let_expire(rosas_claim)
    response = as_rosa.post(reverse("review:extend", args=[rosas_claim.photo_id]))
    assert response.status_code == 409
    assert "(claim-expired)" in response.content.decode()


def test_put_back(as_rosa: Client, rosas_claim: Claim) -> None:
    response = as_rosa.post(reverse("review:release", args=[rosas_claim.photo_id]), follow=True)
    assert "The photo is back in the queue." in response.content.decode()
    assert not Claim.objects.exists()


def test_put_back_twice_is_harmless(as_rosa: Client, rosas_claim: Claim) -> None:
    url = reverse("review:release", args=[rosas_claim.photo_id])
    as_rosa.post(url)
    assert as_rosa.post(url).status_code == 302
