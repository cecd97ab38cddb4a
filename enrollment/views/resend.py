"""Sending one photo of a case again: an appeal, better covered, or because it was questioned or delayed."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import arc, case_session, limiter, services
from enrollment.forms import ResendForm
from enrollment.inspection import UploadRefused
from enrollment.models import Case, Photo
from enrollment.occasions import occasion_of
from enrollment.problems import Problem, file_problems, form_problems
from enrollment.status import INVITATIONS
from enrollment.views.opened import needs_open_case
from enrollment.views.trouble import says_try_later
from enrollment.views.upload import limits


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
@needs_open_case
def resend(request: HttpRequest, case: Case, position: int) -> HttpResponse:
    photo = case.photos.filter(position=position).first()
    if photo is None:
        raise Http404
    if request.method == "POST":
        return _receive(request, photo)
    return _page(request, photo, ResendForm())


def _receive(request: HttpRequest, photo: Photo) -> HttpResponse:
    limiter.take(limiter.Purpose.UPLOAD, request)
    form = ResendForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, photo, form, form_problems(form), status=422)
    file = form.sent_file()
    try:
        services.resend(photo, file)
    except UploadRefused as refusal:
        problems = file_problems(refusal, [file])
        too_large = any(problem.code == "too-large-file" for problem in problems)
        return _page(request, photo, form, problems, status=413 if too_large else 422)
    except services.NotTheTime:
        return _not_now(request)
    messages.success(request, _("We received your covered photo again. A reviewer will look at it."))
    return redirect("enrollment:status")


def _not_now(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("This photo cannot be sent again now. Here is how it stands."))
    return redirect("enrollment:status")


def _page(
    request: HttpRequest,
    photo: Photo,
    form: ResendForm,
    problems: list[Problem] | None = None,
    status: int = 200,
) -> HttpResponse:
    occasion = occasion_of(photo, photo.timeline.all())
    if occasion is None:
        return _not_now(request)
    context = {
        "photo": photo,
        "form": form,
        "problems": problems or [],
        "invitation": INVITATIONS[occasion],
        "limits": limits(),
        "colour": arc.ARC_HEX,
        "days": settings.ARC_REVIEW_DAYS,
        **case_session.words(),
    }
    return render(request, "enrollment/resend.html", context, status=status)
