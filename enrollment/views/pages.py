"""The landing page, how to cover a photo, and the tool that does it in the browser."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enrollment.arc import ARC, ARC_HEX
from enrollment.forms import UploadForm


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/landing.html")


@login_not_required
@require_safe
def cover(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/cover.html", {"colour": ARC_HEX, "red_green_blue": ARC})


@login_not_required
@require_safe
def paint(request: HttpRequest) -> HttpResponse:
    """The cover tool. What it paints is sent by its form to the upload page's own address."""
    limits = {
        "photos": settings.ARC_PHOTOS_PER_CASE,
        "bytes": settings.ARC_PHOTO_MAX_BYTES,
        # A form is counted as a whole, with its other fields.
        "together": settings.ARC_UPLOAD_MAX_BYTES - settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    }
    return render(request, "enrollment/paint.html", {"form": UploadForm.fresh(), "limits": limits})
