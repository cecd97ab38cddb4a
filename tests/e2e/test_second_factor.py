"""The first sign-in of a service as it comes: no staff page opens before an authenticator app is set up."""

from collections.abc import Iterator

import authenticator_app
import pytest
from acting import fill_sign_in, go_by
from playwright.sync_api import Page, expect
from prepared import data_directory
from running import Service, running_service
from watching import accessibility_faults, shoot

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = data_directory(tmp_path_factory, tmp_path_factory.mktemp("second-factor") / "data")
    with running_service(data, ARC_REQUIRE_MFA="on") as started:
        yield started


def test_a_new_person_sets_up_an_app_and_signs_in_with_it(service: Service, page: Page) -> None:
    account = service.credentials["reviewer"]
    page.goto(f"{service.url}/review/")
    fill_sign_in(page, account)
    expect(page.get_by_text("Please set up an authenticator app")).to_be_visible()
    shoot(page, "second-factor-required")
    assert accessibility_faults(page) == []
    for shut in ("/review/", "/admin/"):
        page.goto(f"{service.url}{shut}")
        expect(page).to_have_url(f"{service.url}/staff/2fa/")

    go_by(page.get_by_role("link", name="Set it up"))
    # Without the password once more: it was typed a moment ago.
    expect(page.locator("main svg")).to_be_visible()
    shoot(page, "second-factor-set-up")
    secret = page.locator(".secret").first.inner_text()
    page.get_by_role("textbox", name="code").fill(authenticator_app.code(secret))
    go_by(page.locator("main form button").first)
    page.goto(f"{service.url}/review/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your day")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/staff/login/**")
    fill_sign_in(page, account)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    page.get_by_role("textbox", name="code").fill("000000")
    go_by(page.locator("main form button").first)
    expect(page.get_by_role("alert")).to_be_visible()
    # The code of the set-up is used up; the next one is right already.
    page.get_by_role("textbox", name="code").fill(authenticator_app.code(secret, steps_ahead=1))
    page.locator("main form button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your day")
