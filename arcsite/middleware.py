from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from arcsite import errors

GetResponse = Callable[[HttpRequest], HttpResponseBase]
View = Callable[..., HttpResponseBase]


class RefuseOversizedBody:
    """Refuses by Content-Length; stands before every middleware and view that might read the body."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return self.get_response(request)
        if request.headers.get("Transfer-Encoding"):
            return errors.length_required(request)
        length = request.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            return errors.body_too_large(request)
        return self.get_response(request)


class SafetyHeaders:
    """Headers of every answer that no Django setting gives; ``no-store`` on all that is not a static file."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = (
            "camera=(), microphone=(), geolocation=(), interest-cohort=(), browsing-topics=()"
        )
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response
