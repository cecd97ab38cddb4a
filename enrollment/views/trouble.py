"""Answers for the times when we cannot, or will not just now, do what was asked. Nothing is kept then."""

import logging
from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from enrollment.inspection import Unavailable
from enrollment.limiter import Throttled

RETRY_AFTER_SECONDS = 60

View = Callable[..., HttpResponse]

log = logging.getLogger(__name__)


def says_try_later(view: View) -> View:
    """Turn throttling into 429 and our own failures into 503, each with Retry-After and a sentence."""

    @wraps(view)
    def answer(request: HttpRequest, **arguments: object) -> HttpResponse:
        try:
            return view(request, **arguments)
        except Throttled as throttled:
            return _later(request, 429, "too-many-tries", throttled.retry_after)
        except Unavailable as failure:
            log.exception("a request was turned away")
            return _later(request, 503, failure.code, RETRY_AFTER_SECONDS)
        except (OperationalError, InterfaceError):
            log.exception("a request was turned away")
            return _later(request, 503, "database-busy", RETRY_AFTER_SECONDS)

    return answer


def _later(request: HttpRequest, status: int, code: str, retry_after: int) -> HttpResponse:
    context = {"code": code, "minutes": -(-retry_after // 60)}
    response = render(request, f"{status}.html", context, status=status)
    response["Retry-After"] = str(retry_after)
    return response
