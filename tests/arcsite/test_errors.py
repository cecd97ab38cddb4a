import re
from typing import TYPE_CHECKING

import oracle
import pytest
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import Client, RequestFactory
from pytest_django import Settings

from arcsite import errors
from enrollment.views import pages

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

UPLOAD = "/send/"


def assert_fit_for_people(response: "HttpResponse | Answer", status: int, code: str) -> None:
    """The status, the house's page with its code, and nothing of the machine."""
    page = response.content.decode()
    assert response.status_code == status
    assert oracle.sentence_faults(page, code) == []
    assert re.search(r"<title>[^<]+</title>", page)
    assert '<main id="main"' in page


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (TooManyFilesSent(), 413, "too-many-photos"),
        (RequestDataTooBig(), 413, "form-too-large"),
        (TooManyFieldsSent(), 400, "too-many-fields"),
        (MultiPartParserError(), 400, "broken-upload"),
        (SuspiciousOperation("DisallowedHost"), 400, "bad-request"),
    ],
)
def test_a_bad_request_says_what_was_too_much(
    rf: RequestFactory, exception: Exception, status: int, code: str
) -> None:
    assert_fit_for_people(errors.bad_request(rf.post(UPLOAD), exception), status, code)


@pytest.mark.django_db
class TestThroughTheWholeStack:
    def test_too_many_files(self, client: Client, settings: Settings) -> None:
        files = [SimpleUploadedFile("a.png", b"x") for _ in range(settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1)]
        assert_fit_for_people(client.post(UPLOAD, {"photos": files}), 413, "too-many-photos")

    def test_too_many_fields(self, client: Client) -> None:
        fields = {f"field{number}": "x" for number in range(1001)}
        assert_fit_for_people(client.post(UPLOAD, fields), 400, "too-many-fields")

    def test_too_much_text(self, client: Client) -> None:
        assert_fit_for_people(client.post(UPLOAD, {"token": "x" * 200_000}), 413, "form-too-large")

    @pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 300, "; boundary=\u00e9"])
    def test_a_missing_or_silly_boundary(self, client: Client, boundary: str) -> None:
        response = client.post(UPLOAD, b"--x\r\n", content_type=f"multipart/form-data{boundary}")
        assert_fit_for_people(response, 400, "broken-upload")

    @pytest.mark.parametrize(
        "body", [b"", b"--x", b"--x\r\nContent-Disposition: form-data; name=", b"\0" * 500]
    )
    def test_a_body_that_ends_too_early_is_an_empty_form(self, client: Client, body: bytes) -> None:
        response = client.post(UPLOAD, body, content_type="multipart/form-data; boundary=x")
        assert response.status_code == 422

    def test_a_page_that_does_not_exist(self, client: Client) -> None:
        assert_fit_for_people(client.get("/no-such-page/"), 404, "not-found")

    def test_a_form_without_its_csrf_token(self) -> None:
        response = Client(enforce_csrf_checks=True).post(UPLOAD, {})
        assert_fit_for_people(response, 403, "form-expired")

    def test_a_host_that_is_not_ours(self, client: Client) -> None:
        assert_fit_for_people(client.get("/", headers={"host": "evil.example"}), 400, "bad-request")

    @pytest.mark.parametrize(
        ("failure", "status", "code"),
        [
            (OperationalError("database is locked"), 503, "database-busy"),
            (ValueError("a bug in /srv/path.py"), 500, "our-fault"),
        ],
    )
    def test_our_own_failures(
        self, failure: Exception, status: int, code: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> HttpResponse:
            raise failure

        monkeypatch.setattr(pages, "render", fail)
        response = Client(raise_request_exception=False).get("/after/")
        assert_fit_for_people(response, status, code)
        assert ("Retry-After" in response) == (status == 503)

    def test_they_are_never_cached(self, client: Client) -> None:
        assert client.get("/no-such-page/")["Cache-Control"] == "no-store"


def test_what_may_not_be_seen(rf: RequestFactory) -> None:
    assert_fit_for_people(errors.permission_denied(rf.get("/"), PermissionError()), 403, "not-allowed")


def test_what_the_first_middleware_turns_away(rf: RequestFactory) -> None:
    request = rf.post(UPLOAD)
    assert_fit_for_people(errors.body_too_large(request), 413, "body-too-large")
    assert_fit_for_people(errors.length_required(request), 411, "length-required")
