"""Scanning processes on this machine, each with the index mapped, replaced when one is killed."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import ClassVar

from matching.cli.looking import Recipe, Task
from matching.cli.places import Place
from matching.cli.scanning import Scanned, WorkersLost, killed, scan_batch

_DRAWN = "matching.cli.drawn"


class LocalWorkers:
    """A pool of processes, of which one or the other may be killed. ``folder`` goes with this process."""

    def __init__(self, recipe: Recipe, folder: Path, jobs: int) -> None:
        self._recipe, self._folder, self._jobs = recipe, folder, jobs
        self._processes = self._started()

    @property
    def ahead(self) -> int:
        return 2 * self._jobs

    def submit(self, photos: Sequence[Place]) -> Future[list[Scanned]]:
        try:
            return self._processes.submit(_scan_in_worker, photos)
        except BrokenProcessPool:
            self._processes = self._started()
            return self._processes.submit(_scan_in_worker, photos)

    def results(self, photos: Sequence[Place], promise: Future[list[Scanned]]) -> list[Scanned]:
        """Wait for a batch; after a kill photo by photo, so that only the one to blame is left out."""
        try:
            return promise.result()
        except BrokenProcessPool:
            spare = LocalWorkers(self._recipe, self._folder, 1)
            try:
                return [spare.alone(photo) for photo in photos]
            finally:
                spare.close()

    def alone(self, photo: Place) -> Scanned:
        """Return one photo's result. Raises WorkersLost when even nothing cannot be scanned."""
        try:
            return self.submit([photo]).result()[0]
        except BrokenProcessPool:
            self._try_nothing()
            return killed(photo)

    def _try_nothing(self) -> None:
        try:
            self.submit([]).result()
        except BrokenProcessPool as error:
            sentence = "no scanning process stays alive, perhaps for want of memory: use fewer --jobs"
            raise WorkersLost(sentence) from error

    def close(self) -> None:
        self._processes.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        start_early()
        context = multiprocessing.get_context("forkserver")
        given = (self._recipe, self._folder)
        return ProcessPoolExecutor(self._jobs, context, initializer=_start_worker, initargs=given)


def start_early() -> None:
    """Start the process that all others are forked from; it loads and draws while this one reads on.

    It has no thread, and what takes a process a second is in its memory, which they share.
    """
    forkserver.set_forkserver_preload([_DRAWN])
    forkserver.ensure_running()


@contextmanager
def local_workers(task: Task, jobs: int) -> Iterator[LocalWorkers]:
    """Processes for a task, ended afterwards. Raises UsageError when their list cannot be written."""
    with TemporaryDirectory() as folder:
        workers = LocalWorkers(task.recipe(Path(folder)), Path(folder), jobs)
        try:
            yield workers
        finally:
            workers.close()


class _Worker:
    """What a scanning process holds between batches."""

    task: ClassVar[Task]


def _start_worker(recipe: Recipe, folder: Path) -> None:
    """Open the store once; an interrupt is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=[folder], daemon=True).start()
    _Worker.task = recipe.task()


def _end_with_parent(folder: Path) -> None:
    """Else a killed scan would leave its processes waiting for ever, and its list on the disk."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _scan_in_worker(photos: Sequence[Place]) -> list[Scanned]:
    return scan_batch(_Worker.task, photos)
