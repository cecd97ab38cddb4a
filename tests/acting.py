"""What people do on the pages, in one call each."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page
from running import Credentials


@dataclass(frozen=True)
class Case:
    """What a submitter keeps, as shown on the receipt."""

    number: str
    secret: str


class Person:
    """What somebody who sends a photo does on the pages, the way they would."""

    def __init__(self, url: str, pictures: dict[str, Path]) -> None:
        self.url = url
        self.pictures = pictures

    def send(self, page: Page, *names: str) -> None:
        """Fill in and send the form; afterwards the page shows the receipt or the refusal."""
        self.fill_in(page, *names)
        page.get_by_role("button", name="Send").click()
        page.wait_for_load_state()
        page.locator("form[data-sending]").wait_for(state="detached")

    def fill_in(self, page: Page, *names: str) -> None:
        page.goto(f"{self.url}/send/")
        self.choose(page, *names)

    def choose(self, page: Page, *names: str) -> None:
        """Choose photos on the page for sending, and state what must be stated."""
        page.get_by_label("Your covered photos").set_input_files([self.pictures[name] for name in names])
        for statement in page.get_by_role("checkbox").all():
            statement.check()

    def receive(self, page: Page, *names: str) -> Case:
        """Send and read the receipt."""
        self.send(page, *names)
        return Case(page.locator("#case-number").inner_text(), page.locator("#case-secret").inner_text())

    def open_case(self, page: Page, case: Case) -> None:
        """Look the case up, closing another one first that this browser has open."""
        page.goto(f"{self.url}/case/")
        if (close := page.get_by_role("button", name="Close these pages now")).count():
            close.click()
            page.wait_for_url(f"{self.url}/")
            page.goto(f"{self.url}/case/")
        page.get_by_label("Case number").fill(case.number)
        page.get_by_label("Secret").fill(case.secret)
        page.get_by_role("button", name="Open").click()
        page.wait_for_load_state()


def fill_sign_in(page: Page, account: Credentials) -> None:
    """Fill in the sign-in form on ``page`` and send it."""
    page.get_by_label("Username").fill(account.username)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
