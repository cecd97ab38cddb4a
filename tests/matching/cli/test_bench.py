from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import pytest
from PIL import Image

from matching.cli.edits import EDITS

Arc = Callable[..., Any]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(32):
        (folder / f"{seed:02}.jpg").write_bytes(drawing.jpeg(drawing.natural(seed, 96, 72)))
    return folder


def test_accuracy_reports_every_edit_and_draws_them(arc: Arc, photos: Path, tmp_path: Path) -> None:
    plot = tmp_path / "recall.png"
    ran = arc("bench", "accuracy", "--photos", photos, "--skip", "29", "--limit", "3", "--plot", plot)
    assert ran.status == 0
    assert [line["edit"] for line in ran.lines if line["measure"] == "recall"] == list(EDITS)
    shares = {line["edit"]: line["share"] for line in ran.lines if line["measure"] == "recall"}
    assert shares["as it is"] == shares["JPEG q75"] == shares["mirror"] == 1.0
    assert ran.lines[-1]["measure"] == "false matches"
    assert ran.lines[-1]["false"] == 0
    with Image.open(plot) as image:
        assert image.width > 500


def test_speed_reports_every_size_beside_plain_hashes(arc: Arc, photos: Path, tmp_path: Path) -> None:
    plot = tmp_path / "time.png"
    ran = arc("bench", "speed", "--photos", photos, "--sizes", "100,1000", "--repeats", "2", "--plot", plot)
    assert ran.status == 0
    assert [line["fingerprints"] for line in ran.lines] == [100, 1000]
    assert all(line["ratio"] > 0 and line["bytes_per_fingerprint"] < 1000 for line in ran.lines[1:])
    assert plot.stat().st_size > 1000


@pytest.mark.parametrize("arguments", [["accuracy", "--limit", "1"], ["speed"]])
def test_too_few_photos_are_a_clear_error(arc: Arc, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "one.jpg").write_bytes(drawing.jpeg(drawing.natural(1)))
    ran = arc("bench", *arguments, "--photos", tmp_path)
    assert ran.status == 2
    assert ran.errors.endswith("(too-few-photos)\n")


@pytest.mark.parametrize("option", ["--skip", "--limit"])
def test_photos_to_leave_out_or_use_are_counted(arc: Arc, photos: Path, option: str) -> None:
    assert arc("bench", "accuracy", "--photos", photos, option, "-1").status == 2


@pytest.mark.parametrize("sizes", ["", "10,", "x", "0", "1,-2"])
def test_sizes_are_a_list_of_numbers(arc: Arc, photos: Path, sizes: str) -> None:
    assert arc("bench", "speed", "--photos", photos, "--sizes", sizes).status == 2
