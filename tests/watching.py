"""A browser context that notices what a page must not do, and the pictures and checks taken of a page."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, Route

SCREENSHOTS = Path(__file__).resolve().parent.parent / ".screenshots"
WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Describing every element that passed as well takes more than half of axe's time.
AXE = {"runOnly": {"type": "tag", "values": WCAG_AA}, "preload": False, "resultTypes": ["violations"]}
# After a change from light to dark, a button on its way from one to the other has a colour of neither.
SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished)
)"""
# What is pressed by itself; a check box or radio button is pressed with its label.
TARGETS = (
    "button, .button, .exit, nav a:not(.skip-link), select, textarea, summary, label > input, "
    "input:not([type=hidden], [type=checkbox], [type=radio])"
)
# Chromium's note on any answer of 400 or more; a missing part of a page is caught by its response instead.
# What a form is answered is no part of a page, whether it came by navigation or by script.
FAILED_LOAD = "Failed to load resource"


@dataclass
class Watch:
    """Collects faults of every page of one context.

    A fault is a console error or warning, an uncaught exception, a broken part of a page, a breach of
    the Content-Security-Policy (Chromium reports it on the console) and any request to another origin,
    which is stopped. Addresses in ``allowed`` are answered with an empty page instead.
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
        context.route(lambda url: not self._is_ours(url), self._stop)

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

    def _stop(self, route: Route) -> None:
        if route.request.url in self.allowed:
            route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>")
        else:
            route.abort()


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own best practice on the page, its colours at rest."""
    page.evaluate(SETTLED)
    results = Axe().run(page, options=AXE)
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def sticking_out(page: Page) -> list[str]:
    """Visible elements that reach past the left or right edge of the page, but for tables that scroll."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((element) => {
            if (element.closest(".table-scroll, .skip-link, .visually-hidden")) return false;
            const box = element.getBoundingClientRect();
            const wide = document.documentElement.clientWidth;
            return box.width > 1 && box.height > 1 && (box.left < -1 || box.right > wide + 1);
        }).map((element) => element.outerHTML.slice(0, 120))"""
    )
    return [str(element) for element in found]


def cut_off(page: Page) -> list[str]:
    """Visible text that its own box hides a part of, and a page that has to be moved sideways to be read."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((element) => {
            const scrolls = ".table-scroll, select, textarea";
            if (element.closest(`${scrolls}, .skip-link, .visually-hidden`)) return false;
            const style = getComputedStyle(element);
            const hides = (overflow) => overflow === "hidden" || overflow === "clip";
            const box = element.getBoundingClientRect();
            if (box.width <= 1 || box.height <= 1 || !element.innerText?.trim()) return false;
            return (hides(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
                || (hides(style.overflowY) && element.scrollHeight > element.clientHeight + 1);
        }).map((element) => `cut off: ${element.outerHTML.slice(0, 120)}`)"""
    )
    root = "document.documentElement"
    sideways = page.evaluate(f"{root}.scrollWidth > {root}.clientWidth")
    return [*map(str, found), *(["the page scrolls sideways"] if sideways else [])]


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
