"""Processes that must not outlive their supervisor: born marked, found by the mark, killed without doubt.

The mark is an environment variable that names the data directory. It is inherited by everything a child
starts and cannot be changed from outside, so a process found by it is ours even after its parents died;
a number in a file could by then belong to somebody else.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

MARK = "ARC_WORKER_OF"
_PR_SET_PDEATHSIG = 1
_PROC = Path("/proc")


def start(
    arguments: Sequence[str], *, mark: str, directory: Path, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start ``python *arguments`` in ``directory``, in a process group of its own and bound to this process.

    With ``quiet`` its standard output is dropped; errors are always heard.
    """
    parent = os.getpid()
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
        preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 - this process has one thread
    )


def die_with(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` is gone (Linux; elsewhere nothing happens)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def bind_every_fork() -> None:
    """From now on every process forked from this one dies with the process that forked it."""
    forking = 0

    def remember() -> None:
        nonlocal forking
        forking = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with(forking))


def kill_marked(mark: str, *, patience: float = 3.0) -> int:
    """Kill every process of this mark but the caller; returns how many. Raises TimeoutError if one stays."""
    killed: set[int] = set()
    deadline = time.monotonic() + patience
    while found := list(marked(mark)):
        for pid, descriptor in found:
            try:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                os.close(descriptor)
            killed.add(pid)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} processes of the old worker do not end")
        time.sleep(0.02)
    return len(killed)


def marked(mark: str) -> Iterator[tuple[int, int]]:
    """Pid and pidfd of each living process with the mark; empty where there is no /proc."""
    wanted = f"{MARK}={mark}".encode()
    for entry in _PROC.glob("[0-9]*"):
        pid = int(entry.name)
        if pid == os.getpid():
            continue
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        # Looked at after the descriptor was opened: that holds on to this very process, the number does not.
        try:
            ours = wanted in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            ours = False
        if ours:
            yield pid, descriptor
        else:
            os.close(descriptor)
