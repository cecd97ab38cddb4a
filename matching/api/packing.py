"""Answers that can be checked and need not be sent twice: gzip, a digest of the bytes, an entity tag."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# Most of a page is base64 of what looks like noise: higher levels take longer and gain nothing.
LEVEL = 1
_QUALITY = re.compile(r"\s*([^;\s]+)\s*(?:;\s*q=([0-9.]+)\s*)?")
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def answer(request: HttpRequest, body: bytes, *, tag_of: Callable[[bytes], str]) -> HttpResponse:
    """JSON text as a whole answer, or 304 when the caller has just that.

    ``Repr-Digest`` (RFC 9530) and the tag are of the bytes as sent: packed, if the caller accepts gzip. Equal
    texts are always packed into equal bytes.
    """
    packed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    sent = gzip.compress(body, LEVEL, mtime=0) if packed else body
    tag = tag_of(sent)
    if _holds(request.headers.get("If-None-Match", ""), tag):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        del response["Content-Type"]
    else:
        response = HttpResponse(sent, content_type="application/json")
        digest = base64.b64encode(hashlib.sha256(sent).digest()).decode("ascii")
        response["Repr-Digest"] = f"sha-256=:{digest}:"
        if packed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = tag
    patch_vary_headers(response, ["Accept-Encoding", "Authorization"])
    return response


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip (RFC 9110, 12.5.3); without one, nothing is packed."""
    quality: dict[str, float] = {}
    for part in header.lower().split(","):
        if found := _QUALITY.fullmatch(part):
            quality[found[1]] = _number(found[2])
    return quality.get("gzip", quality.get("x-gzip", quality.get("*", 0.0))) > 0


def _number(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def _holds(header: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names the tag; compared weakly, as RFC 9110, 13.1.2 asks."""
    return header.strip() == "*" or tag in _TAG.findall(header)
