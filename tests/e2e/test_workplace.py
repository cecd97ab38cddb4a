"""The reviewer's workplace with a keyboard: two people at once, keys and where they are dead, no script.

A service of its own with the real undo time, so that every photo here is one of these tests' own.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from acting import Person, go_by, next_page, note_presses, pressed, width_of
from drawing import cover, jpeg, natural
from playwright.sync_api import Page, expect
from prepared import data_directory
from running import Service, running_service, wait_for
from watching import accessibility_faults, shoot

NewPage = Callable[..., Page]
Seed = Callable[[int], set[str]]

PER_CASE = 10
# Drawn anew for each, so that none is like another.
SEEDS = count(5000)
LEAVE_NONE = """
from enrollment.models import Photo
from enrollment.services import withdraw
withdraw(Photo.objects.waiting())
"""


@pytest.fixture(scope="module")
def service(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = data_directory(tmp_path_factory, tmp_path_factory.mktemp("workplace") / "data")
    with running_service(data, ARC_UNDO_SECONDS="10") as started:
        started.add_reviewer("second")
        yield started


def rows(service: Service, statement: str) -> list[tuple[Any, ...]]:
    with closing(
        sqlite3.connect(f"file:{service.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)
    ) as reading:
        return reading.execute(statement).fetchall()


def change(service: Service, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(service.data / "db.sqlite3", timeout=20)) as writing, writing:
        writing.execute(statement, values)


@pytest.fixture
def seed(service: Service, new_page: NewPage, tmp_path: Path) -> Iterator[Seed]:
    """``seed(3)`` sends three photos into the queue and gives their ids; what still waits then goes away."""

    def send(photos: int) -> set[str]:
        files = {}
        for number in islice(SEEDS, photos):
            files[str(number)] = tmp_path / f"{number}.jpg"
            files[str(number)].write_bytes(jpeg(cover(natural(number, 320, 240))))
        page, sender, names = new_page(), Person(service.url, files), list(files)
        cases = [sender.receive(page, *names[n : n + PER_CASE]) for n in range(0, photos, PER_CASE)]
        page.context.close()
        numbers = ", ".join(f"'{case.number.replace('-', '')}'" for case in cases)
        listed = f"SELECT id FROM enrollment_case WHERE number IN ({numbers})"
        found = {
            photo
            for (photo,) in rows(service, f"SELECT id FROM enrollment_photo WHERE case_id IN ({listed})")
        }
        assert len(found) == photos
        return found

    yield send
    change(service, "DELETE FROM review_claim")
    change(service, "UPDATE enrollment_photo SET state = 'withdrawn' WHERE waits = 1")


def take(page: Page) -> None:
    """From the queue or the start page to a photo, with its picture on the screen."""
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Enter")
    see(page)


def see(page: Page) -> None:
    page.wait_for_url("**/photos/*/")
    page.locator(".masked img").evaluate("image => image.decode()")


def opened(page: Page, service: Service) -> Page:
    page.goto(f"{service.url}/review/queue/")
    return page


def photo_of(page: Page) -> str:
    found = re.search(r"/photos/([0-9a-f-]+)/", page.url)
    assert found, page.url
    return found[1].replace("-", "")


def steps(service: Service, photo: str) -> list[str]:
    return [step for (step,) in rows(service, f"SELECT step FROM review_decision WHERE photo_id = '{photo}'")]


def press_covered(page: Page) -> None:
    for key in ("c", "Space", "c"):
        page.keyboard.press(key)


def press_not_covered(page: Page) -> None:
    for key in ("n", "Space", "n"):
        page.keyboard.press(key)
    page.keyboard.type("A landscape and nobody in it: nothing to cover.")
    page.keyboard.press("Escape")
    page.keyboard.press("n")


def press_needs_covering(page: Page) -> None:
    for key in ("u", "Space", "ArrowDown", "u"):
        page.keyboard.press(key)


PRESSES = (press_covered, press_not_covered, press_covered, press_needs_covering, press_covered)


@pytest.mark.parametrize("decisions", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_decisions_in_a_row_by_two_people_at_once(
    decisions: int, service: Service, new_page: NewPage, seed: Seed
) -> None:
    photos = seed(decisions)
    people = [opened(new_page(name), service) for name in ("reviewer", "second")]
    pages_seen: list[str] = []
    for number in range(decisions // 2):
        for page in people:
            expect(page.locator("#next")).to_be_focused()
        # Both ask in the same moment, and both decide in the same moment.
        for page in people:
            page.keyboard.press("Enter")
        for page in people:
            see(page)
            pages_seen.append(photo_of(page))
        for page in people:
            PRESSES[number % len(PRESSES)](page)
        for page in people:
            page.wait_for_url("**/review/queue/")
    ours = "photo_id IN ({})".format(", ".join(f"'{photo}'" for photo in photos))
    decided = rows(service, f"SELECT photo_id, step, reviewer_id FROM review_decision WHERE {ours}")
    assert sorted(pages_seen) == sorted(photos)
    assert sorted(photo for photo, _, _ in decided) == sorted(photos)
    assert {step for _, step, _ in decided} == {"final"}
    by = [reviewer for _, _, reviewer in decided]
    assert [by.count(reviewer) for reviewer in set(by)] == [decisions // 2] * 2
    claims = "SELECT count(*) FROM review_auditentry WHERE action = 'photo.claimed'"
    assert rows(service, claims + " AND " + ours.replace("photo_id", "photo")) == [(decisions,)]
    outcomes = rows(service, f"SELECT outcome, count(*) FROM review_decision WHERE {ours} GROUP BY outcome")
    shares = {"covered": 0.6, "not_covered": 0.2, "needs_covering": 0.2}
    assert {outcome: count / decisions for outcome, count in outcomes} == shares


def test_every_key_presses_its_button(service: Service, new_page: NewPage, seed: Seed) -> None:
    seed(6)
    page = opened(new_page("reviewer"), service)

    take(page)
    picture = page.locator(".masked img")
    small = width_of(picture)
    page.keyboard.down("h")
    wait_for(lambda: width_of(picture) > 2 * small, 10, "the large picture")
    page.keyboard.up("h")
    wait_for(lambda: width_of(picture) == small, 10, "the small picture")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert accessibility_faults(page) == []
    shoot(page, "workplace-keys")
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()

    first = photo_of(page)
    press_covered(page)
    page.wait_for_url("**/queue/")
    expect(page.locator("#undo")).to_contain_text(re.compile(r"0:0\d|0:10"))
    page.keyboard.press("z")
    see(page)
    assert photo_of(page) == first
    expect(page.get_by_role("status").first).to_contain_text("Taken back")

    page.keyboard.press("s")
    page.wait_for_url("**/queue/")
    expect(page.get_by_role("status").first).to_contain_text("Skipped")
    assert steps(service, first) == ["final"]

    for key, step in (("2", "second_opinion_asked"), ("e", "escalated"), ("x", "alarm")):
        take(page)
        photo = photo_of(page)
        assert photo != first
        page.keyboard.press(key)
        if key == "2":
            page.keyboard.press("Space")
            page.keyboard.press(key)
        if key == "e":
            page.keyboard.type("Is this one for us?")
            page.keyboard.press("Escape")
            page.keyboard.press(key)
        page.wait_for_url("**/queue/")
        assert steps(service, photo) == [step]
        offered = page.locator(f"#undo[action*='{UUID(photo)}']")
        expect(offered).to_have_count(int(key != "x"))
        if key == "2":
            shoot(page, "workplace-undo")
            assert accessibility_faults(page) == []


def synthetic(page: Page, key: str, **how: bool) -> None:
    """A key event as browsers make it while a character is composed, or a key is held down."""
    page.evaluate(
        "([key, how]) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key, code: 'KeyS', bubbles: true, cancelable: true, ...how}))",
        [key, how],
    )


def test_keys_are_dead_where_people_type_or_mean_something_else(
    service: Service, new_page: NewPage, seed: Seed
) -> None:
    seed(1)
    page = opened(new_page("reviewer"), service)
    take(page)
    note_presses(page)
    reason = page.get_by_label("Reason")
    reason.focus()
    page.keyboard.type("cnue2shzx?")
    expect(reason).to_have_value("cnue2shzx?")
    reason.fill("")
    reason.blur()
    for modifier in ("Control", "Alt", "Meta", "Shift"):
        synthetic(page, "s", **{f"{modifier.lower().replace('control', 'ctrl')}Key": True})
    synthetic(page, "s", isComposing=True)
    synthetic(page, "s", repeat=True)
    page.evaluate("document.body.append(Object.assign(document.createElement('select'), {id: 'list'}))")
    page.locator("#list").focus()
    page.keyboard.press("s")
    page.keyboard.press("x")
    assert pressed(page) == []
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("#list").blur()
    # On a Cyrillic keyboard the same key gives another letter.
    synthetic(page, "ы")
    page.wait_for_url("**/queue/")


def test_keys_can_be_switched_off_and_the_picture_be_toggled(
    service: Service, new_page: NewPage, seed: Seed
) -> None:
    seed(1)
    page = new_page("second")
    page.goto(f"{service.url}/review/")
    page.get_by_label("Keys such as c and n press buttons").uncheck()
    page.get_by_label("Large only as long as I hold it").uncheck()
    page.get_by_label("Strong").check()
    go_by(page.get_by_role("button", name="Save"))
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    assert accessibility_faults(page) == []
    page.goto(f"{service.url}/review/queue/")
    take(page)
    assert accessibility_faults(page) == []
    shoot(page, "workplace-blurred-without-keys")
    note_presses(page)
    for key in ("c", "s", "x", "h", "?"):
        page.keyboard.press(key)
    assert pressed(page) == []
    picture = page.locator(".masked img")
    small = width_of(picture)
    page.get_by_label("Large and in colour").press("Space")
    wait_for(lambda: width_of(picture) > 2 * small, 10, "the large picture")
    picture.click()
    wait_for(lambda: width_of(picture) == small, 10, "the small picture")
    page.goto(f"{service.url}/review/")
    for label in ("Keys such as c and n press buttons", "Large only as long as I hold it", "None"):
        page.get_by_label(label).check()
    # For the tests that come after this one, too.
    go_by(page.get_by_role("button", name="Save"))


def test_without_script_everything_is_a_form(service: Service, new_page: NewPage, seed: Seed) -> None:
    seed(3)
    page = opened(new_page("reviewer", java_script_enabled=False), service)
    go_by(page.get_by_role("button", name="Take next"))
    first = photo_of(page)
    expect(page.get_by_text("Yours for")).to_contain_text("UTC")
    expect(page.get_by_text("Keys", exact=True)).to_be_hidden()
    picture = page.locator(".masked img")
    small = width_of(picture)
    page.locator(".picture").focus()
    page.keyboard.down("Space")
    wait_for(lambda: width_of(picture) > 2 * small, 10, "the large picture")
    page.keyboard.up("Space")
    shoot(page, "workplace-without-script")

    go_by(page.get_by_role("button", name="Not protected by the terms"))
    expect(page.get_by_role("alert").first).to_contain_text("Choose the clause")
    page.get_by_role("radio", name=re.compile("^P1 ")).check()
    go_by(page.get_by_role("button", name="Protected by the terms", exact=True))
    page.wait_for_url("**/queue/")
    assert steps(service, first) == ["final"]
    for button in ("Undo", "More time"):
        go_by(page.get_by_role("button", name=button))
        assert photo_of(page) == first
    for button in ("Skip", "Take next"):
        go_by(page.get_by_role("button", name=button))
    assert photo_of(page) != first
    go_by(page.get_by_role("button", name="Pause for 15 minutes"))
    expect(page.get_by_text("You are resting until")).to_be_visible()
    for button in ("Go on now", "Take next"):
        go_by(page.get_by_role("button", name=button))
    alarmed = photo_of(page)
    go_by(page.get_by_role("button", name="Still uncovered"))
    page.wait_for_url("**/queue/")
    assert steps(service, alarmed) == ["alarm"]


def test_a_picture_that_cannot_be_shown_gives_way_to_words(
    service: Service, new_page: NewPage, seed: Seed
) -> None:
    seed(1)
    page = opened(new_page("reviewer"), service)
    page.route("**/image.png", lambda route: route.abort())
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/photos/*/")
    expect(page.get_by_text("The picture cannot be shown.")).to_be_visible()
    expect(page.locator(".masked img")).to_be_hidden()
    assert accessibility_faults(page) == []
    shoot(page, "workplace-no-picture")
    page.unroute("**/image.png")
    go_by(page.get_by_role("link", name="Load this page again"))
    see(page)


def test_time_that_runs_out_takes_the_picture_away_and_leaves_the_words(
    service: Service, new_page: NewPage, seed: Seed
) -> None:
    seed(1)
    page = opened(new_page("reviewer"), service)
    take(page)
    photo = photo_of(page)
    page.clock.install()
    page.reload()
    page.get_by_label("Reason").fill("What I had written.")
    change(service, "UPDATE review_claim SET expires_at = datetime('now') WHERE photo_id = ?", photo)
    page.clock.fast_forward("30:00")
    expect(page.get_by_role("heading", name="Your time with this photo has run out")).to_be_visible()
    expect(page.locator(".masked")).to_be_hidden()
    assert accessibility_faults(page) == []
    shoot(page, "workplace-too-late")
    page.get_by_role("radio", name=re.compile("^N2 ")).check()
    go_by(page.get_by_role("button", name="Not protected by the terms"))
    expect(page.get_by_role("alert")).to_contain_text("claim-expired")
    expect(page.get_by_label("What you had written")).to_have_value("What I had written.")
    assert steps(service, photo) == []


def test_a_photo_withdrawn_meanwhile_is_said_once_and_plainly(
    service: Service, new_page: NewPage, seed: Seed
) -> None:
    seed(1)
    page = opened(new_page("reviewer"), service)
    take(page)
    service.manage("shell", "-c", LEAVE_NONE)
    with next_page(page):
        press_covered(page)
    expect(page.get_by_role("alert")).to_contain_text("has withdrawn it")
    expect(page.get_by_role("alert")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("has withdrawn it")


def test_an_undo_after_its_time_says_so(service: Service, new_page: NewPage, seed: Seed) -> None:
    seed(1)
    page = opened(new_page("reviewer"), service)
    take(page)
    photo = photo_of(page)
    press_covered(page)
    page.wait_for_url("**/queue/")
    change(service, "UPDATE enrollment_photo SET due_at = datetime('now') WHERE id = ?", photo)
    page.keyboard.press("z")
    expect(page.get_by_role("alert")).to_contain_text("undo-too-late")
    assert steps(service, photo) == ["final"]
