"""A public photo in, its matches out. Nothing about the photo is stored or logged, not even its size."""

from contextlib import suppress
from functools import partial

import numpy as np
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError

from enrollment import limiter, sandbox
from enrollment.refusals import Refused
from matching import feed, lookup
from matching.api.callers import Caller, endpoint
from matching.engine.grid import SIZE, Grid
from matching.models import Call, PartnerKey, Scope
from matching.problems import Problem, ProblemRaised

SECONDS = 60
_LABEL = "match"
_TOO_LARGE = frozenset({"too-many-pixels", "too-heavy"})


@endpoint("POST", scope=Scope.MATCH, call=Call.MATCH)
def match(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The body is the photo itself; what matches it comes best first, and of all else nothing is said."""
    _hold_to_allowance(caller)
    grid = _grid(_photo(request))
    try:
        found = lookup.find(caller.partner, grid)
    except lookup.CatchingUp:
        raise ProblemRaised(Problem.CATCHING_UP, headers={"Retry-After": "1"}) from None
    matches = [
        {
            "id": feed.public_id(caller.partner, one.id),
            "rate": float(f"{one.rate:.3g}"),
            "mirrored": one.mirrored,
        }
        for one in found
    ]
    return JsonResponse({"matches": matches})


def _photo(request: HttpRequest) -> bytes:
    """The whole body, or PHOTO_TOO_LARGE without reading more of it than may be."""
    most = settings.ARC_MATCH_MEGABYTES * 1_000_000
    length = request.headers.get("Content-Length") or "0"
    if not length.isdigit() or int(length) > most:
        raise ProblemRaised(Problem.PHOTO_TOO_LARGE)
    try:
        return request.read(most)
    except UnreadablePostError:
        raise ProblemRaised(Problem.NOT_A_PICTURE) from None


def _grid(photo: bytes) -> Grid:
    try:
        grid = np.frombuffer(sandbox.public_grid(photo), "<f4").astype(np.float32)
    except Refused as refused:
        too_large = refused.code in _TOO_LARGE
        raise ProblemRaised(Problem.PHOTO_TOO_LARGE if too_large else Problem.NOT_A_PICTURE) from None
    except sandbox.SandboxFailed:
        raise ProblemRaised(Problem.BUSY) from None
    return grid.reshape(SIZE, SIZE)


def _hold_to_allowance(caller: Caller) -> None:
    """A photo costs more than a page of the feed, so there is a limit of its own; counted with the notes."""
    caller.afterwards.append(partial(_count, caller.key))
    try:
        limiter.look_for(caller.key.prefix, _LABEL, limit=settings.ARC_LIMIT_MATCHES, seconds=SECONDS)
    except limiter.Throttled as throttled:
        retry = {"Retry-After": str(throttled.retry_after)}
        raise ProblemRaised(Problem.TOO_MANY_CALLS, headers=retry) from None


def _count(key: PartnerKey) -> None:
    with suppress(limiter.Throttled):  # by calls at the same moment; the next one is refused
        limiter.take_for(key.prefix, _LABEL, limit=settings.ARC_LIMIT_MATCHES, seconds=SECONDS)
