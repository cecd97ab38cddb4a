import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from matching import heartbeat, processes, watchdog
from matching.watchdog import Cluster, Sweeper

pytestmark = pytest.mark.processes

SLEEP = ["-c", "import time; time.sleep(60)"]
END = ["-c", ""]


class Clock:
    """Time that the test moves; real waiting goes on behind it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr("matching.watchdog.time", moved)
    return moved


@pytest.fixture
def cluster(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    made = Cluster(tmp_path, tmp_path)
    monkeypatch.setattr(made, "_arguments", SLEEP)
    yield made
    made.kill()


@pytest.fixture
def sweeper(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweeper]:
    made = Sweeper(tmp_path, tmp_path)
    monkeypatch.setattr(made, "_arguments", SLEEP)
    yield made
    made.kill()


def pid(child: watchdog.Child) -> int:
    assert child._process is not None
    return child._process.pid


def wait_for_end(child: watchdog.Child) -> None:
    assert child._process is not None
    child._process.wait()


def test_it_starts_the_cluster_and_leaves_it_alone(cluster: Cluster) -> None:
    cluster.tend()
    first = pid(cluster)
    cluster.tend()
    assert cluster.running
    assert pid(cluster) == first


def test_a_dead_cluster_is_started_again_after_a_growing_pause(
    cluster: Cluster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_arguments", END)
    pauses = []
    for _ in range(8):
        cluster.tend()
        wait_for_end(cluster)
        cluster.tend()
        pauses.append(cluster._pause)
        cluster.tend()
        assert not cluster.running
        clock.ahead += cluster._pause
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_the_pause_is_short_again_after_a_steady_time(
    cluster: Cluster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster._pause = 60.0
    monkeypatch.setattr(cluster, "_arguments", END)
    cluster.tend()
    wait_for_end(cluster)
    clock.ahead += watchdog.STEADY + 1
    cluster.tend()
    assert cluster._pause == 1


@pytest.mark.django_db
def test_a_silent_cluster_is_killed_and_replaced(cluster: Cluster, clock: Clock) -> None:
    cluster.tend()
    first = pid(cluster)
    clock.ahead += watchdog.SILENCE.total_seconds() - 1
    cluster.tend()
    assert pid(cluster) == first
    clock.ahead += 2
    cluster.tend()
    assert not cluster.running
    clock.ahead += 5
    cluster.tend()
    assert cluster.running
    assert pid(cluster) != first


@pytest.mark.django_db
def test_a_cluster_that_beats_is_left_alone(cluster: Cluster, clock: Clock) -> None:
    cluster.tend()
    first = pid(cluster)
    clock.ahead += 10 * watchdog.SILENCE.total_seconds()
    heartbeat.beat()
    cluster.tend()
    assert pid(cluster) == first


@pytest.mark.django_db
def test_a_cluster_that_is_silent_among_others_is_replaced_too(cluster: Cluster, clock: Clock) -> None:
    cluster.tend()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heartbeat, "name", lambda: "another host")
        heartbeat.beat()
    clock.ahead += 2 * watchdog.SILENCE.total_seconds()
    cluster.tend()
    assert cluster.running
    clock.ahead += watchdog.SILENCE_AMONG_OTHERS.total_seconds()
    cluster.tend()
    assert not cluster.running


def test_it_kills_what_an_earlier_supervisor_left(cluster: Cluster, tmp_path: Path) -> None:
    orphan = processes.start(SLEEP, mark=f"cluster:{tmp_path}", directory=tmp_path)
    assert cluster.kill() == 1
    assert orphan.wait() == -9


def test_a_child_that_does_not_stop_is_killed(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    deaf = (
        "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(60)"
    )
    monkeypatch.setattr(cluster, "_arguments", ["-c", deaf, str(ready)])
    cluster.start()
    while not ready.exists():
        time.sleep(0.01)
    cluster.ask_to_stop()
    started = time.monotonic()
    cluster.kill(patience=0.1)
    assert time.monotonic() - started < 2
    assert not cluster.running


def test_one_sweep_at_a_time(sweeper: Sweeper, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    sweeper.run()
    first = pid(sweeper)
    sweeper.run()
    assert pid(sweeper) == first
    clock.ahead += watchdog.SWEEP_LIMIT
    sweeper.run()
    assert pid(sweeper) != first
    assert "took longer" in caplog.text
