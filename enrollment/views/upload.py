"""Sending covered photos. The receipt is the answer to the POST itself: it is never behind an address."""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from enrollment import anatomy, arc, limiter, receipts, services, wishes
from enrollment.forms import GuardianForm, SendForm, UploadForm
from enrollment.inspection import SentFile, UploadRefused
from enrollment.problems import Problem, file_problems, form_problems
from enrollment.removed import in_words
from enrollment.views.trouble import says_try_later


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
def upload(request: HttpRequest) -> HttpResponse:
    return _send(request, UploadForm)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@says_try_later
def upload_as_guardian(request: HttpRequest) -> HttpResponse:
    """The same for whoever acts for the person in the photo, where the operator opened this way."""
    if not settings.ARC_GUARDIAN_ROUTE:
        raise Http404
    return _send(request, GuardianForm)


def _send(request: HttpRequest, form_class: type[SendForm]) -> HttpResponse:
    if request.method != "POST":
        return _page(request, form_class.fresh())
    limiter.take(limiter.Purpose.UPLOAD, request)
    form = form_class(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, form_problems(form), status=422)
    files = form.sent_files()
    try:
        enrolled = services.submit(form.cleaned_data["token"], files, form.attestation, form.wishes())
    except UploadRefused as refusal:
        return _refused(request, form, refusal, files)
    except services.AlreadyReceived:
        return render(request, "enrollment/already_received.html", status=409)
    context = {
        "enrolled": enrolled,
        "removed": in_words(enrolled.stripped),
        "days": settings.ARC_REVIEW_DAYS,
        "address": request.build_absolute_uri(reverse("enrollment:status")),
        "chosen": wishes.in_words(enrolled.wishes),
    }
    return render(request, "enrollment/receipt.html", context)


def _refused(
    request: HttpRequest, form: SendForm, refusal: UploadRefused, files: Sequence[SentFile]
) -> HttpResponse:
    problems = file_problems(refusal, files)
    too_large = any(problem.code == "too-large-file" for problem in problems)
    some_fine = len(problems) < len(files)
    return _page(request, form, problems, status=413 if too_large else 422, some_fine=some_fine)


def _page(
    request: HttpRequest,
    form: SendForm,
    problems: Sequence[Problem] = (),
    *,
    status: int = 200,
    some_fine: bool = False,
) -> HttpResponse:
    if form.has_error("token"):
        # Whatever mangled it, the next send shall work; nothing was stored under a token we refused.
        form.data = {**form.data, "token": receipts.new_token()}
    context = {
        "form": form,
        "problems": problems,
        "some_fine": some_fine,
        "limits": limits(),
        "colour": arc.ARC_HEX,
        "guardian_route": settings.ARC_GUARDIAN_ROUTE,
        "is_guardian": isinstance(form, GuardianForm),
    }
    return render(request, "enrollment/upload.html", context, status=status)


def limits() -> dict[str, int]:
    """What the pages say can be taken."""
    return {
        "photos": settings.ARC_PHOTOS_PER_CASE,
        "megabytes": settings.ARC_PHOTO_MAX_BYTES // 1_000_000,
        "together": settings.ARC_UPLOAD_MAX_BYTES // 1_000_000,
        "least_side": anatomy.MIN_SIDE,
        "longest_side": anatomy.MAX_SIDE,
        "megapixels": anatomy.MAX_PIXELS // 1_000_000,
        "floor_percent": round(100 * arc.FLOOR),
    }
