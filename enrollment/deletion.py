"""The record of a photo's deletion that its sender can print: what came when, and what stays. No picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from enrollment.models import TimelineEntry
from enrollment.states import TimelineEvent
from enrollment.status import DECISIONS, OVER

ARRIVALS = frozenset({TimelineEvent.RECEIVED, TimelineEvent.SENT_AGAIN})
# Told only after key and file were looked for and not found.
DELETIONS = frozenset({TimelineEvent.PROTECTED, TimelineEvent.CLOSED, TimelineEvent.PURGED})


@dataclass
class Stay:
    """One time that the covered photo was with us; what did not happen yet, or never, is None."""

    received_at: datetime
    decided_at: datetime | None = None
    decision: str = ""
    deleted_at: datetime | None = None


def stays_of(timeline: Iterable[TimelineEntry]) -> list[Stay]:
    """Each time that a photo was with us, by its timeline."""
    stays: list[Stay] = []
    for entry in timeline:
        event = TimelineEvent(entry.event)
        if event in ARRIVALS:
            stays.append(Stay(entry.at))
        elif event in OVER:
            stays[-1].decided_at, stays[-1].decision = None, ""
        elif event in DECISIONS:
            stays[-1].decided_at, stays[-1].decision = entry.at, str(event.label)
        elif event in DELETIONS:
            stays[-1].deleted_at = entry.at
    return stays
