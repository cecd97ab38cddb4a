import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from enrollment.states import PhotoState
from review import assignments, permissions, team
from review.charts import BarChart, bar_chart
from review.lead_forms import AssignForm
from review.models import TeamFigures
from review.views.conflicts import explains_conflicts

AGE_CLASSES = (
    gettext_lazy("< 1 h"),
    gettext_lazy("1–4 h"),
    gettext_lazy("4–24 h"),
    gettext_lazy("1–3 d"),
    gettext_lazy("3–7 d"),
    gettext_lazy("7–14 d"),
    gettext_lazy("14–21 d"),
    gettext_lazy("> 21 d"),
)


@dataclass(frozen=True)
class Chart:
    """A drawn chart and the same values as rows, under one caption."""

    name: str
    caption: str
    unit: str
    heading: str
    drawn: BarChart
    rows: list[tuple[str, int]]


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    permissions.lead(request)
    latest = team.latest()
    context = {
        "escalations": assignments.escalations(),
        "leads": assignments.leads(),
        "may_decide": permissions.may_decide_escalated(request),
        "latest": latest,
        **(_figures(latest) if latest else {}),
    }
    return render(request, "review/lead.html", context)


@require_POST
@explains_conflicts
def assign(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    by = permissions.lead(request)
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This person cannot be given the photo. Please choose another."))
        return redirect("review:lead")
    lead = form.cleaned_data["lead"]
    assignments.assign(photo_id, lead, by=by)
    if lead:
        messages.success(request, _("The photo is %(name)s’s now.") % {"name": lead.get_username()})
    else:
        messages.success(request, _("Any lead may take the photo now."))
    return redirect("review:lead")


@require_POST
@explains_conflicts
def take(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    if not permissions.may_decide_escalated(request):
        raise PermissionDenied
    assignments.take(photo_id, reviewer)
    return redirect("review:photo", photo_id)


def _figures(latest: TeamFigures) -> dict[str, Any]:
    figures: team.Figures = latest.figures
    classes = [(str(name), count) for name, count in zip(AGE_CLASSES, figures["classes"], strict=True)]
    return {
        "figures": figures,
        "waiting": [(PhotoState(state).label, count) for state, count in figures["waiting"].items()],
        "ages": [(percent, _age(seconds)) for percent, seconds in figures["ages"].items()],
        "overturned": _share(figures["overturned"], figures["decisions"]),
        "agreeing": _share(figures["agreeing"], figures["pairs"]),
        "ageing": _chart("ageing", _("How long photos have waited"), _("Waiting for"), classes),
        "load": [
            _chart("received", _("Photos received, by day"), _("Day"), _dated(figures["received"])),
            _chart("said", _("Decisions and opinions, by day"), _("Day"), _dated(figures["said"])),
        ],
        "incidents": _chart("incidents", _("Alarms, by week"), _("Week from"), _dated(figures["incidents"])),
    }


def _chart(name: str, caption: str, heading: str, rows: list[tuple[str, int]]) -> Chart:
    return Chart(name, caption, _("Photos"), heading, bar_chart(rows), rows)


def _dated(rows: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(date_format(date.fromisoformat(day), "j M"), count) for day, count in rows]


def _share(part: int, whole: int) -> str:
    return _("%(share).1f %%") % {"share": 100 * part / whole} if whole else "–"


def _age(seconds: float) -> str:
    """In the largest unit of which there are two or more."""
    days, hours, minutes = (int(seconds // unit) for unit in (team.DAY, team.HOUR, 60))
    if days >= 2:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if hours >= 2:
        return ngettext("%(n)d h", "%(n)d h", hours) % {"n": hours}
    if minutes >= 2:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    return _("under 2 min")
