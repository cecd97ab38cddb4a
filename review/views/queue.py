from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from review import permissions, queue, services
from review.queue import Flag
from review.views import workplace
from review.views.conflicts import explains_conflicts

PAGE_SIZE = 25


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    reviewer = permissions.reviewer(request)
    guardian = permissions.may_review_guardian(request)
    context = workplace.context(reviewer, guardian=guardian)
    overview = context["overview"]
    asked = request.GET.get("flag", "")
    flag = Flag(asked) if asked in overview.counts else None
    paginator = Paginator(queue.rows(flag, guardian=guardian), PAGE_SIZE)
    # Counted already, as far as anybody will turn the pages.
    paginator.count = min(overview.counts[flag] if flag else overview.waiting, queue.MOST_COUNTED)
    page = paginator.get_page(request.GET.get("page"))
    context |= {
        "flag": flag,
        "page": page,
        "rows": [(photo, queue.flags_of(photo)) for photo in page.object_list],
    }
    return render(request, "review/queue.html", context)


@require_POST
@explains_conflicts
def take_next(request: HttpRequest) -> HttpResponse:
    claim = services.take_next(permissions.reviewer(request))
    if claim is None:
        messages.info(request, _("No photo is free right now. Thank you."))
        return redirect("review:queue")
    return redirect("review:photo", claim.photo_id)
