"""WCAG 2.2 AA beyond what axe can find on each screen: every flow with the keyboard alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from acting import Person, go_by, next_page, width_of
from playwright.sync_api import FileChooser, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate
from running import Service, wait_for

NewPage = Callable[..., Page]

PRESSES = 60
FOCUS_SHOWS = """element => {
  const style = getComputedStyle(element);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def test_an_icon_tells_nothing(service: Service, page: Page) -> None:
    page.goto(service.url)
    icon = page.locator("link[rel=icon]").get_attribute("href")
    drawn = page.request.get(f"{service.url}{icon}")
    assert drawn.ok
    assert "ffa8e6" not in drawn.text().lower()


def press_until(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press a key until ``target`` has the focus; everything met on the way must show that it has it."""
    for _ in range(PRESSES):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press(key)
        focused = page.locator("*:focus")
        if focused.count() and not focused.evaluate("e => e.matches('.table-scroll')"):
            assert focused.evaluate(FOCUS_SHOWS), focused.evaluate("e => e.outerHTML")
    pytest.fail(f"{PRESSES} presses of {key} do not reach {target}")


def choose_file(page: Page, field: Locator, picture: Path) -> None:
    press_until(page, field)
    chosen = chooser_of(page)
    chosen.set_files(picture)


def chooser_of(page: Page) -> FileChooser:
    """Press Space, as a person would once more when nothing opened: a busy browser loses the first one."""
    try:
        with page.expect_file_chooser(timeout=5000) as chooser:
            page.keyboard.press("Space")
    except TooLate:
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
    return chooser.value


def test_exit_then_skip_then_content(service: Service, page: Page) -> None:
    page.goto(service.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Exit")).to_be_focused()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_send_and_look_up_with_the_keyboard_alone(
    service: Service, page: Page, pictures: dict[str, Path]
) -> None:
    page.goto(service.url)
    press_until(page, page.get_by_role("link", name="My photo is covered"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/send/")
    choose_file(page, page.get_by_label("Your covered photos"), pictures["covered"])
    for statement in page.get_by_role("checkbox").all():
        press_until(page, statement)
        page.keyboard.press("Space")
        expect(statement).to_be_checked()
    press_until(page, page.get_by_role("button", name="Send"))
    page.keyboard.press("Enter")
    number = page.locator("#case-number")
    expect(number).to_be_visible()
    typed, secret = number.inner_text(), page.locator("#case-secret").inner_text()

    press_until(page, page.get_by_role("link", name="Look up my case"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/case/")
    press_until(page, page.get_by_label("Case number"))
    page.keyboard.type(typed.lower().replace("-", " "))
    press_until(page, page.get_by_label("Secret"))
    page.keyboard.type(secret)
    with next_page(page):
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(typed)
    press_until(page, page.get_by_role("link", name="Withdraw this photo"))
    with next_page(page):
        page.keyboard.press("Enter")
    press_until(page, page.get_by_role("button", name="Yes, withdraw"))
    page.keyboard.press("Enter")
    expect(page.locator(".badge").first).to_have_text("Withdrawn")


def test_sign_in_and_decide_with_the_keyboard_alone(
    service: Service, new_page: NewPage, person: Person
) -> None:
    person.receive(new_page(), "covered")
    account, page = service.credentials["reviewer"], new_page()
    page.goto(f"{service.url}/review/")
    press_until(page, page.get_by_label("Username"))
    page.keyboard.type(account.username)
    press_until(page, page.get_by_label("Password"))
    page.keyboard.type(account.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{service.url}/review/")
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/photos/*/")

    picture = page.locator(".masked img")
    picture.evaluate("image => image.decode()")
    small = width_of(picture)
    press_until(page, page.locator(".picture"))
    page.keyboard.down("Space")
    wait_for(lambda: width_of(picture) > 2 * small, 10, "the large picture")
    page.keyboard.up("Space")
    press_until(page, page.get_by_role("radio").first)
    page.keyboard.press("Space")
    clause = page.get_by_role("radio", name=re.compile("^P2 "))
    press_until(page, clause, "ArrowDown")
    expect(clause).to_be_checked()
    press_until(page, page.get_by_role("button", name="Protected by the terms", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/queue/")
    expect(page.get_by_role("status").first).to_contain_text("P2")


def test_what_went_wrong_is_said_first_and_leads_to_its_field(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/case/")
    page.locator("main form").evaluate("form => form.noValidate = true")
    go_by(page.get_by_role("button", name="Open"))
    summary = page.get_by_role("alert")
    expect(summary).to_be_visible()
    first = page.locator("main").evaluate("main => main.querySelector('h1, h2, .error-summary').className")
    assert first == "error-summary"
    summary.get_by_role("link").first.click()
    field = page.get_by_label("Case number")
    expect(field).to_be_focused()
    assert field.get_attribute("aria-invalid") == "true"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert len(described) == 2
    assert all(page.locator(f"#{name}").count() == 1 for name in described)
