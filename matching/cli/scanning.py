"""Photos against an index, in this process or in several, results in the order of the photos."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from enrollment.photo import read_public
from matching.cli.problems import READING_ERRORS, Problem, problem_of
from matching.engine.grid import Grid, luma_grid
from matching.engine.index import Index, Match

# Photos searched together: enough to share each block of the index, few enough for a lively progress bar.
BATCH = 16


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

    Raises BrokenProcessPool when the system kills one of several processes.
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
            grids[at] = luma_grid(read_public(photo))
        except READING_ERRORS as error:
            problems[at] = problem_of(error)
    found = dict(zip(grids, task.search(np.stack([*grids.values()])), strict=True)) if grids else {}
    return [Scanned(str(photo), found.get(at, []), problems.get(at)) for at, photo in enumerate(photos)]


def _in_processes(task: Task, batches: Sequence[Sequence[Path]], jobs: int) -> Iterator[Scanned]:
    """Keep every process busy, but never hand out more than a few batches ahead of the one awaited."""
    pool = ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(task,)
    )
    ahead: deque[Future[list[Scanned]]] = deque()
    try:
        for batch in batches:
            ahead.append(pool.submit(_scan_in_worker, batch))
            if len(ahead) > 2 * jobs:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a scanning process holds between batches."""

    task: ClassVar[Task]


def _start_worker(task: Task) -> None:
    """Receive the task once; an interrupt is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker.task = task


def _scan_in_worker(photos: Sequence[Path]) -> list[Scanned]:
    return scan_batch(_Worker.task, photos)
