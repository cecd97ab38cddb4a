"""The feed: what partners may know, page by page."""

import hashlib
import re
from functools import partial

from django.http import HttpRequest, HttpResponse

from enrollment.pepper import peppered
from matching import feed, pages, planted
from matching.api.callers import Caller, endpoint
from matching.api.packing import answer
from matching.models import Call, Scope
from matching.problems import Problem, ProblemRaised

LARGEST_CURSOR = 2**63 - 1
MOST_VERSIONS = 10
VERSION = re.compile(r"arc-[0-9]{1,9}")


@endpoint("GET", scope=Scope.FEED, call=Call.PULL)
def fingerprints(request: HttpRequest, caller: Caller) -> HttpResponse:
    """One page of the feed: what came after ``after``, at most ``limit`` records, oldest first."""
    partner = caller.partner
    after = _whole(request, "after", 0, low=0, high=LARGEST_CURSOR, problem=Problem.BAD_CURSOR)
    limit = _whole(request, "limit", pages.PAGE, low=1, high=pages.LARGEST_PAGE, problem=Problem.BAD_LIMIT)
    versions = _versions(request)
    require_feed(request.GET.get("feed"), caller)
    try:
        page = pages.page(partner, after=after, limit=limit, versions=versions)
    except pages.CursorAhead:
        raise ProblemRaised(Problem.CURSOR_AHEAD) from None
    caller.afterwards += [
        partial(pages.note_pulled, partner, page.next),
        partial(planted.after_pull, partner, page.next),
    ]
    return answer(request, page.text().encode("ascii"), tag_of=partial(_tag, caller))


def require_feed(named: str | None, caller: Caller) -> None:
    """Raises ANOTHER_FEED when the caller means another feed than it would get; None means whichever."""
    if named is not None and named != pages.identity(caller.partner):
        raise ProblemRaised(Problem.ANOTHER_FEED)


def _versions(request: HttpRequest) -> frozenset[str] | None:
    """What the client can read, None for whatever comes. Raises BAD_VERSIONS or VERSION_NOT_OFFERED."""
    text = request.GET.get("versions")
    if text is None:
        return None
    versions = text.split(",")
    if len(versions) > MOST_VERSIONS or not all(VERSION.fullmatch(version) for version in versions):
        raise ProblemRaised(Problem.BAD_VERSIONS)
    if not set(versions) & set(feed.VERSIONS):
        raise ProblemRaised(Problem.VERSION_NOT_OFFERED, offered=list(feed.VERSIONS))
    return frozenset(versions)


def _tag(caller: Caller, sent: bytes) -> str:
    """Equal for equal answers to one key, and of no use for comparing notes with another."""
    digest = peppered("etag", caller.key.prefix, hashlib.sha256(sent).digest())
    return f'"{digest[:16].hex()}"'


def _whole(request: HttpRequest, name: str, default: int, *, low: int, high: int, problem: Problem) -> int:
    text = request.GET.get(name, str(default))
    # isdigit alone accepts superscripts, and int() alone accepts underscores and signs.
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and low <= int(text) <= high):
        raise ProblemRaised(problem)
    return int(text)
