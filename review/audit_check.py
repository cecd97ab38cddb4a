"""Walking the whole audit in small steps, so that no request and no worker is kept by it.

Somebody asks, the worker goes on from where it stopped, and the last answer stands as a badge on the log.
"""

import logging
import time
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from review import audit
from review.models import AuditCheck, AuditEntry

logger = logging.getLogger(__name__)

STEP_ENTRIES = 2000
EVERY = timedelta(days=1)


def latest() -> AuditCheck | None:
    """The last check, finished or not."""
    return AuditCheck.objects.order_by("-pk").first()


def last_fault() -> str:
    """What the last finished check found; empty when all held, or nothing was checked yet."""
    done = AuditCheck.objects.filter(finished_at__isnull=False).order_by("-pk")
    return done.values_list("fault", flat=True).first() or ""


def is_running() -> bool:
    return AuditCheck.objects.running().exists()


def ask(*, by: str) -> bool:
    """Start a check; False when one is at work already."""
    try:
        with transaction.atomic():
            AuditCheck.objects.create(asked_by=by, head=audit.GENESIS)
    except IntegrityError:
        return False
    return True


def ask_when_old(*, by: str) -> bool:
    """Start a check when none was started for a day; True when it did."""
    fresh = AuditCheck.objects.filter(started_at__gt=Now() - EVERY)
    return not fresh.exists() and ask(by=by)


def advance(seconds: float) -> int:
    """Go on with the running check, if any, for about so long; returns how many entries were walked.

    May run in two processes at once: of two who walk the same entries, the first to write is heard.
    """
    until = time.monotonic() + seconds
    walked = 0
    while (check := AuditCheck.objects.running().first()) is not None:
        walked += _step(check)
        if time.monotonic() >= until:
            break
    return walked


def _step(check: AuditCheck) -> int:
    """Walk the next entries of a check and write down how far it got."""
    count, head, fault, finished = check.walked, check.head, "", False
    entries = list(AuditEntry.objects.filter(seq__gt=count).order_by("seq")[:STEP_ENTRIES])
    try:
        if not count and AuditEntry.objects.filter(seq__lt=1).exists():
            raise audit.Broken("an entry stands before the first one")
        for entry in audit.sound(entries, after=count, head=head):
            count, head = entry.seq, entry.digest
        if len(entries) < STEP_ENTRIES:
            finished = _agrees_with_the_end(count, head)
    except audit.Broken as broken:
        fault, finished = str(broken), True
    steps = AuditCheck.objects.running().filter(pk=check.pk, walked=check.walked)
    written = steps.update(walked=count, head=head, fault=fault, finished_at=Now() if finished else None)
    if written and fault:
        logger.critical("ALARM the audit does not hold: %s", fault)
    return count - check.walked if written else 0


def _agrees_with_the_end(count: int, head: str) -> bool:
    """Whether the walk is over; False when entries arrived meanwhile. Raises Broken.

    What an earlier check saw must still be there: a chain that was cut and closed again holds in itself.
    """
    end = audit.current_head()
    if end.seq > count and AuditEntry.objects.filter(seq__gt=count).exists():
        return False
    if (end.seq, end.digest) != (count, head):
        raise audit.Broken(audit.CUT_OFF)
    earlier = AuditCheck.objects.sound().order_by("-walked").first()
    if earlier and earlier.walked and not _stands(earlier):
        raise audit.Broken(audit.HEAD_GONE)
    return True


def _stands(check: AuditCheck) -> bool:
    return AuditEntry.objects.filter(seq=check.walked, digest=check.head).exists()
