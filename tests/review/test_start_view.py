from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from review import exposure
from review.models import AuditEntry, Claim, ReviewerSettings

START, SETTINGS, PAUSE, RESUME = (
    reverse(f"review:{name}") for name in ("start", "settings", "pause", "resume")
)
LOOK = {"size": "large", "blur": "2", "hold_to_view": "on"}


def test_the_unwelcome_are_refused(unwelcome: Any) -> None:
    assert unwelcome.client.get(START).status_code == unwelcome.status
    for url in (SETTINGS, PAUSE, RESUME):
        assert unwelcome.client.post(url, {**LOOK, "length": "15"}).status_code == unwelcome.status
    assert not ReviewerSettings.objects.exists()


def test_methods(as_rosa: Client) -> None:
    for method in ["post", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(START).status_code == 405, method
    for url in (SETTINGS, PAUSE, RESUME):
        for method in ["get", "put", "delete", "head"]:
            assert getattr(as_rosa, method)(url).status_code == 405, method


def test_it_shows_the_whole_day_and_the_gentlest_look(as_rosa: Client, db: None) -> None:
    page = as_rosa.get(START).content.decode()
    assert "<strong>250</strong> of 250 left" in page
    assert "<strong>240</strong> of 240 minutes left" in page
    assert "<strong>50</strong> of 50 minutes" in page
    assert 'class="masked small grey"' in page
    assert "Take next" in page
    assert not ReviewerSettings.objects.exists()


def test_how_photos_look_is_kept(as_rosa: Client, rosa: User) -> None:
    page = as_rosa.post(SETTINGS, LOOK, follow=True).content.decode()
    chosen = ReviewerSettings.objects.get()
    look = (chosen.user, chosen.greyscale, chosen.size, chosen.blur, chosen.hold_to_view, chosen.shortcuts)
    assert look == (rosa, False, "large", 2, True, False)
    assert 'class="masked large blur-2"' in page


def test_keys_that_are_off_are_nowhere(as_rosa: Client, rosas_claim: Claim) -> None:
    url = reverse("review:photo", args=[rosas_claim.photo_id])
    assert "aria-keyshortcuts" in as_rosa.get(url).content.decode()
    as_rosa.post(SETTINGS, LOOK)
    page = as_rosa.get(url).content.decode()
    assert "aria-keyshortcuts" not in page
    assert "<kbd" not in page
    assert "review.js" not in page


@pytest.mark.parametrize("wrong", [{"size": "huge"}, {"blur": "4"}, {"blur": "x"}, {"size": ""}])
def test_an_impossible_look_is_refused(as_rosa: Client, db: None, wrong: dict[str, str]) -> None:
    answer = as_rosa.post(SETTINGS, LOOK | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ReviewerSettings.objects.exists()


@pytest.mark.parametrize(("length", "minutes"), [("15", 15), ("60", 60)])
def test_a_pause_gives_the_photo_back(
    as_rosa: Client, rosa: User, rosas_claim: Claim, length: str, minutes: int
) -> None:
    page = as_rosa.post(PAUSE, {"length": length}, follow=True).content.decode()
    until = exposure.today(rosa).paused_until
    assert until is not None
    assert timedelta(minutes=minutes - 1) < until - timezone.now() <= timedelta(minutes=minutes)
    assert "You are resting until" in page
    assert not Claim.objects.exists()
    assert AuditEntry.objects.filter(action="photo.released").count() == 1


def test_a_pause_for_today_ends_with_the_day(as_rosa: Client, rosa: User) -> None:
    as_rosa.post(PAUSE, {"length": "day"})
    today = exposure.today(rosa)
    assert today.paused_until == today.next_day


def test_a_pause_ends_early_by_choice(as_rosa: Client, rosa: User) -> None:
    as_rosa.post(PAUSE, {"length": "60"})
    page = as_rosa.post(RESUME, follow=True).content.decode()
    assert exposure.today(rosa).refusal == ""
    assert "Take next" in page


def test_a_new_look_leaves_the_pause_alone(as_rosa: Client, rosa: User) -> None:
    as_rosa.post(PAUSE, {"length": "60"})
    as_rosa.post(SETTINGS, LOOK)
    assert exposure.today(rosa).refusal == "paused"


def test_a_pause_of_no_length_is_none(as_rosa: Client, rosa: User) -> None:
    for length in ["", "0", "-1", "forever"]:
        assert as_rosa.post(PAUSE, {"length": length}).status_code == 422
    assert exposure.today(rosa).refusal == ""


def test_the_number_of_queries_is_bounded(as_rosa: Client, rosas_claim: Claim, count_queries: Any) -> None:
    with count_queries() as statements:
        as_rosa.get(START)
    assert 5 < len(statements) <= 12
