"""Between browser and service lies a line that writes down every byte sent (``tests/tapping.py``).

The photo of these tests is glaring where it is private; its name, its text and its end carry a canary.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bricks import CANARY
from drawing import Picture, png
from painting import Painter, secret_picture
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page
from running import Service
from tapping import Tap, tapped
from watching import Watch


@pytest.fixture
def tap(service: Service) -> Iterator[Tap]:
    with tapped(service.url) as tap:
        yield tap


@pytest.fixture
def watch(tap: Tap) -> Iterator[Watch]:
    watch = Watch(tap.url)
    yield watch
    assert watch.faults == []


@pytest.fixture
def painter(page: Page, tap: Tap) -> Painter:
    return Painter(page, tap.url)


@pytest.fixture(scope="session")
def secret_photo() -> Picture:
    return secret_picture()


@pytest.fixture(scope="session")
def secret_file(secret_photo: Picture, tmp_path_factory: pytest.TempPathFactory) -> Path:
    canary = CANARY.decode()
    text = PngInfo()
    text.add_text("Comment", canary)
    path = tmp_path_factory.mktemp("uncovered") / f"{canary}.png"
    path.write_bytes(png(secret_photo, pnginfo=text) + CANARY)
    return path
