"""The same scan by a Dask cluster: the same lines, whoever is killed meanwhile."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import Future, LocalCluster
from running import free_port

from matching.cli import spread
from matching.cli.cluster import Cluster
from matching.cli.places import Place
from matching.cli.scanning import Scanned

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings("default")]

Arc = Callable[..., Any]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """Two worker processes with a temporary directory of their own, as another host would have."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("matching.cli.scanning.BATCH", 2)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50, host="127.0.0.1"
    ) as cluster:
        yield cluster


def kept(tmp_path: Path) -> list[Path]:
    return [*tmp_path.glob("arc-scan-*/*")]


@pytest.mark.slow
def test_it_gives_the_same_lines_and_leaves_no_list_behind(
    arc: Arc, fingerprints: Path, public: Path, cluster: LocalCluster, tmp_path: Path
) -> None:
    here = arc("scan", "--fingerprints", fingerprints, public)
    there = arc("scan", "--cluster", cluster.scheduler_address, "--fingerprints", fingerprints, public)
    assert there.status == 0
    assert (there.lines, there.errors.partition(" s: ")[2]) == (here.lines, here.errors.partition(" s: ")[2])
    assert len(there.lines) == 4
    assert [*tmp_path.glob("arc-scan-*")], "the workers kept the list where this test looks for it"
    assert kept(tmp_path) == []


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(
    arc: Arc, fingerprints: Path, public: Path, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = [worker.pid for worker in cluster.workers.values()]
    submitted = Cluster.submit

    def submitted_and_killed(self: Cluster, photos: Sequence[Place]) -> "Future[list[Scanned]]":
        promise = submitted(self, photos)
        if len(victims) == 2:
            os.kill(victims.pop(), signal.SIGKILL)
        return promise

    monkeypatch.setattr(Cluster, "submit", submitted_and_killed)
    ran = arc("scan", "--cluster", cluster.scheduler_address, "--fingerprints", fingerprints, public)
    assert ran.status == 0
    assert ran.lines == arc("scan", "--fingerprints", fingerprints, public).lines
    assert len(victims) == 1


def test_a_list_that_a_killed_scan_left_is_gone_a_day_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, other = (
        spread.Key(hashlib.sha256(data).hexdigest(), len(data), deep=False, turns=False)
        for data in (b"left", b"other")
    )
    spread.keep(left, 0, b"left")
    (file,) = kept(tmp_path)
    spread.keep(other, 0, b"other")
    assert spread.has(left)
    yesterday = time.time() - spread.FORGOTTEN_SECONDS - 1
    os.utime(file, (yesterday, yesterday))
    spread.keep(other, 0, b"other")
    assert (spread.has(left), spread.has(other)) == (False, True)


def test_nobody_at_the_address_is_said(arc: Arc, fingerprints: Path, public: Path) -> None:
    with pytest.MonkeyPatch.context() as hasty:
        hasty.setattr("matching.cli.cluster.CONNECT_SECONDS", 0.2)
        ran = arc(
            "scan", "--cluster", f"tcp://127.0.0.1:{free_port()}", "--fingerprints", fingerprints, public
        )
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith("(no-cluster)\n")


def test_workers_of_several_threads_are_refused(arc: Arc, fingerprints: Path, public: Path) -> None:
    with LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        silence_logs=50,
        host="127.0.0.1",
    ) as cluster:
        ran = arc("scan", "--cluster", cluster.scheduler_address, "--fingerprints", fingerprints, public)
    assert (ran.status, ran.lines) == (2, [])
    assert "--nthreads 1" in ran.errors
    assert ran.errors.endswith("(no-workers)\n")
