"""The partner interface. Nothing here changes anything a partner could see."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET

from matching import feed, keys
from matching.models import Partner
from matching.problems import Problem, ProblemRaised, answered

LARGEST_CURSOR = 2**63 - 1


@login_not_required
@require_GET
@answered
def fingerprints(request: HttpRequest) -> HttpResponseBase:
    """One page of the feed: what came after ``after``, at most ``limit`` records, oldest first."""
    partner = _partner(request)
    after = _whole(request, "after", 0, low=0, high=LARGEST_CURSOR, problem=Problem.BAD_CURSOR)
    limit = _whole(request, "limit", feed.PAGE, low=1, high=feed.LARGEST_PAGE, problem=Problem.BAD_LIMIT)
    try:
        page = feed.page(partner, after=after, limit=limit)
    except feed.CursorAhead:
        raise ProblemRaised(Problem.CURSOR_AHEAD) from None
    return JsonResponse({"records": page.records, "next": page.next, "more": page.more})


def _partner(request: HttpRequest) -> Partner:
    """The partner whose key came with the request. Raises KEY_NOT_ACCEPTED, whatever was wrong with it."""
    key = keys.authenticate(request.headers.get("Authorization", ""))
    if key is None:
        raise ProblemRaised(Problem.KEY_NOT_ACCEPTED)
    return key.partner


def _whole(request: HttpRequest, name: str, default: int, *, low: int, high: int, problem: Problem) -> int:
    text = request.GET.get(name, str(default))
    # isdigit alone accepts superscripts, and int() alone accepts underscores and signs.
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and low <= int(text) <= high):
        raise ProblemRaised(problem)
    return int(text)
