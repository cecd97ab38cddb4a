from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from review import audit, audit_check, csv_cells, log, permissions
from review.log import Search
from review.log_forms import LogSearchForm

SEARCH = "review.log.search"
LARGEST_SEQ = 2**63 - 1
FILE_NAME = "audit.csv"


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    permissions.auditor(request)
    return _page(request, LogSearchForm(initial=request.session.get(SEARCH)))


@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Keeps what is searched for in the session: a case number must not stand in an address."""
    permissions.auditor(request)
    form = LogSearchForm({} if "clear" in request.POST else request.POST)
    if not form.is_valid():
        return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    request.session[SEARCH] = form.search.filled()
    return redirect("review:log")


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the search on the page finds, as a file. By POST, because taking it away is written down."""
    rows = log.export(_search(request), by=permissions.exporter(request))
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    file = csv_cells.lines(log.COLUMNS, rows)
    return StreamingHttpResponse(file, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Ask for a walk over the whole audit; the worker does it, in steps."""
    auditor = permissions.auditor(request)
    if audit_check.ask(by=audit.staff(auditor)):
        messages.info(request, _("The check has begun. Its result will stand on this page."))
    else:
        messages.info(request, _("A check is at work already."))
    return redirect("review:log")


def _page(request: HttpRequest, form: LogSearchForm, status: int = HTTPStatus.OK) -> HttpResponse:
    search = _search(request)
    before = _sequence_number(request.GET.get("before", ""))
    context = {
        "form": form,
        "search": search.filled(),
        "page": log.page(search, before=before),
        "is_first": before is None,
        "may_export": permissions.may_export(request),
        "check": audit_check.latest(),
        "entries": audit.current_head().seq,
    }
    return render(request, "review/log.html", context, status=status)


def _search(request: HttpRequest) -> Search:
    return Search(**request.session.get(SEARCH, {}))


def _sequence_number(text: str) -> int | None:
    """What stands in the address, as a number the database can compare; ``None`` means from the newest."""
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[:19]), LARGEST_SEQ)
