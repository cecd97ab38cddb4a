"""Reading the audit, newest first, a page at a time.

Pages go by sequence number, not by offset, so the last page of a million is as quick as the first.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from review.models import AuditEntry

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    entry: AuditEntry
    actor: str
    details: dict[str, Any]


@dataclass(frozen=True)
class LogPage:
    """``older`` is where the next page begins, ``None`` on the last one."""

    lines: list[Line]
    older: int | None


def page(*, case: str = "", action: str = "", before: int | None = None) -> LogPage:
    entries = AuditEntry.objects.order_by("-seq")
    if case:
        entries = entries.filter(case=case)
    if action:
        entries = entries.filter(action=action)
    if before is not None:
        entries = entries.filter(seq__lt=before)
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    names = _names(entry.actor for entry in shown)
    lines = [Line(e, names.get(e.actor, e.actor), _brief(e.details)) for e in shown]
    return LogPage(lines, shown[-1].seq if len(found) > PAGE_SIZE else None)


def _brief(details: str) -> dict[str, Any]:
    """What stands in an entry, without the clause's whole wording: its code and the terms say which."""
    return {name: value for name, value in json.loads(details).items() if value and name != "clause_text"}


def _names(actors: Iterable[str]) -> dict[str, str]:
    keys = {actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")}
    people = User.objects.filter(pk__in=[int(key) for key in keys if key.isdigit()])
    return {f"staff:{pk}": name for pk, name in people.values_list("pk", "username")}
