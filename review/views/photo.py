import uuid

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enrollment.models import TimelineEntry
from review import claims, permissions, services
from review.forms import DecisionForm
from review.models import Outcome, TermsVersion
from review.views.conflicts import explains_conflicts


@require_GET
@explains_conflicts
def show(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    return page(request, photo_id, permissions.reviewer(request))


def page(
    request: HttpRequest,
    photo_id: uuid.UUID,
    reviewer: User,
    refused: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The reviewer's page of a photo they hold a live claim on; raises ``Conflict``."""
    claim = claims.held(photo_id, reviewer)
    terms = TermsVersion.objects.current()
    context = {
        "claim": claim,
        "photo": claim.photo,
        "siblings": claim.photo.case.photos.count(),
        "terms": terms,
        "outcomes": Outcome,
        "form": refused or DecisionForm(initial={"token": claim.token}, terms=terms),
        "history": TimelineEntry.objects.filter(photo__case=claim.photo.case).select_related("photo")[:100],
    }
    return render(request, "review/photo.html", context, status=status)


@require_GET
@explains_conflicts
def image(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """The masked image. A GET that writes: each view is one entry of the audit, and nothing else.

    The entry is the record of the reading itself, so it may not be left out when a picture is read
    again; no state that anybody decides by changes.
    """
    picture = services.masked_image(photo_id, permissions.reviewer(request))
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'inline; filename="masked.png"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(picture, content_type="image/png", headers=headers)


@require_POST
@explains_conflicts
def extend(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    claims.extend(photo_id, permissions.reviewer(request))
    return redirect("review:photo", photo_id)


@require_POST
@explains_conflicts
def release(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    if claims.release(photo_id, permissions.reviewer(request)):
        messages.info(request, _("The photo is back in the queue."))
    return redirect("review:queue")
