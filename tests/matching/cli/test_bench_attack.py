from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import pytest

from matching.cli.attacks import pictures_without_photo

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]


def test_attack_reports_who_escapes_and_who_collides(arc: Arc, tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / f"{seed}.jpg").write_bytes(drawing.jpeg(drawing.natural(seed, 96, 72)))
    ran = arc("bench", "attack", "--photos", tmp_path, "--limit", "2")
    assert ran.status == 0
    away, shaken, towards = (line["found"] for line in ran.lines[:3])
    assert away["1"] == shaken["1"] == 1.0
    assert towards["1"] == 0.0
    assert away["24"] < shaken["24"]
    empty = ran.lines[3:]
    assert [line["kind"] for line in empty] == list(pictures_without_photo())
    assert not any(line["matches"] or line["photos that match it"] for line in empty)


def test_one_photo_is_too_few(arc: Arc, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(drawing.jpeg(drawing.natural(1)))
    ran = arc("bench", "attack", "--photos", tmp_path)
    assert ran.status == 2
    assert ran.errors.endswith("(too-few-photos)\n")
