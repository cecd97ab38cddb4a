"""Pages to read: the start, how to cover a photo, what can be found, what to do next; and the cover tool."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enrollment import measured, recipients
from enrollment.arc import ARC, ARC_HEX
from enrollment.forms import UploadForm
from enrollment.views.trouble import says_try_later


@login_not_required
@require_safe
@says_try_later
def landing(request: HttpRequest) -> HttpResponse:
    context = {"partners": recipients.book().listed(), "guardian_route": settings.ARC_GUARDIAN_ROUTE}
    return render(request, "enrollment/landing.html", context)


@login_not_required
@require_safe
def cover(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/cover.html", {"colour": ARC_HEX, "red_green_blue": ARC})


@login_not_required
@require_safe
def limits(request: HttpRequest) -> HttpResponse:
    context = {"rows": measured.told(), "photos": measured.PHOTOS}
    return render(request, "enrollment/limits.html", context)


@login_not_required
@require_safe
def after(request: HttpRequest) -> HttpResponse:
    """What to do once the photo is sent, on the own device and elsewhere."""
    return render(request, "enrollment/after.html")


@login_not_required
@require_safe
@says_try_later
def paint(request: HttpRequest) -> HttpResponse:
    """The cover tool. What it paints is sent by its form to the upload page's own address."""
    limits = {
        "photos": settings.ARC_PHOTOS_PER_CASE,
        "bytes": settings.ARC_PHOTO_MAX_BYTES,
        # A form is counted as a whole, with its other fields.
        "together": settings.ARC_UPLOAD_MAX_BYTES - settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    }
    return render(request, "enrollment/paint.html", {"form": UploadForm.fresh(), "limits": limits})
