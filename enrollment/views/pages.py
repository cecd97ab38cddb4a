"""Pages that only tell: the landing page and how to cover a photo."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enrollment.arc import ARC, ARC_HEX


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/landing.html")


@login_not_required
@require_safe
def cover(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/cover.html", {"colour": ARC_HEX, "red_green_blue": ARC})
