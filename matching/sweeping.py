"""The guarantee behind the queue: everything that is due is done here and now, cluster or not.

Every part may run at any time, twice, and in two processes at once; a part that fails does not keep the
others from running.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models.functions import Now
from django_q.models import Task

from enrollment import limiter, originals
from enrollment.services import lapse_overdue
from matching import backlog, dispatch, duplicates, partner_watch, publishing, services, shelf, wal
from matching.backlog import Backlog
from review import audit_check, team

logger = logging.getLogger(__name__)

ACTOR = "sweep"
# django-q2 keeps failed tasks for ever; a week is enough to look at one.
KEEP_TASKS = timedelta(days=7)
# Seconds for what is due to nobody in particular, so that the next sweep is not late.
TURN = 5.0


@dataclass(frozen=True)
class Sweep:
    """What one sweep did, in counts, and what is left. ``broken`` names the parts that failed.

    ``audit_fault`` is what the last check of the audit found, empty when all held; ``late_partners`` is how
    many partners are silent or have not confirmed a withdrawal in time.
    """

    retried: int
    lapsed: int
    steps: int
    strays: int
    lost: int
    truncated: bool
    left: Backlog
    broken: tuple[str, ...]
    audit_fault: str
    late_partners: int

    @property
    def alarming(self) -> bool:
        return self.left.alarming or bool(self.lost or self.broken or self.audit_fault or self.late_partners)


def sweep(*, retry_failed: bool = False) -> Sweep:
    """Do all due work inline and say what was done."""
    broken: list[str] = []

    def part(name: str, work: Callable[[], int]) -> int:
        try:
            return work()
        except Exception:
            logger.exception("sweep: %s failed", name)
            broken.append(name)
            return 0

    retried = part("retry", lambda: services.retry_failed(actor=ACTOR)) if retry_failed else 0
    lapsed = part("lapse", lapse_overdue)
    steps = part("due work", _do_due_work)
    found = _reconcile(broken)
    part("limiter", limiter.forget_old)
    part("old tasks", _forget_tasks)
    part("ended sessions", _forget_sessions)
    part("near duplicates", _find_duplicates)
    part("the file of fingerprints", lambda: shelf.renew(TURN) if shelf.is_due() else 0)
    part("the audit's check", _check_audit)
    part("the team's figures", team.refresh)
    part("the public figures", publishing.publish_today)
    late_partners = part("partners", partner_watch.watch)
    truncated = wal.truncate()
    return Sweep(
        retried=retried,
        lapsed=lapsed,
        steps=steps,
        strays=found.destroyed,
        lost=len(found.lost),
        truncated=truncated,
        left=backlog.measure(),
        broken=tuple(broken),
        audit_fault=audit_check.last_fault(),
        late_partners=late_partners,
    )


def _do_due_work() -> int:
    # One list at the start: a photo whose step fails is not due again before its lease ends anyway.
    return sum(
        services.process_photo(photo_id, actor=ACTOR)
        for photo_id in list(dispatch.due().values_list("pk", flat=True))
    )


def _reconcile(broken: list[str]) -> originals.Reconciliation:
    try:
        found = originals.reconcile()
    except (OSError, DatabaseError):
        logger.exception("sweep: reconciling the store failed")
        broken.append("store")
        return originals.Reconciliation(destroyed=0, lost=(), unknown=0)
    if found.stuck:
        logger.critical("ALARM %d strays of the store could not be destroyed", found.stuck)
        broken.append("store")
    if found.unknown:
        logger.warning("the store holds %d things that are not ours", found.unknown)
    for photo_id in found.lost:
        logger.critical("ALARM the original of photo %s is missing before its time", photo_id)
    return found


def _find_duplicates() -> int:
    return duplicates.enlist_missed() + duplicates.compare_waiting(TURN)


def _check_audit() -> int:
    audit_check.ask_when_old(by=ACTOR)
    return audit_check.advance(TURN)


def _forget_tasks() -> int:
    return int(Task.objects.filter(stopped__lt=Now() - KEEP_TASKS).delete()[0])


def _forget_sessions() -> int:
    return int(Session.objects.filter(expire_date__lt=Now()).delete()[0])
