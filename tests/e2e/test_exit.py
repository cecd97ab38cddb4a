"""Leaving in a hurry, and doing everything without script."""

import re
from collections.abc import Callable

import pytest
from acting import Person, go_by
from playwright.sync_api import Page, Route, expect
from running import Service, wait_for
from watching import Watch

NewPage = Callable[..., Page]

ELSEWHERE = "https://www.wikipedia.org/"


@pytest.fixture(autouse=True)
def elsewhere(watch: Watch) -> None:
    watch.allowed.add(ELSEWHERE)


def test_exit_leaves_nothing_to_go_back_to(service: Service, page: Page, watch: Watch) -> None:
    page.goto("about:blank")
    page.goto(f"{service.url}/send/")
    page.get_by_role("link", name="Exit").click()
    page.wait_for_url(ELSEWHERE)
    page.go_back()
    expect(page).to_have_url("about:blank")


def test_shift_three_times_leaves_from_within_a_field(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/case/")
    page.get_by_label("Secret").focus()
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url(ELSEWHERE)


def test_exit_closes_the_case(service: Service, page: Page, person: Person) -> None:
    person.open_case(page, person.receive(page, "covered"))
    page.goto(f"{service.url}/after/")
    page.get_by_role("link", name="Exit").click()
    page.wait_for_url(ELSEWHERE)
    # The page is gone before its last word has arrived.
    wait_for(lambda: asks_for_a_secret(page, service), 30, "the end of the case")


def asks_for_a_secret(page: Page, service: Service) -> bool:
    page.goto(f"{service.url}/case/")
    return page.get_by_label("Secret").is_visible()


def test_other_keys_do_not_leave(service: Service, page: Page, watch: Watch) -> None:
    page.goto(f"{service.url}/case/")
    page.get_by_label("Secret").focus()
    for key in ("Escape", "Escape", "Escape", "Shift", "Shift", "A", "Shift", "Shift+B", "Shift"):
        page.keyboard.press(key)
    # Leaving begins with an empty screen, within the press itself.
    assert page.evaluate("[location.pathname, document.documentElement.hidden]") == ["/case/", False]
    assert ELSEWHERE not in watch.visited


def test_exit_says_what_it_does_not_do(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect(page.locator("footer")).to_contain_text("does not clear your browsing history")


def test_staff_have_no_exit_in_their_way(reviewer_page: Page, service: Service) -> None:
    reviewer_page.goto(f"{service.url}/review/")
    expect(reviewer_page.get_by_role("heading", level=1)).to_have_text("Your day")
    assert reviewer_page.locator(".exit").count() == 0


def test_without_script_everything_still_works(service: Service, new_page: NewPage, person: Person) -> None:
    page = new_page(java_script_enabled=False)
    case = person.receive(page, "covered")
    person.open_case(page, case)
    expect(page.get_by_role("heading", level=1)).to_contain_text(case.number)
    go_by(page.get_by_role("link", name="Withdraw this photo"))
    go_by(page.get_by_role("button", name="Yes, withdraw"))
    expect(page.locator(".badge").first).to_have_text("Withdrawn")
    page.get_by_role("link", name="Exit").click()
    page.wait_for_url(ELSEWHERE)


def test_a_double_click_sends_once(service: Service, page: Page, person: Person) -> None:
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    person.fill_in(page, "covered")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.locator("#case-number")).to_be_visible()
    assert posts == [f"{service.url}/send/"]


def test_while_it_is_sent_the_form_says_so(page: Page, person: Person) -> None:
    held: list[Route] = []
    person.fill_in(page, "covered")
    page.route("**/send/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks its handlers
    form, button = page.locator("main form"), page.get_by_role("button", name="Send")
    with page.expect_request("**/send/"):
        button.click()
    expect(form).to_have_attribute("aria-busy", "true")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(form.get_by_role("status")).to_have_text("Sending and checking. This can take a minute.")
    held[0].abort()
    expect(form).to_have_attribute("aria-busy", "false")


def test_the_time_left_ticks(
    reviewer_page: Page, service: Service, new_page: NewPage, person: Person
) -> None:
    person.receive(new_page(), "covered")
    reviewer_page.goto(f"{service.url}/review/")
    go_by(reviewer_page.locator("#next"))
    left = reviewer_page.locator("time[data-expires]").first
    expect(left).to_have_text(re.compile(r"^\d:\d\d$"))
    shown = left.inner_text()
    expect(left).not_to_have_text(shown)
