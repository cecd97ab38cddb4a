"""Every screen as people see it: nothing sticks out or is cut off, in any size, theme, direction or language.

The pictures stay in ``.screenshots/`` for somebody to look at.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from acting import Person
from playwright.sync_api import Page, Response
from running import Service
from screens import WALKS
from watching import shoot, sticking_out

NewPage = Callable[..., Page]

STATIC = Path(__file__).resolve().parents[2] / "arcsite" / "static" / "arcsite"
# Every word of the page as long as its translation could be: "Photophoto" for "Photo"; and back again.
LENGTHEN = r"""(body, longer) => {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    text.asWritten ??= text.data;
    const words = text.asWritten;
    text.data = longer ? words.replace(/\p{L}{4,}/gu, (word) => word + word.toLowerCase()) : words;
  }
}"""


@dataclass(frozen=True)
class Look:
    """One way to see a page; ``zoom`` is the size of its text in per cent."""

    name: str
    width: int
    dark: bool = False
    rtl: bool = False
    zoom: int = 100
    long_words: bool = False

    def apply(self, page: Page) -> None:
        page.set_viewport_size({"width": self.width, "height": 800})
        page.emulate_media(color_scheme="dark" if self.dark else "light")
        root = page.locator("html")
        root.evaluate("(root, dir) => { root.dir = dir; }", "rtl" if self.rtl else "ltr")
        root.evaluate("(root, size) => { root.style.fontSize = size; }", f"{self.zoom}%")
        page.locator("body").evaluate(LENGTHEN, self.long_words)


# The last one is how the walk goes on.
LOOKS = (
    Look("desktop-dark", 1280, dark=True),
    Look("phone", 400),
    Look("phone-dark", 400, dark=True),
    Look("phone-rtl", 360, rtl=True),
    # 200 % zoom on a screen of 1280, and text alone at 200 %.
    Look("zoomed-text", 640, zoom=200),
    Look("narrowest", 320),
    Look("phone-long-words", 360, long_words=True),
    Look("desktop", 1280),
)


@pytest.mark.parametrize("walk", WALKS)
def test_every_screen_fits_in_every_look(
    walk: str, service: Service, new_page: NewPage, person: Person
) -> None:
    account, screens = WALKS[walk]
    page = new_page(account)
    if walk == "reviewer":
        person.receive(new_page(), "covered")
    faults = []
    for name in screens(page, service, person):
        for look in LOOKS:
            look.apply(page)
            shoot(page, f"{name}-{look.name}")
            # Django lays out its own pages, and scrolls wide tables inside them.
            if "/admin/" not in page.url and (cut := sticking_out(page)):
                faults.append((name, look.name, cut))
    assert faults == []


def test_what_sticks_out_is_noticed(service: Service, page: Page) -> None:
    Look("narrowest", 320).apply(page)
    page.goto(service.url)
    assert sticking_out(page) == []
    page.locator("h1").evaluate("h1 => { h1.style.whiteSpace = 'nowrap'; h1.style.width = 'max-content'; }")
    assert any(element.startswith("<h1") for element in sticking_out(page))


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
