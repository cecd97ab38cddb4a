"""Keeps the web server and the worker running, and takes them along when it goes. Standard library only."""

import contextlib
import ctypes
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

TICK = 0.1
GRACE = 10.0
START_PATIENCE = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A child that lived this long is taken as healthy: its next death starts with a short pause again.
HEALTHY_AFTER = 60.0
PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


class CannotRun(Exception):
    """The service cannot run here; the text is one sentence and a hint for a person."""


@dataclass
class Child:
    """A process that is started again whenever it ends by itself."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = FIRST_PAUSE

    def start(self) -> None:
        parent = os.getpid()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            # A group of its own: Ctrl-C reaches only the launcher, which then stops everything in order.
            process_group=0,
            preexec_fn=lambda: end_with(parent),  # noqa: PLW1509 - this process has one thread
        )
        self.started_at = time.monotonic()

    def tend(self, say: Say) -> None:
        """Notice that the process ended, and start it again after a pause that grows with each failure."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due_at:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        self.pause = FIRST_PAUSE if now - self.started_at > HEALTHY_AFTER else self.pause
        say(f"The {self.name} stopped ({describe(status)}); starting it again in {self.pause:.0f} s.")
        self.kill()
        self.due_at, self.pause = now + self.pause, min(self.pause * 2, LONGEST_PAUSE)
        self.process = None

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """End the process and what is left of its group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Launcher:
    """Runs ``children``; the first one is the web server at ``port``."""

    children: Sequence[Child]
    port: int
    say: Say
    stopping: bool = field(default=False, init=False)

    def run(self, when_serving: Callable[[], None]) -> None:
        """Return after SIGINT, SIGTERM or SIGHUP, with every child gone. Raises CannotRun.

        ``when_serving`` is called once, as soon as the web server answers.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.request_stop)
        try:
            # The others wait for the server: side by side all would load at half the speed.
            self.children[0].start()
            self.wait_until_serving()
            if not self.stopping:
                when_serving()
            while not self.stopping:
                for child in self.children:
                    child.tend(self.say)
                time.sleep(TICK)
        finally:
            self.stop()

    def request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def wait_until_serving(self) -> None:
        server = self.children[0]
        deadline = time.monotonic() + START_PATIENCE
        while not self.stopping and not answers(self.port):
            if server.ended():
                raise CannotRun("The web server did not start. Hint: the lines above say why.")
            if time.monotonic() > deadline:
                raise CannotRun("The web server does not answer. Hint: is this machine very busy?")
            time.sleep(TICK / 2)

    def stop(self) -> None:
        """SIGTERM to every child, and after a grace period SIGKILL to what is left of their groups."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not all(child.ended() for child in self.children):
            time.sleep(TICK / 2)
        for child in self.children:
            if not child.ended():
                self.say(f"The {child.name} did not stop in {GRACE:.0f} s and was killed.")
            child.kill()


def end_with(parent: int) -> None:
    """In the child: have the kernel end it when the launcher is gone, even by SIGKILL (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def describe(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def answers(port: int) -> bool:
    """Whether an HTTP server on this machine answers at all; what it answers is its own affair."""
    return status_of(port, "/") is not None


def status_of(port: int, path: str) -> int | None:
    """With what status an HTTP server on this machine answers a GET; None when it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def require_free(port: int) -> None:
    """Raises CannotRun when something already listens at the port, or it cannot be listened at."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError as error:
            raise CannotRun(
                f"Port {port} cannot be used ({error.strerror}). "
                f"Hint: choose another one with `python3 manage.py up --port {port + 1}`."
            ) from None


@contextlib.contextmanager
def only_one(run: Path) -> Iterator[None]:
    """Hold the data directory for this launcher. Raises CannotRun when another one holds it.

    The kernel releases the lock however the holder ends, so a leftover file never blocks a start.
    """
    with (run / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotRun(
                f"ARC already runs on {run.parent} (process {file.read().strip() or 'unknown'}). "
                "Hint: stop that one first, or give this one a directory of its own with `--data DIR`."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
