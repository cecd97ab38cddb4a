"""A reviewer's daily budget and breaks, as the server keeps them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from enrollment.models import Photo
from enrollment.services import withdraw
from review import exposure
from review.conflicts import Conflict
from review.models import Claim, Clause, Decision, ReviewerSettings, Viewing

Looked = Callable[..., None]
NEXT = reverse("review:next")


@pytest.fixture(autouse=True)
def noon(settings: Settings) -> None:
    """Whatever the hour of the test, the day began about twelve hours ago."""
    settings.ARC_DAY_HOUR = (timezone.now().hour - 12) % 24


@pytest.fixture
def looked(rosa: User, photo: Photo) -> Looked:
    """``looked(5, ago=1)``: Rosa looked for five minutes and stopped a minute ago."""

    def look(minutes: float, *, ago: float) -> None:
        ended = timezone.now() - timedelta(minutes=ago)
        started = ended - timedelta(minutes=minutes)
        Viewing.objects.create(
            reviewer=rosa, photo=photo, token=uuid.uuid4(), started_at=started, ended_at=ended
        )

    return look


def refusal(reviewer: User) -> str:
    try:
        exposure.require(reviewer)
    except Conflict as conflict:
        return conflict.code
    return ""


def image_of(claim: Claim) -> str:
    return reverse("review:image", args=[claim.photo_id])


def test_a_fresh_reviewer_may_look(rosa: User) -> None:
    assert refusal(rosa) == ""
    assert exposure.today(rosa).budget.photos_left == 250


def test_as_many_photos_as_the_day_has(rosa: User, looked: Looked, settings: Settings) -> None:
    settings.ARC_EXPOSURE_PHOTOS = 2
    looked(1, ago=300)
    assert refusal(rosa) == ""
    looked(1, ago=200)
    assert refusal(rosa) == "budget-spent"


def test_as_many_minutes_as_the_day_has(rosa: User, looked: Looked, settings: Settings) -> None:
    settings.ARC_EXPOSURE_MINUTES = 30
    looked(20, ago=300)
    assert refusal(rosa) == ""
    looked(10, ago=200)
    assert refusal(rosa) == "budget-spent"


def test_yesterday_is_over(rosa: User, looked: Looked, settings: Settings) -> None:
    settings.ARC_EXPOSURE_PHOTOS = 1
    looked(1, ago=60 * 14)
    assert refusal(rosa) == ""


def test_a_break_after_a_long_stretch_and_not_after_it_was_taken(rosa: User, looked: Looked) -> None:
    looked(25, ago=28)
    looked(25, ago=2)
    assert refusal(rosa) == "break-due"
    today = exposure.today(rosa)
    assert 7 * 60 < today.break_seconds <= 8 * 60
    Viewing.objects.update(ended_at=timezone.now() - timedelta(minutes=10))
    assert refusal(rosa) == ""


def test_other_peoples_looking_is_not_mine(omar: User, looked: Looked, settings: Settings) -> None:
    settings.ARC_EXPOSURE_PHOTOS = 1
    looked(1, ago=5)
    assert refusal(omar) == ""


@pytest.mark.parametrize(
    ("now", "hour", "began"),
    [
        (datetime(2026, 3, 2, 5, 30, tzinfo=UTC), 0, datetime(2026, 3, 2, tzinfo=UTC)),
        (datetime(2026, 3, 2, 5, 30, tzinfo=UTC), 6, datetime(2026, 3, 1, 6, tzinfo=UTC)),
        (datetime(2026, 3, 2, 6, 0, tzinfo=UTC), 6, datetime(2026, 3, 2, 6, tzinfo=UTC)),
    ],
)
def test_the_day_begins_at_the_operators_hour(
    now: datetime, hour: int, began: datetime, settings: Settings
) -> None:
    settings.ARC_DAY_HOUR = hour
    assert exposure.day_of(now) == began


class TestThePicture:
    def test_opens_one_look_however_often_it_is_loaded(
        self, as_rosa: Client, rosa: User, rosas_claim: Claim
    ) -> None:
        for _ in range(2):
            assert as_rosa.get(image_of(rosas_claim)).status_code == 200
        look = Viewing.objects.get()
        assert (look.reviewer, look.photo_id, look.ended_at) == (rosa, rosas_claim.photo_id, None)
        assert look.token == rosas_claim.token

    @pytest.mark.parametrize("verb", ["release", "skip", "pause"])
    def test_is_looked_at_until_it_is_given_back(
        self, verb: str, as_rosa: Client, rosas_claim: Claim
    ) -> None:
        as_rosa.get(image_of(rosas_claim))
        arguments = [] if verb == "pause" else [rosas_claim.photo_id]
        as_rosa.post(reverse(f"review:{verb}", args=arguments), {"length": "15"})
        assert Viewing.objects.get().ended_at is not None

    def test_is_looked_at_until_it_is_withdrawn(self, as_rosa: Client, rosas_claim: Claim) -> None:
        as_rosa.get(image_of(rosas_claim))
        withdraw([rosas_claim.photo])
        assert Viewing.objects.get().ended_at is not None

    def test_is_looked_at_until_the_claim_runs_out(
        self, as_rosa: Client, rosa: User, rosas_claim: Claim
    ) -> None:
        as_rosa.get(image_of(rosas_claim))
        an_hour_ago = timezone.now() - timedelta(hours=1)
        Viewing.objects.update(started_at=an_hour_ago)
        assert exposure.today(rosa).minutes_left <= 240 - 60
        Claim.objects.update(expires_at=an_hour_ago + timedelta(minutes=30))
        assert exposure.today(rosa).budget.looked == timedelta(minutes=30)
        Claim.objects.all().delete()
        assert exposure.today(rosa).budget.looked == timedelta(minutes=10)

    def test_is_kept_back_when_the_day_is_over(
        self, as_rosa: Client, rosas_claim: Claim, looked: Looked, settings: Settings
    ) -> None:
        settings.ARC_EXPOSURE_PHOTOS = 1
        looked(1, ago=20)
        answer = as_rosa.get(image_of(rosas_claim))
        assert answer.status_code == 409
        assert "(budget-spent)" in answer.content.decode()
        assert not Viewing.objects.filter(token=rosas_claim.token).exists()

    def test_what_was_seen_may_be_seen_again_and_decided(
        self, as_rosa: Client, rosas_claim: Claim, protected: Clause, settings: Settings
    ) -> None:
        as_rosa.get(image_of(rosas_claim))
        settings.ARC_EXPOSURE_PHOTOS = 1
        assert as_rosa.get(image_of(rosas_claim)).status_code == 200
        word = {"token": str(rosas_claim.token), "choice": "covered", "clause": str(protected.pk)}
        as_rosa.post(reverse("review:decide", args=[rosas_claim.photo_id]), word)
        assert Decision.objects.get().outcome == "covered"


class TestNoMorePhotos:
    @pytest.fixture(params=["budget-spent", "break-due", "paused"])
    def code(self, request: pytest.FixtureRequest, rosa: User, looked: Looked, settings: Settings) -> str:
        if request.param == "paused":
            until = timezone.now() + timedelta(minutes=5)
            ReviewerSettings.objects.create(user=rosa, paused_until=until)
        else:
            settings.ARC_EXPOSURE_MINUTES = 40 if request.param == "budget-spent" else 400
            looked(55, ago=1)
        return str(request.param)

    def test_none_is_given(self, as_rosa: Client, code: str) -> None:
        answer = as_rosa.post(NEXT)
        assert answer.status_code == 409
        assert f"({code})" in answer.content.decode()
        assert not Claim.objects.exists()

    @pytest.mark.parametrize("page", ["start", "queue"])
    def test_none_is_offered(self, as_rosa: Client, code: str, page: str) -> None:
        shown = as_rosa.get(reverse(f"review:{page}")).content.decode()
        told = {
            "budget-spent": "That is all for today",
            "break-due": "Time for a break",
            "paused": "resting until",
        }
        assert told[code] in shown
        assert "autofocus" not in shown

    def test_the_photo_in_hand_stays(self, as_rosa: Client, rosa: User, photo: Photo, code: str) -> None:
        until = timezone.now() + timedelta(minutes=9)
        Claim.objects.create(photo=photo, reviewer=rosa, expires_at=until)
        assert as_rosa.get(reverse("review:photo", args=[photo.pk])).status_code == 200
        assert "Go on with your photo" in as_rosa.get(reverse("review:start")).content.decode()
        assert as_rosa.post(NEXT).status_code == 302

    def test_no_more_time_with_it(self, as_rosa: Client, rosa: User, photo: Photo, code: str) -> None:
        until = timezone.now() + timedelta(minutes=9)
        Claim.objects.create(photo=photo, reviewer=rosa, expires_at=until)
        answer = as_rosa.post(reverse("review:extend", args=[photo.pk]))
        assert (answer.status_code, Claim.objects.get().expires_at) == (409, until)
