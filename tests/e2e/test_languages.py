"""Pages in Arabic and in a language a good half longer than English: nothing is cut off or pushed out.

The pages are made beforehand and handed to the browser one by one, so no service runs and nobody listens.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import drawing
import pseudo
import pytest
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from enrolling import STATEMENTS
from painting import OVER_THE_SECRET, SIZE, Painter
from playwright.sync_api import Page, Route, ViewportSize, sync_playwright
from pytest_django import Settings
from watching import layout_faults, shoot

from arcsite.translating.texts import texts
from enrollment import receipts

LANGUAGES = ("ar", pseudo.CODE)
PUBLIC = ("/", "/cover/", "/cover/tool/", "/limits/", "/send/", "/staff/login/")
STAFF = ("/review/", "/review/queue/", "/review/log/")
VIEWPORTS: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 740},
    "desktop": {"width": 1280, "height": 800},
}
ORIGIN = "http://pages.test"
Pages = dict[str, bytes]


@pytest.fixture
def pages(db: None, settings: Settings, tmp_path: Path) -> Pages:
    """By address, in both languages: what everybody sees, a refusal, a receipt, a case, pages of staff."""
    settings.STORE_DIR = tmp_path / "store"
    settings.LANGUAGES = [*settings.LANGUAGES, (pseudo.CODE, "Pseudo")]
    settings.LOCALE_PATHS = [*settings.LOCALE_PATHS, tmp_path / "locale"]
    pseudo.write_catalogue(tmp_path / "locale", texts())
    lea = User.objects.create_user("lea", is_staff=True)
    lea.groups.set(Group.objects.filter(name__in=["Reviewer", "Lead", "Auditor"]))
    photo = drawing.png(drawing.cover(drawing.natural(3, 320, 240)))
    made: Pages = {}
    for code in LANGUAGES:
        visitor, staff = Client(), Client()
        staff.force_login(lea, backend="django.contrib.auth.backends.ModelBackend")
        made |= {f"/{code}{path}": visitor.get(f"/{code}{path}").content for path in PUBLIC}
        made |= {f"/{code}{path}": staff.get(f"/{code}{path}").content for path in STAFF}
        made |= case_pages(visitor, code, photo)
    return made


@pytest.fixture
def tool(db: None) -> Pages:
    """The cover tool in Arabic."""
    return {"/ar/cover/tool/": Client().get("/ar/cover/tool/").content}


def case_pages(client: Client, code: str, photo: bytes) -> Pages:
    token = receipts.new_token()
    receipt = receipts.derive(token)
    refusal = client.post(f"/{code}/send/", {})
    form = {"token": token, "photos": SimpleUploadedFile("a.png", photo, "image/png"), **STATEMENTS}
    sent = client.post(f"/{code}/send/", form)
    assert (refusal.status_code, sent.status_code) == (422, 200)
    client.post(f"/{code}/case/", {"number": receipt.shown_number, "secret": receipt.shown_secret})
    opened = {path: client.get(f"/{code}{path}") for path in ("/case/", "/case/withdraw/1/")}
    assert [answer.status_code for answer in opened.values()] == [200, 200]
    return {
        f"/{code}/refusal": refusal.content,
        f"/{code}/receipt": sent.content,
        **{f"/{code}/open{path}": answer.content for path, answer in opened.items()},
    }


@contextmanager
def browsing(chromium: str, pages: Pages) -> Iterator[Page]:
    """A browser that gets these pages and the static files, and nothing else."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in pages:
            route.fulfill(body=pages[path], content_type="text/html; charset=utf-8")
        elif (file := finders.find(path.removeprefix("/static/"))) and path.startswith("/static/"):
            route.fulfill(path=file)
        else:
            route.abort()

    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_context(viewport=VIEWPORTS["desktop"]).new_page()
        page.route("**/*", answer)
        yield page
        browser.close()


def test_nothing_sticks_out(chromium: str, pages: Pages, request: pytest.FixtureRequest) -> None:
    assert len(pages) == len(LANGUAGES) * (len(PUBLIC) + len(STAFF) + 4)
    faults: dict[str, list[str]] = {}
    with browsing(chromium, pages) as page:
        for address in pages:
            page.goto(ORIGIN + address)
            for name, size in VIEWPORTS.items():
                page.set_viewport_size(size)
                faults[f"{address} {name}"] = layout_faults(page)
                if request.config.getoption("--slow"):
                    shoot(page, f"language{address}-{name}")
        page.locator("h1").evaluate("h1 => { h1.style.width = '200vw'; }")
        assert "the page scrolls sideways" in layout_faults(page)
    assert {place: found for place, found in faults.items() if found} == {}


def test_the_cover_tool_works_from_the_right_to_the_left(chromium: str, tool: Pages, tmp_path: Path) -> None:
    """The page is mirrored, the photo is not: a cover lies where it was drawn."""
    (tmp_path / "a.png").write_bytes(drawing.png(drawing.natural(41, *SIZE)))
    with browsing(chromium, tool) as page:
        page.goto(f"{ORIGIN}/ar/cover/tool/")
        page.locator("#id_photos").set_input_files(tmp_path / "a.png")
        page.locator("#paint-work").wait_for()
        page.locator("[name=paint-tool][value=rectangle]").check()
        painter = Painter(page, ORIGIN)
        painter.drag(SIZE, *OVER_THE_SECRET)
        coverage, _ = painter.measured()
        assert re.findall(r"[0-9]+", painter.covers()[0]) == ["1", "34", "32"]
        assert coverage == pytest.approx(0.32 * 0.34, abs=0.01)
        assert re.search(r"[0-9]", page.locator("#paint-coverage-text").inner_text())


def test_the_keyboard_reaches_the_languages_after_exit(chromium: str, tool: Pages) -> None:
    with browsing(chromium, tool) as page:
        page.goto(f"{ORIGIN}/ar/cover/tool/")
        reached = []
        for _ in range(12):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.hreflang"))
        assert reached[0] == "exit"
        assert [code for code in reached if code in {"en", "es", "ar", "fr"}] == ["en", "es", "ar", "fr"]


def test_a_receipt_in_the_tools_place_offers_no_way_to_lose_it(chromium: str, tool: Pages) -> None:
    take_the_place = """async (html) => {
        const { show } = await import("/static/arcsite/paint/sending.js");
        show(new DOMParser().parseFromString(html, "text/html"));
    }"""
    with browsing(chromium, tool) as page:
        page.goto(f"{ORIGIN}/ar/cover/tool/")
        page.evaluate(take_the_place, '<main id="main" tabindex="-1"></main><nav id="languages"></nav>')
        assert page.locator("#languages").count() == 1
        page.evaluate(take_the_place, '<main id="main" tabindex="-1"><p id="case-secret"></p></main>')
        assert page.locator("#case-secret").count() == 1
        assert page.locator("#languages").count() == 0
