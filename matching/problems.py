"""Refusals for machines: RFC 9457 problem documents with stable codes."""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus

from django.http import HttpResponse, JsonResponse

from enrollment.formats import PUBLIC_FORMATS

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 60


class Problem(Enum):
    """Every refusal of the partner interface: its code, status and one sentence or two."""

    KEY_NOT_ACCEPTED = (
        "key-not-accepted",
        HTTPStatus.UNAUTHORIZED,
        "Send a valid access key as `Authorization: Bearer <key>`.",
    )
    TOO_MANY_CALLS = (
        "too-many-calls",
        HTTPStatus.TOO_MANY_REQUESTS,
        "This key was used too often. Wait for as many seconds as `Retry-After` says.",
    )
    BAD_CURSOR = (
        "bad-cursor",
        HTTPStatus.BAD_REQUEST,
        "`after` must be a whole number, 0 for the beginning.",
    )
    BAD_LIMIT = ("bad-limit", HTTPStatus.BAD_REQUEST, "`limit` must be a whole number from 1 to 5000.")
    BAD_VERSIONS = (
        "bad-versions",
        HTTPStatus.BAD_REQUEST,
        "`versions` must be names like `arc-1` with a comma between them.",
    )
    CURSOR_AHEAD = (
        "cursor-ahead",
        HTTPStatus.CONFLICT,
        "This number lies beyond the end of this feed. Was it taken from another one? Start again from 0.",
    )
    ANOTHER_FEED = (
        "another-feed",
        HTTPStatus.CONFLICT,
        "`feed` names another feed than this one, so your numbers mean nothing here. Start again from 0.",
    )
    VERSION_NOT_OFFERED = (
        "version-not-offered",
        HTTPStatus.NOT_ACCEPTABLE,
        "None of `versions` is made here today; `offered` lists what is. Is there a newer program?",
    )
    CONFIRMATION_BEHIND = (
        "confirmation-behind",
        HTTPStatus.CONFLICT,
        "More was confirmed before, and what was applied cannot be taken back. `applied` says how much.",
    )
    BAD_BODY = (
        "bad-body",
        HTTPStatus.BAD_REQUEST,
        "The body must be a JSON object with exactly the fields of the documentation.",
    )
    NOT_JSON = ("not-json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as `application/json`.")
    BODY_TOO_LARGE = (
        "body-too-large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is larger than anything that could be meant here.",
    )
    PHOTO_TOO_LARGE = (
        "too-large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The photo is larger than this service reads. Send a smaller copy: 1,000 pixels are plenty.",
    )
    NOT_A_PICTURE = (
        "not-a-picture",
        HTTPStatus.BAD_REQUEST,
        f"The body must be the bytes of one photo, without a form: one of {', '.join(PUBLIC_FORMATS)}.",
    )
    CATCHING_UP = (
        "catching-up",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Not everything listed is in memory yet, so the answer could be wrong. Please ask again.",
    )
    UNKNOWN_ID = ("unknown-id", HTTPStatus.NOT_FOUND, "You were never told of a record with this `id`.")
    REFERENCE_TAKEN = (
        "reference-taken",
        HTTPStatus.CONFLICT,
        "You used this `reference` for the match of another record. Give every match a name of its own.",
    )
    TOO_MANY_DISPUTES = (
        "too-many-disputes",
        HTTPStatus.TOO_MANY_REQUESTS,
        "More was disputed in a day than one partner may. Nothing was changed; please write to us.",
    )
    LENGTH_REQUIRED = (
        "length-required",
        HTTPStatus.LENGTH_REQUIRED,
        "Say with `Content-Length` how long the body is.",
    )
    BAD_REQUEST = ("bad-request", HTTPStatus.BAD_REQUEST, "This request could not be understood.")
    NO_SUCH_ADDRESS = (
        "no-such-address",
        HTTPStatus.NOT_FOUND,
        "There is nothing at this address. All that there is stands in `/api/v1/openapi.json`.",
    )
    METHOD_NOT_ALLOWED = (
        "method-not-allowed",
        HTTPStatus.METHOD_NOT_ALLOWED,
        "This address does not know that method; `Allow` says which it knows.",
    )
    SERVER_ERROR = (
        "server-error",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong here, not with you. Nothing was changed. Please try again later.",
    )
    BUSY = (
        "busy",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service is busy. Wait for as many seconds as `Retry-After` says; nothing was changed.",
    )

    def __init__(self, code: str, status: HTTPStatus, detail: str) -> None:
        self.code = code
        self.status = status
        self.detail = detail


class ProblemRaised(Exception):
    """Ends a request with a problem document; ``headers`` and ``members`` are added to it."""

    def __init__(
        self, problem: Problem, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.headers = dict(headers or {})
        self.members = members

    def answer(self) -> HttpResponse:
        return document(self.problem, headers=self.headers, **self.members)


def document(
    problem: Problem, *, headers: Mapping[str, str] | None = None, **members: object
) -> HttpResponse:
    """The answer itself; identical for identical problems, so that it tells nothing more."""
    response = JsonResponse(
        {
            "type": "about:blank",
            "title": problem.status.phrase,
            "status": problem.status.value,
            "code": problem.code,
            "detail": problem.detail,
            **members,
        },
        status=problem.status.value,
        content_type=CONTENT_TYPE,
    )
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if problem is Problem.BUSY:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    for name, value in (headers or {}).items():
        response[name] = value
    return response
