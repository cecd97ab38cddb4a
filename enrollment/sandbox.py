"""Decoding in a child process: the only way the service lets a stranger's bytes near a decoder.

A helper process (`enrollment.zygote`) is started on first use and forks one confined child per
call; bytes go through sockets, never through a file. Safe with threads and across forks: a forked
process starts a helper of its own. Nothing of a photo's content is ever part of an error.
"""

import atexit
import base64
import io
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from enrollment.anatomy import MAX_BYTES, damaged
from enrollment.frames import Body, Head, receive, send
from enrollment.refusals import Refused
from enrollment.zygote import JOB_LENGTH, READY, STATUS, WALL_SECONDS

AT_ONCE = 2
WAIT_SECONDS = 60.0
START_SECONDS = 60.0
GRACE_SECONDS = 5.0  # beyond the child's own alarm, before the helper itself is given up
ATTEMPTS = 3
# What is passed on to the helper: no secret of the service's environment.
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")
# The C library's heap keeps what is freed, in huge pages where there are any: a child lives for one photo,
# and mapping the same memory again for each array took it 25 ms of system time instead of 15.
HEAP = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "1000000000",
    "MALLOC_TOP_PAD_": "16000000",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

_TOO_HEAVY = frozenset({-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL})


class SandboxFailed(Exception):
    """The service could not do its part; the sender's photo is not to blame. Worth trying again."""


class _HelperLost(Exception):
    """The helper died before it could say how its child ended."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """An accepted photo: its working picture, and what was measured of it.

    `coverage` is a share of 1, `detail` the engine's quality, `stripped` names removed metadata, `sketch`
    is the one that its fingerprint would have.
    """

    working: Body
    width: int
    height: int
    coverage: float
    detail: int
    stripped: tuple[str, ...]
    sketch: bytes

    @classmethod
    def reported(cls, head: Head, working: Body) -> Self:
        """What the job ``inspect`` answers, read. Raises SandboxFailed."""
        try:
            read = {"stripped": tuple(head["stripped"]), "sketch": base64.b64decode(head["sketch"])}
            return cls(working, **(head | read))
        except (KeyError, TypeError, ValueError) as error:
            raise SandboxFailed("the decoder's answer makes no sense") from error


def inspect(data: bytes) -> Inspected:
    """Judge a file as it was sent. Raises Refused or SandboxFailed."""
    if len(data) > MAX_BYTES:
        megabytes = round(len(data) / 1e6, 1)
        raise Refused("too-large-file", {"megabytes": megabytes, "limit_megabytes": MAX_BYTES / 1e6})
    return Inspected.reported(*_shared.call("inspect", data))


def render_masked(working: bytes) -> bytes:
    """The masked image (PNG) of a working picture. Raises SandboxFailed."""
    return bytes(_own_work("mask", working)[1])


def fingerprint(working: bytes) -> Head:
    """The JSON form of a working picture's fingerprint. Raises SandboxFailed."""
    return _own_work("fingerprint", working)[0]


def fingerprint_extended(working: bytes) -> Head:
    """The same with the extended sketch. Raises SandboxFailed."""
    return _own_work("fingerprint-extended", working)[0]


def public_grid(data: bytes) -> bytes:
    """The grid of a public photo, 64x64 float32 little-endian. Raises Refused or SandboxFailed."""
    return bytes(_shared.call("grid", data)[1])


def warm_up() -> None:
    """Start the helper by a question that it refuses; else the first photo would wait for it."""
    with suppress(Refused, SandboxFailed, OSError):
        inspect(b"")


def _own_work(job: str, working: bytes) -> tuple[Head, Body]:
    try:
        return _shared.call(job, working)
    except Refused as refused:
        raise SandboxFailed(f"{job}: {refused.code}") from None


class _Helper:
    """One running zygote and the control socket to it."""

    def __init__(self, jobs: str, wall_seconds: float) -> None:
        self.control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "enrollment.zygote", str(theirs.fileno()), jobs, str(wall_seconds)]
        with theirs:
            self.process = subprocess.Popen(
                command,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.control.settimeout(START_SECONDS)
        try:
            ready = self.control.recv(1) == READY
        except OSError:
            ready = False
        if not ready:
            self.end()
            raise SandboxFailed("the decoding helper did not start")

    def hand_over(self, job: str, work: socket.socket, status: int) -> None:
        """Ask for a child that does one job with `work`; its end will be written to `status`."""
        try:
            socket.send_fds(self.control, [job.encode().ljust(JOB_LENGTH)], [work.fileno(), status])
        except OSError as error:
            raise _HelperLost from error

    def end(self) -> None:
        """Kill it, its children with it, and wait until it is gone."""
        self.control.close()
        self.process.kill()
        self.process.wait()

    def abandon(self) -> None:
        """Forget, in a forked process, a helper that belongs to the parent."""
        self.control.close()
        self.process.returncode = 0  # not our child: there is nothing to wait for


class Sandbox:
    """Runs the jobs of a module in confined children, at most `at_once` of them together."""

    def __init__(
        self, jobs: str = "enrollment.jobs", *, at_once: int = AT_ONCE, wall_seconds: float = WALL_SECONDS
    ) -> None:
        self._jobs = jobs
        self._at_once = at_once
        self._wall_seconds = wall_seconds
        self._helper: _Helper | None = None
        self._renew()
        _all.add(self)

    def call(self, job: str, body: bytes) -> tuple[Head, Body]:
        """What the job answers. Raises Refused for the photo's fault, SandboxFailed for ours."""
        slots = self._slots
        if not slots.acquire(timeout=WAIT_SECONDS):
            raise SandboxFailed("too many photos at once")
        try:
            return self._call(job, body)
        finally:
            slots.release()

    def close(self) -> None:
        """End the helper, if any; the next call starts another."""
        with self._lock:
            helper, self._helper = self._helper, None
        if helper is not None:
            helper.end()

    @property
    def helper_pid(self) -> int | None:
        """Process id of the running helper."""
        return self._helper.process.pid if self._helper else None

    def after_fork(self) -> None:
        """In a forked process: start anew, with locks that no lost thread holds."""
        if self._helper is not None:
            self._helper.abandon()
            self._helper = None
        self._renew()

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self._at_once)

    def _call(self, job: str, body: bytes) -> tuple[Head, Body]:
        for _ in range(ATTEMPTS):
            helper = self._running()
            try:
                return _understood(*self._exchange(helper, job, body))
            except _HelperLost:
                self._discard(helper)
        raise SandboxFailed("the decoding helper keeps dying")

    def _running(self) -> _Helper:
        with self._lock:
            if self._helper is None:
                self._helper = _Helper(self._jobs, self._wall_seconds)
            return self._helper

    def _discard(self, helper: _Helper) -> None:
        with self._lock:
            if self._helper is helper:
                self._helper = None
        helper.end()

    def _exchange(self, helper: _Helper, job: str, body: bytes) -> tuple[tuple[Head, Body] | None, int]:
        """What the child answered, if anything, and how it ended."""
        until = time.monotonic() + self._wall_seconds + GRACE_SECONDS
        ours, theirs = socket.socketpair()
        status_out, status_in = os.pipe()
        with ours, theirs, io.FileIO(status_out) as status:
            try:
                helper.hand_over(job, theirs, status_in)
            finally:
                os.close(status_in)
            theirs.close()
            try:
                reply = _conversation(ours, body, until)
                ended = _read_in_time(status, until)
            except TimeoutError:
                self._discard(helper)
                raise SandboxFailed("the decoding helper hangs") from None
        if len(ended) < STATUS.size:
            raise _HelperLost
        return reply, STATUS.unpack(ended)[0]


def _conversation(ours: socket.socket, body: bytes, until: float) -> tuple[Head, Body] | None:
    """The answer, or None from a child that died early: how is told by its status."""
    try:
        ours.settimeout(max(until - time.monotonic(), 0.01))
        send(ours, {}, body)
        ours.shutdown(socket.SHUT_WR)
        return receive(ours, until)
    except ConnectionError:
        return None


def _read_in_time(status: io.FileIO, until: float) -> bytes:
    """How the child ended: reported as soon as it is gone, and never by a helper that died."""
    waiting = select.poll()  # unlike select, good for any descriptor number
    waiting.register(status, select.POLLIN)
    if not waiting.poll(1000 * max(until - time.monotonic(), 0.01)):
        raise TimeoutError
    return status.read(STATUS.size)


def _understood(answer: tuple[Head, Body] | None, status: int) -> tuple[Head, Body]:
    if answer is not None and "done" in answer[0]:
        return answer[0]["done"], answer[1]
    if answer is not None and "refused" in answer[0]:
        raise Refused(answer[0]["refused"], answer[0]["figures"])
    if answer is not None:
        raise SandboxFailed(f"the decoder failed with {answer[0].get('failed')}")
    if status in _TOO_HEAVY:
        raise Refused("too-heavy")
    if status < 0:
        raise damaged("it cannot be decoded")
    raise SandboxFailed(f"the decoder ended with status {status}")


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        **HEAP,
    }


_all: "weakref.WeakSet[Sandbox]" = weakref.WeakSet()
_shared = Sandbox()


def _end_all() -> None:
    for sandbox in list(_all):
        sandbox.close()


def _renew_all() -> None:
    for sandbox in list(_all):
        sandbox.after_fork()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_renew_all)
