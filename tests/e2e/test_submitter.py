"""Somebody sends a photo with nothing but the pages: on a desk and on a phone, with script and without."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from acting import Person, go_by, next_page
from playwright.sync_api import Page, Route, expect
from running import Service

NewPage = Callable[..., Page]

PHONE = {"width": 360, "height": 720}
DESK = {"width": 1280, "height": 800}
LOSE_THE_FIRST_ANSWER = """() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (body) {
    XMLHttpRequest.prototype.send = send;
    this.onload = () => this.onerror();
    send.call(this, body);
  };
}"""
LATER_MS = 15 * 60 * 1000 + 1000


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_choose_send_follow_change_one_s_mind_and_withdraw(
    new_page: NewPage, service: Service, person: Person, script: bool, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport, java_script_enabled=script, has_touch=viewport is PHONE)
    page.goto(service.url)
    go_by(page.get_by_role("link", name="My photo is covered: send it"))
    person.choose(page, "covered", "also covered")
    page.locator("summary").click()
    page.get_by_label("How long should protection last?").select_option(label="3 months")
    page.get_by_label("Also make an extended fingerprint.").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your covered photo")
    expect(page.locator(".facts")).to_contain_text("3 months")
    expect(page.locator("#receipt-tools")).to_be_visible(visible=script)
    case = person.receipt(page)
    go_by(page.get_by_role("link", name="Look up my case"))
    page.get_by_label("Case number").fill(case.number.lower().replace("0", "o").replace("1", "i"))
    page.get_by_label("Secret").fill(case.secret.lower().replace("0", "O").replace("1", "l"))
    go_by(page.get_by_role("button", name="Open"))
    expect(page.get_by_role("heading", level=2, name="Photo")).to_have_count(2)
    go_by(page.get_by_role("link", name="Take back the extended fingerprint"))
    go_by(page.get_by_role("button", name="Yes, take it back"))
    expect(page.get_by_role("status").first).to_contain_text("The extended fingerprint is gone here.")
    go_by(page.get_by_role("link", name="Withdraw all photos"))
    go_by(page.get_by_role("button", name="Yes, withdraw"))
    expect(page.locator(".badge")).to_have_text(["Withdrawn", "Withdrawn"])
    go_by(page.get_by_role("button", name="Close these pages now"))
    page.goto(f"{service.url}/case/")
    expect(page.get_by_label("Secret")).to_be_visible()


def test_a_lost_connection_loses_nothing(page: Page, person: Person) -> None:
    person.fill_in(page, "covered", "also covered")
    token = page.locator("[name=token]").input_value()
    page.route("**/send/", lambda route: lose(route), times=1)  # noqa: PLW0108 - Playwright marks its handlers
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    assert page.get_by_label("Your covered photos").evaluate("field => field.files.length") == 2
    assert page.locator("[name=token]").input_value() == token
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your covered photo")
    expect(page.get_by_role("status").first).not_to_contain_text("You sent this form before")


def test_an_answer_that_is_lost_on_its_way_back_is_given_again(page: Page, person: Person) -> None:
    person.fill_in(page, "covered")
    page.evaluate(LOSE_THE_FIRST_ANSWER)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("what arrived already is not taken twice")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#case-number")).to_be_visible()
    expect(page.locator("main")).to_contain_text("You sent this form before. Nothing was made twice")


def lose(route: Route) -> None:
    route.abort("connectionreset")


def test_back_and_forward_send_nothing_again(service: Service, page: Page, person: Person) -> None:
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(f"{service.url}/cover/")
    person.receive(page, "covered")
    page.go_back()
    expect(page).to_have_url(f"{service.url}/cover/")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send a covered photo")
    page.reload()
    assert posts == [f"{service.url}/send/"]
    assert page.locator("#case-secret").count() == 0


def test_the_receipt_is_veiled_copied_and_saved(
    new_page: NewPage, service: Service, person: Person, tmp_path: Path
) -> None:
    page = new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.url)
    case = person.receive(page, "covered")
    secret = page.locator("#case-secret")
    expect(secret).to_have_class(re.compile("veiled"))
    page.get_by_role("button", name="Show the secret").click()
    expect(secret).not_to_have_class(re.compile("veiled"))
    page.get_by_role("button", name="Hide the secret").click()
    expect(secret).to_have_class(re.compile("veiled"))
    page.get_by_role("button", name="Copy both").click()
    expect(page.locator("#receipt-said")).to_have_text("Copied. Paste it where only you look.")
    copied = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").click()
    assert saved.value.suggested_filename == "note.txt"
    saved.value.save_as(tmp_path / "note.txt")
    assert (tmp_path / "note.txt").read_text() == copied
    assert case.number in copied
    assert case.secret in copied
    assert f"{service.url}/case/" in copied
    page.emulate_media(media="print")
    assert secret.evaluate("e => getComputedStyle(e).filter") == "none"


def test_a_case_left_open_is_cleared_from_the_screen(service: Service, page: Page, person: Person) -> None:
    case = person.receive(page, "covered")
    page.clock.install()
    person.open_case(page, case)
    left = page.locator("time[data-expires]")
    expect(left).to_have_text(re.compile(r"^1[45]:\d\d$"))
    page.context.clear_cookies()  # what the server does by then
    with next_page(page):
        page.clock.fast_forward(LATER_MS)
    expect(page.get_by_label("Secret")).to_be_visible()
    assert case.number not in page.content()


def test_the_colour_is_copied(new_page: NewPage, service: Service) -> None:
    page = new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.url)
    page.goto(f"{service.url}/cover/")
    page.get_by_role("button", name="Copy the colour").click()
    expect(page.locator("#colour-said")).to_have_text("Copied. Paste it into your editor.")
    assert page.evaluate("navigator.clipboard.readText()") == "#FFA8E6"
