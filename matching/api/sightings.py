"""What a partner found and what it did about it, one match a call."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from matching import sightings
from matching.api import bodies
from matching.api.callers import Caller, endpoint
from matching.models import Call, Outcome, Scope
from matching.problems import Problem, ProblemRaised

FIELDS = ("id", "reference", "outcome")
LONGEST_ID = 100
LONGEST_REFERENCE = 200


@endpoint("POST", scope=Scope.SIGHTINGS, call=Call.SIGHTING)
def report(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Take in the outcome of one match; 201 for its first word, 200 for the same again or another one."""
    said = bodies.fields(request, FIELDS)
    id_ = bodies.text(said["id"], longest=LONGEST_ID)
    reference = bodies.text(said["reference"], longest=LONGEST_REFERENCE)
    outcome = _outcome(said["outcome"])
    try:
        is_new = sightings.report(caller.partner, id_, reference, outcome)
    except sightings.UnknownId:
        raise ProblemRaised(Problem.UNKNOWN_ID) from None
    except sightings.ReferenceTaken:
        raise ProblemRaised(Problem.REFERENCE_TAKEN) from None
    except sightings.TooManyDisputes as refused:
        retry = {"Retry-After": str(refused.retry_after)}
        raise ProblemRaised(Problem.TOO_MANY_DISPUTES, headers=retry) from None
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return JsonResponse({"reference": reference, "outcome": outcome.value}, status=status)


def _outcome(value: Any) -> Outcome:
    if value not in Outcome.values:
        raise ProblemRaised(Problem.BAD_BODY)
    return Outcome(value)
