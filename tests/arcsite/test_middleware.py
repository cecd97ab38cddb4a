from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from pytest_django import Settings

from arcsite.middleware import RefuseOversizedBody, SafetyHeaders


def answer(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("read")


class TestRefuseOversizedBody:
    middleware = RefuseOversizedBody(answer)

    def test_it_lets_an_ordinary_body_pass(self, rf: RequestFactory) -> None:
        assert self.middleware(rf.post("/", {"a": "b"})).status_code == 200

    def test_it_refuses_by_the_declared_length_without_reading(
        self, rf: RequestFactory, settings: Settings
    ) -> None:
        too_long = str(settings.ARC_UPLOAD_MAX_BYTES + 1)
        request = rf.generic("POST", "/", CONTENT_LENGTH=too_long)
        assert self.middleware(request).status_code == 413

    def test_it_refuses_a_length_that_is_no_number(self, rf: RequestFactory) -> None:
        assert self.middleware(rf.post("/", headers={"content-length": "-5"})).status_code == 413

    def test_it_refuses_a_chunked_body(self, rf: RequestFactory) -> None:
        assert self.middleware(rf.post("/", headers={"transfer-encoding": "chunked"})).status_code == 411

    def test_it_ignores_what_a_get_declares(self, rf: RequestFactory) -> None:
        assert self.middleware(rf.get("/", headers={"content-length": "999999999"})).status_code == 200


class TestSafetyHeaders:
    def test_every_answer_is_private_by_default(self, rf: RequestFactory) -> None:
        response = SafetyHeaders(answer)(rf.get("/"))
        assert response["Cache-Control"] == "no-store"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in response["Permissions-Policy"]

    def test_a_static_file_keeps_its_own_caching(self, rf: RequestFactory) -> None:
        def static(request: HttpRequest) -> HttpResponseBase:
            return HttpResponse(headers={"Cache-Control": "max-age=315360000, public, immutable"})

        assert "immutable" in SafetyHeaders(static)(rf.get("/static/x.css"))["Cache-Control"]


class TestRefusalsInTheWholeChain:
    """A refusal is answered before the body is read, and still wears every header."""

    def test_a_body_that_is_too_large_is_refused_with_all_headers(self, client: Client) -> None:
        response = client.generic("POST", "/send/", b"", headers={"content-length": "200000000"})
        assert response.status_code == 413
        for name in (
            "Content-Security-Policy",
            "X-Content-Type-Options",
            "Referrer-Policy",
            "X-Frame-Options",
        ):
            assert name in response
        assert response["Cache-Control"] == "no-store"
