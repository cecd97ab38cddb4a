"""A walk past every screen. Each step brings the page there and yields the screen's name."""

import re
from collections.abc import Callable, Iterator

from acting import Case, Person
from playwright.sync_api import Page
from running import Service

Walk = Callable[[Page, Service, Person], Iterator[str]]


def submitter(page: Page, service: Service, person: Person) -> Iterator[str]:
    for name, path in (("landing", "/"), ("cover", "/cover/"), ("upload", "/send/"), ("look-up", "/case/")):
        page.goto(service.url + path)
        yield name
    page.goto(f"{service.url}/nowhere/")
    yield "not-found"
    page.goto(f"{service.url}/case/")
    page.get_by_role("button", name="Open").click()
    yield "look-up-empty"
    person.open_case(page, Case("00000-00000", "wrong"))
    yield "look-up-wrong"
    page.goto(f"{service.url}/send/")
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state()
    yield "upload-empty"
    person.send(page, "covered", "little", "uncovered")
    yield "refusal"
    case = person.receive(page, "covered", "also covered")
    yield "receipt"
    person.open_case(page, case)
    yield "status-waiting"
    page.get_by_role("link", name="Withdraw this photo").first.click()
    yield "withdraw-one"
    page.get_by_role("button", name="Yes, withdraw").click()
    yield "status-withdrawn"
    for name in ("two-protected", "not-protected"):
        person.open_case(page, Case(*service.demo_case(name)))
        yield f"status-{name}"


def reviewer(page: Page, service: Service, person: Person) -> Iterator[str]:
    page.goto(f"{service.url}/review/")
    yield "queue"
    page.locator("main form .primary").click()
    page.wait_for_url("**/photos/**")
    page.locator(".masked img").evaluate("image => image.decode()")
    yield "photo"
    page.get_by_role("button", name="Not protected by the terms").click()
    page.wait_for_load_state()
    yield "photo-refused"
    other_tab = page.context.new_page()
    other_tab.goto(service.url + page.url.removeprefix(service.url).replace("decide/", ""))
    other_tab.get_by_role("radio", name=re.compile("^P1 ")).check()
    other_tab.get_by_role("button", name="Protected by the terms", exact=True).click()
    other_tab.wait_for_url("**/review/")
    other_tab.close()
    page.get_by_role("radio", name=re.compile("^N1 ")).check()
    page.get_by_label("Reason").fill("Written before the other tab decided.")
    page.get_by_role("button", name="Not protected by the terms").click()
    page.wait_for_load_state()
    yield "decision-conflict"
    for name, path in (
        ("second-factor", "/staff/2fa/"),
        ("is-it-you", "/staff/reauthenticate/"),
        ("change-password", "/staff/password/"),
        ("not-allowed", "/review/log/"),
    ):
        page.goto(service.url + path)
        yield name


def administrator(page: Page, service: Service, person: Person) -> Iterator[str]:
    page.goto(f"{service.url}/review/log/")
    yield "log"
    for name, path in (
        ("admin-index", "/admin/"),
        ("admin-partners", "/admin/matching/partner/"),
        ("admin-partner-add", "/admin/matching/partner/add/"),
        ("admin-audit", "/admin/review/auditentry/"),
        ("admin-terms", "/admin/review/termsversion/"),
        ("admin-users", "/admin/auth/user/"),
    ):
        page.goto(service.url + path)
        yield name
    page.goto(f"{service.url}/admin/matching/partner/")
    page.get_by_role("link", name="Example Platform").click()
    page.wait_for_url("**/change/")
    yield "admin-partner"


def visitor(page: Page, service: Service, person: Person) -> Iterator[str]:
    page.goto(f"{service.url}/staff/login/")
    yield "sign-in"
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    yield "sign-in-refused"


WALKS: dict[str, tuple[str | None, Walk]] = {
    "submitter": (None, submitter),
    "visitor": (None, visitor),
    "reviewer": ("reviewer", reviewer),
    "administrator": ("admin", administrator),
}
