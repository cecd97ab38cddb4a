import math
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connections
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching.supervisor import AlreadyRunning, Errand, only_one, sweep_when_needed
from matching.watchdog import Sweeper


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr("matching.supervisor.time", moved)
    return moved


def test_an_errand_runs_at_once_and_then_every_so_often(clock: Clock) -> None:
    runs: list[float] = []
    errand = Errand("count", lambda: runs.append(clock.now), every=10)
    for _ in range(25):
        errand.run_if_due()
        clock.now += 1
    assert runs == [100, 110, 120]


@pytest.mark.django_db
def test_an_error_is_logged_and_makes_the_pauses_longer_until_it_is_over(
    clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []
    monkeypatch.setattr(connections, "close_all", lambda: closed.append(clock.now))
    runs: list[float] = []

    def fail_at_first() -> None:
        runs.append(clock.now)
        if len(runs) < 7:
            raise OSError("database is locked")

    errand = Errand("dispatch", fail_at_first, every=1)
    while clock.now < 200:
        errand.run_if_due()
        clock.now += 1
    waits = [later - earlier for earlier, later in pairwise(runs)]
    assert waits[:8] == [2, 4, 8, 16, 30, 30, 1, 1]
    assert closed == runs[:6]
    assert caplog.text.count("dispatch failed; going on") == 6


def test_an_errand_with_a_long_period_waits_no_shorter_after_an_error(clock: Clock) -> None:
    errand = Errand("sweep", lambda: 1 / 0, every=60)
    errand.run_if_due()
    assert errand._due == clock.now + 60


class CountedSweeper(Sweeper):
    """Counts instead of sweeping."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, directory)
        self.runs = 0
        self.idle = math.inf

    @property
    def age(self) -> float:
        return self.idle

    def run(self) -> None:
        self.runs += 1


def test_the_first_sweep_is_at_once_and_the_next_after_a_minute_or_when_something_waits(
    make_photo: MakePhoto, tmp_path: Path
) -> None:
    sweeper = CountedSweeper(tmp_path)
    sweep_when_needed(sweeper)
    assert sweeper.runs == 1
    sweeper.idle = 59
    sweep_when_needed(sweeper)
    assert sweeper.runs == 1
    make_photo(PhotoState.COVERED)
    sweep_when_needed(sweeper)
    assert sweeper.runs == 2


def test_one_worker_per_data_directory(tmp_path: Path) -> None:
    with only_one(tmp_path / "run"):
        with pytest.raises(AlreadyRunning), only_one(tmp_path / "run"):
            pass
        with only_one(tmp_path / "other"):
            pass
    with only_one(tmp_path / "run"):
        assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
