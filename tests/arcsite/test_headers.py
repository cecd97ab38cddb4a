"""Refusals and our own failures wear every header too; the matrix looks at all other answers."""

import pytest
import safety_headers
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from enrollment.views import pages

PATHS = {
    400: ("GET", "/", {"host": "evil.example"}),
    403: ("POST", "/send/", {}),
    404: ("GET", "/no-such-page/", {}),
    405: ("OPTIONS", "/", {}),
    411: ("POST", "/send/", {"transfer-encoding": "chunked"}),
    413: ("POST", "/send/", {"content-length": "200000000"}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("status", PATHS)
def test_refusals_wear_every_header(status: int) -> None:
    method, path, headers = PATHS[status]
    answer = Client(enforce_csrf_checks=True).generic(method, path, b"", headers=headers)
    assert answer.status_code == status
    assert safety_headers.faults(answer.headers) == []
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("failure", "status"), [(ValueError("a bug"), 500), (OperationalError("locked"), 503)]
)
def test_our_failures_wear_every_header(
    failure: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> HttpResponse:
        raise failure

    monkeypatch.setattr(pages, "render", fail)
    answer = Client(raise_request_exception=False).get("/after/")
    assert answer.status_code == status
    assert safety_headers.faults(answer.headers) == []


def test_a_missing_or_looser_header_is_noticed() -> None:
    worn = {**safety_headers.HEADERS, "Cache-Control": "no-store"}
    assert safety_headers.faults(worn) == []
    assert safety_headers.faults(
        {**worn, "Content-Security-Policy": safety_headers.POLICY + "; font-src 'self'"}
    )
    assert safety_headers.faults({name: worn[name] for name in worn if name != "X-Frame-Options"})
    assert safety_headers.faults(safety_headers.HEADERS) == ["Cache-Control"]
