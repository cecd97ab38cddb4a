"""JSON bodies, read strictly: what is not meant is not guessed."""

import json
import re
from collections.abc import Collection
from typing import Any, NoReturn

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from matching.problems import Problem, ProblemRaised

# Beyond anything that fits the fields, and shallow enough for the parser.
LARGEST_BODY = 4096
_HALF = re.compile("[\ud800-\udfff]")


def fields(request: HttpRequest, names: Collection[str]) -> dict[str, Any]:
    """The object in the body, which has exactly these fields, each once; their types are the caller's affair.

    Raises NOT_JSON, BODY_TOO_LARGE or BAD_BODY.
    """
    if request.content_type != "application/json":
        raise ProblemRaised(Problem.NOT_JSON)
    try:
        found = json.loads(
            _read(request).decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise ProblemRaised(Problem.BAD_BODY) from None
    if not isinstance(found, dict) or found.keys() != set(names):
        raise ProblemRaised(Problem.BAD_BODY)
    return found


def whole_number(value: object, *, high: int) -> int:
    """A JSON integer from 0 to ``high``. Raises BAD_BODY."""
    # To JSON 7.0 is the whole number 7; to Python true is 1, to JSON it is not.
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(whole, int) or isinstance(whole, bool) or not 0 <= whole <= high:
        raise ProblemRaised(Problem.BAD_BODY)
    return whole


def text(value: object, *, longest: int) -> str:
    """A JSON string of 1 to ``longest`` characters; halves of characters are none. Raises BAD_BODY."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest or _HALF.search(value):
        raise ProblemRaised(Problem.BAD_BODY)
    return value


def _read(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        raise ProblemRaised(Problem.BODY_TOO_LARGE)
    try:
        return request.read(LARGEST_BODY)
    except UnreadablePostError:
        raise ProblemRaised(Problem.BAD_BODY) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
