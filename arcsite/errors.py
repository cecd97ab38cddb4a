"""What people see when no view could answer: one sentence and a stable code, never a traceback.

Partners' programs get the same as a problem document. Nothing here needs the database, a session or a user,
because any of them may be what failed.
"""

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string

from matching import problems
from matching.problems import Problem

RETRY_AFTER_SECONDS = 60
# Where no people come, only partners' programs.
PROGRAMS = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Also what Django raises while it reads a form: too many files or fields, broken parts."""
    if _is_for_programs(request):
        too_large = isinstance(exception, RequestDataTooBig)
        return problems.document(Problem.BODY_TOO_LARGE if too_large else Problem.BAD_REQUEST)
    if isinstance(exception, TooManyFilesSent):
        return _page("413.html", 413, code="too-many-photos")
    if isinstance(exception, RequestDataTooBig):
        return _page("413.html", 413, code="form-too-large")
    if isinstance(exception, TooManyFieldsSent):
        return _page("400.html", 400, code="too-many-fields")
    if isinstance(exception, MultiPartParserError):
        return _page("400.html", 400, code="broken-upload")
    return _page("400.html", 400, code="bad-request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("403.html", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_programs(request):
        return problems.document(Problem.NO_SUCH_ADDRESS)
    return _page("404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while the exception is being handled; a busy database is worth another try."""
    busy = isinstance(sys.exception(), OperationalError | InterfaceError)
    if _is_for_programs(request):
        return problems.document(Problem.BUSY if busy else Problem.SERVER_ERROR)
    if busy:
        response = _page("503.html", 503, code="database-busy", minutes=1)
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    return _page("500.html", 500)


def body_too_large(request: HttpRequest) -> HttpResponse:
    """The answer to a Content-Length that no form of ours can have."""
    if _is_for_programs(request):
        return problems.document(Problem.BODY_TOO_LARGE)
    return _page("413.html", 413, code="body-too-large")


def length_required(request: HttpRequest) -> HttpResponse:
    """The answer to a body that does not say how long it is."""
    if _is_for_programs(request):
        return problems.document(Problem.LENGTH_REQUIRED)
    return _page("400.html", 411, code="length-required")


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(PROGRAMS)


def _page(template: str, status: int, **context: object) -> HttpResponse:
    return HttpResponse(render_to_string(template, context), status=status)
