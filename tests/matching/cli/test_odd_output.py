"""Where results may be sent, and what is said when they cannot get there."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matching.cli.looking import Sighting
from matching.cli.main import main
from matching.cli.output import CannotWrite, printable, result_stream
from matching.cli.scan import _as_text
from matching.engine.index import Match

Arc = Callable[..., Any]
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
_COMMAND = f"{sys.executable} -c 'import sys; from matching.cli.main import run; sys.exit(run())'"


@pytest.fixture
def photo(covered: Path) -> Path:
    return covered / "photo-2.webp"


def test_a_link_leads_to_the_file_that_is_replaced(arc: Arc, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "real" / "out.jsonl")
    for _ in ("made", "replaced"):
        assert arc("fingerprint", "-o", link, photo).status == 0
        assert link.is_symlink()
        [line] = (tmp_path / "real" / "out.jsonl").read_text().splitlines()
        assert json.loads(line)["id"] == "photo-2"
    assert len(list((tmp_path / "real").iterdir())) == 1


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_straight_through(arc: Arc, photo: Path, tmp_path: Path, linked: bool) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert arc("fingerprint", "-o", link if linked else pipe, photo).status == 0
    reader.join()
    assert json.loads(read[0])["id"] == "photo-2"
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.parametrize("path", [".", "", "/", "folder", "loop", "x" * 5000, "file/below"])
def test_what_cannot_be_a_file_is_refused_before_the_work(
    arc: Arc, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("matching.cli.fingerprint.fingerprint_file", None)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    ran = arc("fingerprint", "-o", path, photo)
    assert ran.status == 2
    assert ran.errors.startswith("arc: '")
    assert ran.errors.endswith("(cannot-write)\n")
    assert ran.errors.count("\n") == 1


def test_a_target_that_became_a_folder_meanwhile_is_one_sentence(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(CannotWrite, match="cannot be written: Is a directory"), result_stream(str(target)):
        target.mkdir()
    assert list(tmp_path.iterdir()) == [target]


@full
def test_a_full_device_is_one_sentence_with_a_status(arc: Arc, photo: Path) -> None:
    ran = arc("fingerprint", "-o", "/dev/full", photo)
    assert ran.status == 3
    assert ran.errors == "arc: the results cannot be written: No space left on device (cannot-write)\n"


@full
def test_a_full_standard_output_is_one_sentence_and_no_noise_at_exit() -> None:
    done = subprocess.run(
        f"unset PYTHONUNBUFFERED; {_COMMAND} --help > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == "arc: the results cannot be written: No space left on device (cannot-write)\n"


def test_a_closed_standard_output_is_no_traceback(fingerprints: Path, photo: Path) -> None:
    done = subprocess.run(
        f"{_COMMAND} scan --fingerprints '{fingerprints}' '{photo}' >&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == "arc: the results cannot be written: standard output is closed (cannot-write)\n"


@pytest.mark.parametrize("command", ["fingerprint", "scan"])
def test_help_names_the_statuses(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "2 wrongly called, 3 results could not be written." in " ".join(capsys.readouterr().out.split())


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    line = _as_text("photo\x1b[2J\udcff", Sighting(Match("id\x1b]0;owned\x07", 3, 1e-9, False)))
    assert line.isprintable()
    assert line == r"photo\x1b[2J\udcff: id\x1b]0;owned\x07 (distance 3, rate 1.0e-09)"
    assert printable("é ☂") == "é ☂"
