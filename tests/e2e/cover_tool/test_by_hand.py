"""The cover tool by mouse, by finger and by keyboard, and where it cannot work."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import jpeg, natural, png
from painting import OVER_THE_SECRET, SIZE, Painter
from playwright.sync_api import Page, expect
from tapping import Tap

NewPage = Callable[..., Page]


def test_all_of_it_by_keyboard(painter: Painter, tap: Tap, secret_file: Path) -> None:
    page, press = painter.page, painter.page.keyboard.press
    painter.open(secret_file)
    expect(page.locator("#paint-work-title")).to_be_focused()
    page.get_by_role("button", name="Add an ellipse").focus()
    press("Enter")
    assert painter.covers() == ["Ellipse 1\nat 38 %, 38 %"]
    expect(page.locator("#paint-said")).to_have_text(
        "Ellipse 1 added: 25 % wide, 25 % high, 38 % from the left, 38 % from the top."
    )
    page.locator("#paint-shapes button").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "+"):
        press(key)
        expect(page.locator("#paint-shapes button")).to_be_focused()
    assert painter.covers() == ["Ellipse 1\nat 35 %, 36 %"]
    press("Control+z")
    assert painter.covers() == ["Ellipse 1\nat 36 %, 36 %"]
    press("Control+y")

    page.get_by_role("radio", name="Ellipse").focus()
    press("ArrowRight")
    press("ArrowRight")
    expect(page.get_by_role("radio", name="Brush")).to_be_checked()
    page.get_by_label("One step moves by").select_option("a lot")
    canvas = page.locator("#paint-canvas")
    canvas.focus()
    press("Space")
    for _ in range(4):
        press("ArrowRight")
    press("Space")
    assert [text.split("\n")[0] for text in painter.covers()] == ["Ellipse 1", "Brush stroke 2"]
    press("Space")
    press("ArrowDown")
    press("Escape")
    assert len(painter.covers()) == 2
    page.locator("#paint-shapes button").first.focus()
    press("Delete")
    assert [text.split("\n")[0] for text in painter.covers()] == ["Brush stroke 2"]
    expect(page.locator("#paint-shapes button")).to_be_focused()
    press("Delete")
    expect(page.get_by_role("button", name="Add an ellipse")).to_be_focused()


def test_moving_resizing_and_a_turned_and_zoomed_view(painter: Painter, tap: Tap, secret_file: Path) -> None:
    page = painter.page
    painter.open(secret_file)
    painter.take("Rectangle")
    painter.drag(SIZE, (0.1, 0.1), (0.3, 0.3))
    painter.take("Move and resize")
    painter.drag(SIZE, (0.2, 0.2), (0.5, 0.5))
    assert painter.covers() == ["Rectangle 1\nat 40 %, 40 %"]
    painter.drag(SIZE, (0.6, 0.6), (0.8, 0.7))
    expect(page.locator("#paint-said")).to_contain_text("40 % wide, 30 % high, 40 % from the left, 40 %")
    # Turned by a quarter, what is at the top right of the screen is at the top left of the photo.
    page.get_by_role("button", name="Turn the view").click()
    painter.take("Rectangle")
    painter.drag((SIZE[1], SIZE[0]), (0.7, 0.1), (0.9, 0.3))
    expect(page.locator("#paint-said")).to_contain_text("20 % wide, 20 % high, 10 % from the left, 10 %")
    page.get_by_role("button", name="Zoom in").click()
    painter.drag((SIZE[1], SIZE[0]), (0.35, 0.35), (0.65, 0.65))
    expect(page.locator("#paint-said")).to_contain_text("20 % wide, 20 % high, 40 % from the left, 40 %")
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    assert painter.covers() == ["Rectangle 1\nat 40 %, 40 %"]
    page.get_by_role("button", name="Redo").click()
    assert len(painter.covers()) == 1
    expect(page.locator("#paint-said")).to_have_text("Done again.")


def test_one_finger_draws_and_two_zoom_on_a_narrow_phone(
    new_page: NewPage, tap: Tap, secret_file: Path
) -> None:
    page = new_page(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=3
    )
    painter = Painter(page, tap.url)
    painter.open(secret_file)
    expect(page.locator("#paint-canvas")).to_be_in_viewport(ratio=0.9)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    start, middle, end = painter.points(SIZE, (0.3, 0.3), (0.5, 0.5), (0.7, 0.7))
    touch("touchStart", start)
    touch("touchMove", middle)
    touch("touchMove", end)
    touch("touchEnd")
    # A browser may leave out the way until it is sure that a finger moves.
    expect(page.locator("#paint-shapes button")).to_have_count(1)
    [drawn] = painter.covers()
    assert re.fullmatch(r"Ellipse 1\nat 3\d %, 3\d %", drawn)
    other = (middle[0] + 20, middle[1])
    touch("touchStart", middle)
    touch("touchStart", middle, other)
    for spread in (40, 60, 80):
        touch("touchMove", middle, (middle[0] + spread, middle[1]))
    touch("touchEnd")
    expect(page.locator("#paint-shapes button")).to_have_count(1)
    # Four times as close: the same way on the screen is a quarter of it on the photo.
    touch("touchStart", start)
    touch("touchMove", middle)
    touch("touchMove", end)
    touch("touchEnd")
    expect(page.locator("#paint-said")).to_contain_text("Ellipse 2 added: 10 % wide, 10 % high")
    page.get_by_role("button", name="All is covered: go on").click()
    expect(page.locator("#paint-copies img")).to_be_in_viewport()


def test_what_cannot_be_opened_is_explained_and_not_sent(painter: Painter, tap: Tap, tmp_path: Path) -> None:
    page = painter.page
    files = {
        "photo.heic": (b"\0\0\0\x18ftypheic" + bytes(200), "save or share it as a JPEG"),
        "empty.jpg": (b"", "The file is empty"),
        "tiny.png": (png(natural(1, 320, 150)), "too small"),
        "broken.jpg": (jpeg(natural(1))[:300], "cannot open it"),
    }
    page.goto(f"{tap.url}/cover/tool/")
    for name, (data, said) in files.items():
        (tmp_path / name).write_bytes(data)
        page.get_by_label("Choose a photo on this device").set_input_files(tmp_path / name)
        expect(page.locator("#paint-trouble")).to_contain_text(f"{name}: ")
        expect(page.locator("#paint-trouble")).to_contain_text(said)
        expect(page.locator("#paint-trouble")).to_be_focused()
    expect(page.locator("#paint-work")).to_be_hidden()
    assert tap.posts() == []


FALSIFIED = {
    "reading": """const read = CanvasRenderingContext2D.prototype.getImageData;
        CanvasRenderingContext2D.prototype.getImageData = function (...box) {
            const image = read.apply(this, box);
            image.data[Math.floor(image.data.length / 3)] ^= 1;
            return image;
        };""",
    "writing": """const write = HTMLCanvasElement.prototype.toBlob;
        HTMLCanvasElement.prototype.toBlob = function (...rest) {
            const context = this.getContext("2d");
            context.fillStyle = "#010203";
            context.fillRect(0, 0, 1, 1);
            return write.apply(this, rest);
        };""",
    "forbidden": "HTMLCanvasElement.prototype.getContext = () => null;",
}


@pytest.mark.parametrize("way", FALSIFIED)
def test_a_browser_that_falsifies_pixels_is_noticed_at_once(page: Page, tap: Tap, way: str) -> None:
    page.add_init_script(FALSIFIED[way])
    page.goto(f"{tap.url}/cover/tool/")
    expect(page.get_by_role("alert")).to_contain_text("changes or hides the pixels")
    expect(page.get_by_role("link", name="Cover the photo with another app")).to_be_visible()
    expect(page.locator("#paint-tool")).to_be_hidden()


def test_a_copy_that_came_out_differently_is_never_offered(
    painter: Painter, tap: Tap, secret_file: Path
) -> None:
    """A browser that only begins to falsify when there is a photo."""
    painter.open(secret_file)
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.page.evaluate(f"() => {{ {FALSIFIED['writing']} }}")
    painter.look()
    expect(painter.page.locator("#paint-trouble")).to_contain_text("nothing was sent")
    expect(painter.page.locator("#paint-form")).to_be_hidden()


def test_without_script_it_leads_to_the_other_way(new_page: NewPage, tap: Tap) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{tap.url}/cover/tool/")
    expect(page.get_by_text("It needs JavaScript")).to_be_visible()
    expect(page.locator("form")).to_be_hidden()
    page.get_by_role("link", name="Cover the photo with another app").click()
    page.wait_for_url(f"{tap.url}/cover/")


def test_a_change_takes_the_copies_back(painter: Painter, tap: Tap, secret_file: Path) -> None:
    """What was looked at is what is sent, or nothing is."""
    page = painter.page
    painter.open(secret_file)
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.look()
    expect(page.locator("#paint-form")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save this copy").click()
    assert saved.value.suggested_filename == "covered.png"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#paint-form")).to_be_hidden()
    expect(page.locator("#paint-copies img")).to_have_count(0)
