"""Walks past every screen. Each step brings the page there, whole, and yields the screen's name."""

import re
from collections.abc import Callable, Iterator

from acting import Case, Person, go_by
from painting import OVER_THE_SECRET, PATH, SIZE, Painter
from playwright.sync_api import Page
from running import Service

Walk = Callable[[Page, Service, Person], Iterator[str]]

# One partner is silent; another one failed again and again, and did not confirm a withdrawal.
TROUBLE = """
import uuid
from datetime import timedelta
from django.db.models import F
from django.utils import timezone
from matching.models import Call, FeedHead, FeedRecord, Partner, PartnerCalls
long_ago, stage = timezone.now() - timedelta(days=30), Partner.Stage
silent = Partner.objects.filter(name="Example Helpline")
silent.update(staged_at=long_ago)
PartnerCalls.objects.filter(partner__in=silent).update(first_at=long_ago, last_at=long_ago)
FeedHead.objects.update(seq=F("seq") + 1)
seq = FeedHead.objects.get().seq
late = Partner.objects.create(
    name="Late", slug="late", stage=stage.PAUSED, approved_at=long_ago, pulled=seq, applied=seq - 1
)
FeedRecord.objects.create(fingerprint_id=uuid.uuid4(), seq=seq, tombstone=True, published_at=long_ago)
PartnerCalls.objects.create(
    partner=late, what=Call.PULL, failures=3, failed_code="cursor-ahead", failed_at=long_ago
)
"""


def submitter(page: Page, service: Service, person: Person) -> Iterator[str]:
    for name, path in (
        ("landing", "/"),
        ("limits", "/limits/"),
        ("figures", "/transparency/"),
        ("after", "/after/"),
        ("cover", "/cover/"),
        ("upload", "/send/"),
        ("look-up", "/case/"),
    ):
        page.goto(service.url + path)
        yield name
    page.goto(f"{service.url}/send/")
    page.locator("summary").click()
    yield "upload-choices"
    yield from cover_tool(page, Painter(page, service.url), person)
    page.goto(f"{service.url}/nowhere/")
    yield "not-found"
    page.goto(f"{service.url}/case/")
    page.locator("main form").evaluate("form => form.noValidate = true")
    go_by(page.get_by_role("button", name="Open"))
    page.locator("#error-summary").wait_for()
    yield "look-up-empty"
    person.open_case(page, Case("00000-00000", "wrong"))
    yield "look-up-wrong"
    page.goto(f"{service.url}/send/")
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send").click()
    page.locator("#error-summary").wait_for()
    yield "upload-empty"
    person.send(page, "covered", "little", "uncovered")
    yield "refusal"
    case = person.receive(page, "covered", "also covered")
    page.get_by_role("button", name="Copy both").wait_for()
    yield "receipt"
    person.open_case(page, case)
    yield "status-waiting"
    go_by(page.get_by_role("link", name="Withdraw this photo").first)
    yield "withdraw-one"
    go_by(page.get_by_role("button", name="Yes, withdraw"))
    yield "status-withdrawn"
    for name in (
        "two-protected",
        "not-protected",
        "cover-more",
        "for-a-lead",
        "appealed",
        "extended",
        "expired",
        "questioned",
    ):
        page.context.clear_cookies()
        person.open_case(page, Case(*service.demo_case(name)))
        yield f"status-{name}"
    go_by(page.get_by_role("link", name="Send photo 1 again"))
    yield "send-again"
    page.locator("form[data-busy]").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send again").click()
    page.locator("#error-summary").wait_for()
    yield "send-again-empty"
    yield from choices(page, service, person)


def choices(page: Page, service: Service, person: Person) -> Iterator[str]:
    """A case whose sender chose everything there is to choose."""
    person.fill_in(page, "covered")
    page.locator("summary").click()
    page.get_by_label("How long should protection last?").select_option(label="1 year")
    page.get_by_label("Also make an extended fingerprint.").check()
    page.get_by_role("button", name="Send").click()
    case = person.receipt(page)
    page.get_by_role("button", name="Copy both").wait_for()
    yield "receipt-choices"
    person.open_case(page, case)
    yield "status-choices"
    go_by(page.get_by_role("link", name="Take back the extended fingerprint"))
    yield "take-back-extended"
    page.context.clear_cookies()
    person.open_case(page, Case(*service.demo_case("not-protected")))
    go_by(page.get_by_role("link", name="Record of deletion"))
    page.get_by_role("heading", name="What stays").wait_for()
    yield "record-of-deletion"


def cover_tool(page: Page, painter: Painter, person: Person) -> Iterator[str]:
    page.goto(painter.origin + PATH)
    page.locator("#paint-tool").wait_for()
    yield "tool"
    painter.open(person.pictures["uncovered"])
    yield "tool-empty"
    painter.look()
    page.locator("#paint-trouble").wait_for()
    yield "tool-not-enough"
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.measured()
    yield "tool-covered"
    painter.look()
    page.locator("#paint-form").wait_for()
    yield "tool-copies"


def reviewer(page: Page, service: Service, person: Person) -> Iterator[str]:
    page.goto(f"{service.url}/review/")
    yield "start"
    go_by(page.get_by_role("button", name="15 minutes"))
    page.get_by_role("button", name="Go on now").wait_for()
    yield "start-paused"
    go_by(page.get_by_role("button", name="Go on now"))
    page.goto(f"{service.url}/review/queue/")
    yield "queue"
    go_by(page.locator("#next"))
    page.locator(".masked img").evaluate("image => image.decode()")
    yield "photo"
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    yield "photo-keys"
    page.keyboard.press("Escape")
    go_by(page.get_by_role("button", name="Not protected by the terms"))
    yield "photo-refused"
    other_tab = page.context.new_page()
    other_tab.goto(page.url.removesuffix("decide/"))
    other_tab.get_by_role("radio", name=re.compile("^P1 ")).check()
    other_tab.get_by_role("button", name="Protected by the terms", exact=True).click()
    other_tab.wait_for_url("**/review/queue/")
    other_tab.close()
    page.get_by_role("radio", name=re.compile("^N1 ")).check()
    page.get_by_label("Reason").fill("Written before the other tab decided.")
    go_by(page.get_by_role("button", name="Not protected by the terms"))
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
    page.goto(f"{service.url}/review/lead/")
    page.locator(".chart").first.wait_for()
    page.locator(".chart summary").first.click()
    yield "team"
    page.goto(f"{service.url}/review/log/")
    yield "log"
    page.get_by_label("Case number").fill("nonsense")
    go_by(page.get_by_role("button", name="Search"))
    page.locator(".error-summary").wait_for()
    yield "log-search-mistake"
    for name, path in (
        ("admin-index", "/admin/"),
        ("admin-partners", "/admin/matching/partner/"),
        ("admin-feed-health", "/admin/matching/partner/health/"),
        ("admin-tasks", "/admin/matching/heartbeat/"),
        ("admin-audit", "/admin/review/auditentry/"),
        ("admin-terms", "/admin/review/termsversion/"),
        ("admin-users", "/admin/auth/user/"),
    ):
        page.goto(service.url + path)
        yield name
    yield from feed_health_in_red(page, service)
    page.goto(f"{service.url}/admin/review/termsversion/")
    go_by(page.get_by_role("button", name="Draft the next version"))
    page.get_by_role("link", name="Publish...").wait_for()
    yield "admin-terms-draft"
    go_by(page.get_by_role("link", name="Publish..."))
    page.get_by_role("button", name="Publish this version").wait_for()
    yield "admin-terms-publish"
    yield from partner_manager(page, service)


def feed_health_in_red(page: Page, service: Service) -> Iterator[str]:
    service.manage("shell", "-v0", "-c", TROUBLE)
    page.goto(f"{service.url}/admin/matching/partner/health/")
    page.get_by_role("alert").wait_for()
    for state in ("silent for too long", ": late", "cursor-ahead"):
        page.locator("dd").filter(has_text=state).first.wait_for()
    page.locator("details summary").first.click()
    yield "admin-feed-health-red"


def partner_manager(page: Page, service: Service) -> Iterator[str]:
    partners = f"{service.url}/admin/matching/partner/"
    for name, partner, step in (
        ("admin-partner", "Example Platform", "Pause"),
        ("admin-partner-proposed", "Example Newcomer", "Approve going live"),
    ):
        page.goto(partners)
        go_by(page.get_by_role("link", name=partner))
        yield name
        go_by(page.get_by_role("link", name=step))
        page.get_by_role("button", name=step).wait_for()
        yield f"{name}-{step.split()[0].lower()}"
    page.goto(f"{partners}add/")
    yield "admin-partner-add"
    page.get_by_label("Name").fill("A new platform")
    go_by(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url("**/change/")
    yield "admin-partner-new"
    go_by(page.get_by_role("link", name="Propose going live"))
    go_by(page.get_by_role("button", name="Propose going live"))
    page.locator(".errorlist").wait_for()
    yield "admin-partner-propose-mistake"
    go_by(page.get_by_role("link", name="Cancel"))
    go_by(page.get_by_role("link", name="Issue a key"))
    page.get_by_role("button", name="Issue a key").wait_for()
    yield "admin-key"
    go_by(page.get_by_role("button", name="Issue a key"))
    page.locator("pre.secret").wait_for()
    yield "admin-key-issued"


def visitor(page: Page, service: Service, person: Person) -> Iterator[str]:
    page.goto(f"{service.url}/staff/login/")
    yield "sign-in"
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    go_by(page.get_by_role("button", name="Sign in"))
    yield "sign-in-refused"


WALKS: dict[str, tuple[str | None, Walk]] = {
    "submitter": (None, submitter),
    "visitor": (None, visitor),
    "reviewer": ("reviewer", reviewer),
    "administrator": ("admin", administrator),
}
