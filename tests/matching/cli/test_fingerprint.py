import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import pytest

from matching.engine.jsonform import FIELDS, from_json, to_json

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]
SIZE = (320, 240)


def test_one_line_per_photo_in_sorted_order(arc: Arc, covered: Path) -> None:
    ran = arc("fingerprint", covered)
    assert ran.status == 0
    assert [line["id"] for line in ran.lines] == ["photo-0", "photo-2", "photo-3", "photo-1"]
    for line in ran.lines:
        assert tuple(line) == ("id", *FIELDS)
        assert to_json(from_json(line)) == {field: line[field] for field in FIELDS}
        assert 0.15 < line["coverage"] < 0.45


def test_the_extended_sketch_is_there_only_when_asked_for(arc: Arc, covered: Path) -> None:
    [line] = arc("fingerprint", "--extended", covered / "photo-0.jpg").lines
    assert tuple(line) == ("id", *FIELDS, "extended")
    assert from_json(line).extended is not None


def test_the_same_file_gives_the_same_line(arc: Arc, covered: Path) -> None:
    photo = covered / "photo-0.jpg"
    assert arc("fingerprint", photo).lines == arc("fingerprint", photo).lines


def test_a_refused_photo_has_its_reason_on_its_line(arc: Arc, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(drawing.png(drawing.cover(drawing.natural(1, *SIZE))))
    (tmp_path / "b.png").write_bytes(drawing.png(drawing.natural(1, *SIZE)))
    (tmp_path / "c.jpg").write_text("not a picture")
    blank = drawing.natural(1, *SIZE) * 0 + 200
    (tmp_path / "d.png").write_bytes(drawing.png(drawing.cover(blank)))
    (tmp_path / "notes.txt").write_text("passed over")
    ran = arc("fingerprint", tmp_path)
    assert ran.status == 1
    assert [line["id"] for line in ran.lines] == ["a", "b", "c", "d"]
    assert [line.get("error", {}).get("code") for line in ran.lines] == [
        None,
        "no-arc",
        "not-a-picture",
        "too-little-detail",
    ]
    assert all(line["error"]["message"].endswith(".") for line in ran.lines[1:])


def test_a_second_photo_of_one_name_is_refused(arc: Arc, tmp_path: Path) -> None:
    data = drawing.png(drawing.cover(drawing.natural(1, *SIZE)))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.png").write_bytes(data)
    ran = arc("fingerprint", tmp_path)
    assert ran.status == 1
    assert "error" not in ran.lines[0]
    assert ran.lines[1]["error"]["code"] == "duplicate-id"


def test_a_named_file_needs_no_suffix(arc: Arc, covered: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.of.mine"
    photo.write_bytes((covered / "photo-0.jpg").read_bytes())
    assert arc("fingerprint", photo).lines[0]["id"] == "photo.of"


def test_the_output_file_appears_whole(arc: Arc, covered: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("older")
    ran = arc("fingerprint", "-o", file, covered)
    assert (ran.status, ran.lines) == (0, [])
    assert len([json.loads(line) for line in file.read_text().splitlines()]) == 4
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupted_run_leaves_the_older_output(
    arc: Arc, covered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(photo: Path, *, extended: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("matching.cli.fingerprint.fingerprint_file", interrupted)
    file = tmp_path / "out.jsonl"
    file.write_text("older")
    ran = arc("fingerprint", "-o", file, covered)
    assert ran.status == 130
    assert ran.errors == "arc: interrupted\n"
    assert file.read_text() == "older"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fingerprint", "nowhere"], "no-such-path"),
        (["fingerprint", "-o", "no/such/folder/out", "."], "cannot-write"),
    ],
)
def test_a_wrong_call_is_one_sentence_with_a_code(
    arc: Arc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = arc(*arguments)
    assert ran.status == 2
    assert ran.errors.startswith("arc: ")
    assert ran.errors.endswith(f" ({code})\n")
    assert ran.errors.count("\n") == 1
