"""What somebody does with the cover tool, in one call each; places are shares of the photo as it is shown."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from drawing import Picture, natural
from playwright.sync_api import Page, expect

PATH = "/cover/tool/"
SIZE = (900, 700)
# Nothing else in a drawn photo is as glaring as these.
SECRET_COLOURS = [(0, 255, 1), (1, 0, 254), (255, 255, 2), (254, 3, 0), (0, 254, 255), (253, 0, 255)]
SECRET = (slice(240, 440), slice(330, 570))
OVER_THE_SECRET = ((0.34, 0.32), (0.66, 0.66))
# How the photo is fitted into its place: this share of it.
FITTED = 0.96
Place = tuple[float, float]


def secret_picture() -> Picture:
    """A photo of SIZE with the colours that must not be seen in its SECRET part, and nowhere else."""
    photo = natural(41, *SIZE)
    rows, columns = np.indices(photo[SECRET].shape[:2]) // 8
    photo[SECRET] = np.array(SECRET_COLOURS, np.uint8)[(rows + columns) % len(SECRET_COLOURS)]
    return photo


@dataclass
class Painter:
    page: Page
    origin: str

    def open(self, *photos: Path) -> None:
        """Go to the tool and choose photos; the last one is on screen then."""
        self.page.goto(self.origin + PATH)
        self.choose(*photos)

    def choose(self, *photos: Path) -> None:
        expect(self.page.locator("#paint-tool")).to_be_visible()
        self.page.get_by_label("Choose a photo on this device").set_input_files(photos)
        expect(self.page.locator("#paint-work")).to_be_visible()
        expect(self.page.locator("#paint-tool[aria-busy]")).to_have_count(0)

    def take(self, tool: str) -> None:
        self.page.get_by_role("radio", name=tool).check()

    def drag(self, size: tuple[int, int], *places: Place) -> None:
        """With the mouse from place to place of the whole photo of that size."""
        points = self.points(size, *places)
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()

    def points(self, size: tuple[int, int], *places: Place) -> list[Place]:
        """Where the places are in the window."""
        canvas = self.page.locator("#paint-canvas")
        canvas.scroll_into_view_if_needed()
        inner = canvas.evaluate(
            """canvas => {
                const box = canvas.getBoundingClientRect();
                return [box.left + canvas.clientLeft, box.top + canvas.clientTop,
                        canvas.clientWidth, canvas.clientHeight];
            }"""
        )
        left, top, wide, high = inner
        width, height = size
        scale = min(wide / width, high / height) * FITTED
        return [
            (left + wide / 2 + (x - 0.5) * width * scale, top + high / 2 + (y - 0.5) * height * scale)
            for x, y in places
        ]

    def look(self) -> None:
        """Have the copies made and shown, by keyboard: the page still grows above it while it measures."""
        self.page.get_by_role("button", name="Show me what you receive").press("Enter")

    def confirm(self) -> None:
        form = self.page.locator("#paint-form")
        expect(form).to_be_visible()
        expect(self.page.locator("#paint-copies img").first).to_be_visible()
        for statement in form.get_by_role("checkbox").all():
            statement.check()

    def send(self) -> None:
        self.page.locator("#paint-send").click()

    def covers(self) -> list[str]:
        return self.page.locator("#paint-shapes button").all_inner_texts()

    def measured(self) -> tuple[float, float]:
        """Coverage, 0 to 1, and detail as the meters show them, after the pause that they take."""
        # A timer of the page itself, set later and longer: however slow it is, theirs runs out before.
        self.page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
        coverage, detail = (
            float(self.page.locator(f"#paint-{name}").evaluate("meter => meter.value"))
            for name in ("coverage", "detail")
        )
        return coverage, detail
