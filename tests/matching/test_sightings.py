"""What a report does: count once, tell the sender, pause what is disputed, sound an alarm for a canary."""

import logging
from collections import Counter

import pytest
from django.db import IntegrityError, transaction
from listed import fingerprint_id, list_again, plant, protect
from partner_rows import live_partner
from photo_rows import MakePhoto
from pytest_django import Settings

from enrollment.models import Allowance, Photo, TimelineEntry
from enrollment.states import Edge, PhotoState
from enrollment.transitions import move
from matching import feed, sightings
from matching.models import FeedHead, FeedRecord, Outcome, Partner, Planted, Sighting, Withheld
from matching.sightings import ReferenceTaken, TooManyDisputes, UnknownId
from review import services as review_services
from review.models import AuditEntry


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def photo(make_photo: MakePhoto) -> Photo:
    return protect(make_photo, 1)


def report(
    partner: Partner, photo: Photo, outcome: Outcome = Outcome.SEEN, reference: str = "post/1"
) -> bool:
    return sightings.report(partner, name_of(partner, photo), reference, outcome)


def name_of(partner: Partner, photo: Photo) -> str:
    """The id under which the partner knows the latest record of a photo."""
    record = FeedRecord.objects.filter(photo=photo).latest("active_seq")
    return feed.public_id(partner, record.pk)


def told(photo: Photo) -> list[str]:
    return list(TimelineEntry.objects.filter(photo=photo).values_list("event", flat=True))


def audited(photo: Photo) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(photo=photo.pk).order_by("seq").values_list("action", "actor"))


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Sighting, TimelineEntry, AuditEntry, Allowance))


def test_a_report_is_kept_told_and_audited(partner: Partner, photo: Photo) -> None:
    assert report(partner, photo, Outcome.BLOCKED)
    sighting = Sighting.objects.get()
    assert (sighting.partner, sighting.record_id) == (partner, fingerprint_id(photo))
    assert told(photo) == ["sighting_blocked"]
    assert audited(photo) == [("sighting_blocked", f"partner:{partner.pk}")]
    assert TimelineEntry.objects.get().details == {"partner": partner.slug}


def test_the_same_again_changes_nothing(partner: Partner, photo: Photo) -> None:
    assert report(partner, photo)
    before = rows(), Sighting.objects.get().changed_at
    assert not report(partner, photo)
    assert (rows(), Sighting.objects.get().changed_at) == before


def test_an_outcome_may_change(partner: Partner, photo: Photo) -> None:
    report(partner, photo)
    assert not report(partner, photo, Outcome.REMOVED)
    sighting = Sighting.objects.get()
    assert sighting.outcome == Outcome.REMOVED
    assert sighting.changed_at > sighting.created_at
    assert told(photo) == ["sighting_seen", "sighting_removed"]


def test_a_reference_is_not_kept_as_it_is_and_is_the_partners_own(partner: Partner, photo: Photo) -> None:
    other = live_partner("Other")
    assert report(partner, photo, reference="@somebody")
    assert report(other, photo, reference="@somebody")
    first, second = Sighting.objects.values_list("reference_digest", flat=True)
    assert first != second
    assert not {first, second} & {sightings._digest(partner, "@Somebody")}
    assert all(
        "somebody" not in repr(row) for row in [*Sighting.objects.values(), *AuditEntry.objects.values()]
    )


def test_a_reference_stays_with_its_record(partner: Partner, photo: Photo, make_photo: MakePhoto) -> None:
    another = protect(make_photo, 2)
    report(partner, photo)
    before = rows()
    with pytest.raises(ReferenceTaken):
        report(partner, another, Outcome.DISPUTED)
    assert rows() == before
    another.refresh_from_db()
    assert another.state == PhotoState.PROTECTED


def test_unknown_ids_are_all_alike(partner: Partner, photo: Photo, make_photo: MakePhoto) -> None:
    other, new = live_partner("Other"), Partner.objects.create(name="New", slug="new")
    withheld, forgotten = protect(make_photo, 2), protect(make_photo, 3)
    Withheld.objects.create(record=FeedRecord.objects.get(photo=withheld), partner=partner)
    feed.withdraw(forgotten.pk)
    Partner.objects.filter(pk=partner.pk).update(live_from=FeedHead.objects.get().seq)
    partner.refresh_from_db()
    unknown = [
        "", "no id", "ä" * 22, "A" * 22, feed.public_id(other, fingerprint_id(photo)),
        name_of(partner, withheld), name_of(partner, forgotten),
        feed.public_id(partner, plant(other, 4, Planted.Kind.CANARY).pk),
    ]  # fmt: skip
    for id_ in unknown:
        with pytest.raises(UnknownId):
            sightings.report(partner, id_, "post/1", Outcome.DISPUTED)
    with pytest.raises(UnknownId):
        sightings.report(new, feed.public_id(new, fingerprint_id(photo)), "post/1", Outcome.SEEN)
    assert rows() == (0, 0, 0, 0)


def test_what_was_withdrawn_meanwhile_is_counted_still(partner: Partner, photo: Photo) -> None:
    report(partner, photo)
    move(photo.pk, Edge.WITHDRAW, actor="submitter")
    assert not report(partner, photo, Outcome.REMOVED)
    assert report(partner, photo, Outcome.DISPUTED, "post/2")
    assert told(photo) == ["sighting_seen", "withdraw", "sighting_removed"]
    assert Counter(Sighting.objects.values_list("outcome", flat=True)) == {"removed": 1, "disputed": 1}


def test_a_flood_is_counted_and_not_told(partner: Partner, photo: Photo) -> None:
    for number in range(sightings.TOLD_A_DAY + 5):
        report(partner, photo, reference=str(number))
    assert len(told(photo)) == len(audited(photo)) == sightings.TOLD_A_DAY
    assert Sighting.objects.count() == sightings.TOLD_A_DAY + 5


def test_a_dispute_pauses_matching_once(partner: Partner, photo: Photo) -> None:
    other = live_partner("Other")
    for who, reference in ((partner, "post/1"), (partner, "post/2"), (other, "post/1")):
        assert report(who, photo, Outcome.DISPUTED, reference)
    photo.refresh_from_db()
    assert photo.state == PhotoState.SUSPENDED
    assert told(photo) == ["suspend"]
    assert audited(photo) == [("suspend", f"partner:{partner.pk}")]
    assert FeedRecord.objects.get().tombstone
    assert Sighting.objects.filter(outcome=Outcome.DISPUTED).count() == 3


def test_what_a_reviewer_confirmed_the_same_partner_does_not_pause_again(
    partner: Partner, photo: Photo, caplog: pytest.LogCaptureFixture
) -> None:
    report(partner, photo, Outcome.DISPUTED)
    list_again(photo, 1)
    assert report(partner, photo, Outcome.DISPUTED, "post/2")
    photo.refresh_from_db()
    assert photo.state == PhotoState.PROTECTED
    assert "again" in caplog.text
    assert report(live_partner("Other"), photo, Outcome.DISPUTED)
    photo.refresh_from_db()
    assert photo.state == PhotoState.SUSPENDED


def test_one_partner_cannot_empty_the_list(
    partner: Partner, make_photo: MakePhoto, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ARC_LIMIT_DISPUTES = 2
    photos = [protect(make_photo, seed) for seed in range(4)]
    for number, photo in enumerate(photos[:2]):
        report(partner, photo, Outcome.DISPUTED, f"disputed/{number}")
    report(partner, photos[2])
    before = rows()[:3]
    for _ in range(3):
        with pytest.raises(TooManyDisputes) as refused:
            report(partner, photos[2], Outcome.DISPUTED)
        assert 0 < refused.value.retry_after <= 86_400
    with pytest.raises(TooManyDisputes):
        report(partner, photos[3], Outcome.DISPUTED, "post/4")
    assert rows()[:3] == before
    alarms = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert ["ALARM" in alarm.getMessage() for alarm in alarms] == [True]
    assert report(live_partner("Other"), photos[3], Outcome.DISPUTED)
    assert not report(partner, photos[2], Outcome.REMOVED), "all else goes on"


def test_test_records_take_every_report_and_nothing_follows(db: None) -> None:
    new = Partner.objects.create(name="New", slug="new")
    id_ = feed.public_id(new, plant(new, 1).pk)
    for outcome in Outcome:
        sightings.report(new, id_, "post/1", outcome)
    assert Sighting.objects.get().outcome == Outcome.DISPUTED
    assert rows() == (1, 0, 0, 0)


def test_a_canary_is_an_alarm(partner: Partner, caplog: pytest.LogCaptureFixture) -> None:
    canary = plant(partner, 1, Planted.Kind.CANARY)
    assert sightings.report(partner, feed.public_id(partner, canary.pk), "post/1", Outcome.SEEN)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.photo) == ("canary.reported", f"partner:{partner.pk}", None)
    assert "ALARM" in caplog.text


def test_a_report_that_fails_leaves_nothing(
    partner: Partner, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(review_services, "suspend", fail)
    with pytest.raises(RuntimeError):
        report(partner, photo, Outcome.DISPUTED)
    assert rows() == (0, 0, 0, 0)


def test_the_database_holds_one_row_a_reference(partner: Partner, photo: Photo) -> None:
    report(partner, photo)
    row = Sighting.objects.values("partner_id", "record_id", "reference_digest").get()
    with pytest.raises(IntegrityError, match=r"sighting_reference_once|UNIQUE"), transaction.atomic():
        Sighting.objects.create(**row, outcome=Outcome.SEEN)
    with pytest.raises(IntegrityError, match="sighting_outcome_is_known"), transaction.atomic():
        Sighting.objects.update(outcome="liked")
