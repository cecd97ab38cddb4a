"""The supervisor's children: the task cluster, kept alive, and one sweep at a time."""

import logging
import math
import os
import signal
import subprocess
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from matching import heartbeat, processes

logger = logging.getLogger(__name__)

SILENCE = timedelta(seconds=120)
# Clusters of several hosts take messages from one queue, so that one of them may get none for a while.
SILENCE_AMONG_OTHERS = timedelta(minutes=10)
LONGEST_PAUSE = 60.0
# Longer than this, and a start counts as a good one: the next pause is short again.
STEADY = 60.0
SWEEP_LIMIT = 600.0
KILL_PATIENCE = 3.0


class Child:
    """One child process in its own group, and everything it may have left behind from earlier lives."""

    def __init__(self, arguments: list[str], *, mark: str, directory: Path, quiet: bool = False) -> None:
        self._arguments, self._mark, self._directory, self._quiet = arguments, mark, directory, quiet
        self._process: subprocess.Popen[bytes] | None = None
        self._started = -math.inf

    def start(self) -> None:
        self._process = processes.start(
            self._arguments, mark=self._mark, directory=self._directory, quiet=self._quiet
        )
        self._started = time.monotonic()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def age(self) -> float:
        """Seconds since the last start; endless before the first."""
        return time.monotonic() - self._started

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self, *, patience: float = 0.0) -> int:
        """Wait ``patience`` seconds for an end in peace, then end every process of this child's mark.

        Returns how many had to be killed. Works on children of an earlier supervisor too.
        """
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(KILL_PATIENCE)
            self._process = None
        return processes.kill_marked(self._mark)


class Cluster(Child):
    """django-q2's cluster. Dead or silent, it is killed as a whole and started again after a pause."""

    def __init__(self, data: Path, directory: Path) -> None:
        super().__init__(["-m", "django", "runcluster"], mark=f"cluster:{data}", directory=directory)
        self._pause = 1.0
        self._not_before = 0.0

    def tend(self) -> None:
        if self._process is None:
            if time.monotonic() >= self._not_before:
                self.start()
        elif not self.running:
            self._replace("ended")
        elif self._is_silent(SILENCE) or self._is_silent(SILENCE_AMONG_OTHERS, here=True):
            self._replace("was silent for too long")

    def _is_silent(self, period: timedelta, *, here: bool = False) -> bool:
        return self.age > period.total_seconds() and heartbeat.silent_for(period, here=here)

    def _replace(self, why: str) -> None:
        steady = self.age > STEADY
        self._pause = 1.0 if steady else min(self._pause * 2, LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause
        self.kill()
        logger.error("the task cluster %s and was ended as a whole; next start in %d s", why, self._pause)


class Sweeper(Child):
    """``manage.py sweep`` as a child: whatever happens to it does not happen to the supervisor."""

    def __init__(self, data: Path, directory: Path) -> None:
        super().__init__(["-m", "django", "sweep"], mark=f"sweep:{data}", directory=directory, quiet=True)

    def run(self) -> None:
        """Start the next sweep unless the last is still at work; one that takes too long is ended."""
        if self.running and self.age < SWEEP_LIMIT:
            return
        if self.running:
            logger.error("a sweep took longer than %d s and was ended", SWEEP_LIMIT)
        self.kill()
        self.start()
