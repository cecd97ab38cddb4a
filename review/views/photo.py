import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enrollment.models import TimelineEntry
from review import claims, exposure, permissions, queue, rulings, services
from review.forms import DecisionForm
from review.models import Claim, TermsVersion
from review.views.conflicts import explains_conflicts

MOST_HISTORY = 100
MOST_LIKENESSES = 20


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
        "terms": terms,
        "form": refused or DecisionForm(initial={"token": claim.token}, terms=terms, state=claim.photo.state),
        "wellness": exposure.wellness_of(claim.reviewer),
        "undoable": rulings.undoable(reviewer),
        "is_lead": permissions.may_decide_escalated(request),
        **_about(claim),
    }
    return render(request, "review/photo.html", context, status=status)


def _about(claim: Claim) -> dict[str, Any]:
    """What is known about the photo. What another reviewer thinks of it only when it waits for a lead."""
    photo = claim.photo
    pairs = rulings.likenesses(photo).select_related("photo__case", "other__case").order_by("distance")
    entries = TimelineEntry.objects.filter(photo__case=photo.case_id).select_related("photo")
    history = list(entries[:MOST_HISTORY])
    return {
        "claim": claim,
        "photo": photo,
        "flags": queue.flags_of(photo),
        # Every history begins with the arrival of all photos of the case, at most fifty.
        "siblings": len({entry.photo_id for entry in history}),
        "history": history,
        "opinions": rulings.opinions_for_lead(photo),
        "likenesses": [
            (pair.other if pair.photo_id == photo.pk else pair.photo, pair.distance)
            for pair in pairs[:MOST_LIKENESSES]
        ],
    }


@require_GET
@explains_conflicts
def image(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """The masked image. A GET that writes: each view is one entry of the audit, and time of the budget.

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
    """More time with the picture counts as looking, so it needs some budget like a new picture does."""
    reviewer = permissions.reviewer(request)
    exposure.require(reviewer)
    claims.extend(photo_id, reviewer)
    return redirect("review:photo", photo_id)


@require_POST
@explains_conflicts
def release(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    if services.release(photo_id, permissions.reviewer(request)):
        messages.info(request, _("The photo is back in the queue."))
    return redirect("review:queue")
