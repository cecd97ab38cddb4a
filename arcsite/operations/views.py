"""Pages for whoever watches the service, and the public figures. None needs a session or an account."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from arcsite.operations import metrics, probes

TOKEN = "Bearer "  # noqa: S105 - the scheme, not a token


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nothing else, so that a host is not restarted for another one's fault."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the service as a whole works, part by part: 200, or 503 when one does not."""
    parts = probes.ready.parts()
    words = {name: "ok" if holds else "not ok" for name, holds in parts.items()}
    is_ready = all(parts.values())
    answer = {"status": "ok" if is_ready else "not ok", "parts": words}
    response = JsonResponse(answer, status=200 if is_ready else 503)
    # Django logs every 503 as an error; what is not ready stands in the log already.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@login_not_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The metrics, for whoever sends ARC_METRICS_TOKEN in a header; without such a token nothing is here."""
    if not settings.ARC_METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, TOKEN + settings.ARC_METRICS_TOKEN):
        return HttpResponse("unauthorized\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("database-unusable\n", status=503, content_type="text/plain")
