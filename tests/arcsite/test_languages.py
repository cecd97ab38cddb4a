import re
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import drawing
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import get_resolver, get_script_prefix, reverse
from django.utils import translation
from enrolling import Submitter
from pytest_django import Settings
from visiting import addresses

from arcsite.languages import LanguageOfAddress, speaking, split

pytestmark = pytest.mark.django_db
CODES = [code for code, _ in settings.LANGUAGES]


def language_of(page: str) -> tuple[str, str]:
    """The lang and dir of a page."""
    match = re.search(r'<html lang="([\w-]+)" dir="(\w+)">', page)
    assert match is not None
    return match[1], match[2]


def hrefs(page: str) -> list[str]:
    return re.findall(r'(?:href|action)="(/[^"]*)"', page)


def answer_in(request: HttpRequest) -> HttpResponseBase:
    """A view of the middleware's: says what it sees."""
    seen = [
        translation.get_language(),
        get_script_prefix(),
        request.path_info,
        request.path,
        reverse("enrollment:status"),
    ]
    return HttpResponse(" ".join(seen))


def fail(request: HttpRequest) -> HttpResponseBase:
    raise ZeroDivisionError


@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("es", "ltr"), ("ar", "rtl"), ("fr", "ltr")])
def test_the_address_says_the_language(client: Client, code: str, direction: str) -> None:
    answer = client.get(f"/{code}/limits/", headers={"Accept-Language": "es, ar;q=0.8"})
    assert language_of(answer.text) == (code, direction)
    assert answer.headers["Content-Language"] == code
    assert "Accept-Language" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("ar-EG, en;q=0.5", "ar"),
        ("de, fr-CA;q=0.7", "fr"),
        ("tlh", "en"),
        ("", "en"),
        ("*", "en"),
        ("%;;q=x", "en"),
    ],
)
def test_without_it_the_browser_says(client: Client, wish: str, code: str) -> None:
    answer = client.get("/", headers={"Accept-Language": wish})
    assert language_of(answer.text)[0] == code
    assert "Accept-Language" in answer.headers["Vary"]


def test_no_cookie_remembers_it(client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    answer = client.get("/")
    assert language_of(answer.text)[0] == "en"
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    assert client.get("/fr/limits/").cookies.keys() <= {settings.CSRF_COOKIE_NAME}


@pytest.mark.parametrize(
    "path", ["/", "/send/", "/case/", "/cover/", "/cover/tool/", "/staff/login/", "/nothing/"]
)
def test_every_address_of_a_page_keeps_it(client: Client, path: str) -> None:
    page = client.get(f"/ar{path}").text
    ours = [address for address in hrefs(page) if not address.startswith("/static/")]
    assert len(ours) > 5
    assert [address for address in ours if not address.startswith("/ar/") and address[1:3] not in CODES] == []


def test_redirects_and_sign_in_keep_it(client: Client) -> None:
    assert client.get("/fr/review/queue/").headers["Location"] == "/fr/staff/login/?next=/fr/review/queue/"
    assert client.get("/fr/limits").headers["Location"] == "/fr/limits/"
    assert client.get("/fr").headers["Location"] == "/fr/"
    assert client.post("/fr/case/leave/").headers["Location"].startswith("/fr/")
    assert client.get("/fr/admin/", follow=True).redirect_chain[-1][0].startswith("/fr/staff/login/")


def test_files_have_one_address(client: Client) -> None:
    assert '"/static/arcsite/arc.css"' in client.get("/es/").text
    assert client.get("/es/static/arcsite/arc.css").status_code == 404


@pytest.mark.parametrize("path", ["/de/", "/ES/", "/es-mx/", "/es/es/", "/esp/", "/es/api/v1/status", "/e/"])
def test_any_other_beginning_leads_nowhere(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_programs_are_answered_in_english(client: Client) -> None:
    answer = client.get(reverse("matching:status"), headers={"Accept-Language": "es"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Content-Language" not in answer.headers
    assert client.get("/api/nothing", headers={"Accept-Language": "ar"}).json()["title"] == "Not Found"


def test_refusals_before_any_view_speak_it(client: Client) -> None:
    answer = client.generic("POST", "/ar/send/", headers={"Content-Length": "999999999"})
    assert (answer.status_code, language_of(answer.text)[0]) == (413, "ar")
    careful = Client(enforce_csrf_checks=True)
    assert language_of(careful.post("/fr/send/").text)[0] == "fr"


def test_cookies_are_for_all_languages(client: Client) -> None:
    cookies = client.get("/es/case/").cookies
    assert cookies
    assert {morsel["path"] for morsel in cookies.values()} == {"/"}


def test_no_pattern_begins_like_a_language() -> None:
    routes = [address.route for address in addresses(get_resolver())]
    assert len(routes) > 50
    assert [route for route in routes if split(f"/{route}") != ("", f"/{route}")] == []


def test_the_prefix_is_a_mount_point(rf: RequestFactory) -> None:
    request = rf.get("/es/limits/")
    answer = LanguageOfAddress(answer_in)(request)
    assert isinstance(answer, HttpResponse)
    assert answer.text == "es /es/ /limits/ /es/limits/ /es/case/"
    assert request.META["SCRIPT_NAME"] == "/es"
    assert request.META["PATH_INFO"] == "/limits/"


@pytest.mark.parametrize("view", [answer_in, fail])
@pytest.mark.parametrize("path", ["/ar/limits/", "/limits/", "/ar"])
def test_nothing_is_left_on_the_thread(
    rf: RequestFactory, path: str, view: Callable[[HttpRequest], HttpResponseBase]
) -> None:
    left: list[tuple[str | None, str]] = []

    def one_request() -> None:
        request = rf.get(path, headers={"Accept-Language": "fr"})
        try:
            LanguageOfAddress(view)(request)
        except ZeroDivisionError:
            left.append(("failed", ""))
        left.append((translation.get_language(), get_script_prefix()))

    thread = Thread(target=one_request)
    thread.start()
    thread.join()
    assert left[-1] == ("en", "/")
    assert len(left) == (2 if view is fail and path != "/ar" else 1)


def test_a_page_that_fails_speaks_it_and_the_next_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    with monkeypatch.context() as patch:
        patch.setattr("enrollment.views.pages.render", fail)
        answer = client.get("/ar/limits/")
    assert (answer.status_code, language_of(answer.text)[0]) == (500, "ar")
    assert language_of(client.get("/limits/").text)[0] == "en"
    assert "/ar/send/" not in client.get("/limits/").text


def test_the_same_page_is_offered_in_each_language(client: Client) -> None:
    page = client.get("/es/cover/").text
    for code, name in settings.LANGUAGES:
        assert re.search(rf'<a href="/{code}/cover/" lang="{code}" hreflang="{code}"[^>]*>{name}</a>', page)
    assert page.index('id="exit"') < page.index('id="languages"') < page.index("<main")
    assert re.findall(r'lang="(\w+)"[^>]* aria-current="true"', page) == ["es"]
    with speaking("fr"):
        assert f'href="/es{reverse("enrollment:limits")}"' in client.get("/limits/").text


def test_a_refused_form_offers_to_begin_again_in_another(client: Client) -> None:
    answer = client.post("/es/send/", {})
    assert answer.status_code == 422
    assert client.get("/fr/send/").status_code == 200
    assert 'href="/fr/send/"' in answer.text


def test_an_error_offers_the_first_page(client: Client) -> None:
    assert 'href="/fr/" lang="fr"' in client.get("/es/nothing/").text


def test_the_receipt_offers_none(settings: Settings, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path / "store"
    answer = Submitter(Client()).send(drawing.png(drawing.cover(drawing.natural(3, 320, 240))))
    assert answer.status_code == 200
    assert 'id="case-secret"' in answer.text
    assert 'id="languages"' not in answer.text
