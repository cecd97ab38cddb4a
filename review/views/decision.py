import uuid
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enrollment.models import Photo
from review import permissions, services
from review.conflicts import Conflict
from review.forms import AlarmForm, DecisionForm
from review.models import Decision, Step, TermsVersion
from review.views import photo
from review.views.conflicts import explains_conflicts


@require_POST
@explains_conflicts
def decide(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    state = get_object_or_404(Photo.objects.only("state"), pk=photo_id).state
    form = DecisionForm(request.POST, terms=TermsVersion.objects.current(), state=state)
    if not form.is_valid():
        return photo.page(request, photo_id, reviewer, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    decision, new = services.decide(photo_id, reviewer, **form.cleaned_data)
    sentence = _("Recorded: %(word)s.") if new else _("Already recorded: %(word)s.")
    messages.success(request, sentence % {"word": in_words(decision)})
    return redirect("review:queue")


@require_POST
@explains_conflicts
def undo(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    services.undo(photo_id, permissions.reviewer(request))
    messages.info(request, _("Taken back. The photo is with you again."))
    return redirect("review:photo", photo_id)


@require_POST
@explains_conflicts
def alarm(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    form = AlarmForm(request.POST)
    if not form.is_valid():
        raise Conflict("old-form")
    services.alarm(photo_id, reviewer, form.cleaned_data["token"])
    messages.warning(
        request,
        _("The photo is being deleted now; nobody else will see it. Take a moment before you go on."),
    )
    return redirect("review:queue")


@require_POST
@explains_conflicts
def skip(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    services.skip(photo_id, permissions.reviewer(request))
    messages.info(request, _("Skipped. Somebody else will look at it."))
    return redirect("review:queue")


def in_words(decision: Decision) -> str:
    """What was recorded, in the words of the button; of a two-person decision, that it waits for another."""
    if decision.clause is None:
        return str(decision.get_step_display())
    outcome = f"{decision.get_outcome_display()} ({decision.clause.code})"
    return outcome if decision.step == Step.FINAL else f"{outcome}; {decision.get_step_display()}"
