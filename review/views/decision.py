import uuid
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from review import permissions, services
from review.forms import DecisionForm
from review.models import TermsVersion
from review.views import photo
from review.views.conflicts import explains_conflicts


@require_POST
@explains_conflicts
def decide(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    form = DecisionForm(request.POST, terms=TermsVersion.objects.current())
    if not form.is_valid():
        return photo.page(request, photo_id, reviewer, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    answer = form.cleaned_data
    decision, new = services.decide(
        photo_id, reviewer, token=answer["token"], clause=answer["clause"], reason=answer["reason"]
    )
    first, again = _("Recorded: %(outcome)s (%(clause)s)."), _("Already recorded: %(outcome)s (%(clause)s).")
    names = {"outcome": decision.get_outcome_display(), "clause": decision.clause.code}
    messages.success(request, (first if new else again) % names)
    return redirect("review:queue")
