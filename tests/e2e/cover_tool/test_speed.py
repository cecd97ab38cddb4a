"""How long somebody with an ordinary phone's photo sits in front of the page, on this machine."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from drawing import jpeg, natural
from painting import OVER_THE_SECRET, Painter
from PIL import Image
from playwright.sync_api import expect

TWELVE_MEGAPIXELS = (4000, 3000)
# Seconds for the machine alone; nobody's hand is counted. A quiet machine takes a tenth of it.
PATIENCE = 30.0
SLOW_BROWSER = 5


def phone_photo(path: Path) -> Path:
    """12 megapixels with detail down to the pixel, as a JPEG of some megabytes."""
    large = Image.fromarray(natural(57, 1000, 750)).resize(TWELVE_MEGAPIXELS)
    grain = np.random.default_rng(57).integers(-6, 7, (TWELVE_MEGAPIXELS[1], TWELVE_MEGAPIXELS[0], 1))
    path.write_bytes(jpeg(np.clip(np.asarray(large) + grain, 0, 255).astype(np.uint8), 90))
    return path


@pytest.mark.pictures
def test_twelve_megapixels_are_covered_and_sent_in_good_time(
    painter: Painter, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    file = phone_photo(tmp_path / "photo.jpg")
    assert file.stat().st_size > 2_000_000
    page, moments = painter.page, {"start": time.monotonic()}

    painter.open(file)
    page.locator("#paint-coverage-text").filter(has_text="%").wait_for()
    moments["opened and measured"] = time.monotonic()
    painter.drag(TWELVE_MEGAPIXELS, *OVER_THE_SECRET)
    expect(page.locator("#paint-verdict")).to_have_class("notice good")
    moments["covered"] = time.monotonic()
    painter.look()
    painter.confirm()
    moments["copied and shown"] = time.monotonic()
    painter.send()
    expect(page.locator("#case-number")).to_be_visible()
    moments["sent, checked and stored"] = time.monotonic()

    times = list(moments.values())
    together = times[-1] - times[0]
    steps = zip(list(moments)[1:], np.diff(times), strict=True)
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps)
    with capsys.disabled():
        sys.stdout.write(
            f"\n12 megapixels, {file.stat().st_size / 1e6:.1f} MB: {told}; in all {together:.1f} s\n"
        )
    slower = SLOW_BROWSER if request.config.getoption("--slow-browser") else 1
    assert together < PATIENCE * slower
