"""A case as its sender sees it. Number and secret come by POST only; no address ever holds them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enrollment import case_session, limiter, services, wishes
from enrollment.case_session import NoOpenCase
from enrollment.deletion import stays_of
from enrollment.forms import LookUpForm
from enrollment.models import Case
from enrollment.problems import form_problems
from enrollment.receipts import grouped
from enrollment.status import photos_of
from enrollment.views.opened import needs_open_case
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
        closed = case_session.was_closed(request)
        return render(request, "enrollment/look_up.html", {"form": LookUpForm(), "closed": closed})
    photos = photos_of(case)
    context = {
        "number": grouped(case.number),
        "photos": photos,
        "several_withdrawable": sum(photo.withdrawable for photo in photos) > 1,
        "narrowable": case.extended and any(photo.withdrawable for photo in photos),
        "chosen": wishes.in_words(wishes.wishes_of(case)),
        "extended": case.extended,
        "now": timezone.now(),
        **case_session.words(),
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
@needs_open_case
def withdraw(request: HttpRequest, case: Case, position: int | None = None) -> HttpResponse:
    """Asks on GET, acts on POST. Without a position it means every photo of the case."""
    photos = [photo for photo in case.photos.order_by("position") if position in (None, photo.position)]
    if not photos:
        raise Http404
    if request.method == "POST":
        services.withdraw(photos)
        return redirect("enrollment:status")
    context = {"position": position, "photos": photos, **case_session.words()}
    return render(request, "enrollment/withdraw.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
@needs_open_case
def narrow(request: HttpRequest, case: Case) -> HttpResponse:
    """Takes the extended fingerprint back. Asks on GET, acts on POST."""
    if not case.extended:
        return redirect("enrollment:status")
    if request.method == "POST":
        services.revoke_extended(case, actor="submitter")
        messages.success(request, _("The extended fingerprint is gone here. The plain one goes on."))
        return redirect("enrollment:status")
    return render(request, "enrollment/narrow.html", case_session.words())


@login_not_required
@require_safe
@says_try_later
@needs_open_case
def deletion(request: HttpRequest, case: Case, position: int) -> HttpResponse:
    """The record of a photo's deletion, to be printed or saved."""
    photo = next((photo for photo in photos_of(case) if photo.position == position), None)
    if photo is None:
        raise Http404
    if not photo.recorded:
        messages.info(request, _("This photo is not deleted yet, so there is no record of it."))
        return redirect("enrollment:status")
    context = {
        "number": grouped(case.number),
        "photo": photo,
        "stays": stays_of(photo.timeline),
        "now": timezone.now(),
        **case_session.words(),
    }
    return render(request, "enrollment/deletion.html", context)


# Exit has no form to take a token from, and a foreign page could at most close a case: the session's cookie
# does not come with what it sends anyway.
@csrf_exempt
@login_not_required
@require_POST
@says_try_later
def leave(request: HttpRequest) -> HttpResponse:
    """Close the case, and have the browser forget what it keeps of these pages."""
    case_session.leave(request)
    response = redirect("enrollment:landing")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
