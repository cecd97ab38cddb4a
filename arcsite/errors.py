"""What people see when no view could answer: one sentence and a stable code, never a traceback.

Nothing here needs the database, a session or a user, because any of them may be what failed.
"""

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string

RETRY_AFTER_SECONDS = 60


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Also what Django raises while it reads a form: too many files or fields, broken parts."""
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
    return _page("404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while the exception is being handled; a busy database is worth another try."""
    if isinstance(sys.exception(), OperationalError):
        response = _page("503.html", 503, code="database-busy", minutes=1)
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    return _page("500.html", 500)


def body_too_large() -> HttpResponse:
    """The answer to a Content-Length that no form of ours can have."""
    return _page("413.html", 413, code="body-too-large")


def length_required() -> HttpResponse:
    """The answer to a body that does not say how long it is."""
    return _page("400.html", 411, code="length-required")


def _page(template: str, status: int, **context: object) -> HttpResponse:
    return HttpResponse(render_to_string(template, context), status=status)
