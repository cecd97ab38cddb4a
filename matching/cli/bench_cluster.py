"""``arc bench cluster``: a Dask cluster on this machine beside as many processes of ``arc scan --jobs``.

Needs the extra ``scan``. Both are warm when the clock starts: what is compared is the way of the batches,
which are as large as those of a long scan.
"""

import statistics
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from distributed import LocalCluster

from matching.cli.bench_scan import SIZES, written
from matching.cli.bench_speed import repeated, seed_columns
from matching.cli.cluster import Cluster
from matching.cli.files import photos_below
from matching.cli.local_workers import local_workers
from matching.cli.looking import Task
from matching.cli.places import Place
from matching.cli.scanning import MOST_TOGETHER, Workers, scan_with
from matching.cli.usage import UsageError
from matching.engine.index import Index
from matching.engine.store import write_store

_MODELS = 16


def measure(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield photos per second of both ways for each number of workers; medians over repeats, in turns."""
    photos = photos_below(options.photos)
    if len(photos) < 2 * _MODELS:
        raise UsageError("too-few-photos", f"{options.photos} holds fewer than {2 * _MODELS} photos")
    with TemporaryDirectory() as folder:
        store = Path(folder, "bench.arc")
        write_store(store, repeated(seed_columns(photos[_MODELS:]), options.fingerprints))
        models = [written(Path(folder), photo, SIZES[1], at) for at, photo in enumerate(photos[:_MODELS])]
        scanned = [models[at % _MODELS] for at in range(options.scan)]
        task = Task(Index.open(store), store=store)
        for workers in options.workers:
            yield _compared(task, scanned, workers, options.repeats)


def _compared(task: Task, photos: Sequence[Place], workers: int, repeats: int) -> dict[str, object]:
    with ExitStack() as open_:
        pool = open_.enter_context(local_workers(task, workers))
        dask = open_.enter_context(
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        )
        cluster = open_.enter_context(closing(Cluster(dask.scheduler_address, task)))
        ways: dict[str, Workers[Any]] = {"processes": pool, "cluster": cluster}
        for way in ways.values():
            _rate(way, photos[: 4 * MOST_TOGETHER * workers])
        rounds = [{name: _rate(way, photos) for name, way in ways.items()} for _ in range(repeats)]
    rates = {name: statistics.median(each[name] for each in rounds) for name in ways}
    return {
        "measure": "cluster",
        "workers": workers,
        "ratio": round(rates["cluster"] / rates["processes"], 2),
        "cluster_photos_per_second": round(rates["cluster"], 1),
        "processes_photos_per_second": round(rates["processes"], 1),
        "photos": len(photos),
        "photos_in_a_batch": MOST_TOGETHER,
        "fingerprints": len(task.index),
    }


def _rate(workers: Workers[Any], photos: Sequence[Place]) -> float:
    started = time.perf_counter()
    done = sum(map(len, scan_with(workers, photos, MOST_TOGETHER)))
    return done / (time.perf_counter() - started)
