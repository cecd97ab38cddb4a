"""What partners report of public photos that matched, and what follows from it.

A report and all that follows is one transaction. A partner's own name for a match may point at a person, so
only a keyed digest of it is kept. Locks are taken in the order of every other change: feed, then audit.
"""

import logging
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from enrollment import limiter, transitions
from enrollment.models import TimelineEntry
from enrollment.pepper import peppered
from enrollment.states import TimelineEvent
from matching import feed
from matching.models import FeedRecord, Outcome, Partner, Planted, Sighting
from review import audit
from review import services as review

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
DAY_SECONDS = 86_400
# A photo that spreads would bury the rest of its timeline; every report counts all the same.
TOLD_A_DAY = 10
TOLD = {
    Outcome.SEEN: TimelineEvent.SEEN_AT_PARTNER,
    Outcome.BLOCKED: TimelineEvent.BLOCKED_AT_PARTNER,
    Outcome.REMOVED: TimelineEvent.REMOVED_AT_PARTNER,
    Outcome.NOT_REMOVED: TimelineEvent.NOT_REMOVED_AT_PARTNER,
}
REASON = "A partner says that the fingerprint matched another photo, or should not be listed."


class UnknownId(Exception):
    """The partner was never told of such a record."""


class ReferenceTaken(Exception):
    """The partner used this name for another record's match."""


class TooManyDisputes(Exception):
    """The partner questions more than one may in a day; ``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def report(partner: Partner, public_id: str, reference: str, outcome: Outcome) -> bool:
    """Take in what a partner says of one match; True when it is the first word on it.

    The same again changes nothing. Raises UnknownId, ReferenceTaken, or TooManyDisputes with an alarm; then
    nothing was changed.
    """
    try:
        with transaction.atomic():
            record = _record_of(partner, public_id)
            sighting, is_new = Sighting.objects.select_for_update().get_or_create(
                partner=partner,
                reference_digest=_digest(partner, reference),
                defaults={"record": record, "outcome": outcome},
            )
            if sighting.record_id != record.pk:
                raise ReferenceTaken
            if is_new or sighting.outcome != outcome:
                Sighting.objects.filter(pk=sighting.pk).update(outcome=outcome, changed_at=Now())
                _follow_up(partner, record, outcome)
            return is_new
    except limiter.Throttled as throttled:
        _alarm_of_disputes(partner)
        raise TooManyDisputes(throttled.retry_after) from None


def _record_of(partner: Partner, public_id: str) -> FeedRecord:
    """A record that the partner is or was told of: what ended before it went live, it never was."""
    fingerprint_id = feed.fingerprint_of(partner, public_id)
    told = Q(tombstone=False) | Q(active_seq__isnull=False, seq__gt=partner.live_from)
    record = feed.visible(partner).filter(told, pk=fingerprint_id).first() if fingerprint_id else None
    if record is None:
        raise UnknownId
    return record


def _digest(partner: Partner, reference: str) -> str:
    return peppered("sighting", str(partner.pk), reference).hex()


def _follow_up(partner: Partner, record: FeedRecord, outcome: Outcome) -> None:
    if record.photo_id is None:
        _look_at_planted(partner, record)
    elif outcome is Outcome.DISPUTED:
        _dispute(partner, record, record.photo_id)
    else:
        _tell(partner, record.photo_id, outcome)


def _look_at_planted(partner: Partner, record: FeedRecord) -> None:
    """A test record is there to be reported; nothing public can look like a canary."""
    if not Planted.objects.filter(pk=record.pk, kind=Planted.Kind.CANARY).exists():
        return
    audit.append("canary.reported", actor=_name(partner), details={"canary": str(record.pk)})
    logger.critical("ALARM partner %s reports a match of its canary: who has its list?", partner.slug)


def _dispute(partner: Partner, record: FeedRecord, photo_id: uuid.UUID) -> None:
    """Pause matching until the photo was looked at anew, once for each partner and photo.

    What a reviewer confirmed after this partner's question is not taken off the list by it again.
    """
    limiter.take_for(str(partner.pk), "dispute", limit=settings.ARC_LIMIT_DISPUTES, seconds=DAY_SECONDS)
    earlier = Sighting.objects.filter(partner=partner, record__photo=photo_id, outcome=Outcome.DISPUTED)
    if earlier.exclude(record=record).exists():
        logger.warning("partner %s questions a photo again that was looked at anew", partner.slug)
    elif not record.tombstone:
        review.suspend(photo_id, actor=_name(partner), reason=REASON)


def _tell(partner: Partner, photo_id: uuid.UUID, outcome: Outcome) -> None:
    """Tell the photo's sender and the audit, unless they heard enough of it today."""
    today = TimelineEntry.objects.filter(photo=photo_id, event__in=TOLD.values(), at__gt=Now() - DAY)
    if today.count() < TOLD_A_DAY:
        transitions.record(
            photo_id, TOLD[outcome].value, actor=_name(partner), details={"partner": partner.slug}
        )


def _name(partner: Partner) -> str:
    """How a partner is named as an actor."""
    return f"partner:{partner.pk}"


def _alarm_of_disputes(partner: Partner) -> None:
    """Once a day: whoever asks again in a loop must not fill the log."""
    if limiter.first_use("disputes", str(partner.pk), seconds=DAY_SECONDS):
        logger.critical("ALARM partner %s questions too many photos; the rest is refused today", partner.slug)
