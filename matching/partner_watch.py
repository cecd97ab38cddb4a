"""Says once, in the log, what became wrong with a partner; every sweep looks."""

import logging

from django.db.models import QuerySet

from matching import feed_health
from matching.feed_health import Alarm
from matching.models import Partner

logger = logging.getLogger(__name__)


def watch() -> int:
    """Look at everybody and tell of what changed since the last look. Returns with how many something is."""
    last, wrong = feed_health.last_calls(), 0
    for partner in feed_health.watched():
        alarms = feed_health.alarms(partner, last.get(partner.pk), feed_health.unconfirmed_since(partner))
        wrong += bool(alarms)
        _tell(partner, alarms)
    return wrong


def in_alarm() -> "QuerySet[Partner]":
    """Those with whom something was wrong at the last look."""
    return feed_health.watched().exclude(alarms="")


def _tell(partner: Partner, alarms: tuple[Alarm, ...]) -> None:
    names = " ".join(alarms)
    # Of two sweeps at once, the one that writes it down tells of it.
    seen = Partner.objects.filter(pk=partner.pk, alarms=partner.alarms).exclude(alarms=names)
    if not seen.update(alarms=names):
        return
    for alarm in alarms:
        if alarm.value not in partner.alarms.split():
            logger.critical("ALARM partner %s: %s", partner.slug, alarm.label)
    if not alarms:
        logger.info("partner %s keeps up again", partner.slug)
