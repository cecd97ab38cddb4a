"""A case stays open in one browser until nothing was done for a quarter of an hour.

The session holds the case's id and a deadline only. The deadline is ours, not the cookie's: a cookie with an
age would be written to the disk of a shared device.
"""

import time

from django.http import HttpRequest

from enrollment.models import Case

OPEN_SECONDS = 15 * 60
_CASE = "case"
_UNTIL = "case_until"


class NoOpenCase(Exception):
    """This browser has no case open, or its time is over."""


def open_case(request: HttpRequest, case: Case) -> None:
    """Remember the case under a fresh session key, so that a key planted earlier is worth nothing."""
    request.session.cycle_key()
    request.session[_CASE] = case.pk
    _keep_open(request)


def current_case(request: HttpRequest) -> Case:
    """The case this browser has opened; asking for it is doing something. Raises NoOpenCase."""
    if request.session.get(_UNTIL, 0) <= time.time():
        raise NoOpenCase
    case = Case.objects.filter(pk=request.session[_CASE]).first()
    if case is None:
        raise NoOpenCase
    _keep_open(request)
    return case


def was_closed(request: HttpRequest) -> bool:
    """Whether a case was open here and its time ran out; said once, then forgotten."""
    known = _CASE in request.session
    for name in (_CASE, _UNTIL):
        request.session.pop(name, None)
    return known


def leave(request: HttpRequest) -> None:
    """Forget everything this browser had with us, on both sides."""
    request.session.flush()


def words() -> dict[str, int]:
    """What every page of a case says about how long it stays open: context for a template."""
    return {"open_seconds": OPEN_SECONDS, "minutes": OPEN_SECONDS // 60}


def _keep_open(request: HttpRequest) -> None:
    request.session[_UNTIL] = time.time() + OPEN_SECONDS
