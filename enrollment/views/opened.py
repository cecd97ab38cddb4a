"""Pages about the case that this browser has open."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from enrollment import case_session
from enrollment.case_session import NoOpenCase

View = Callable[..., HttpResponse]


def needs_open_case(view: View) -> View:
    """Hand the view the open case after the request; without one, the person is asked to open it."""

    @wraps(view)
    def answer(request: HttpRequest, **arguments: object) -> HttpResponse:
        try:
            case = case_session.current_case(request)
        except NoOpenCase:
            return redirect("enrollment:status")
        return view(request, case, **arguments)

    return answer
