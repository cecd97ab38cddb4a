"""Photos and videos against an index, in this process or in several, results in the order of the files."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from matching.cli.files import VIDEO_SUFFIXES
from matching.cli.looking import Recipe, Sighting, Task
from matching.cli.problems import READING_ERRORS, Problem, problem_of
from matching.cli.stills import Still, stills_of

# Stills searched together: enough to share each block of the index, few enough for a lively progress bar.
BATCH = 16
_KILLED = Problem("killed", "The process that scanned it was killed, perhaps for want of memory.")


@dataclass(frozen=True)
class Scanned:
    """What was seen in one file, in order of time, best first; and why it could not be read (to its end)."""

    photo: str
    sightings: list[Sighting]
    problem: Problem | None = None


def scan_photos(task: Task, photos: Sequence[Path], jobs: int) -> Iterator[Scanned]:
    """Yield one result per file, in their order.

    One of several processes may be killed; raises BrokenProcessPool when none stays alive at all.
    """
    batches = _batches(photos)
    if jobs == 1 or len(batches) <= 1:
        for batch in batches:
            yield from scan_batch(task, batch)
        return
    yield from _in_processes(task, batches, min(jobs, len(batches)))


def _batches(photos: Sequence[Path]) -> list[list[Path]]:
    """Return photos in batches and each video, which is a batch in itself, alone; all in their order."""
    batches: list[list[Path]] = []
    room = 0
    for photo in photos:
        video = photo.suffix.lower() in VIDEO_SUFFIXES
        if video or not room:
            batches.append([])
            room = 1 if video else BATCH
        batches[-1].append(photo)
        room -= 1
    return batches


def scan_batch(task: Task, photos: Sequence[Path]) -> list[Scanned]:
    """Return one result per file; stills are searched together, whichever files they are of."""
    seen: list[list[Sighting]] = [[] for _ in photos]
    problems: dict[int, Problem] = {}
    stills = _stills(photos, problems)
    while part := list(islice(stills, BATCH)):
        found = task.search([still for _, still in part])
        for (at, _), sightings in zip(part, found, strict=True):
            seen[at] += sightings
    return [Scanned(str(photo), seen[at], problems.get(at)) for at, photo in enumerate(photos)]


def _stills(photos: Sequence[Path], problems: dict[int, Problem]) -> Iterator[tuple[int, Still]]:
    """Yield (number of the file, still), and fill in what was wrong with files."""
    for at, photo in enumerate(photos):
        try:
            for still in stills_of(photo):
                yield at, still
        except READING_ERRORS as error:
            problems[at] = problem_of(error)


def _in_processes(task: Task, batches: Sequence[Sequence[Path]], jobs: int) -> Iterator[Scanned]:
    """Keep every process busy, but never hand out more than a few batches ahead of the one awaited."""
    with TemporaryDirectory() as folder:
        recipe = task.recipe(Path(folder))
        pool, ahead = _Pool(recipe, jobs), deque[tuple[Sequence[Path], Future[list[Scanned]]]]()
        try:
            for batch in batches:
                ahead.append((batch, pool.submit(batch)))
                if len(ahead) > 2 * jobs:
                    yield from _awaited(recipe, *ahead.popleft())
            while ahead:
                yield from _awaited(recipe, *ahead.popleft())
        finally:
            pool.close()


def _awaited(recipe: Recipe, batch: Sequence[Path], results: Future[list[Scanned]]) -> Iterator[Scanned]:
    """Yield a batch's results; after a kill photo by photo, so that only the one to blame is left out."""
    try:
        yield from results.result()
    except BrokenProcessPool:
        pool = _Pool(recipe, 1)
        try:
            for photo in batch:
                yield pool.alone(photo)
        finally:
            pool.close()


class _Pool:
    """Scanning processes, replaced after one of them was killed."""

    def __init__(self, recipe: Recipe, jobs: int) -> None:
        self._recipe, self._jobs = recipe, jobs
        self._processes = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, context, initializer=_start_worker, initargs=(self._recipe,))

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


def _start_worker(recipe: Recipe) -> None:
    """Open the store once; an interrupt is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker.task = recipe.task()


def _scan_in_worker(photos: Sequence[Path]) -> list[Scanned]:
    return scan_batch(_Worker.task, photos)
