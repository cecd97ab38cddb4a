"""Videos among the files of a scan: which moments are looked at, and what is wrong with some."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import drawing
import numpy as np
import pytest

from enrollment.photo import luma_of
from matching.cli.problems import Unwatchable
from matching.cli.stills import Still, stills_of, video_container
from matching.engine.grid import luma_grid

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]
SIZE = (320, 240)
RATE = 10


def film(path: Path, scenes: Sequence[drawing.Picture], *, codec: str = "mpeg4", turned: int = 0) -> Path:
    """Write a video of pictures, one for each tenth of a second."""
    height, width, _ = scenes[0].shape
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=RATE, options={"threads": "1"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", 4_000_000
        if turned:
            stream.set_display_rotation(turned)
        for rgb in scenes:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def scenes() -> list[drawing.Picture]:
    """Two strangers' tenths of a second, then photo 0 for 1.5 seconds, then photo 2 flipped for 0.4."""
    cuts = [(20, 8), (0, 15), (21, 3)]
    shown = [drawing.natural(seed, *SIZE) for seed, length in cuts for _ in range(length)]
    return [*shown, *[drawing.natural(2, *SIZE)[:, ::-1].copy()] * 4]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.webm", "libvpx"), ("a", "mpeg4")])
def test_matches_in_a_video_carry_their_time(
    arc: Arc,
    fingerprints: Path,
    public: Path,
    tmp_path: Path,
    scenes: list[drawing.Picture],
    name: str,
    codec: str,
) -> None:
    film(tmp_path / "a.webm" if codec == "libvpx" else tmp_path / "a.mp4", scenes, codec=codec)
    next(tmp_path.iterdir()).rename(tmp_path / name)
    (tmp_path / "b.jpg").write_bytes((public / "copy-3.jpg").read_bytes())
    ran = arc("scan", "--fingerprints", fingerprints, tmp_path)
    assert ran.status == 0
    assert [
        (Path(line["photo"]).name, line["id"], line["mirrored"], line.get("time")) for line in ran.lines
    ] == [
        (name, "photo-0", False, 0.8),
        (name, "photo-0", False, 1.8),
        (name, "photo-2", True, 2.6),
        ("b.jpg", "photo-3", True, None),
    ]
    assert "2 photos against" in ran.errors


def test_each_second_and_each_change_of_scene_is_looked_at(
    tmp_path: Path, scenes: list[drawing.Picture]
) -> None:
    times = [still.time for still in stills_of(film(tmp_path / "a.mp4", scenes))]
    assert times == pytest.approx([0, 0.8, 1.8, 2.3, 2.6])


def test_a_video_is_seen_as_players_turn_it(tmp_path: Path) -> None:
    upright = drawing.natural(5, *SIZE)
    lying = film(tmp_path / "a.mp4", [np.rot90(upright).copy()] * 2, turned=-90)
    [still] = stills_of(lying)
    assert np.abs(still.grid - luma_grid(luma_of(upright))).mean() < 4


def codes(errors: str) -> list[str]:
    """The codes on the lines of standard error, without the summary's."""
    return [line.rpartition("(")[2].rstrip(")") for line in errors.splitlines() if line.endswith(")")]


def test_broken_videos_are_a_line_each_and_the_scan_goes_on(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path, scenes: list[drawing.Picture]
) -> None:
    whole = film(tmp_path / "a.avi", scenes).read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "cut.avi").write_bytes(whole[: len(whole) * 7 // 10])
    (folder / "head.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    (folder / "noise.mkv").write_bytes(b"\x1aE\xdf\xa3" + whole[500:900])
    (folder / "photo.mp4").write_bytes((public / "copy-1.jpg").read_bytes())
    with av.open(folder / "sound.mp4", "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        assert isinstance(sound, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    ran = arc("scan", "--fingerprints", fingerprints, folder)
    assert ran.status == 0
    assert [(Path(line["photo"]).name, line["id"]) for line in ran.lines][-1] == ("photo.mp4", "photo-1")
    assert ("cut.avi", "photo-0", 0.8) in [
        (Path(line["photo"]).name, line["id"], line.get("time")) for line in ran.lines
    ]
    assert codes(ran.errors) == ["damaged", "damaged", "no-pictures"]


def test_damage_midway_is_told_after_what_was_seen(tmp_path: Path, scenes: list[drawing.Picture]) -> None:
    video = film(tmp_path / "a.mp4", scenes)
    data = bytearray(video.read_bytes())
    middle, fifth = len(data) // 2, len(data) // 5
    data[middle : middle + fifth] = bytes(fifth)
    video.write_bytes(data)
    seen: list[Still] = []
    with pytest.raises(Unwatchable, match="decoded"):
        seen.extend(stills_of(video))
    assert seen


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "av" else find(name))


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_videos_are_passed_over_with_a_word(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path, scenes: list[drawing.Picture]
) -> None:
    (tmp_path / "folder").mkdir()
    named = film(tmp_path / "a.mp4", scenes)
    film(tmp_path / "folder" / "b.mp4", scenes)
    ran = arc("scan", "--fingerprints", fingerprints, named, tmp_path / "folder", public / "copy-0.jpg")
    assert [line["id"] for line in ran.lines] == ["photo-0"]
    assert "arc: 1 videos passed over: looking into videos needs the extra" in ran.errors
    assert codes(ran.errors) == ["video-extra-missing"]


@pytest.mark.parametrize(
    ("beginning", "container"),
    [
        (b"\0\0\0\x20ftypisom", "mov"),
        (b"\0\0\0\x20ftypavif", None),
        (b"RIFF1234AVI LIST", "avi"),
        (b"RIFF1234WEBPVP8 ", None),
        ((b"G" + bytes(187)) * 2, "mpegts"),
        ((bytes(4) + b"G" + bytes(187)) * 2, "mpegts"),
        (b"GIF89a" + bytes(400), None),
        (b"#EXTM3U\nhttp://example.org/a", None),
        (b"ffconcat version 1.0\nfile a.mp4", None),
        (b"", None),
    ],
)
def test_the_content_tells_a_video_and_nothing_that_names_other_files(
    beginning: bytes, container: str | None
) -> None:
    assert video_container(beginning) == container
