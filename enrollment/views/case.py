"""A case as its sender sees it. Number and secret come by POST only; no address ever holds them."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from enrollment import case_session, limiter, services
from enrollment.case_session import NoOpenCase
from enrollment.forms import LookUpForm
from enrollment.problems import form_problems
from enrollment.receipts import grouped
from enrollment.status import photos_of
from enrollment.views.trouble import says_try_later


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
def status(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _look_up(request)
    try:
        case = case_session.current_case(request)
    except NoOpenCase:
        return render(request, "enrollment/look_up.html", {"form": LookUpForm()})
    photos = photos_of(case)
    context = {
        "number": grouped(case.number),
        "photos": photos,
        "several_withdrawable": sum(photo.withdrawable for photo in photos) > 1,
        "minutes": case_session.OPEN_SECONDS // 60,
    }
    return render(request, "enrollment/status.html", context)


def _look_up(request: HttpRequest) -> HttpResponse:
    limiter.take(limiter.Purpose.LOOK_UP, request)
    form = LookUpForm(request.POST)
    if form.is_valid():
        try:
            case = services.open_case(**form.cleaned_data)
        except services.NoSuchCase:
            form.refuse()
        else:
            case_session.open_case(request, case)
            return redirect("enrollment:status")
    context = {"form": form, "problems": form_problems(form)}
    return render(request, "enrollment/look_up.html", context, status=422)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
def withdraw(request: HttpRequest, position: int | None = None) -> HttpResponse:
    """Asks on GET, acts on POST. Without a position it means every photo of the case."""
    try:
        case = case_session.current_case(request)
    except NoOpenCase:
        return redirect("enrollment:status")
    photos = [photo for photo in case.photos.order_by("position") if position in (None, photo.position)]
    if not photos:
        raise Http404
    if request.method == "POST":
        services.withdraw(photos)
        return redirect("enrollment:status")
    return render(request, "enrollment/withdraw.html", {"position": position, "photos": photos})


@login_not_required
@require_POST
@says_try_later
def leave(request: HttpRequest) -> HttpResponse:
    case_session.leave(request)
    return redirect("enrollment:landing")
