"""The one way a photo changes state."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from enrollment.models import Photo, TimelineEntry
from enrollment.signals import photo_moved
from enrollment.states import Edge


class StaleState(Exception):
    """The photo was no longer in a state this edge starts from, or the lease had passed to another."""


def move(
    photo_id: uuid.UUID,
    edge: Edge,
    *,
    actor: str,
    lease: uuid.UUID | None = None,
    due_at: datetime | Combinable | None = None,
    details: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
    only_if: dict[str, Any] | None = None,
    **fields: Any,
) -> Photo:
    """Move one photo along one edge, exactly once: compare-and-swap, timeline and audit together.

    ``due_at`` says when the next irreversible step may begin (default: now), ``details`` goes to the
    timeline and the audit, ``private`` to the audit alone, ``fields`` are further columns of the same
    swap. With ``lease`` only the holder of that lease succeeds, with ``only_if`` only a row that these
    look-ups find. The lease is given back. Raises ``StaleState`` and changes nothing.
    """
    with transaction.atomic():
        rows = Photo.objects.filter(pk=photo_id, state__in=edge.sources).filter(**only_if or {})
        if lease is not None:
            rows = rows.filter(lease_token=lease, lease_until__gte=Now())
        swapped = rows.update(
            state=edge.target,
            due_at=due_at or Now(),
            lease_token=None,
            lease_until=None,
            attempts=0,
            **fields,
        )
        if swapped != 1:
            raise StaleState(f"photo cannot take the edge {edge.value}")
        return record(photo_id, edge.value, actor=actor, details=details, private=private)


def record(
    photo_id: uuid.UUID,
    action: str,
    *,
    actor: str,
    details: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> Photo:
    """Write the timeline entry of something that happened, and tell the audit. Call inside atomic()."""
    photo = Photo.objects.select_related("case").get(pk=photo_id)
    TimelineEntry.objects.create(photo=photo, event=action, details=details or {})
    audited = {**(details or {}), **(private or {})}
    photo_moved.send(sender=Photo, photo=photo, action=action, actor=actor, details=audited)
    return photo
