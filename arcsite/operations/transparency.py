"""The public page of figures, and the same for programs. Both read what the sweep published."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from enrollment.views.trouble import says_try_later
from matching import publishing, small_counts
from matching.models import Partner, PublishedDay
from matching.publishing import KINDS, Figures

MONTHS_SHOWN = 24
# For as long one can come back and compare the end of the audit with what one wrote down.
HEADS = timedelta(days=62)
NOTHING = Figures(before="", months=[], years=[])
WORDS = {
    "submitted": _("sent to us"),
    "protected": _("protected"),
    "not_covered": _("not protected by the terms"),
    "withdrawn": _("withdrawn"),
    "expired": _("ended after the chosen term"),
    "contested": _("questioned by a partner"),
}


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is of, and its values in the order of the columns, None for not shown."""

    of: date
    counts: list[int | None]
    hours: int | None = None
    minutes: int | None = None


@login_not_required
@require_safe
@says_try_later
def page(request: HttpRequest) -> HttpResponse:
    last = publishing.latest()
    figures: Figures = last.figures if last else NOTHING
    context = {
        "partners": live_partners(),
        "few": small_counts.FEW,
        "columns": [WORDS[kind] for kind in KINDS],
        "months": list(month_rows(figures)),
        "years": list(year_rows(figures)),
        "audit": last,
    }
    return render(request, "operations/transparency.html", context)


@login_not_required
@require_safe
@says_try_later
def document(request: HttpRequest) -> JsonResponse:
    last = publishing.latest()
    figures: Figures = last.figures if last else NOTHING
    content: dict[str, Any] = {
        "null_means": "not shown: fewer than ten, or a total that would give a small month away",
        "partners_live": live_partners(),
        **figures,
        "audit": [head_of(day) for day in heads(last)],
    }
    return JsonResponse(content)


def live_partners() -> int:
    return Partner.objects.filter(stage=Partner.Stage.LIVE).count()


def heads(last: PublishedDay | None) -> Iterator[PublishedDay]:
    """The published ends of the audit, the latest first."""
    if last is not None:
        yield from PublishedDay.objects.filter(day__gt=last.day - HEADS).defer("figures")


def head_of(day: PublishedDay) -> dict[str, Any]:
    return {"day": day.day, "entries": day.audit_entries, "head": day.audit_head}


def month_rows(figures: Figures) -> Iterator[Row]:
    for month in figures["months"][:MONTHS_SHOWN]:
        first = date.fromisoformat(f"{month['month']}-01")
        counts = [month["counts"][kind] for kind in KINDS]
        yield Row(first, counts, month["hours_to_decision"], month["minutes_to_deletion"])


def year_rows(figures: Figures) -> Iterator[Row]:
    for year in figures["years"]:
        yield Row(date(year["year"], 1, 1), [year["counts"][kind] for kind in KINDS])
