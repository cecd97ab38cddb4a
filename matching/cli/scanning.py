"""Photos against an index, in this process or in several, results in the order of the photos."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from enrollment.photo import read_public
from matching.cli.files import read_limited
from matching.cli.problems import READING_ERRORS, Problem, problem_of
from matching.engine.grid import Grid, luma_grid
from matching.engine.index import Index, Match

# Photos searched together: enough to share each block of the index, few enough for a lively progress bar.
BATCH = 16
PUBLIC_BYTES = 200_000_000
_KILLED = Problem("killed", "The process that scanned it was killed, perhaps for want of memory.")


@dataclass(frozen=True)
class Task:
    """What to look for, and whether also through windows."""

    index: Index
    deep: bool = False

    def search(self, grids: Grid) -> list[list[Match]]:
        """Return the matches of each photo of grids [n, 64, 64]."""
        return self.index.search_deep(grids) if self.deep else self.index.search(grids)


@dataclass(frozen=True)
class Scanned:
    """One photo's matches, best first, or why it could not be read."""

    photo: str
    matches: list[Match]
    problem: Problem | None = None


def scan_photos(task: Task, photos: Sequence[Path], jobs: int) -> Iterator[Scanned]:
    """Yield one result per photo, in their order.

    One of several processes may be killed; raises BrokenProcessPool when none stays alive at all.
    """
    batches = [photos[at : at + BATCH] for at in range(0, len(photos), BATCH)]
    if jobs == 1 or len(batches) <= 1:
        for batch in batches:
            yield from scan_batch(task, batch)
        return
    yield from _in_processes(task, batches, min(jobs, len(batches)))


def scan_batch(task: Task, photos: Sequence[Path]) -> list[Scanned]:
    """Return one result per photo; the readable ones are searched together."""
    grids: dict[int, Grid] = {}
    problems: dict[int, Problem] = {}
    for at, photo in enumerate(photos):
        try:
            data = read_limited(photo, PUBLIC_BYTES)
            with _quiet_decoders():
                grids[at] = luma_grid(read_public(data))
        except READING_ERRORS as error:
            problems[at] = problem_of(error)
    found = dict(zip(grids, task.search(np.stack([*grids.values()])), strict=True)) if grids else {}
    return [Scanned(str(photo), found.get(at, []), problems.get(at)) for at, photo in enumerate(photos)]


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keep libraries such as libtiff from printing their own complaints: a bad file is worth one line."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _in_processes(task: Task, batches: Sequence[Sequence[Path]], jobs: int) -> Iterator[Scanned]:
    """Keep every process busy, but never hand out more than a few batches ahead of the one awaited."""
    pool, ahead = _Pool(task, jobs), deque[tuple[Sequence[Path], Future[list[Scanned]]]]()
    try:
        for batch in batches:
            ahead.append((batch, pool.submit(batch)))
            if len(ahead) > 2 * jobs:
                yield from _awaited(task, *ahead.popleft())
        while ahead:
            yield from _awaited(task, *ahead.popleft())
    finally:
        pool.close()


def _awaited(task: Task, batch: Sequence[Path], results: Future[list[Scanned]]) -> Iterator[Scanned]:
    """Yield a batch's results; after a kill photo by photo, so that only the one to blame is left out."""
    try:
        yield from results.result()
    except BrokenProcessPool:
        pool = _Pool(task, 1)
        try:
            for photo in batch:
                yield pool.alone(photo)
        finally:
            pool.close()


class _Pool:
    """Scanning processes, replaced after one of them was killed."""

    def __init__(self, task: Task, jobs: int) -> None:
        self._task, self._jobs = task, jobs
        self._processes = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, context, initializer=_start_worker, initargs=(self._task,))

    def submit(self, photos: Sequence[Path]) -> Future[list[Scanned]]:
        try:
            return self._processes.submit(_scan_in_worker, photos)
        except BrokenProcessPool:
            self._processes = self._started()
            return self._processes.submit(_scan_in_worker, photos)

    def alone(self, photo: Path) -> Scanned:
        """Return one photo's result. Raises BrokenProcessPool when even nothing cannot be scanned."""
        try:
            return self.submit([photo]).result()[0]
        except BrokenProcessPool:
            self.submit([]).result()
            return Scanned(str(photo), [], _KILLED)

    def close(self) -> None:
        self._processes.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a scanning process holds between batches."""

    task: ClassVar[Task]


def _start_worker(task: Task) -> None:
    """Receive the task once; an interrupt is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker.task = task


def _scan_in_worker(photos: Sequence[Path]) -> list[Scanned]:
    return scan_batch(_Worker.task, photos)
