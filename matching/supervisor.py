"""The loop behind ``manage.py runworker``: wake, watch, sweep, and never die of an error of its own."""

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connections

from matching import chores, dispatch, service_manager
from matching.stopping import StopSignals
from matching.watchdog import Cluster, Sweeper

logger = logging.getLogger(__name__)

TICK = 1.0
BEAT_EVERY = 20.0
SWEEP_EVERY = 60.0
# Sooner when something waits: a lease and this are the longest anyone waits after a crash, 60 + 30 seconds.
SWEEP_SOONER = 30.0
LONGEST_PAUSE = 30.0
STOP_PATIENCE = 6.0


class AlreadyRunning(Exception):
    """Another worker holds this data directory."""


@dataclass
class Errand:
    """Something to do every so often. An error is logged and makes the pauses longer until it is over."""

    name: str
    work: Callable[[], object]
    every: float
    _due: float = 0.0
    _pause: float = 0.0

    def run_if_due(self) -> None:
        if time.monotonic() < self._due:
            return
        try:
            self.work()
            self._pause = self.every
        except Exception:
            logger.exception("runworker: %s failed; going on", self.name)
            self._pause = max(min(max(self._pause, self.every) * 2, LONGEST_PAUSE), self.every)
            # A connection that failed once (file replaced, server restarted) is not trusted again.
            connections.close_all()
        self._due = time.monotonic() + self._pause


def supervise(data: Path, directory: Path) -> None:
    """Run until SIGTERM or SIGINT, then end all children within ten seconds. Raises AlreadyRunning.

    ``data`` is the data directory, one worker each; ``directory`` is the checkout the children run in.
    """
    cluster, sweeper = Cluster(data, directory), Sweeper(data, directory)
    errands = [
        Errand("the cluster", cluster.tend, TICK),
        Errand("dispatch", dispatch.Dispatcher().dispatch, TICK),
        Errand("the heartbeat", dispatch.ask_for_beat, BEAT_EVERY),
        Errand("the chores", chores.send, chores.EVERY),
        Errand("the sweep", partial(sweep_when_needed, sweeper), SWEEP_SOONER),
    ]
    with only_one(data / "run"), StopSignals() as signals:
        orphans = cluster.kill() + sweeper.kill()
        if orphans:
            logger.warning("%d processes of a worker that was killed were still there; ended", orphans)
        service_manager.tell(service_manager.READY)
        try:
            while not signals.requested:
                for errand in errands:
                    errand.run_if_due()
                service_manager.tell(service_manager.ALIVE)
                signals.wait(TICK)
        finally:
            service_manager.tell(service_manager.STOPPING)
            cluster.ask_to_stop()
            sweeper.ask_to_stop()
            cluster.kill(patience=STOP_PATIENCE)
            sweeper.kill()


def sweep_when_needed(sweeper: Sweeper) -> None:
    """A sweep starts a whole Django; without work waiting, one a minute is enough."""
    if sweeper.age >= SWEEP_EVERY or dispatch.due().exists():
        sweeper.run()


@contextmanager
def only_one(run: Path) -> Iterator[None]:
    """Hold the lock of this directory; the kernel gives it back whatever ends us. Raises AlreadyRunning."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "runworker.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield
