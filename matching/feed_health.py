"""How each partner keeps up: what it has not fetched or confirmed, what fails, and when that is an alarm.

Whatever the size of the feed, a partner costs a few short queries: nothing is counted beyond ``MOST``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matching import feed
from matching.models import FeedRecord, Outcome, Partner, PartnerCalls, PartnerKey, Sighting

MOST = 1000
# Time enough to issue the next key, hand it over and see it used.
ENDS_SOON = timedelta(days=14)


class Alarm(models.TextChoices):
    """What a person must look into."""

    UNCONFIRMED = "unconfirmed", gettext_lazy("withdrawals are not confirmed in time")
    SILENT = "silent", gettext_lazy("no call has worked for too long")


@dataclass(frozen=True)
class Waiting:
    """Records that wait for a partner: how many, at most ``MOST`` + 1, and since when the first of them."""

    count: int
    since: datetime | None

    @property
    def shown(self) -> str:
        """The count for people."""
        return str(self.count) if self.count <= MOST else _("more than %(most)d") % {"most": MOST}


NOTHING = Waiting(0, None)


@dataclass(frozen=True)
class Health:
    """One partner. ``keys_end_at`` is set when its last key ends soon; ``reports`` are of its latest ones."""

    partner: Partner
    alarms: tuple[Alarm, ...]
    last_call: datetime | None
    unread: Waiting
    unconfirmed: Waiting
    failing: tuple[PartnerCalls, ...]
    reports: tuple[tuple[Outcome, int], ...]
    keys_end_at: datetime | None
    has_key: bool


def watched() -> "QuerySet[Partner]":
    """Who was ever live. A paused partner still holds what it fetched, so it stays in sight."""
    return Partner.objects.filter(approved_at__isnull=False)


def everybody() -> list[Health]:
    """The health of all who are or were live, those in alarm first."""
    partners = list(watched().prefetch_related("calls"))
    last, keys = last_calls(), _live_keys()
    found = [_measured(partner, last.get(partner.pk), keys.get(partner.pk, [])) for partner in partners]
    return sorted(found, key=lambda health: (not health.alarms, health.partner.name))


def last_calls() -> dict[int, datetime]:
    """By partner, when a call of it last worked."""
    worked = PartnerCalls.objects.filter(last_at__isnull=False).values_list("partner_id")
    return dict(worked.annotate(last=Max("last_at")).order_by())


def alarms(
    partner: Partner, last_call: datetime | None, unconfirmed_since: datetime | None
) -> tuple[Alarm, ...]:
    """What is wrong now, in the order of ``Alarm``. Nobody is called silent who is not live."""
    now, found = timezone.now(), []
    if unconfirmed_since and unconfirmed_since < now - timedelta(hours=settings.ARC_TOMBSTONE_HOURS):
        found.append(Alarm.UNCONFIRMED)
    heard = max(last_call or partner.staged_at, partner.staged_at)
    silent = heard < now - timedelta(hours=settings.ARC_SILENCE_HOURS)
    if silent and partner.stage == Partner.Stage.LIVE:
        found.append(Alarm.SILENT)
    return tuple(found)


def unread(partner: Partner) -> Waiting:
    """What the partner has not asked for yet. A new one is not behind by the age of the feed."""
    waiting = _waiting(feed.meant_for(partner, planted=False).filter(seq__gt=partner.pulled))
    if waiting.since is None or partner.approved_at is None:
        return waiting
    return Waiting(waiting.count, max(waiting.since, partner.approved_at))


def unconfirmed(partner: Partner) -> Waiting:
    """The withdrawals that it has not confirmed."""
    return _waiting(_owed(partner))


def unconfirmed_since(partner: Partner) -> datetime | None:
    """When the first of these was withdrawn; cheaper than counting them."""
    return _first(_owed(partner))


def keys_end_at(keys: Iterable[PartnerKey]) -> datetime | None:
    """When the last of these live keys ends, if that is soon."""
    ends = [key.expires_at for key in keys]
    known = [end for end in ends if end is not None]
    if not ends or len(known) < len(ends) or max(known) > timezone.now() + ENDS_SOON:
        return None
    return max(known)


def _measured(partner: Partner, last_call: datetime | None, keys: list[PartnerKey]) -> Health:
    withdrawals = unconfirmed(partner)
    return Health(
        partner=partner,
        alarms=alarms(partner, last_call, withdrawals.since),
        last_call=last_call,
        unread=unread(partner),
        unconfirmed=withdrawals,
        failing=tuple(call for call in partner.calls.all() if call.failures),
        reports=_reports(partner),
        keys_end_at=keys_end_at(keys),
        has_key=bool(keys),
    )


def _waiting(records: "QuerySet[FeedRecord]") -> Waiting:
    since = _first(records)
    return Waiting(records.order_by("seq")[: MOST + 1].count(), since) if since else NOTHING


def _first(records: "QuerySet[FeedRecord]") -> datetime | None:
    return records.order_by("seq").values_list("published_at", flat=True).first()


def _owed(partner: Partner) -> "QuerySet[FeedRecord]":
    """Withdrawals to be confirmed. A partner that never fetched anything has nothing to forget."""
    if not partner.pulled:
        return FeedRecord.objects.none()
    after = max(partner.applied, partner.live_from)
    return feed.meant_for(partner, planted=False).filter(tombstone=True, seq__gt=after)


def _reports(partner: Partner) -> tuple[tuple[Outcome, int], ...]:
    latest = Sighting.objects.filter(partner=partner).order_by("-changed_at")
    counted = Counter(latest.values_list("outcome", flat=True)[:MOST])
    return tuple((outcome, counted[outcome]) for outcome in Outcome if counted[outcome])


def _live_keys() -> dict[int, list[PartnerKey]]:
    found: dict[int, list[PartnerKey]] = {}
    for key in PartnerKey.objects.live():
        found.setdefault(key.partner_id, []).append(key)
    return found
