from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from review import exposure, permissions, wellness
from review.views import workplace
from review.wellness_forms import LookForm, PauseForm


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    return _page(request, permissions.reviewer(request))


@require_POST
def save_settings(request: HttpRequest) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    form = LookForm(request.POST, instance=exposure.wellness_of(reviewer))
    if not form.is_valid():
        return _page(request, reviewer, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    wellness.save_look(form.instance)
    messages.success(request, _("Saved. Photos look like this for you from now on."))
    return redirect("review:start")


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, reviewer, status=HTTPStatus.UNPROCESSABLE_ENTITY, pause_form=form)
    wellness.pause(reviewer, wellness.Pause(form.cleaned_data["length"]))
    return redirect("review:start")


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    wellness.resume(permissions.reviewer(request))
    return redirect("review:start")


def _page(
    request: HttpRequest,
    reviewer: User,
    form: LookForm | None = None,
    status: int = HTTPStatus.OK,
    pause_form: PauseForm | None = None,
) -> HttpResponse:
    context = workplace.context(reviewer, guardian=permissions.may_review_guardian(request))
    context |= {
        "form": form or LookForm(instance=context["wellness"]),
        "pause_form": pause_form or PauseForm(),
    }
    return render(request, "review/start.html", context, status=status)
