"""A browser context that notices what a page must not do, and the pictures and checks taken of a page."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, Route

SCREENSHOTS = Path(__file__).resolve().parent.parent / ".screenshots"
WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Describing every element that passed as well takes more than half of axe's time.
AXE = {"runOnly": {"type": "tag", "values": WCAG_AA}, "preload": False, "resultTypes": ["violations"]}
RUN_AXE = "(options) => axe.run(options).then((found) => found.violations)"
# What may differ between two looks at one page, in which the same things are on the screen.
LOOK_DEPENDENT = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
AXE_AGAIN = {**AXE, "runOnly": {"type": "rule", "values": LOOK_DEPENDENT}}
# After a change from light to dark, a button on its way from one to the other has a colour of neither.
SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished)
)"""
# What is pressed by itself; a check box or radio button is pressed with its label.
TARGETS = (
    "button, .button, .exit, nav a:not(.skip-link), select, textarea, summary, label > input, "
    "input:not([type=hidden], [type=checkbox], [type=radio])"
)
# While all there is to open is open: an element lies past the left or right edge of the page, or a box
# hides a part of its text. Tables and fields scroll on purpose. The text is asked for last: that takes long.
LAYOUT = """() => {
  const root = document.documentElement;
  const faults = [];
  const hides = (overflow) => overflow === "hidden" || overflow === "clip";
  const cutsOff = (element) => {
    const style = getComputedStyle(element);
    const over = (hides(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
      || (hides(style.overflowY) && element.scrollHeight > element.clientHeight + 1);
    return over && !element.closest("select, textarea") && Boolean(element.innerText?.trim());
  };
  const closed = [...document.querySelectorAll("details:not([open])")];
  for (const each of closed) each.open = true;
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) continue;
    const out = box.left < -1 || box.right > root.clientWidth + 1;
    const cut = cutsOff(element);
    if (!(out || cut) || element.closest(".table-scroll, .skip-link, .visually-hidden")) continue;
    const told = element.outerHTML.slice(0, 120);
    if (out) faults.push(`sticks out: ${told}`);
    if (cut) faults.push(`cut off: ${told}`);
  }
  if (root.scrollWidth > root.clientWidth) faults.push("the page scrolls sideways");
  for (const each of closed) each.open = false;
  return faults;
}"""
# Chromium's note on any answer of 400 or more; a missing part of a page is caught by its response instead.
# What a form is answered is no part of a page, whether it came by navigation or by script.
FAILED_LOAD = "Failed to load resource"


@dataclass
class Watch:
    """Collects faults of every page of one context.

    A fault is a console error or warning, an uncaught exception, a broken part of a page, a breach of
    the Content-Security-Policy (Chromium reports it on the console) and any request to another origin,
    which the browser cannot resolve. Addresses that are in ``allowed`` when a context is attached are
    answered with an empty page instead: there alone requests are intercepted, as that slows down all of
    them and leaves nothing in the browser's cache.
    """

    origin: str
    allowed: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        for url in self.allowed:
            context.route(url, self._answer)

    def _is_ours(self, url: str) -> bool:
        return url.startswith((f"{self.origin}/", "blob:", "data:", "about:"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(FAILED_LOAD):
            self.faults.append(f"console {message.type} on {self._path(message)}: {message.text}")

    def _path(self, message: ConsoleMessage) -> str:
        return urlsplit(message.page.url).path if message.page else "?"

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.visited.append(request.url)
        if not self._is_ours(request.url) and request.url not in self.allowed:
            self.faults.append(f"request to another origin: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "xhr"}:
            self.faults.append(f"{response.status} for {urlsplit(response.url).path}")

    def _answer(self, route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>")


def accessibility_faults(page: Page, *, again: bool = False) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own best practice on the page, its colours at rest.

    ``again``: the page is looked at in another size or other colours, so only what depends on those.
    """
    page.evaluate(SETTLED)
    # Half a megabyte: once for each document.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate(RUN_AXE, AXE_AGAIN if again else AXE)
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def layout_faults(page: Page) -> list[str]:
    """What does not fit: ``sticks out: ...``, ``cut off: ...`` or ``the page scrolls sideways``."""
    return [str(fault) for fault in page.evaluate(LAYOUT)]


def unreachable_targets(page: Page) -> list[str]:
    """Buttons, fields and navigation that are smaller than 44 pixels; links inside a sentence may be."""
    found = page.evaluate(
        """(targets) => [...document.querySelectorAll(targets)].filter((element) => {
            const box = (element.closest("label") ?? element).getBoundingClientRect();
            return box.height > 1 && (box.height < 43.9 || box.width < 43.9);
        }).map((element) => element.outerHTML.slice(0, 120))""",
        TARGETS,
    )
    return [str(element) for element in found]


def shoot(page: Page, name: str) -> Path:
    """Save the whole page as it is now under ``.screenshots/``."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path
