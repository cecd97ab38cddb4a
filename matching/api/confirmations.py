"""A partner says how far it has applied the feed, so that who withdrew a photo can be told."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from matching import pages
from matching.api import bodies
from matching.api.callers import Caller, endpoint
from matching.api.feed import LARGEST_CURSOR, require_feed
from matching.models import Call, Scope
from matching.problems import Problem, ProblemRaised

FIELDS = ("feed", "applied")
LONGEST_FEED = 100


@endpoint("POST", scope=Scope.FEED, call=Call.CONFIRM)
def confirmations(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Everything through ``applied`` is in force with the partner; the same again gets the same answer."""
    body = bodies.fields(request, FIELDS)
    named = bodies.text(body["feed"], longest=LONGEST_FEED)
    applied = bodies.whole_number(body["applied"], high=LARGEST_CURSOR)
    require_feed(named, caller)
    try:
        with transaction.atomic():
            stands = pages.confirm(caller.partner, applied)
    except pages.CursorAhead:
        raise ProblemRaised(Problem.CURSOR_AHEAD) from None
    except pages.Behind as behind:
        raise ProblemRaised(Problem.CONFIRMATION_BEHIND, applied=behind.applied) from None
    return JsonResponse({"applied": stands})
