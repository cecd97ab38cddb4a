"""The only picture of a photo that leaves the service, and only to whoever holds its claim."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import drawing
import numpy as np
import oracle
import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from PIL import Image

from enrollment import sandbox
from enrollment.models import Photo
from enrollment.services import withdraw
from review import claims, services
from review.models import AuditEntry, Claim

Expire = Callable[[Claim], None]
MakeCase = Callable[..., list[Photo]]


@pytest.fixture
def url(rosas_claim: Claim) -> str:
    return reverse("review:image", args=[rosas_claim.photo_id])


def views_logged() -> int:
    return AuditEntry.objects.filter(action="photo.viewed").count()


def test_the_unwelcome_are_refused(unwelcome: Any, url: str) -> None:
    assert unwelcome.client.get(url).status_code == unwelcome.status
    assert views_logged() == 0


def test_it_takes_get_only(as_rosa: Client, url: str) -> None:
    for method in ["post", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(url).status_code == 405, method
    assert views_logged() == 0


def test_covered_pixels_are_exactly_the_colour_and_some_more_around(as_rosa: Client, url: str) -> None:
    response = as_rosa.get(url)
    shown = np.asarray(Image.open(BytesIO(response.content)))
    height, width = shown.shape[:2]
    painted = drawing.shape_mask(drawing.FACE_AND_BODY, width, height)
    assert (width, height) == (640, 480)
    assert oracle.masked_image_faults(response.headers, response.content, painted) == []
    is_arc = (shown == drawing.ARC).all(axis=2)
    assert is_arc.sum() > painted.sum() * 1.1
    assert is_arc.mean() < 0.9


def test_what_is_not_covered_is_shown_as_sent(as_rosa: Client, url: str) -> None:
    shown = np.asarray(Image.open(BytesIO(as_rosa.get(url).content)))
    sent = drawing.cover(drawing.natural(1), drawing.FACE_AND_BODY)
    visible = ~(shown == drawing.ARC).all(axis=2)
    assert visible.any()
    assert (shown[visible] == sent[visible]).all()


def test_it_is_a_bare_png(as_rosa: Client, url: str) -> None:
    response = as_rosa.get(url)
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == 'inline; filename="masked.png"'
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert set(chunks_of(response.content)) == {b"IHDR", b"IDAT", b"IEND"}
    assert response.content.endswith(b"IEND\xaeB`\x82")


def chunks_of(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        names.append(png[at + 4 : at + 8])
        at += 12 + length
    return names


def test_every_view_is_in_the_audit(as_rosa: Client, rosa: User, url: str, rosas_claim: Claim) -> None:
    as_rosa.get(url)
    as_rosa.get(url)
    entries = AuditEntry.objects.filter(action="photo.viewed")
    assert [(entry.actor, entry.photo) for entry in entries] == [
        (f"staff:{rosa.pk}", rosas_claim.photo_id)
    ] * 2


def test_looking_changes_nothing_else(as_rosa: Client, url: str, rosas_claim: Claim) -> None:
    before = (Claim.objects.values().get(), rosas_claim.photo.__class__.objects.values().get())
    as_rosa.get(url)
    assert (Claim.objects.values().get(), rosas_claim.photo.__class__.objects.values().get()) == before


def test_what_cannot_be_logged_is_not_shown(
    as_rosa: Client, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the audit is full")

    monkeypatch.setattr("review.audit.append", fail)
    as_rosa.raise_request_exception = False
    response = as_rosa.get(url)
    assert response.status_code == 500
    assert not response.content.startswith(b"\x89PNG")


def test_not_for_another_reviewer(as_omar: Client, url: str) -> None:
    response = as_omar.get(url)
    assert (response.status_code, views_logged()) == (409, 0)
    assert response["Content-Type"].startswith("text/html")


def test_not_after_the_time_ran_out(
    as_rosa: Client, url: str, rosas_claim: Claim, let_expire: Expire
) -> None:
    let_expire(rosas_claim)
    assert (as_rosa.get(url).status_code, views_logged()) == (409, 0)


def test_not_once_it_was_withdrawn(as_rosa: Client, url: str, rosas_claim: Claim) -> None:
    withdraw([rosas_claim.photo])
    assert (as_rosa.get(url).status_code, views_logged()) == (409, 0)


def test_an_unknown_photo_is_not_found(as_rosa: Client) -> None:
    assert as_rosa.get(reverse("review:image", args=[uuid.uuid4()])).status_code == 404


def test_a_vanished_file_is_told(as_rosa: Client, url: str, rosas_claim: Claim, store: Path) -> None:
    (store / rosas_claim.photo_id.hex).unlink()
    response = as_rosa.get(url)
    assert (response.status_code, views_logged()) == (409, 0)
    assert "(original-gone)" in response.content.decode()


def test_a_damaged_file_is_told(as_rosa: Client, url: str, rosas_claim: Claim, store: Path) -> None:
    sealed = store / rosas_claim.photo_id.hex
    sealed.write_bytes(sealed.read_bytes()[:-1])
    response = as_rosa.get(url)
    assert (response.status_code, views_logged()) == (409, 0)
    assert "(original-unreadable)" in response.content.decode()


def test_a_failing_sandbox_is_told(as_rosa: Client, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(working: bytes) -> bytes:
        raise sandbox.SandboxFailed

    monkeypatch.setattr(sandbox, "render_masked", fail)
    response = as_rosa.get(url)
    assert (response.status_code, views_logged()) == (409, 0)
    assert "(not-drawn)" in response.content.decode()


class TestAnOriginalThatCannotBeShown:
    @pytest.fixture
    def lost(self, rosas_claim: Claim, store: Path) -> Photo:
        (store / rosas_claim.photo_id.hex).unlink()
        return rosas_claim.photo

    def test_the_page_says_so_and_changes_nothing(self, as_rosa: Client, url: str, lost: Photo) -> None:
        response = as_rosa.get(url)
        assert response.status_code == 409
        assert "original-gone" in response.content.decode()
        assert Claim.objects.filter(photo=lost).exists()

    def test_taking_the_next_sets_it_aside_with_an_alarm(
        self, rosa: User, lost: Photo, make_case: MakeCase, caplog: pytest.LogCaptureFixture
    ) -> None:
        [other] = make_case(seed=2)
        claim = services.take_next(rosa)
        assert claim is not None
        assert claim.photo_id == other.pk
        assert "ALARM" in caplog.text
        assert AuditEntry.objects.filter(action="photo.set_aside", photo=lost.pk).count() == 1

    def test_it_comes_back_later(self, rosa: User, lost: Photo) -> None:
        assert services.take_next(rosa) is None
        Photo.objects.filter(pk=lost.pk).update(lease_until=Now() - timedelta(seconds=1))
        claim = claims.take_next(rosa)
        assert claim is not None
        assert claim.photo_id == lost.pk


def test_a_withdrawal_while_it_is_drawn_keeps_the_picture_back(
    as_rosa: Client, url: str, rosas_claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_slowly(working: bytes) -> bytes:
        withdraw([rosas_claim.photo])
        return working

    monkeypatch.setattr(sandbox, "render_masked", draw_slowly)
    response = as_rosa.get(url)
    assert response.status_code == 409
    assert "withdrawn" in response.content.decode()
    assert views_logged() == 0
