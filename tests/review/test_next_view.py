from typing import Any

from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from review.models import Claim

URL = reverse("review:next")


def test_the_unwelcome_are_refused(unwelcome: Any, photo: Photo) -> None:
    assert unwelcome.client.post(URL).status_code == unwelcome.status
    assert not Claim.objects.exists()


def test_it_takes_post_only(as_rosa: Client, photo: Photo) -> None:
    for method in ["get", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(URL).status_code == 405, method
    assert not Claim.objects.exists()


def test_it_leads_to_the_claimed_photo(as_rosa: Client, photo: Photo) -> None:
    response = as_rosa.post(URL)
    assert (response.status_code, response.url) == (302, reverse("review:photo", args=[photo.pk]))  # type: ignore[attr-defined]


def test_nothing_free_is_said(as_omar: Client, rosas_claim: Claim) -> None:
    page = as_omar.post(URL, follow=True)
    assert "No photo is free right now." in page.content.decode()


def test_it_needs_the_form_of_our_own_page(rosa: Any, photo: Photo) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(rosa, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(URL).status_code == 403
