"""The process that forks one child per photo: started by `enrollment.sandbox`, never by hand.

It imports everything once, runs each job once on a drawn picture before its first child (so that
children share what is loaded and calibrated), never touches a photo itself, and ends when its parent
closes the control socket or dies. Each request is the name of a job with two descriptors: the socket
on which the child is sent its work and answers, and a pipe on which this process reports how the
child ended.
"""

import ctypes
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from enrollment.frames import Body, Head, receive, send
from enrollment.refusals import Refused

MEMORY = 1_000_000_000
CPU_SECONDS = 10
WALL_SECONDS = 20.0
READY = b"R"
JOB_LENGTH = 32
STATUS = struct.Struct("!i")
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4

Job = Callable[[bytes], tuple[Head, bytes]]
Jobs = dict[str, Job]


def main(control_fd: int, jobs_module: str, wall_seconds: float) -> None:
    """Serve requests from the control socket until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    warnings.simplefilter("error")
    module = importlib.import_module(jobs_module)
    with socket.socket(fileno=control_fd) as control:
        try:
            control.sendall(READY)
        except ConnectionError:  # the parent ended while this was still importing
            return
        _Zygote(control, module.JOBS, module.warm_up, wall_seconds).serve()


class _Zygote:
    """The serving loop; `children` maps a child's process id to the pipe that awaits its end."""

    def __init__(
        self, control: socket.socket, jobs: Jobs, warm_up: Callable[[str], None], wall_seconds: float
    ) -> None:
        self.control = control
        self.jobs = jobs
        self.warm_up = warm_up
        self.warm: set[str] = set()
        self.wall_seconds = wall_seconds
        self.children: dict[int, int] = {}

    def serve(self) -> None:
        awake, wake = socket.socketpair()
        awake.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, _noted)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        with awake, wake, selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(awake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is awake:
                        awake.recv(4096)
                        self._reap()
                    elif not self._accept():
                        signal.set_wakeup_fd(-1)
                        self._kill_all()
                        return

    def _accept(self) -> bool:
        """Fork a child for the next request; False when the parent is gone."""
        try:
            message, fds, _, _ = socket.recv_fds(self.control, JOB_LENGTH, 2)
        except ConnectionError:
            return False
        if not message:
            return False
        work, status = fds
        job = message.rstrip().decode()
        if job not in self.warm:
            self._warm(job)
        child = os.fork()
        if child == 0:
            _live_and_die(work, self.jobs[job], self.wall_seconds)
        os.close(work)
        self.children[child] = status
        return True

    def _warm(self, job: str) -> None:
        self.warm_up(job)
        self.warm.add(job)
        gc.collect()
        _give_back()
        gc.freeze()  # so that collecting in a child does not copy what is shared

    def _reap(self) -> None:
        for child in list(self.children):
            ended, how = os.waitpid(child, os.WNOHANG)
            if not ended:
                continue
            status = self.children.pop(child)
            with suppress(BrokenPipeError):  # the caller gave up waiting, and nobody else wants to know
                os.write(status, STATUS.pack(os.waitstatus_to_exitcode(how)))
            os.close(status)

    def _kill_all(self) -> None:
        for child in self.children:
            os.kill(child, signal.SIGKILL)


def _give_back() -> None:
    """Free memory goes back to the system: in a child, writing to it would copy every page of it first."""
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _noted(signum: int, frame: FrameType | None) -> None:
    """A handler must exist for the wake-up descriptor to be written."""


def _live_and_die(work: int, job: Job, wall_seconds: float) -> None:
    """The child's whole life. It never returns, and nothing it says leaves by any other way."""
    status = 1
    try:
        _confine(work, wall_seconds)
        with socket.socket(fileno=work) as connection:
            send(connection, *_answer(receive(connection), job))
        status = 0
    finally:
        os._exit(status)


def _confine(work: int, wall_seconds: float) -> None:
    """Limits on memory, time and descriptors; silence; death together with the parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        zygote = os.getppid()
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        if os.getppid() != zygote or zygote == 1:
            os._exit(1)
    os.dup2(0, 1)
    os.dup2(0, 2)
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, work)
    os.closerange(work + 1, min(highest, 65_536))
    resource.setrlimit(resource.RLIMIT_NOFILE, (work + 4, work + 4))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _answer(request: tuple[Head, Body] | None, job: Job) -> tuple[Head, bytes]:
    """The reply: done, refused, or failed with no more than the kind of error."""
    if request is None:
        return {"failed": "BrokenRequest"}, b""
    try:
        done, payload = job(bytes(request[1]))
    except Refused as refused:
        return {"refused": refused.code, "figures": refused.figures}, b""
    except MemoryError:
        return {"refused": "too-heavy", "figures": {}}, b""
    except Exception as error:  # whatever it is, its text may quote the photo and must not travel
        return {"failed": type(error).__name__}, b""
    return {"done": done}, payload


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
