"""Refusals for machines: RFC 9457 problem documents with stable codes."""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, JsonResponse


class Problem(Enum):
    """Every refusal of the partner interface: its code, status and one sentence."""

    KEY_NOT_ACCEPTED = (
        "key-not-accepted",
        HTTPStatus.UNAUTHORIZED,
        "Send a valid access key as `Authorization: Bearer <key>`.",
    )
    BAD_CURSOR = (
        "bad-cursor",
        HTTPStatus.BAD_REQUEST,
        "`after` must be a whole number, 0 for the beginning.",
    )
    CURSOR_AHEAD = (
        "cursor-ahead",
        HTTPStatus.BAD_REQUEST,
        "`after` lies beyond the end of this feed. Was it taken from another service? Start again from 0.",
    )
    BAD_LIMIT = ("bad-limit", HTTPStatus.BAD_REQUEST, "`limit` must be a whole number from 1 to 1000.")

    def __init__(self, code: str, status: HTTPStatus, detail: str) -> None:
        self.code = code
        self.status = status
        self.detail = detail


class ProblemRaised(Exception):
    """Ends a request with a problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def answered(view: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Turn a raised problem into its answer."""

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponseBase:
        try:
            return view(request)
        except ProblemRaised as raised:
            return document(raised.problem)

    return wrapper


def document(problem: Problem) -> HttpResponseBase:
    """The answer itself; identical for identical problems, so that it tells nothing more."""
    response = JsonResponse(
        {
            "type": "about:blank",
            "title": problem.status.phrase,
            "status": problem.status.value,
            "code": problem.code,
            "detail": problem.detail,
        },
        status=problem.status.value,
        content_type="application/problem+json",
    )
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response
