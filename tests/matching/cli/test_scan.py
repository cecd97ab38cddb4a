import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import numpy as np
import pytest
from PIL import Image

from matching.cli.fingerprints_file import read_fingerprints
from matching.cli.looking import Task
from matching.cli.stills import stills_of
from matching.engine.index import Index

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]


def test_copies_are_found_flipped_or_not_and_strangers_are_not(
    arc: Arc, fingerprints: Path, public: Path
) -> None:
    ran = arc("scan", "--fingerprints", fingerprints, public)
    assert ran.status == 0
    assert [(line["photo"], line["id"], line["mirrored"]) for line in ran.lines] == [
        (str(public / f"copy-{seed}.jpg"), f"photo-{seed}", bool(seed % 2)) for seed in range(4)
    ]
    for line in ran.lines:
        assert set(line) == {"photo", "id", "distance", "score", "mirrored"}
        assert 0 <= line["distance"] < 60
        assert 0 < line["score"] <= 1e-6
    assert "8 photos against 4 fingerprints" in ran.errors
    assert "4 matches in 4 photos, 0 unreadable" in ran.errors


def test_an_unreadable_file_is_reported_and_the_scan_goes_on(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    (tmp_path / "0.jpg").write_text("not a picture")
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "2.jpg").symlink_to(tmp_path / "gone")
    (tmp_path / "3.jpg").write_bytes((public / "copy-0.jpg").read_bytes())
    (tmp_path / "notes.txt").write_text("passed over")
    ran = arc("scan", "--fingerprints", fingerprints, tmp_path)
    assert ran.status == 0
    assert [line["id"] for line in ran.lines] == ["photo-0"]
    reports = ran.errors.splitlines()[:-1]
    assert [report.split(": ")[1] for report in reports] == [
        str(tmp_path / name) for name in ("0.jpg", "1.png", "2.jpg")
    ]
    assert [report.rpartition("(")[2] for report in reports] == [
        "not-a-picture)",
        "not-a-picture)",
        "unreadable)",
    ]
    assert "3 unreadable, 1 other files passed over" in ran.errors


@pytest.mark.slow
def test_several_processes_give_the_same_lines_in_the_same_order(
    arc: Arc, fingerprints: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.cli.scanning.BATCH", 3)
    alone = arc("scan", "--fingerprints", fingerprints, public)
    together = arc("scan", "--fingerprints", fingerprints, "--jobs", "2", public)
    assert together.lines == alone.lines
    assert together.status == 0


def test_refused_photos_in_the_file_are_counted(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text(
        json.dumps({"id": "x", "error": {"code": "no-arc", "message": "No."}})
        + "\n\n"
        + fingerprints.read_text()
    )
    ran = arc("scan", "--fingerprints", file, public)
    assert ran.status == 0
    assert len(ran.lines) == 4
    assert "1 refused photos" in ran.errors


def test_turned_copies_are_found_when_asked_for(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    for seed, quarters in enumerate((0, 1, 2, 3)):
        with Image.open(public / f"copy-{seed}.jpg") as image:
            turned = np.rot90(np.asarray(image), quarters).copy()
        (tmp_path / f"{seed}.jpg").write_bytes(drawing.jpeg(turned))
    assert [line["id"] for line in arc("scan", "--fingerprints", fingerprints, tmp_path).lines] == ["photo-0"]
    ran = arc("scan", "--turns", "--fingerprints", fingerprints, tmp_path)
    assert [(line["id"], line["turned"], line["mirrored"]) for line in ran.lines] == [
        ("photo-0", 0, False),
        ("photo-1", 90, True),
        ("photo-2", 180, False),
        ("photo-3", 270, True),
    ]


def spoiled(first: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Contents of a fingerprints file, and the code each is answered with."""
    line = json.dumps(first)
    return {
        "empty": ("", "no-fingerprints"),
        "only refusals": ('{"id": "a", "error": {"code": "no-arc", "message": "No."}}', "no-fingerprints"),
        "cut off": (line[:400], "malformed-fingerprint"),
        "not json": ("hello", "malformed-fingerprint"),
        "a list": ("[1]", "malformed-fingerprint"),
        "deep": ("[" * 100_000, "malformed-fingerprint"),
        "no id": (json.dumps({**first, "id": ""}), "malformed-fingerprint"),
        "no hash": (json.dumps({**first, "hash": "12"}), "malformed-fingerprint"),
        "newer": (json.dumps({**first, "version": "arc-999"}), "newer-version"),
        "twice": (f"{line}\n{line}", "duplicate-id"),
    }


@pytest.mark.parametrize("case", list(spoiled({})))
def test_a_spoiled_fingerprints_file_is_refused_whole(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path, case: str
) -> None:
    text, code = spoiled(json.loads(fingerprints.read_text().splitlines()[0]))[case]
    file = tmp_path / "f.jsonl"
    file.write_text(text)
    ran = arc("scan", "--fingerprints", file, public)
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith(f" ({code})\n")
    assert ran.errors.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00binary"], ids=["missing", "binary"])
def test_a_file_that_is_no_text_is_refused(
    arc: Arc, public: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "f.jsonl"
    if content is not None:
        file.write_bytes(content)
    ran = arc("scan", "--fingerprints", file, public)
    assert ran.status == 2
    assert ran.errors.startswith(f"arc: {file} ")


def test_deep_finds_crops_of_extended_fingerprints(arc: Arc, covered: Path, tmp_path: Path) -> None:
    extended, crops = tmp_path / "f.jsonl", tmp_path / "crops"
    assert arc("fingerprint", "--extended", "-o", extended, covered).status == 0
    crops.mkdir()
    for seed in range(5):
        rgb = drawing.natural(seed, 320, 240)
        (crops / f"{seed}.jpg").write_bytes(drawing.jpeg(rgb[30:215, 10:280], 80))
    found = arc("scan", "--deep", "--fingerprints", extended, crops)
    assert [(Path(line["photo"]).stem, line["id"]) for line in found.lines] == [
        (str(seed), f"photo-{seed}") for seed in range(4)
    ]
    assert all(line["score"] <= 1e-5 for line in found.lines)


def test_deep_says_when_nothing_is_extended(arc: Arc, fingerprints: Path, public: Path) -> None:
    ran = arc("scan", "--fingerprints", fingerprints, "--deep", public)
    assert (ran.status, len(ran.lines)) == (0, 4)
    assert "no fingerprint in it is extended" in ran.errors


def test_a_saved_store_serves_as_well(arc: Arc, fingerprints: Path, public: Path, tmp_path: Path) -> None:
    store = tmp_path / "f.arc"
    read_fingerprints(str(fingerprints)).index.save(store)
    assert (
        arc("scan", "--fingerprints", store, public).lines
        == arc("scan", "--fingerprints", fingerprints, public).lines
    )
    store.write_bytes(store.read_bytes()[:-64])
    spoiled = arc("scan", "--fingerprints", store, public)
    assert (spoiled.status, spoiled.lines) == (2, [])
    assert spoiled.errors.endswith("(corrupt-store)\n")


def test_a_store_of_a_later_program_is_refused_as_such(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    store = tmp_path / "f.arc"
    with pytest.MonkeyPatch.context() as later:
        later.setattr("matching.engine.store.VERSION", "arc-999")
        read_fingerprints(str(fingerprints)).index.save(store)
    ran = arc("scan", "--fingerprints", store, public)
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith(" (newer-version)\n")


def test_a_list_that_is_replaced_meanwhile_is_scanned_to_its_end(
    fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    store = tmp_path / "f.arc"
    read_fingerprints(str(fingerprints)).index.save(store)
    opened = read_fingerprints(str(store))
    task, [still] = Task(opened.index, store=opened.store), stills_of(public / "copy-0.jpg")
    Index().save(store)
    [[sighting]] = task.search([still])
    assert sighting.match.id == "photo-0"
    assert task.recipe(tmp_path).task().search([still]) == [[]]  # a process that starts later sees the newer


def test_other_processes_map_the_store_instead_of_a_copy(fingerprints: Path, tmp_path: Path) -> None:
    task = Task(read_fingerprints(str(fingerprints)).index, turns=True)
    recipe = task.recipe(tmp_path)
    assert [*recipe.task().index] == [*task.index]
    assert recipe.task().turns
    assert len(pickle.dumps(recipe)) < 1000


def test_a_reader_that_leaves_early_causes_no_noise(fingerprints: Path, public: Path) -> None:
    command = [sys.executable, "-c", "import sys; from matching.cli.main import run; sys.exit(run())"]
    with subprocess.Popen(
        [*command, "scan", "--fingerprints", fingerprints, *[public] * 3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
