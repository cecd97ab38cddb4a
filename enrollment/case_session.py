"""A case stays open in one browser for a quarter of an hour; the session holds its id and a deadline only.

The deadline is ours, not the cookie's: a cookie with an age would be written to the disk of a shared device.
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
    request.session[_UNTIL] = time.time() + OPEN_SECONDS


def current_case(request: HttpRequest) -> Case:
    """The case this browser has opened. Raises NoOpenCase."""
    if request.session.get(_UNTIL, 0) <= time.time():
        raise NoOpenCase
    case = Case.objects.filter(pk=request.session[_CASE]).first()
    if case is None:
        raise NoOpenCase
    return case


def leave(request: HttpRequest) -> None:
    """Forget everything this browser had with us, on both sides."""
    request.session.flush()
