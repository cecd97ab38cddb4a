"""Fixtures of the browser tests.

Everything here is real: ``service`` is ``manage.py up`` (web server, worker, database file) in processes of
its own, started once for the whole run; pages are Chromium's. Chromium's every fault is collected and
asserted to be none when a test ends (``Watch`` in ``tests/watching.py``): console errors, breaches of the
CSP, broken parts of a page, requests to other origins.

    def test_something(service, page, reviewer_page, pictures): ...

- ``service``: ``.url``, ``.data``, ``.credentials``, ``.manage(...)``, ``.add_reviewer(name)``,
  ``.worker_pid()``, ``.kill_worker()``, ``.restart_worker()``, ``.printed()``.
- ``page``: a fresh browser at the size of a desktop, nobody signed in. ``reviewer_page``, ``admin_page``:
  the same, signed in, in browsers of their own.
- ``new_page(...)``: more of them: ``new_page("reviewer")``, ``new_page(java_script_enabled=False)``.
- ``watch``: the Watch of all pages of this test; ``watch.allowed.add(url)`` before a page is made that leaves
  on purpose.
- ``pictures``: files to send, by name: "covered", "also covered", "uncovered", "little".
- ``person``: what a submitter does, in one call each: ``person.send(page, "covered")``, ``person.open_case``.

Playwright runs an event loop in this thread, so the ORM cannot be used here; ask the service, its pages or
its database file instead. The browser lives as long as one test module for the same reason.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from acting import Person, fill_sign_in
from drawing import FACE, Shape, cover, jpeg, natural
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright
from prepared import copy_of, data_directory, shared_directory
from running import Service, running_service
from watching import Watch

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# For a machine that is slow and busy; one that is neither needs a tenth.
PATIENCE_MS = 45_000
DESKTOP = {"width": 1280, "height": 800}
SPECK = Shape("ellipse", (0.45, 0.45, 0.55, 0.55))
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    # Without a graphics card, drawing through an emulated one takes most of the time.
    "--disable-gpu",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    # Nothing leaves the machine, whatever a page asks for; ``Watch`` sees that it asked.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

expect.set_options(timeout=PATIENCE_MS)
NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path. Asked for by ``service`` too: without a browser nothing is started."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no chromium on this machine (on Debian: apt install chromium)")
    return path


@pytest.fixture(scope="session")
def service(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the demo in it, so that every screen has something to show."""
    data = tmp_path_factory.mktemp("service") / "data"
    empty = data_directory(tmp_path_factory, tmp_path_factory.mktemp("empty") / "data")
    copy_of(shared_directory(tmp_path_factory) / "demo", partial(make_demo, empty), data)
    with running_service(data, "--demo") as started:
        yield started


def make_demo(empty: Path, data: Path) -> None:
    """All of it is drawn, sent and decided when the service has started, so it may stop at once."""
    shutil.copytree(empty, data, symlinks=True)
    with running_service(data, "--demo"):
        pass


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Drawn photos as files: "covered" and "also covered" pass, "uncovered" and "little" are refused."""
    photo, other = natural(31, 900, 700), natural(32, 700, 900)
    drawn = {
        "covered": jpeg(cover(photo)),
        "also covered": jpeg(cover(other, [FACE])),
        "uncovered": jpeg(photo),
        "little": jpeg(cover(photo, [SPECK])),
    }
    directory = tmp_path_factory.mktemp("pictures")
    for name, data in drawn.items():
        (directory / f"{name}.jpg").write_bytes(data)
    return {name: directory / f"{name}.jpg" for name in drawn}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def watch(service: Service) -> Iterator[Watch]:
    """Sees every page of the test, and fails the test at its end when there was a fault."""
    watch = Watch(service.url)
    yield watch
    assert watch.faults == []


@pytest.fixture(scope="module")
def signed_in(browser: Browser, service: Service) -> Callable[[str], StorageState]:
    """The cookies of a signed-in account; each account signs in once a module, by the form."""
    states: dict[str, StorageState] = {}

    def sign_in(username: str) -> StorageState:
        if username not in states:
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{service.url}/staff/login/")
            fill_sign_in(page, service.credentials[username])
            page.wait_for_url(lambda url: "/login/" not in url)
            states[username] = context.storage_state()
            context.close()
        return states[username]

    return sign_in


@pytest.fixture
def new_page(
    request: pytest.FixtureRequest,
    browser: Browser,
    watch: Watch,
    signed_in: Callable[[str], StorageState],
) -> Iterator[NewPage]:
    """Makes pages in browsers of their own; give an account's name to have it signed in."""
    contexts: list[BrowserContext] = []

    def make(username: str | None = None, **options: Any) -> Page:
        state = signed_in(username) if username else None
        context = browser.new_context(**{"viewport": DESKTOP, "storage_state": state, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        watch.attach(context)
        page = context.new_page()
        if request.config.getoption("--slow-browser"):
            slow_down(page)
        return page

    yield make
    for context in contexts:
        context.close()


def slow_down(page: Page) -> None:
    """A fifth of the speed, and every answer comes 150 ms later: what looks too early, looks in vain."""
    developer = page.context.new_cdp_session(page)
    developer.send("Emulation.setCPUThrottlingRate", {"rate": 5})
    developer.send("Network.enable")
    limits = {"offline": False, "latency": 150, "downloadThroughput": -1, "uploadThroughput": -1}
    developer.send("Network.emulateNetworkConditions", limits)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


@pytest.fixture
def reviewer_page(new_page: NewPage) -> Page:
    return new_page("reviewer")


@pytest.fixture
def admin_page(new_page: NewPage) -> Page:
    return new_page("admin")


@pytest.fixture
def person(service: Service, pictures: dict[str, Path]) -> Person:
    return Person(service.url, pictures)
