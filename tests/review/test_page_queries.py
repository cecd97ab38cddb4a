"""No page asks the database more than twelve times, and none more often when there is more to show."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import review_rows
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from enrollment.models import Photo, TimelineEntry
from enrollment.states import PhotoState, TimelineEvent
from review import audit, claims, team
from review.models import NearDuplicate, Outcome, Viewing

MOST = 12
FEW, MANY = 10, 200
PAGES = ("start", "queue", "queue?flag=escalated", "photo", "lead", "log")
Count = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def lea(db: None, settings: Settings) -> User:
    """A lead with a second factor, as in service."""
    settings.ARC_REQUIRE_MFA = True
    lea = review_rows.person("lea", "Lead", "Guardian reviewer")
    Authenticator.objects.create(user=lea, type=Authenticator.Type.TOTP, data={})
    return lea


@pytest.fixture
def held(lea: User) -> Photo:
    review_rows.photos(1, age=timedelta(days=9))
    claim = claims.take_next(lea)
    assert claim is not None
    return claim.photo


def fill(count: int, photo: Photo, lea: User) -> None:
    """So much more of everything that a page lists."""
    waiting = review_rows.photos(count)
    review_rows.photos(count, state=PhotoState.SECOND_OPINION)
    review_rows.photos(count, state=PhotoState.ESCALATED)
    now = timezone.now()
    for other in waiting:
        audit.append("tested", actor=audit.staff(lea), photo=other.pk, case=other.case.number)
        review_rows.said(other, lea, Outcome.COVERED)
        Viewing.objects.create(reviewer=lea, photo=other, token=other.pk, started_at=now, ended_at=now)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(photo=photo, event=TimelineEvent.RECEIVED) for _ in range(count)
    )
    NearDuplicate.objects.bulk_create(
        NearDuplicate(photo=photo, other=other, distance=0.0) for other in waiting
    )


def test_a_page_asks_as_often_for_ten_rows_as_for_two_hundred(
    held: Photo, lea: User, client: Client, count_queries: Count
) -> None:
    client.force_login(lea, backend="django.contrib.auth.backends.ModelBackend")
    # One filling serves all pages: making the rows takes far longer than asking for them.
    asked: dict[str, list[int]] = {page: [] for page in PAGES}
    for count in (FEW, MANY):
        fill(count, held, lea)
        team.renew()
        for page, counts in asked.items():
            name, _, query = page.partition("?")
            path = reverse(f"review:{name}", args=[held.pk] if name == "photo" else []) + f"?{query}"
            with count_queries() as statements:
                assert client.get(path).status_code == 200
            counts.append(len(statements))
    assert len(asked) == 6
    assert {page: counts for page, counts in asked.items() if not 5 < counts[0] == counts[1] <= MOST} == {}
