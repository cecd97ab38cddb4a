"""What a sender is told of partners, from what the partners fetched, confirmed and reported."""

import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from listed import list_again, protect
from partner_rows import live_partner
from photo_rows import MakePhoto
from pytest_django import DjangoAssertNumQueries, Settings

from enrollment import recipients
from enrollment.models import Photo
from enrollment.recipients import Delivery, ListedPartner, Sightings, Withdrawal
from matching import feed, pages, partner_book, sightings
from matching.models import FeedRecord, Outcome, Partner, PartnerProgress, Withheld


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner("Platform")


@pytest.fixture
def photo(make_photo: MakePhoto) -> Photo:
    return protect(make_photo, 1)


def pull(partner: Partner) -> None:
    """The partner fetches everything that there is."""
    pages.note_pulled(partner, pages.head())


def confirm(partner: Partner) -> None:
    pages.confirm(partner, pages.head())


def told(photo: Photo) -> list[Delivery]:
    return recipients.book().deliveries([photo.pk]).get(photo.pk, [])


def told_of(photo: Photo, partner: Partner) -> Delivery:
    [delivery] = [one for one in told(photo) if one.partner == partner.name]
    return delivery


def pause(partner: Partner) -> None:
    Partner.objects.filter(pk=partner.pk).update(stage=Partner.Stage.PAUSED)


def test_it_is_the_book_of_the_service() -> None:
    assert isinstance(recipients.book(), partner_book.Book)


def test_those_who_get_fingerprints_now_are_listed_by_name(partner: Partner) -> None:
    helpline = live_partner("A helpline", Partner.Kind.HELPLINE)
    pause(live_partner("Paused"))
    Partner.objects.create(name="New", slug="new")
    assert recipients.book().listed() == [
        ListedPartner(helpline.slug, "A helpline", "helpline"),
        ListedPartner(partner.slug, "Platform", "platform"),
    ]


def test_a_photo_goes_out_and_is_confirmed(partner: Partner, photo: Photo) -> None:
    assert told(photo) == [Delivery("Platform")]
    pull(partner)
    sent = told_of(photo, partner)
    assert sent.sent_at is not None
    assert (sent.confirmed, sent.withdrawal) == (False, None)
    confirm(partner)
    assert told_of(photo, partner) == Delivery("Platform", sent_at=sent.sent_at, confirmed=True)


def test_when_it_was_fetched_stays_when_it_was_fetched_first(
    partner: Partner, photo: Photo, make_photo: MakePhoto
) -> None:
    pull(partner)
    PartnerProgress.objects.update(at=timezone.now() - timedelta(days=3))
    first = told_of(photo, partner).sent_at
    protect(make_photo, 2)
    pull(partner)
    assert told_of(photo, partner).sent_at == first


def test_a_withdrawal_waits_for_its_confirmation(partner: Partner, photo: Photo, settings: Settings) -> None:
    settings.ARC_TOMBSTONE_HOURS = 24
    pull(partner)
    confirm(partner)
    feed.withdraw(photo.pk)
    waiting = told_of(photo, partner)
    assert waiting.withdrawal is Withdrawal.WAITING
    assert not waiting.confirmed
    withdrawn_at = FeedRecord.objects.get().published_at
    assert waiting.withdrawal_deadline == withdrawn_at + timedelta(hours=24)
    pull(partner)
    assert told_of(photo, partner).withdrawal is Withdrawal.WAITING, "fetched is not yet applied"
    confirm(partner)
    done = told_of(photo, partner)
    assert (done.withdrawal, done.confirmed) == (Withdrawal.CONFIRMED, True)


def test_who_only_ever_met_the_tombstone_never_had_it(partner: Partner, photo: Photo) -> None:
    feed.withdraw(photo.pk)
    FeedRecord.objects.update(published_at=Now() - timedelta(minutes=1))
    pull(partner)
    confirm(partner)
    assert told(photo) == []


def test_a_paused_partner_keeps_what_it_fetched(partner: Partner, photo: Photo) -> None:
    late = live_partner("Late")
    pull(partner)
    pause(partner)
    pause(late)
    assert [(one.partner, one.sent_at is not None) for one in told(photo)] == [("Platform", True)]
    feed.withdraw(photo.pk)
    assert told_of(photo, partner).withdrawal is Withdrawal.WAITING


def test_a_partner_that_the_sender_left_out_is_not_named(partner: Partner, photo: Photo) -> None:
    other = live_partner("Other")
    Withheld.objects.create(record=FeedRecord.objects.get(), partner=other)
    pull(other)
    assert [one.partner for one in told(photo)] == ["Platform"]


def test_a_partner_that_is_not_live_yet_is_not_named(photo: Photo) -> None:
    Partner.objects.create(name="New", slug="new")
    assert told(photo) == []


def test_protected_again_the_latest_round_counts(partner: Partner, photo: Photo) -> None:
    late, gone = live_partner("Late"), live_partner("Gone")
    for one in (partner, gone):
        pull(one)
        confirm(one)
    feed.retract(photo.pk)
    pause(gone)
    list_again(photo, 1)
    assert told_of(photo, partner) == Delivery("Platform")
    assert told_of(photo, late) == Delivery("Late")
    assert told_of(photo, gone).withdrawal is Withdrawal.WAITING, "what it had before"
    pull(partner)
    assert told_of(photo, partner).sent_at is not None


def test_sent_anew_without_the_extended_sketch_it_was_sent_all_the_time(
    partner: Partner, photo: Photo
) -> None:
    pull(partner)
    confirm(partner)
    before = told_of(photo, partner)
    feed.publish(photo.pk)
    after = told_of(photo, partner)
    assert (after.sent_at, after.confirmed) == (before.sent_at, False)
    feed.withdraw(photo.pk)
    assert told_of(photo, partner).withdrawal is Withdrawal.WAITING


def test_reports_are_counted_by_their_last_outcome(partner: Partner, photo: Photo) -> None:
    other = live_partner("Other")
    id_ = feed.public_id(partner, FeedRecord.objects.get().pk)
    for number, outcome in enumerate([Outcome.SEEN, Outcome.BLOCKED, Outcome.BLOCKED, Outcome.NOT_REMOVED]):
        sightings.report(partner, id_, str(number), outcome)
    sightings.report(partner, id_, "0", Outcome.REMOVED)
    assert told_of(photo, partner).sightings == Sightings(blocked=2, removed=1, not_removed=1)
    assert told_of(photo, other).sightings == Sightings()


def test_who_only_asks_about_photos_is_named_for_its_reports(partner: Partner, photo: Photo) -> None:
    sightings.report(partner, feed.public_id(partner, FeedRecord.objects.get().pk), "1", Outcome.BLOCKED)
    feed.withdraw(photo.pk)
    assert told(photo) == [Delivery("Platform", sightings=Sightings(blocked=1))]


def test_the_statements_do_not_grow(
    partner: Partner,
    make_photo: MakePhoto,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos = [protect(make_photo, 1) for _ in range(4)]
    for name in "ABC":
        pull(live_partner(name))
    with django_assert_num_queries(4):
        assert {len(found) for found in recipients.book().deliveries([p.pk for p in photos]).values()} == {4}
    with django_assert_num_queries(1):
        assert recipients.book().deliveries([uuid.uuid4()]) == {}
    # More records than one statement takes.
    whole = recipients.book().deliveries([photo.pk for photo in photos])
    monkeypatch.setattr(partner_book, "AT_ONCE", 3)
    with django_assert_num_queries(5):
        assert recipients.book().deliveries([photo.pk for photo in photos]) == whole
