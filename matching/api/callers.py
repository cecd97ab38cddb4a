"""Who calls: one answer for every kind of wrong key, and one frame around every address of the interface.

    @endpoint("GET", scope=Scope.FEED, call=Call.PULL)
    def fingerprints(request: HttpRequest, caller: Caller) -> HttpResponse: ...

The frame refuses other methods, asks for the key, holds callers to their allowance, turns a raised problem
into its answer, and notes how it went. What it writes down may be lost when the database is busy: no note
keeps a partner from a tombstone.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial, wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from enrollment import limiter
from matching import calls, impatient, keys
from matching.models import Call, Partner, PartnerKey, Scope
from matching.problems import Problem, ProblemRaised

SECONDS = 60
_LABEL = "partner-call"


@dataclass
class Caller:
    """The key of this call. ``afterwards`` is done with the other notes on it; it may be lost, like them."""

    key: PartnerKey
    afterwards: list[Callable[[], object]] = field(default_factory=list)

    @property
    def partner(self) -> Partner:
        return self.key.partner


View = Callable[[HttpRequest, Caller], HttpResponseBase]
PublicView = Callable[[HttpRequest], HttpResponseBase]


def endpoint(method: str, *, scope: Scope | None, call: Call) -> Callable[[View], PublicView]:
    """For keys of that scope, any usable one without; ``call`` is what the answer is noted as."""

    def framed(view: View) -> PublicView:
        def known(request: HttpRequest) -> HttpResponseBase:
            caller = _caller(request, scope)
            try:
                _hold_to_allowance(caller)
                response = view(request, caller)
            except ProblemRaised as raised:
                _note(caller, call, raised.problem)
                raise
            _note(caller, call)
            return response

        return public(method)(wraps(view)(known))

    return framed


def public(method: str) -> Callable[[PublicView], PublicView]:
    """For everybody, by this method alone. No cookie is read, so no form can be forged."""

    def framed(view: PublicView) -> PublicView:
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponseBase:
            try:
                if request.method != method:
                    raise ProblemRaised(Problem.METHOD_NOT_ALLOWED, headers={"Allow": method})
                return view(request)
            except ProblemRaised as raised:
                return raised.answer()

        return login_not_required(csrf_exempt(answered))

    return framed


def _caller(request: HttpRequest, scope: Scope | None) -> Caller:
    """Raises KEY_NOT_ACCEPTED, whatever was wrong with the key."""
    key = keys.authenticate(request.headers.get("Authorization", ""), scope)
    if key is None:
        raise ProblemRaised(Problem.KEY_NOT_ACCEPTED)
    return Caller(key)


def _hold_to_allowance(caller: Caller) -> None:
    """Calls count when they are done, with the notes: some at once may all pass the limit by as many."""
    try:
        limiter.look_for(caller.key.prefix, _LABEL, limit=settings.ARC_LIMIT_CALLS, seconds=SECONDS)
    except limiter.Throttled as throttled:
        retry = {"Retry-After": str(throttled.retry_after)}
        raise ProblemRaised(Problem.TOO_MANY_CALLS, headers=retry) from None


def _note(caller: Caller, call: Call, problem: Problem | None = None) -> None:
    impatient.note("a partner's call", partial(_write_down, caller, call, problem))


def _write_down(caller: Caller, call: Call, problem: Problem | None) -> None:
    if problem is Problem.TOO_MANY_CALLS:
        calls.held_back(caller.partner, call, problem.code)
        return
    _count(caller)
    keys.note_use(caller.key)
    if problem is None:
        calls.worked(caller.partner, Call.KEY, call)
    else:
        calls.worked(caller.partner, Call.KEY)
        calls.failed(caller.partner, call, problem.code)
    for note in caller.afterwards:
        note()


def _count(caller: Caller) -> None:
    with suppress(limiter.Throttled):  # by calls at the same moment; the next one is refused
        limiter.take_for(caller.key.prefix, _LABEL, limit=settings.ARC_LIMIT_CALLS, seconds=SECONDS)
