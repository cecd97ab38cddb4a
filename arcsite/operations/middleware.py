"""Who watches this service calls it by a number, not by its name."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from arcsite.middleware import GetResponse

# Answered under any host name and without https: what they say depends on neither.
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})


class AnyNameForWatchers:
    """Stands before what compares the Host header with ARC_PUBLIC_URL: a probe's is `127.0.0.1:8000`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in WATCHED:
            request.META["HTTP_HOST"] = urlsplit(settings.ARC_PUBLIC_URL).netloc
        return self.get_response(request)
