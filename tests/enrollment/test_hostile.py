"""Every hostile file gets its verdict, quickly and in little memory; every ordinary one passes."""

from collections.abc import Iterator

import bricks
import drawing
import hostile
import numpy as np
import pytest
from PIL import Image

from enrollment.arc import ARC
from enrollment.photo import decode_working, encode_working
from enrollment.refusals import MESSAGES
from enrollment.sandbox import Sandbox

pytestmark = pytest.mark.processes

MAX_SECONDS = 0.5
MAX_PEAK = 400_000_000
SPECIMENS = hostile.hostile() + hostile.ordinary()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox("odd_jobs")
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_it_gives_the_verdict_quickly_and_in_little_memory(
    specimen: hostile.Specimen, sandbox: Sandbox
) -> None:
    head, working = sandbox.call("measured", specimen.make())

    assert head["verdict"] == specimen.verdict
    assert head["seconds"] < MAX_SECONDS
    assert head["peak"] < MAX_PEAK
    if specimen.verdict == hostile.ACCEPTED:
        assert_nothing_but_pixels(bytes(working))
    else:
        assert working == b""


def test_the_largest_webp_fits_into_the_memory(sandbox: Sandbox) -> None:
    """Its decoder works on two canvases of four bytes a pixel, and hands out a third."""
    flat = Image.new("RGB", (5_000, 5_000), (10, 20, 30))

    head, _ = sandbox.call("measured", drawing.saved(flat, "WEBP", lossless=True, method=0))

    assert head["verdict"] == "no-arc"
    assert head["peak"] < MAX_PEAK


def assert_nothing_but_pixels(working: bytes) -> None:
    assert bricks.CANARY not in working
    rgb = decode_working(working)
    # Head and pixels are the whole of it: encoding the pixels alone gives the same bytes.
    assert encode_working(rgb) == working
    assert np.all(rgb == ARC, axis=2).mean() > 0.03


def test_the_list_is_long_and_names_are_unique() -> None:
    names = [specimen.name for specimen in hostile.hostile()]

    assert len(names) == len(set(names))
    assert len(names) > 190
    assert {s.verdict for s in SPECIMENS} <= MESSAGES.keys() | {hostile.ACCEPTED}


STRIPPED = {
    "uncovered thumbnail": {"thumbnail", "camera-details"},
    "place": {"location", "camera-details"},
    "script comment": {"comment"},
    "php comment": {"comment"},
    "photoshop thumbnail": {"editing-notes"},
    "little after the end": {"trailing-data"},
    "little after the png": {"trailing-data"},
    "little after the webp": {"trailing-data"},
    "padding after the end": set(),
    "baseline": set(),
}


@pytest.mark.parametrize("name", STRIPPED)
def test_it_tells_what_was_stripped(name: str, sandbox: Sandbox) -> None:
    specimen = next(s for s in SPECIMENS if s.name == name)

    head, _ = sandbox.call("measured", specimen.make())

    assert set(head["head"]["stripped"]) == STRIPPED[name]


@pytest.mark.parametrize(
    ("value", "size"), [(1, (480, 360)), (3, (480, 360)), (6, (360, 480)), (99, (480, 360))]
)
def test_it_turns_the_picture_as_exif_says(value: int, size: tuple[int, int], sandbox: Sandbox) -> None:
    data = bricks.jpeg_with(bricks.segment(0xE1, bricks.orientation(value)))

    head, _ = sandbox.call("measured", data)

    assert (head["head"]["width"], head["head"]["height"]) == size
