"""What folders and fingerprint files may hold besides honest photos with honest names."""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import drawing
import pytest
from PIL import Image

from matching.cli.files import gather, opened, read_limited
from matching.cli.looking import Task
from matching.cli.scanning import scan_batch
from matching.engine.index import Index

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]
NOT_UTF8 = os.fsdecode(b"bad\xff")


def codes(errors: str) -> list[str]:
    """The codes on the lines of standard error, without the summary's."""
    return [line.rpartition("(")[2].rstrip(")") for line in errors.splitlines() if line.endswith(")")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.fixture
def small(covered: Path) -> bytes:
    return (covered / "photo-2.webp").read_bytes()


def test_pipes_are_reported_without_waiting_for_a_writer(
    arc: Arc, fingerprints: Path, folder: Path, small: bytes
) -> None:
    os.mkfifo(folder / "a.jpg")
    (folder / "b.webp").write_bytes(small)
    made, scanned = (
        arc("fingerprint", folder),
        arc("scan", "--fingerprints", fingerprints, folder, "/dev/zero"),
    )
    assert made.status == 1
    assert made.lines[0]["error"]["code"] == "unreadable"
    assert "regular file" in made.lines[0]["error"]["message"]
    assert "error" not in made.lines[1]
    assert (scanned.status, codes(scanned.errors)) == (0, ["unreadable", "unreadable"])


def test_a_file_above_the_limit_is_refused_by_its_size(arc: Arc, fingerprints: Path, folder: Path) -> None:
    for name, size in (("a.jpg", 15_000_001), ("b.jpg", 200_000_001)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    [first, second] = arc("fingerprint", folder).lines
    assert first["error"]["code"] == second["error"]["code"] == "too-large-file"
    scanned = arc("scan", "--fingerprints", fingerprints, folder / "b.jpg")
    assert codes(scanned.errors) == ["too-large-file"]
    assert "200 MB" in scanned.errors
    with opened(folder / "a.jpg") as file:
        assert len(read_limited(file, 15_000_001)) == 15_000_001


def test_a_broken_avif_does_not_end_the_scan(
    arc: Arc, fingerprints: Path, public: Path, folder: Path
) -> None:
    avif = drawing.saved(Image.fromarray(drawing.natural(1, 64, 64)), "AVIF")
    (folder / "a.avif").write_bytes(avif.replace(b"av01Color", b"av0xColor"))
    (folder / "b.jpg").write_bytes((public / "copy-0.jpg").read_bytes())
    ran = arc("scan", "--fingerprints", fingerprints, folder)
    assert [line["id"] for line in ran.lines] == ["photo-0"]
    assert codes(ran.errors) == ["damaged"]


def test_decoders_do_not_speak_for_themselves(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiff = drawing.saved(Image.fromarray(drawing.natural(1, 64, 64)), "TIFF", compression="tiff_lzw")
    photo = tmp_path / "a.tif"
    photo.write_bytes(tiff.replace(tiff[8:40], b"\x55" * 32))
    [scanned] = scan_batch(Task(Index()), [photo])
    assert scanned.problem is not None
    assert capfd.readouterr().err == ""
    os.write(2, b"standard error is back")
    assert capfd.readouterr().err == "standard error is back"


def test_a_name_that_is_no_text_is_escaped_everywhere(
    arc: Arc, fingerprints: Path, folder: Path, small: bytes
) -> None:
    (folder / f"{NOT_UTF8}.webp").write_bytes(small)
    [line] = arc("fingerprint", folder).lines
    assert line["id"] == r"bad\udcff"
    [match] = arc("scan", "--fingerprints", fingerprints, folder).lines
    assert match["photo"] == str(folder / r"bad\udcff.webp")
    (folder / f"{NOT_UTF8}.webp").write_bytes(b"hello")
    assert r"bad\udcff.webp: " in arc("scan", "--fingerprints", fingerprints, folder).errors


def test_half_a_character_in_an_id_is_refused_with_its_line(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    first = fingerprints.read_text().splitlines()[0]
    file = tmp_path / "f.jsonl"
    file.write_text(f"{first}\n{json.dumps({**json.loads(first), 'id': NOT_UTF8})}\n")
    ran = arc("scan", "--fingerprints", file, public)
    assert (ran.status, codes(ran.errors)) == (2, ["malformed-fingerprint"])
    assert "line 2: id " in ran.errors


def test_only_an_accepted_photo_takes_its_name(arc: Arc, folder: Path, small: bytes) -> None:
    (folder / "holiday.heic").write_text("not for us")
    (folder / "holiday.webp").write_bytes(small)
    refused, accepted = arc("fingerprint", folder).lines
    assert refused["error"]["code"] == "not-a-picture"
    assert "error" not in accepted


def test_one_file_is_worked_on_once(covered: Path, folder: Path) -> None:
    (folder / "photo-0.jpg").symlink_to(covered / "photo-0.jpg")
    (folder / "other.jpg").symlink_to(covered / "photo-0.jpg")
    names = [str(covered / "photo-0.jpg"), str(covered), str(covered / "below" / ".."), str(folder)]
    photos = gather(names).photos
    assert [Path(str(photo)).name for photo in photos] == [
        "photo-0.jpg",
        "photo-2.webp",
        "photo-3.jpg",
        "photo-1.png",
        "other.jpg",
    ]


def test_a_folder_that_cannot_be_listed_is_reported_like_a_file(
    arc: Arc, fingerprints: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "secret.d").mkdir()
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if Path(path).name == "secret.d":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", guarded)
    ran = arc("scan", "--fingerprints", fingerprints, folder)
    assert (ran.status, codes(ran.errors)) == (0, ["unreadable"])
    assert str(folder / "secret.d") in ran.errors
    assert [line["error"]["code"] for line in arc("fingerprint", folder).lines] == ["unreadable"]


def test_a_path_that_cannot_even_be_looked_at_is_reported(
    arc: Arc, fingerprints: Path, folder: Path, small: bytes
) -> None:
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "b.webp").write_bytes(small)
    ran = arc("scan", "--fingerprints", fingerprints, folder / "loop.jpg", "x" * 5000, folder)
    assert (ran.status, len(ran.lines)) == (0, 1)
    assert codes(ran.errors) == ["unreadable", "unreadable"]


def test_fingerprints_may_come_through_a_pipe(arc: Arc, fingerprints: Path, public: Path) -> None:
    lines = fingerprints.read_bytes()
    reader, writer = os.pipe()
    os.write(writer, lines)
    os.close(writer)
    try:
        ran = arc("scan", "--fingerprints", f"/dev/fd/{reader}", public / "copy-0.jpg")
    finally:
        os.close(reader)
    assert [line["id"] for line in ran.lines] == ["photo-0"]


def test_a_store_through_a_pipe_is_a_clear_error(arc: Arc, public: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"ARCSTORE and more")
    os.close(writer)
    try:
        ran = arc("scan", "--fingerprints", f"/dev/fd/{reader}", public)
    finally:
        os.close(reader)
    assert (ran.status, codes(ran.errors)) == (2, ["cannot-read"])


def test_only_a_line_feed_ends_a_line_of_fingerprints(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    first = json.loads(fingerprints.read_text().splitlines()[0])
    file = tmp_path / "f.jsonl"
    file.write_text(json.dumps({**first, "id": "a\u2028b\x85c"}, ensure_ascii=False) + "\r\n")
    [match] = arc("scan", "--fingerprints", file, public / "copy-0.jpg").lines
    assert match["id"] == "a\u2028b\x85c"


class _Mortal:
    """Runs at once what a pool would, and dies like one of a photo whose name says so."""

    def __init__(self, *_: object, initializer: Callable[..., None], initargs: tuple[Any, ...]) -> None:
        self.broken = False
        self.start = (initializer, initargs)

    def submit(self, work: Callable[[Any], Any], photos: Iterable[Path]) -> Future[Any]:
        if self.broken:
            raise BrokenProcessPool
        initializer, initargs = self.start
        initializer(*initargs)
        future: Future[Any] = Future()
        if any("deadly" in photo.name for photo in photos):
            self.broken = True
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(work(photos))
        return future

    def shutdown(self, **_: bool) -> None:
        pass


class _Stillborn(_Mortal):
    def submit(self, work: Callable[[Any], Any], photos: Iterable[Path]) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool())
        return future


@pytest.fixture
def deadly(folder: Path, public: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photos, the third and the last of which kill whoever scans them."""
    for at, name in enumerate(["a", "b", "c-deadly", "d", "e", "f-deadly"]):
        (folder / f"{name}.jpg").write_bytes((public / f"copy-{at % 4}.jpg").read_bytes())
    monkeypatch.setattr("matching.cli.scanning.BATCH", 2)
    monkeypatch.setattr("matching.cli.local_workers.ProcessPoolExecutor", _Mortal)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return folder


def test_a_killed_process_costs_only_the_photo_that_killed_it(
    arc: Arc, fingerprints: Path, deadly: Path
) -> None:
    ran = arc("scan", "--jobs", "2", "--fingerprints", fingerprints, deadly)
    assert ran.status == 0
    assert [Path(line["photo"]).stem for line in ran.lines] == ["a", "b", "d", "e"]
    assert codes(ran.errors) == ["killed", "killed"]
    assert ran.errors.index("c-deadly") < ran.errors.index("f-deadly")


def test_a_scan_ends_when_no_process_stays_alive(
    arc: Arc, fingerprints: Path, deadly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.cli.local_workers.ProcessPoolExecutor", _Stillborn)
    ran = arc("scan", "--jobs", "2", "--fingerprints", fingerprints, deadly)
    assert (ran.status, ran.lines, codes(ran.errors)) == (1, [], ["workers-lost"])
