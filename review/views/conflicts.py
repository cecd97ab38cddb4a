from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from enrollment.models import Photo
from review.conflicts import Conflict

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def explains_conflicts(view: View[P]) -> View[P]:
    """Answers a ``Conflict`` with a 409 page that says why, keeping what the reviewer had written."""

    @wraps(view)
    def explained(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Conflict as conflict:
            context = {"conflict": conflict, "written": request.POST.get("reason", "")}
            return render(request, "review/conflict.html", context, status=HTTPStatus.CONFLICT)
        except Photo.DoesNotExist:
            raise Http404 from None

    return explained
