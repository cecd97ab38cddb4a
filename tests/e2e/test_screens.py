"""Every screen as people see it: WCAG 2.2 AA as far as axe can tell, and nothing sticks out or is cut off,
in any size, theme, direction or language.

With ``--slow`` in every look, and pictures stay in ``.screenshots/`` for somebody to look at.
"""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from acting import Person
from playwright.sync_api import Page, Response, ViewportSize
from running import Service
from screens import WALKS
from watching import accessibility_faults, layout_faults, shoot, unreachable_targets

NewPage = Callable[..., Page]

STATIC = Path(__file__).resolve().parents[2] / "arcsite" / "static" / "arcsite"
# Every word of the page as long as its translation could be: "Photophoto" for "Photo"; and back again.
APPLY = r"""({ dir, zoom, longer }) => {
  document.documentElement.dir = dir;
  document.documentElement.style.fontSize = zoom;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    text.asWritten ??= text.data;
    const words = text.asWritten;
    text.data = longer ? words.replace(/\p{L}{4,}/gu, (word) => word + word.toLowerCase()) : words;
  }
  return innerWidth;
}"""
# A neutral title, and one of each of these.
BONES = ("h1", "html[lang][dir]", "header", "main#main")
COUNT = "(bones) => bones.map((bone) => document.querySelectorAll(bone).length)"
# In Django's own markup: an inline table's columns for its row titles and delete boxes have no heading.
DJANGO_FAULTS = ("empty-table-header",)
TELLING = re.compile(r"nude|naked|intimate|revenge|abuse|leak|porn|sex|ARC\b", re.IGNORECASE)
PHONE = 400
NARROWEST = 320


@dataclass(frozen=True)
class Look:
    """One way to see a page; ``zoom`` is the size of its text in per cent."""

    name: str
    width: int
    dark: bool = False
    rtl: bool = False
    zoom: int = 100
    long_words: bool = False
    with_axe: bool = False

    def apply(self, page: Page) -> None:
        size: ViewportSize = {"width": self.width, "height": 800}
        if page.viewport_size != size:
            page.set_viewport_size(size)
        # Nothing moves, so that no colour is on its way to another one.
        page.emulate_media(color_scheme="dark" if self.dark else "light", reduced_motion="reduce")
        how = {"dir": "rtl" if self.rtl else "ltr", "zoom": f"{self.zoom}%", "longer": self.long_words}
        assert page.evaluate(APPLY, how) == self.width


# The last one is how the walk goes on.
LOOKS = (
    Look("desktop-dark", 1280, dark=True),
    Look("phone", PHONE),
    Look("phone-dark", PHONE, dark=True, with_axe=True),
    Look("phone-rtl", 360, rtl=True),
    Look("phone-long-words", 360, long_words=True),
    # 400 % zoom on a screen of 1280.
    Look("narrowest", NARROWEST),
    # 200 % zoom on that screen, and text alone at 200 %.
    Look("zoomed-text", 640, zoom=200),
    Look("desktop", 1280, with_axe=True),
)
# Without --slow: not those whose size and whose colours other looks have as well.
FEWER = tuple(look for look in LOOKS if look.name not in {"desktop-dark", "phone"})


@pytest.mark.parametrize("walk", WALKS)
def test_every_screen_is_sound_in_every_look(
    walk: str, request: pytest.FixtureRequest, service: Service, new_page: NewPage, person: Person
) -> None:
    """It fits, axe finds nothing in light or dark, and it has its bones, whatever the look."""
    thorough = request.config.getoption("--slow")
    account, screens = WALKS[walk]
    page = new_page(account)
    if walk == "reviewer":
        person.receive(new_page(), "covered")
    faults: dict[str, list[str]] = {}
    for name in screens(page, service, person):
        page.wait_for_load_state()
        found = faults[name] = missing_bones(page)
        for look in LOOKS if thorough else FEWER:
            if is_django_s(page) and not (look.with_axe or thorough):
                continue
            look.apply(page)
            if thorough and look in FEWER:
                shoot(page, f"{name}-{look.name}")
            found += [f"{look.name}: {fault}" for fault in faults_of(page, look, thorough=thorough)]
    assert len(faults) >= 2
    assert {name: found for name, found in faults.items() if found} == {}


def is_django_s(page: Page) -> bool:
    """Django lays out its own pages, and scrolls wide tables inside them."""
    return "/admin/" in page.url


def faults_of(page: Page, look: Look, *, thorough: bool) -> list[str]:
    again = look.dark and not thorough
    found = accessibility_faults(page, again=again) if look.with_axe else []
    if is_django_s(page):
        return [fault for fault in found if not fault.startswith(DJANGO_FAULTS)]
    found += layout_faults(page)
    if look.width == PHONE:
        found += unreachable_targets(page)
    return found


def missing_bones(page: Page) -> list[str]:
    """A neutral title, one heading of the first order, a language, a header and a main part."""
    title = page.title()
    faults = [] if title and not TELLING.search(title) else [f"title: {title!r}"]
    if is_django_s(page):
        return faults
    counts = page.evaluate(COUNT, BONES)
    return faults + [f"not one {bone}" for bone, count in zip(BONES, counts, strict=True) if count != 1]


def test_axe_would_find_something(service: Service, page: Page) -> None:
    page.goto(service.url)
    page.locator("h1").evaluate("h1 => { h1.innerHTML = '<img src=\"\">'; h1.style.color = '#eee'; }")
    assert any("image-alt" in fault for fault in accessibility_faults(page))


def test_what_sticks_out_is_noticed(service: Service, page: Page) -> None:
    Look("narrowest", NARROWEST).apply(page)
    page.goto(service.url)
    assert layout_faults(page) == []
    page.locator("h1").evaluate("h1 => { h1.style.whiteSpace = 'nowrap'; h1.style.width = 'max-content'; }")
    assert any(fault.startswith("sticks out: <h1") for fault in layout_faults(page))
    assert "the page scrolls sideways" in layout_faults(page)
    page.locator("h1").evaluate("h1 => { h1.style.width = '5rem'; h1.style.overflow = 'hidden'; }")
    assert any(fault.startswith("cut off: <h1") for fault in layout_faults(page))


def test_the_landing_page_is_light(service: Service, page: Page) -> None:
    """What travels for a first visit, compressed, in kB; nothing in it stands in the way of the text."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks its handlers
    page.goto(service.url, wait_until="networkidle")
    assert len(answers) >= 3
    assert sum(len(gzip.compress(answer.body())) for answer in answers) < 60_000
    assert page.locator("script:not([type=module])").count() == 0


def test_the_stylesheet_and_the_scripts_stay_small() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir() if path.is_file()}
    assert sizes["arc.css"] < 20_000
    assert 0 < sum(size for name, size in sizes.items() if name.endswith(".js")) < 8_000
    # The cover tool comes only with its own page, after somebody asked for it.
    tool = [len(gzip.compress(path.read_bytes())) for path in (STATIC / "paint").iterdir()]
    assert len(tool) > 10
    assert sum(tool) + sizes["paint.css"] < 24_000


def test_a_printed_receipt_shows_what_to_keep_and_nothing_to_press(page: Page, person: Person) -> None:
    case = person.receive(page, "covered")
    page.emulate_media(media="print")
    shoot(page, "receipt-printed")
    assert page.get_by_text(case.secret).is_visible()
    assert page.get_by_text(case.number).is_visible()
    assert not page.locator("nav, .button, .exit").filter(visible=True).count()


def test_colours_of_the_reader_are_respected(service: Service, page: Page) -> None:
    """With forced colours the shapes of buttons must still show, as their backgrounds are gone."""
    page.emulate_media(forced_colors="active")
    page.goto(f"{service.url}/send/")
    shoot(page, "upload-forced-colours")
    for control in (page.locator(".exit"), page.get_by_role("button", name="Send")):
        assert control.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
        assert control.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)") >= 1


def test_nothing_moves_for_those_who_asked(service: Service, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(service.url)
    moving = (
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s')"
    )
    assert page.evaluate(f"{moving}.length") == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(f"{moving}.length") > 0
