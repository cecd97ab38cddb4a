from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from review import permissions, queue, services

PAGE_SIZE = 25


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    paginator = Paginator(queue.waiting(), PAGE_SIZE)
    context = {
        "own_claims": queue.own_claims(reviewer),
        "overview": queue.overview(),
        "waiting": paginator.count,
        "page": paginator.get_page(request.GET.get("page")),
    }
    return render(request, "review/queue.html", context)


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    claim = services.take_next(permissions.reviewer(request))
    if claim is None:
        messages.info(request, _("No photo is free right now. Thank you."))
        return redirect("review:queue")
    return redirect("review:photo", claim.photo_id)
