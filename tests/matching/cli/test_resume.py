"""A scan is killed by SIGKILL and goes on: the same bytes as without, and hardly a photo looked at twice."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from distributed import LocalCluster
from looked_at import WORKS_HERE, Looks
from running import children_of, command_of, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.processes,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not WORKS_HERE, reason="needs inotify"),
]

ARC = [sys.executable, "-c", "import sys; from matching.cli.main import run; sys.exit(run())"]
PHOTOS, MOST_AGAIN = 10_000, 0.01
PATIENCE = 120.0
# After the half was seen to be marked: so that the kill falls anywhere between two marks. Short, for a scan
# goes through thousands of photos in a second.
LATER = 0.11
# The options of a scan, and whether all that it set going has come to rest.
Way = tuple[list[str], Callable[[], bool]]


@pytest.fixture(scope="module")
def archive(public: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few photos under many names, every second one a copy of a covered photo."""
    folder = tmp_path_factory.mktemp("archive")
    photos = sorted(public.iterdir())
    for number in range(PHOTOS):
        shutil.copyfile(photos[number % len(photos)], folder / f"{number:05}.jpg")
    return folder


@pytest.fixture
def looks(archive: Path) -> Iterator[Looks]:
    made = Looks(archive)
    yield made
    made.close()


@pytest.fixture(scope="module")
def uninterrupted(archive: Path, fingerprints: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a scan finds that nobody disturbs."""
    matches = tmp_path_factory.mktemp("uninterrupted") / "matches"
    subprocess.run([*ARC, "scan", "--fingerprints", fingerprints, "-o", matches, archive], check=True)
    assert matches.read_bytes().count(b"\n") >= PHOTOS // 3
    return matches.read_bytes()


@contextmanager
def by_processes() -> Iterator[Way]:
    yield ["--jobs", "2"], lambda: True


@contextmanager
def by_cluster() -> Iterator[Way]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50, host="127.0.0.1"
    ) as cluster:
        yield ["--cluster", cluster.scheduler_address], lambda: not cluster.scheduler.tasks


@pytest.mark.parametrize("way", [by_processes, by_cluster])
def test_after_a_kill_it_goes_on(
    way: Callable[[], AbstractContextManager[Way]],
    archive: Path,
    fingerprints: Path,
    uninterrupted: bytes,
    looks: Looks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    matches, mark = tmp_path / "matches", tmp_path / "mark"
    files = ["--fingerprints", str(fingerprints), "-o", str(matches), "--checkpoint", str(mark)]
    with way() as (option, is_quiet):
        command = [*ARC, "scan", *option, *files, str(archive)]
        client = subprocess.Popen(command)
        wait_for(lambda: done(mark) >= PHOTOS // 2, PATIENCE, "the half of the scan")
        time.sleep(LATER)
        helpers = children_of(client.pid)
        client.kill()
        client.wait()
        wait_for(lambda: is_quiet() and not any(map(command_of, helpers)), 20, "the end of its helpers")
        first = looks.taken()
        assert [*temporary.glob("tmp*/*.arc")] == [], "the killed scan left its list behind"
        went_on = subprocess.run(command, check=False, capture_output=True, text=True)
    again = first & looks.taken()
    assert went_on.returncode == 0, went_on.stderr
    assert matches.read_bytes() == uninterrupted
    assert not mark.exists()
    assert PHOTOS // 2 <= len(first) < PHOTOS
    with capsys.disabled():
        sys.stdout.write(f" {len(again)} of {PHOTOS} photos were looked at twice ")
    assert len(again) < MOST_AGAIN * PHOTOS


def done(mark: Path) -> int:
    """The photos that a scan has marked as done, by the newer of its marks; 0 before its first."""
    return max(map(photos_of, [mark, mark.with_name(f".{mark.name}.newer")]))


def photos_of(mark: Path) -> int:
    try:
        return int(json.loads(mark.read_bytes())["tally"]["photos"])
    except FileNotFoundError:
        return 0
