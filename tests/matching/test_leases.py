from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from photo_rows import MakePhoto
from pytest_django import Settings

from enrollment.models import Photo
from matching import leases


def test_it_takes_a_due_photo_and_counts_the_attempt(make_photo: MakePhoto) -> None:
    photo = make_photo()
    lease = leases.claim(photo.pk, Photo.objects.fingerprint_due())
    assert lease is not None
    assert lease.attempt == 1
    photo.refresh_from_db()
    assert (photo.lease_token, photo.attempts) == (lease.token, 1)
    assert leases.held(lease).exists()


def test_only_one_of_two_gets_it(make_photo: MakePhoto) -> None:
    photo = make_photo()
    assert leases.claim(photo.pk, Photo.objects.fingerprint_due()) is not None
    assert leases.claim(photo.pk, Photo.objects.fingerprint_due()) is None
    photo.refresh_from_db()
    assert photo.attempts == 1


def test_it_leaves_a_photo_that_is_not_due(make_photo: MakePhoto) -> None:
    photo = make_photo(due_at=timezone.now() + timedelta(seconds=5))
    assert leases.claim(photo.pk, Photo.objects.fingerprint_due()) is None


def test_a_lease_lasts_as_long_as_the_setting_by_the_clock_of_the_database(
    make_photo: MakePhoto, settings: Settings
) -> None:
    settings.ARC_LEASE_SECONDS = 60
    lease = leases.claim(make_photo().pk, Photo.objects.fingerprint_due())
    assert lease is not None
    left = leases.held(lease).annotate(left=F("lease_until") - Now()).values_list("left", flat=True).get()
    assert timedelta(seconds=59) < left <= timedelta(seconds=60)


def test_a_lease_that_ran_out_holds_nothing_and_can_be_taken_over(make_photo: MakePhoto) -> None:
    photo = make_photo()
    old = leases.claim(photo.pk, Photo.objects.fingerprint_due())
    assert old is not None
    Photo.objects.filter(pk=photo.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert not leases.held(old).exists()
    new = leases.claim(photo.pk, Photo.objects.fingerprint_due())
    assert new is not None
    assert new.attempt == 2
    assert not leases.held(old).exists()


def test_counting_stops_where_the_column_ends(make_photo: MakePhoto) -> None:
    photo = make_photo(attempts=leases.MOST_ATTEMPTS)
    lease = leases.claim(photo.pk, Photo.objects.fingerprint_due())
    assert lease is not None
    assert lease.attempt == leases.MOST_ATTEMPTS


def test_it_refuses_to_claim_within_a_transaction(make_photo: MakePhoto) -> None:
    photo = make_photo()
    with transaction.atomic(), pytest.raises(RuntimeError):
        leases.claim(photo.pk, Photo.objects.fingerprint_due())
