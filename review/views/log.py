from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from review import log, permissions
from review.forms import LogSearchForm

SEARCH = "review.log.search"
LARGEST_SEQ = 2**63 - 1


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
    request.session[SEARCH] = {name: value for name, value in form.cleaned_data.items() if value}
    return redirect("review:log")


def _page(request: HttpRequest, form: LogSearchForm, status: int = HTTPStatus.OK) -> HttpResponse:
    search = request.session.get(SEARCH, {})
    before = _sequence_number(request.GET.get("before", ""))
    page = log.page(before=before, **search)
    context = {"form": form, "search": search, "page": page, "is_first": before is None}
    return render(request, "review/log.html", context, status=status)


def _sequence_number(text: str) -> int | None:
    """What stands in the address, as a number the database can compare; ``None`` means from the newest."""
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[:19]), LARGEST_SEQ)
