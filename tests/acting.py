"""What people do on the pages, in one call each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page
from running import Credentials

# What stands on the answer to a form for sending, and not on the form.
RECEIPT_OR_REFUSAL = "#case-number, #error-summary"


@dataclass(frozen=True)
class Case:
    """What a submitter keeps, as shown on the receipt."""

    number: str
    secret: str


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """What is done inside leads to another page, or to the same one anew; afterwards that one has loaded.

    Playwright's click ends when an answer begins, if it notices that there will be one, and a key press waits
    for nothing: whoever looks at once after them may still see the page before, or one that is not whole yet.
    """
    page.wait_for_load_state()
    with page.expect_event("load"):
        yield


def go_by(control: Locator) -> None:
    """Press a link or button that leads to another page, and be there."""
    with next_page(control.page):
        control.click()


def width_of(picture: Locator) -> float:
    """How wide it stands in the window, in pixels."""
    box = picture.bounding_box()
    assert box, "it is not shown"
    return box["width"]


def note_presses(page: Page) -> None:
    """From now on the page keeps what is pressed, by whatever means; a key presses within its own event."""
    page.evaluate(
        "() => { window.pressed = [];"
        " document.addEventListener('click', (event) => window.pressed.push(event.target.outerHTML), true); }"
    )


def pressed(page: Page) -> list[str]:
    """What was pressed since it was noted; fails when that was another page."""
    found: list[str] = page.evaluate("window.pressed")
    return found


class Person:
    """What somebody who sends a photo does on the pages, the way they would."""

    def __init__(self, url: str, pictures: dict[str, Path]) -> None:
        self.url = url
        self.pictures = pictures

    def send(self, page: Page, *names: str) -> None:
        """Fill in and send the form; afterwards the page shows the receipt or the refusal."""
        self.fill_in(page, *names)
        page.get_by_role("button", name="Send").click()
        page.locator(RECEIPT_OR_REFUSAL).wait_for()

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
        return self.receipt(page)

    def receipt(self, page: Page) -> Case:
        """What the receipt says, as soon as it is there."""
        return Case(page.locator("#case-number").inner_text(), page.locator("#case-secret").inner_text())

    def open_case(self, page: Page, case: Case) -> None:
        """Look the case up, closing another one first that this browser has open."""
        page.goto(f"{self.url}/case/")
        if (close := page.get_by_role("button", name="Close these pages now")).count():
            go_by(close)
            page.goto(f"{self.url}/case/")
        page.get_by_label("Case number").fill(case.number)
        page.get_by_label("Secret").fill(case.secret)
        go_by(page.get_by_role("button", name="Open"))


def fill_sign_in(page: Page, account: Credentials) -> None:
    """Fill in the sign-in form on ``page`` and send it; what comes of it is still to come."""
    page.get_by_label("Username").fill(account.username)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
