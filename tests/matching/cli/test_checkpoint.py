"""A scan that is killed goes on: every match once, none lost, little done again."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matching.cli import scanning
from matching.cli.checkpoint import Resumable

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]


class Killed(BaseException):
    """As if by SIGKILL, save that what is open is closed."""


@pytest.fixture
def command(
    fingerprints: Path, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[object]:
    monkeypatch.setattr("matching.cli.scanning.BATCH", 1)
    monkeypatch.setattr("matching.cli.checkpoint.SECONDS_APART", 0)
    files = ["-o", tmp_path / "matches", "--checkpoint", tmp_path / "mark"]
    return ["scan", "--fingerprints", fingerprints, *files, public]


def scan_until(photos: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the scan die when so many photos have been looked at; the list of those, as it grows."""
    seen: list[str] = []
    whole = scanning.scan_batch

    def scan_batch(task: Any, batch: Any) -> Any:
        if len(seen) == photos:
            raise Killed
        seen.extend(map(str, batch))
        return whole(task, batch)

    monkeypatch.setattr(scanning, "scan_batch", scan_batch)
    return seen


@pytest.mark.parametrize("photos", [0, 1, 3, 7])
def test_a_killed_scan_goes_on_where_it_was(
    arc: Arc, command: list[object], public: Path, tmp_path: Path, photos: int
) -> None:
    matches = tmp_path / "matches"
    with pytest.MonkeyPatch.context() as first:
        scan_until(photos, first)
        with pytest.raises(Killed):
            arc(*command)
    with matches.open("a") as file:
        file.write('{"photo": "half a li')  # what was on its way when it died
    with pytest.MonkeyPatch.context() as second:
        seen = scan_until(99, second)
        ran = arc(*command)
    assert (ran.status, ran.lines) == (0, [])
    assert len(seen) == 8 - photos
    assert [json.loads(line)["id"] for line in matches.read_text().splitlines()] == [
        f"photo-{seed}" for seed in range(4)
    ]
    assert "8 photos against 4 fingerprints" in ran.errors
    assert "4 matches in 4 photos" in ran.errors
    assert not (tmp_path / "mark").exists()


PHOTOS = ["a.jpg", "b.jpg", "c.jpg"]


@pytest.fixture
def begun(tmp_path: Path) -> Callable[[], Resumable]:
    return lambda: Resumable(str(tmp_path / "matches"), str(tmp_path / "mark"), ["x"])


@pytest.fixture
def newer(begun: Callable[[], Resumable], tmp_path: Path) -> Iterator[Path]:
    """What a scan leaves that is killed after two photos, the second marked for a kill alone."""
    scan = begun()
    for photo in PHOTOS[:2]:
        scan.put(photo)
        scan.tally.photos += 1
        scan.passed(photo)
    (newer,) = tmp_path.glob(".mark.*")
    yield newer
    scan._file.close()


def left(scan: Resumable) -> list[str]:
    with pytest.raises(Killed), scan:
        raise Killed
    return [*scan.left(PHOTOS)]


class TestTwoMarks:
    """Of a scan that was killed, or whose machine lost its power, after the second photo."""

    def test_a_kill_costs_nothing(self, begun: Callable[[], Resumable], newer: Path, tmp_path: Path) -> None:
        assert left(begun()) == ["c.jpg"]
        assert (tmp_path / "matches").read_text() == "a.jpg\nb.jpg\n"

    @pytest.mark.parametrize("results", ["a.jpg\n", "a.jpg\nb.j", "a.jpg\n\0\0\0\0\0\0"])
    def test_a_power_cut_costs_what_was_not_on_the_disk(
        self, begun: Callable[[], Resumable], newer: Path, tmp_path: Path, results: str
    ) -> None:
        (tmp_path / "matches").write_text(results)
        assert left(begun()) == ["b.jpg", "c.jpg"]
        assert (tmp_path / "matches").read_text() == "a.jpg\n"

    def test_a_damaged_newer_mark_is_passed_over(self, begun: Callable[[], Resumable], newer: Path) -> None:
        newer.write_bytes(newer.read_bytes()[:-3])
        assert left(begun()) == ["b.jpg", "c.jpg"]

    def test_who_begins_anew_begins_anew(
        self, begun: Callable[[], Resumable], newer: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "mark").unlink()
        assert left(begun()) == PHOTOS
        assert left(begun()) == PHOTOS


def interrupted(arc: Arc, command: list[object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        scan_until(2, patch)
        with pytest.raises(Killed):
            arc(*command)


def spoil(mark: Path, matches: Path, case: str) -> None:
    fields = json.loads(mark.read_text())
    if case == "shorter":
        matches.write_text("")
    elif case == "cut":
        mark.write_text(mark.read_text()[:-4])
    elif case == "elsewhere":
        mark.write_text(json.dumps({**fields, "last": "another.jpg"}))
    else:
        mark.write_text(json.dumps({**fields, "bytes": -1}))


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("shorter", "another-scan"),
        ("elsewhere", "another-scan"),
        ("cut", "corrupt-checkpoint"),
        ("negative", "corrupt-checkpoint"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_and_nothing_changed(
    arc: Arc, command: list[object], tmp_path: Path, case: str, code: str
) -> None:
    interrupted(arc, command)
    mark, matches = tmp_path / "mark", tmp_path / "matches"
    spoil(mark, matches, case)
    before = mark.read_bytes(), matches.read_bytes()
    ran = arc(*command)
    assert ran.status == 2
    assert ran.errors.endswith(f"({code})\n")
    assert (mark.read_bytes(), matches.read_bytes()) == before


def test_other_options_do_not_go_on_with_it(arc: Arc, command: list[object]) -> None:
    interrupted(arc, command)
    ran = arc(*command, "--turns")
    assert ran.status == 2
    assert ran.errors.endswith("(another-scan)\n")


def test_without_a_file_for_the_results_it_is_refused(
    arc: Arc, fingerprints: Path, public: Path, tmp_path: Path
) -> None:
    ran = arc("scan", "--fingerprints", fingerprints, "--checkpoint", tmp_path / "mark", public)
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith("(no-output)\n")
