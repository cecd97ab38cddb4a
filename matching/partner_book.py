"""What a sender is told of partners: who gets fingerprints, who has theirs, and what was reported of it.

A partner that was shut out still has what it fetched, so it stays in the book with that; what it never
fetched it cannot get any more.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery

from enrollment.recipients import Delivery, ListedPartner, Sightings, Withdrawal
from matching.models import FeedRecord, Partner, PartnerProgress, Sighting, Withheld

# Records that one statement looks up; a case has fewer unless its photos were sent again very often.
AT_ONCE = 100


class Book:
    """``enrollment.recipients.PartnerBook``, read from the database at every question."""

    def listed(self) -> Sequence[ListedPartner]:
        live = Partner.objects.filter(stage=Partner.Stage.LIVE).order_by("name")
        return [ListedPartner(partner.slug, partner.name, partner.kind) for partner in live]

    def deliveries(self, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
        """Costs four statements, however many photos and partners, and one for each further 100 records."""
        sent = FeedRecord.objects.filter(photo__in=list(photo_ids), active_seq__isnull=False)
        rounds: dict[uuid.UUID, list[FeedRecord]] = defaultdict(list)
        for record in sent.order_by("-active_seq"):
            assert record.photo_id is not None
            rounds[record.photo_id].append(record)
        if not rounds:
            return {}
        ledger = _Ledger.of([record for records in rounds.values() for record in records])
        return {photo_id: ledger.deliveries(photo_id, records) for photo_id, records in rounds.items()}


@dataclass(frozen=True)
class _Ledger:
    """Partners that were ever live, by name, and what is known of them and some records.

    ``fetched`` is when a partner first asked for everything through the number of a record, ``withheld`` whom
    a record is kept from; both by (partner, record). ``reported`` is by (partner, photo).
    """

    partners: list[Partner]
    fetched: dict[tuple[int, uuid.UUID], datetime]
    withheld: frozenset[tuple[int, uuid.UUID]]
    reported: dict[tuple[int, uuid.UUID], Sightings]

    @classmethod
    def of(cls, records: Sequence[FeedRecord]) -> "_Ledger":
        partners, fetched = _fetched(records)
        withheld = Withheld.objects.filter(record__in=records).values_list("partner_id", "record_id")
        return cls(partners, fetched, frozenset(withheld), _reported(records))

    def deliveries(self, photo_id: uuid.UUID, rounds: Sequence[FeedRecord]) -> list[Delivery]:
        """One entry for each partner that has, had or may get the photo; ``rounds`` from the latest back."""
        found = (
            self._delivery(partner, rounds, self.reported.get((partner.pk, photo_id), Sightings()))
            for partner in self.partners
        )
        return [delivery for delivery in found if delivery is not None]

    def _delivery(
        self, partner: Partner, rounds: Sequence[FeedRecord], reported: Sightings
    ) -> Delivery | None:
        for record in rounds:
            if (partner.pk, record.pk) in self.withheld:
                continue
            at = self.fetched.get((partner.pk, record.pk))
            # Whoever first came so far after the withdrawal met the tombstone only.
            if at is not None and not (record.tombstone and at > record.published_at):
                return _sent(partner, record, at, reported)
            if partner.stage == Partner.Stage.LIVE and not record.tombstone:
                return Delivery(partner.name, sightings=reported)
        # It asks about photos and fetches nothing.
        return Delivery(partner.name, sightings=reported) if reported.any else None


def _sent(partner: Partner, record: FeedRecord, at: datetime, reported: Sightings) -> Delivery:
    confirmed = partner.applied >= record.seq
    if not record.tombstone:
        return Delivery(partner.name, sent_at=at, confirmed=confirmed, sightings=reported)
    return Delivery(
        partner.name,
        sent_at=at,
        confirmed=confirmed,
        sightings=reported,
        withdrawal=Withdrawal.CONFIRMED if confirmed else Withdrawal.WAITING,
        withdrawal_deadline=record.published_at + timedelta(hours=settings.ARC_TOMBSTONE_HOURS),
    )


def _fetched(records: Sequence[FeedRecord]) -> tuple[list[Partner], dict[tuple[int, uuid.UUID], datetime]]:
    """Partners that were ever live, by name, and when each first came as far as each record."""
    partners, fetched = list[Partner](), dict[tuple[int, uuid.UUID], datetime]()
    for start in range(0, len(records), AT_ONCE):
        some = {f"fetched_{number}": record for number, record in enumerate(records[start : start + AT_ONCE])}
        firsts = {name: _first_through(record) for name, record in some.items()}
        partners = list(Partner.objects.filter(approved_at__isnull=False).annotate(**firsts).order_by("name"))
        fetched |= {
            (partner.pk, record.pk): at
            for partner in partners
            for name, record in some.items()
            if (at := getattr(partner, name)) is not None
        }
    return partners, fetched


def _first_through(record: FeedRecord) -> Subquery:
    """When a partner first had asked for everything through this record: one look into the index."""
    so_far = PartnerProgress.objects.filter(
        partner=OuterRef("pk"), kind=PartnerProgress.Kind.PULLED, through__gte=record.active_seq
    )
    return Subquery(so_far.order_by("through").values("at")[:1])


def _reported(records: Sequence[FeedRecord]) -> dict[tuple[int, uuid.UUID], Sightings]:
    counts: dict[tuple[int, uuid.UUID], dict[str, int]] = defaultdict(dict)
    told = Sighting.objects.filter(record__in=records).order_by()
    kinds = told.values_list("partner_id", "record__photo_id", "outcome")
    for partner_id, photo_id, outcome, count in kinds.annotate(count=Count("pk")):
        counts[partner_id, photo_id][outcome] = count
    return {key: Sightings(**by_outcome) for key, by_outcome in counts.items()}
