import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import drawing
import pytest
from PIL import Image

from matching.cli.bench_scan import Size
from matching.cli.edits import EDITS

pytestmark = pytest.mark.pictures

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


class _Signal:
    """Stands in for the stock PDQ signal: as slow as it is."""

    @staticmethod
    def hash_from_file(photo: Path) -> str:
        time.sleep(0.02)
        return photo.name

    @classmethod
    def get_index_cls(cls) -> type["_Signal"]:
        return cls

    @classmethod
    def build(cls, entries: Iterable[tuple[str, int]]) -> "_Signal":
        assert len({len(bytes.fromhex(each)) for each, _ in entries}) == 1
        return cls()

    def query(self, hash: str) -> None:
        assert hash.endswith(".jpg")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = (Size("large", (512, 384), 2, 1), Size("small", (64, 48), 4, 4))
    monkeypatch.setattr("matching.cli.bench_scan.SIZES", sizes)


@pytest.mark.usefixtures("small")
def test_speed_reports_sizes_and_whole_scans_beside_peers(
    arc: Arc, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plot, signal = tmp_path / "time.png", SimpleNamespace(PdqSignal=_Signal)
    monkeypatch.setattr("matching.cli.bench_scan.installed", lambda name: True)
    monkeypatch.setitem(sys.modules, "threatexchange.signal_type.pdq.signal", signal)
    monkeypatch.setitem(sys.modules, "pdqhash", SimpleNamespace(compute=lambda rgb: time.sleep(0.01)))
    ran = arc("bench", "speed", "--photos", photos, "--sizes", "100,1000", "--repeats", "2", "--plot", plot)
    assert ran.status == 0
    assert [line.get("fingerprints") for line in ran.lines] == [100, 1000, 1000, 1000, None, 1000]
    assert all(line["ratio"] > 0 and line["bytes_per_fingerprint"] < 1000 for line in ran.lines[1:2])
    for line in ran.lines[2:4]:
        assert list(line)[3:5] == ["times_as_fast_as_stock_pdq", "times_as_fast_as_literal"]
        ratio = line["stock_pdq_milliseconds"] / line["milliseconds"]
        assert line["times_as_fast_as_stock_pdq"] == pytest.approx(ratio, abs=0.2)
        assert line["stock_pdq_milliseconds"] >= 20
        assert line["times_as_fast_as_literal"] > 100
    assert [line["measure"] for line in ran.lines[4:]] == ["fingerprint", "deep search"]
    assert 0 < ran.lines[5]["milliseconds"] <= ran.lines[5]["slowest_milliseconds"]
    assert plot.stat().st_size > 1000


@pytest.mark.usefixtures("small")
def test_anybody_can_measure_without_photos_or_peers(arc: Arc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching.cli.bench_scan.installed", lambda name: False)
    ran = arc("bench", "speed", "--draw", "32", "--sizes", "50", "--repeats", "1")
    assert ran.status == 0
    assert not any("times_as_fast_as_stock_pdq" in line for line in ran.lines)
    assert ran.errors.count("is not installed and takes no part") == 2


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
