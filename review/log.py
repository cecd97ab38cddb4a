"""Reading the audit, newest first, a page at a time.

Pages go by sequence number, not by offset, and every search stands on one index, so the last page of a
million entries is as quick as the first.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat

from review import audit
from review.models import AuditEntry

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 2000
EXPORTED = "log.exported"
COLUMNS = (
    "number", "time", "actor", "name", "action", "case", "photo", "details", "previous", "digest",
)  # fmt: skip


@dataclass(frozen=True)
class Search:
    """What the log is narrowed to; empty means everything. Dates are ISO, the last one included.

    ``actor`` is a user name, or the name of a part of the service such as ``worker``.
    """

    case: str = ""
    actor: str = ""
    action: str = ""
    since: str = ""
    until: str = ""

    def filled(self) -> dict[str, str]:
        """Only what is searched for."""
        return {name: value for name, value in vars(self).items() if value}


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


def page(search: Search, *, before: int | None = None) -> LogPage:
    found = list(_below(_matching(search), before)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return LogPage(_lines(shown), shown[-1].seq if len(found) > PAGE_SIZE else None)


def export(search: Search, *, by: User) -> Iterator[tuple[object, ...]]:
    """Rows of COLUMNS, newest first, of what the log holds at this moment; the export itself is audited.

    The entry is written before the first row is read. Rows are read in short statements: one that stayed
    open as long as somebody's slow download would keep deleted pages in the write-ahead log.
    """
    entry = audit.append(EXPORTED, actor=audit.staff(by), case=search.case, details=_told(search))
    return _rows(_matching(search), before=entry.seq)


def actor_key(name: str) -> str:
    """How the audit names an actor that a person names."""
    user = User.objects.filter(username=name).first()
    return audit.staff(user) if user else name


def _rows(entries: QuerySet[AuditEntry], *, before: int) -> Iterator[tuple[object, ...]]:
    while chunk := list(_below(entries, before)[:EXPORTED_AT_ONCE]):
        names = _names(entry.actor for entry in chunk)
        for entry in chunk:
            name = names.get(entry.actor, "")
            yield (
                entry.seq, entry.at, entry.actor, name, entry.action, entry.case, entry.photo or "",
                entry.details, entry.previous, entry.digest,
            )  # fmt: skip
        before = chunk[-1].seq


def _below(entries: QuerySet[AuditEntry], before: int | None) -> QuerySet[AuditEntry]:
    return entries if before is None else entries.filter(seq__lt=before)


def _matching(search: Search) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.order_by("-seq")
    if search.case:
        entries = entries.filter(case=search.case)
    for name, value in (("actor", search.actor and actor_key(search.actor)), ("action", search.action)):
        if not value:
            continue
        # A case has few entries, an actor may have most of a million: then no other index may be taken.
        column = Concat(F(name), Value("")) if search.case else F(name)
        entries = entries.alias(**{f"{name}_is": column}).filter(**{f"{name}_is": value})
    return _within_dates(entries, search)


def _within_dates(entries: QuerySet[AuditEntry], search: Search) -> QuerySet[AuditEntry]:
    """Number and time rise together, both given out under one lock, so a range of days is one of numbers."""
    if search.since:
        first = _first_from(search.since)
        entries = entries.none() if first is None else entries.filter(seq__gte=first)
    if search.until:
        # Above every moment of that day, which all go on with a T, and below the next day.
        entries = _below(entries, _first_from(f"{search.until}U"))
    return entries


def _first_from(moment: str) -> int | None:
    later = AuditEntry.objects.filter(at__gte=moment).order_by("at", "seq")
    return later.values_list("seq", flat=True).first()


def _told(search: Search) -> dict[str, str]:
    """The search as the audit may keep it for ever: people by key, the case in its own column."""
    told = search.filled() | ({"actor": actor_key(search.actor)} if search.actor else {})
    return {name: value for name, value in told.items() if name != "case"}


def _lines(entries: list[AuditEntry]) -> list[Line]:
    names = _names(entry.actor for entry in entries)
    return [Line(e, names.get(e.actor, e.actor), _brief(e.details)) for e in entries]


def _brief(details: str) -> dict[str, Any]:
    """What stands in an entry, without the clause's whole wording: its code and the terms say which."""
    return {name: value for name, value in json.loads(details).items() if value and name != "clause_text"}


def _names(actors: Iterable[str]) -> dict[str, str]:
    keys = {actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")}
    people = User.objects.filter(pk__in=[int(key) for key in keys if key.isdigit()])
    return {f"staff:{pk}": name for pk, name in people.values_list("pk", "username")}
