"""What leaves the device, before and after whatever goes wrong: the covered copies, and nothing else."""

import re
import sqlite3
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from bricks import CANARY, orientation
from drawing import ARC, Picture, cover, jpeg, natural, png
from painting import OVER_THE_SECRET, SECRET, SECRET_COLOURS, SIZE, Painter
from PIL import Image
from playwright.sync_api import Page, Route, expect
from running import Service
from tapping import Tap

from enrollment.jobs import inspect

WINDOW = 24  # bytes of the original in a row that could not stand in a request by accident


def pictures_in(tap: Tap) -> list[bytes]:
    """Every file in every complete form that was sent; the fields around them are short texts."""
    files = []
    for post in filter(lambda post: post.is_whole, tap.posts()):
        for name, content in post.parts():
            if name:
                assert re.fullmatch(r"covered-\d+\.png", name)
                files.append(content)
            else:
                assert len(content) < 200
    return files


def decoded(data: bytes) -> Picture:
    with Image.open(BytesIO(data)) as image:
        assert image.getextrema()[3:] in [(), ((255, 255),)]
        return np.asarray(image.convert("RGB"))


def chunks_of(data: bytes) -> set[bytes]:
    kinds, at = set(), 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kinds.add(data[at + 4 : at + 8])
        at += length + 12
    return kinds


def assert_only_the_cover_left(tap: Tap, original: Path, photo: Picture, pictures: int) -> None:
    sent = pictures_in(tap)
    assert len(sent) == pictures
    for data in sent:
        assert chunks_of(data) == {b"IHDR", b"IDAT", b"IEND"}
        rgb = decoded(data)
        painted = (rgb == ARC).all(axis=2)
        assert painted[SECRET].all()
        # Every pixel is exactly the colour or exactly the photo: no blended edge.
        assert np.array_equal(rgb[~painted], photo[~painted])
        for colour in SECRET_COLOURS:
            assert not (rgb == colour).all(axis=2).any()
    everything, source = tap.everything(), original.read_bytes()
    assert CANARY not in everything
    windows = [source[at : at + WINDOW] for at in range(100, len(source) - WINDOW, 997)]
    assert len(windows) > 300
    assert [window for window in windows if window in everything] == []


def test_no_uncovered_pixel_leaves_whatever_happens(
    painter: Painter, tap: Tap, secret_file: Path, secret_photo: Picture
) -> None:
    """Loaded, refused here, refused there, reloaded, cut off, sent, and back again."""
    page = painter.page
    page.goto(f"{tap.url}/cover/")
    painter.open(secret_file)
    assert page.locator("#id_photos").evaluate("field => field.files.length") == 0
    painter.look()
    expect(page.locator("#paint-trouble")).to_contain_text("Not enough is covered yet")
    page.reload()
    assert tap.posts() == []

    painter.choose(secret_file)
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.take("Rectangle")
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.look()
    expect(page.locator("#paint-copies img")).to_be_visible()
    page.locator("#paint-form").evaluate("form => form.noValidate = true")
    painter.send()
    trouble = page.locator("#paint-trouble")
    expect(trouble).to_contain_text("your covered photos are still here")
    expect(trouble).to_contain_text("Please confirm your age")

    painter.confirm()
    tap.cut_after = 200_000
    painter.send()
    expect(trouble).to_contain_text("The connection was lost")
    expect(page.locator("#paint-copies img")).to_be_visible()
    tap.cut_after = None
    cut = [post.body for post in tap.posts() if not post.is_whole]
    assert cut
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#case-number")).to_be_visible()
    assert page.url == f"{tap.url}/cover/tool/"
    assert page.locator("#paint-copies, canvas, img").count() == 0

    page.go_back()
    # Playwright says it is there a little before it can be asked anything.
    page.wait_for_function("() => location.pathname === '/cover/' && document.readyState === 'complete'")
    # It loads itself afresh when it comes from the browser's memory, which Playwright's own step cannot bear.
    with page.expect_navigation(url=f"{tap.url}/cover/tool/"):
        # Not before the answer to this very call has left the page.
        page.evaluate("() => { setTimeout(() => window.history.forward(), 500); }")
    expect(page.locator("#paint-tool")).to_be_visible()
    expect(page.locator("#paint-work")).to_be_hidden()
    assert_only_the_cover_left(tap, secret_file, secret_photo, pictures=2)
    # What the broken line carried was the beginning of the same copy.
    *_, copy = pictures_in(tap)
    for body in cut:
        begun = body.partition(b'filename="covered-1.png"')[2].partition(b"\r\n\r\n")[2]
        assert begun
        assert copy.startswith(begun)
    assert {request.method for request in tap.requests()} == {"GET", "POST"}
    assert all(request.target.startswith(("/static/", "/cover/", "/send/")) for request in tap.requests())
    assert all(
        "?" not in request.target and not request.body
        for request in tap.requests()
        if request.method == "GET"
    )


def test_a_leak_would_be_noticed(tap: Tap, page: Page, secret_file: Path, secret_photo: Picture) -> None:
    """The same look at a request that does carry the uncovered photo."""
    page.goto(f"{tap.url}/send/")
    page.get_by_label("Your covered photos").set_input_files(secret_file)
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#error-summary")).to_be_visible()
    with pytest.raises(AssertionError):
        pictures_in(tap)
    assert CANARY in tap.everything()
    [content] = [content for post in tap.posts() for name, content in post.parts() if name]
    assert (decoded(content) == SECRET_COLOURS[0]).all(axis=2).any()


def enlarged(rgb: Picture, times: int) -> Picture:
    height, width, _ = rgb.shape
    return np.asarray(Image.fromarray(rgb).resize((width * times, height * times)))


def drawn_photos(directory: Path) -> dict[str, tuple[Path, tuple[int, int]]]:
    """Files and the sizes they are worked on in."""
    files = {
        "landscape.png": (png(natural(51, 900, 700)), (900, 700)),
        "large.jpg": (jpeg(enlarged(natural(53, 575, 275), 4)), (2048, 979)),
        "odd and turned.jpg": (jpeg(natural(52, 817, 613), exif=orientation(6)), (613, 817)),
        "covered before.jpg": (jpeg(cover(natural(55, 800, 600)), quality=95), (800, 600)),
    }
    for name, (data, _) in files.items():
        (directory / name).write_bytes(data)
    return {name: (directory / name, size) for name, (_, size) in files.items()}


def test_the_meters_say_what_the_service_measures(painter: Painter, tap: Tap, tmp_path: Path) -> None:
    shown = {}
    page = painter.page
    page.goto(f"{tap.url}/cover/tool/")
    photos = drawn_photos(tmp_path)
    for name, (file, size) in photos.items():
        painter.choose(file)
        painter.take("Ellipse")
        painter.drag(size, (0.2, 0.15), (0.52, 0.6))
        painter.take("Brush")
        painter.drag(size, (0.6, 0.3), (0.8, 0.5), (0.65, 0.85))
        painter.take("Eraser")
        painter.drag(size, (0.55, 0.75), (0.85, 0.6))
        shown[name] = painter.measured()
    painter.look()
    painter.confirm()
    painter.send()
    expect(page.locator("#case-number")).to_be_visible(timeout=60_000)
    sent = pictures_in(tap)
    assert len(sent) == len(photos)
    for (name, (_, size)), data in zip(photos.items(), sent, strict=True):
        head, _ = inspect(data)
        assert (head["width"], head["height"]) == size, name
        coverage, detail = shown[name]
        assert coverage == pytest.approx(head["coverage"], rel=0.01), name
        assert detail == pytest.approx(head["detail"], rel=0.01), name
        assert 0.05 < coverage < 0.5, name


def cases(service: Service) -> int:
    with sqlite3.connect(f"file:{service.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20) as connection:
        return int(connection.execute("SELECT count(*) FROM enrollment_case").fetchone()[0])


def test_a_busy_service_is_told_in_its_own_words_and_a_double_click_asks_once(
    painter: Painter, tap: Tap, secret_file: Path
) -> None:
    page, asked = painter.page, []

    def turn_away(route: Route) -> None:
        asked.append(route.request.url)
        body = "<main><h1>Please wait a little</h1><p>Try again in 2 minutes.</p></main>"
        route.fulfill(status=429, content_type="text/html", body=body)

    painter.open(secret_file)
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.look()
    painter.confirm()
    page.route("**/send/", turn_away)
    page.locator("#paint-send").dblclick()
    trouble = page.locator("#paint-trouble")
    expect(trouble.get_by_role("listitem")).to_have_text(["Please wait a little", "Try again in 2 minutes."])
    assert asked == [f"{tap.url}/send/"]
    expect(page.locator("#paint-copies img")).to_be_visible()


def test_a_lost_answer_and_a_double_click_make_one_case(
    painter: Painter, tap: Tap, service: Service, secret_file: Path
) -> None:
    before, page = cases(service), painter.page
    painter.open(secret_file)
    painter.drag(SIZE, *OVER_THE_SECRET)
    painter.look()
    painter.confirm()
    tap.lose_answers = True
    page.locator("#paint-send").dblclick()
    expect(page.locator("#paint-trouble")).to_contain_text("The connection was lost")
    tap.lose_answers = False
    page.locator("#paint-send").dblclick()
    expect(page.locator("#case-number")).to_be_visible()
    assert cases(service) - before == 1
